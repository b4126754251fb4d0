"""For services that send orders: `OrderSender` sends any number of them to one queue, and says what became of each."""

from __future__ import annotations

import hashlib
import os
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain, repeat
from typing import TYPE_CHECKING

import boto3
from botocore import exceptions
from botocore.config import Config

from functions.orders.processing.aws import CONFIG, THROTTLING
from functions.orders.processing.claim_check import ClaimCheck
from functions.orders.processing.errors import OrderError
from functions.orders.processing.messages import MAX_ATTRIBUTES, UNSENDABLE, length

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MAX_ENTRIES = 10
"""Messages in a request. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""
MAX_REQUEST_BYTES = 1024 * 1024
"""Of all messages in a request together, and of one alone, with attributes; 256 KiB until August 2025.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
FIRST_BACKOFF_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 5.0
DEDUPLICATION_SECONDS = 300
"""How long a FIFO queue knows a deduplication id.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html"""

MAX_TRIES = 100
MAX_REASON = 200
"""Characters of what AWS says is wrong."""

_PASSING = THROTTLING | {"KMS.ThrottlingException", "KmsThrottled"}
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""
_BEHIND = "an order before it in its group was not sent"
_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
"""A message group or a deduplication id.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatchRequestEntry.html"""
_ID_SENTENCE = "1..128 characters: letters, digits and punctuation of ASCII"
_ATTRIBUTE = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_.-]{0,255}(?<!\.)")
_UNSENDABLE = re.compile(UNSENDABLE)
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""
_TRACE_HEADER = re.compile(r"(.*;)?Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;.*)?")
"""https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader"""


@dataclass(frozen=True)
class NewOrder:
    """An order to send."""

    body: str
    """JSON with an orderId; at least a character, of those that XML 1.0 allows."""
    group: str = ""
    """Message group, 1..128 characters, letters, digits and punctuation. A FIFO queue requires one and keeps the order
    within it; on a standard queue it names a tenant, so that the many orders of one do not delay those of others.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html"""
    deduplication_id: str = ""
    """Of a FIFO queue only, as long as a group: within 5 minutes it delivers one message of each. Default: the SHA-256
    of the body, as with content-based deduplication, so that an order that is sent again is never doubled."""
    traceparent: str = ""
    """W3C trace context, sent as the attribute `traceparent`. One that is malformed is left out, as W3C asks."""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Message attributes, all of type String; at most 10 with `traceparent`."""


@dataclass(frozen=True)
class Outcome:
    """What became of an order: it has a message id if it was sent, else a reason."""

    message_id: str = ""
    reason: str = ""


@dataclass
class _Message:
    """An order on its way: its place in the answer, its entry in a request, and what came of it so far."""

    place: int
    entry: SendMessageBatchRequestEntryTypeDef
    size: int
    tries: int = 0
    reason: str = ""


_Lane = deque[_Message]
"""Messages that follow each other: those of a group on a FIFO queue; on a standard queue each order has its own."""


class OrderSender:
    """Sends orders to one queue.

    A request takes the first message of up to ten lanes, so on a FIFO queue at most one of each group: SQS may refuse
    single messages of a request, and one of the same group behind it in the request would overtake it for good. Only
    what failed is sent again, with full jitter: after a random part of 0.1 s, 0.2 s, 0.4 s and so on to 5 s.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    On a standard queue an order may arrive twice: when an answer is lost, it is sent again.

    Args:
        queue_url: The queue's URL; that of a FIFO queue ends with `.fifo`.
        claim_check: Where orders above its threshold are stored, of which the queue gets a claim check. Default: none;
            an order above 1 MiB is not sent.
        client: Of SQS. Default: one from the environment that does not retry by itself, as the sender does.
        max_tries: How often one order is sent, 1..100. Default: 5.
        time_limit_seconds: After it no request is begun, seconds, 0..300, as a FIFO queue knows a deduplication id no
            longer, and an order that is sent again would be doubled. Default: 60.
        clock: Seconds of a clock that never goes back. Tests hand in their own, also of the next two.
        sleep: Waits for some seconds.
        jitter: A random number, 0..1.
        environment: Where Lambda puts X-Ray's trace header, `_X_AMZN_TRACE_ID`, anew for each invocation; it is sent as
            the system attribute `AWSTraceHeader`, which does not count as a part of the message.
            https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        queue_url: str,
        *,
        claim_check: ClaimCheck | None = None,
        client: SQSClient | None = None,
        max_tries: int = 5,
        time_limit_seconds: float = 60,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        if not 1 <= max_tries <= MAX_TRIES:
            raise ValueError(f"max_tries must be 1..{MAX_TRIES}, got {max_tries}")
        if not 0 <= time_limit_seconds <= DEDUPLICATION_SECONDS:
            raise ValueError(f"time_limit_seconds must be 0..{DEDUPLICATION_SECONDS}, got {time_limit_seconds:g}")
        self._queue_url = queue_url
        self._fifo = queue_url.endswith(".fifo")
        self._claim_check = claim_check
        self._client: SQSClient = client or boto3.client(  # pyright: ignore[reportUnknownMemberType]
            "sqs", config=CONFIG.merge(Config(retries={"total_max_attempts": 1}))
        )
        self._max_tries = max_tries
        self._time_limit_seconds = time_limit_seconds
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._environment = environment

    def send(self, orders: Iterable[NewOrder]) -> list[Outcome]:
        """Send orders; what goes wrong with one of them is its outcome, and never raised.

        On a FIFO queue the orders of a group are sent in the order given, or not at all: behind one that was not sent,
        none of its group is.

        Args:
            orders: Any number; all of them are held in memory.

        Returns:
            An outcome for each order, in the order given.
        """
        end = self._clock() + self._time_limit_seconds
        outcomes: dict[int, Outcome] = {}
        lanes = self._lanes(orders, outcomes)
        while lanes:
            request = _take(lanes)
            wait = self._backoff(max(lane[0].tries for lane in request))
            if self._clock() + wait > end:
                for lane in (*request, *lanes):
                    late = f"not sent within {self._time_limit_seconds:g} s"
                    _give_up(lane, f"{late}: {lane[0].reason}" if lane[0].reason else late, outcomes)
                break
            if wait:
                self._sleep(wait)
            sent = self._send([lane[0] for lane in request])
            again: list[_Lane] = []
            for lane in request:
                message = lane[0]
                if message.place in sent:
                    outcomes[message.place] = Outcome(message_id=sent[message.place])
                    lane.popleft()
                    if lane:
                        lanes.append(lane)
                elif message.tries < self._max_tries:
                    again.append(lane)
                else:
                    _give_up(lane, message.reason, outcomes)
            lanes.extendleft(reversed(again))
        return [outcomes[place] for place in sorted(outcomes)]

    def _lanes(self, orders: Iterable[NewOrder], outcomes: dict[int, Outcome]) -> deque[_Lane]:
        """Everything that can be sent; what cannot has its outcome at once."""
        lanes: dict[str | int, _Lane] = {}
        broken: set[str | int] = set()
        trace = self._environment.get("_X_AMZN_TRACE_ID", "")
        for place, order in enumerate(orders):
            lane = order.group if self._fifo else place
            message = _BEHIND if lane in broken else self._message(place, order, trace)
            if isinstance(message, _Message):
                lanes.setdefault(lane, deque()).append(message)
            else:
                outcomes[place] = Outcome(reason=message)
                broken.add(lane)
        return deque(lanes.values())

    def _message(self, place: int, order: NewOrder, trace: str) -> _Message | str:
        """The order as it is sent, or why it cannot be."""
        wrong = _problem(order, fifo=self._fifo)
        if wrong:
            return wrong
        attributes = dict(order.attributes)
        if _TRACE_PARENT.fullmatch(order.traceparent):
            attributes["traceparent"] = order.traceparent
        if len(attributes) > MAX_ATTRIBUTES:
            return f"it has {len(attributes)} attributes, of which SQS takes {MAX_ATTRIBUTES}"
        beside = sum(length(name) + len("String") + length(value) for name, value in attributes.items())
        try:
            body = self._claim_check.message_for(order.body, beside) if self._claim_check else order.body
        except (OrderError, exceptions.ClientError, exceptions.BotoCoreError) as error:
            return f"it is not stored: {_reason(error)}"
        size = length(body) + beside
        if size > MAX_REQUEST_BYTES:
            return f"it has {size} bytes with its attributes, of which SQS takes {MAX_REQUEST_BYTES}"
        entry: SendMessageBatchRequestEntryTypeDef = {"Id": str(place), "MessageBody": body}
        if order.group:
            entry["MessageGroupId"] = order.group
        if self._fifo:
            entry["MessageDeduplicationId"] = order.deduplication_id or hashlib.sha256(order.body.encode()).hexdigest()
        if attributes:
            entry["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            }
        if _TRACE_HEADER.fullmatch(trace):
            entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        return _Message(place, entry, size)

    def _backoff(self, tries: int) -> float:
        """Seconds to wait before a message is sent that was sent so often."""
        if not tries:
            return 0
        return self._jitter() * min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (tries - 1))

    def _send(self, messages: list[_Message]) -> dict[int, str]:
        """Send one request: place -> message id of what arrived. The others have a reason, and no try if it stays."""
        for message in messages:
            message.tries += 1
            message.reason = "SQS did not say what became of it"
        try:
            answer = self._client.send_message_batch(
                QueueUrl=self._queue_url, Entries=[message.entry for message in messages]
            )
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            for message in messages:
                self._fail(message, _reason(error), passing=_is_passing(error))
            return {}
        failed = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        for message in messages:
            entry = failed.get(message.entry["Id"])
            if entry:
                reason = _one_line(f"{entry['Code']}: {entry.get('Message')}")
                self._fail(message, reason, passing=not entry["SenderFault"])
        return {int(entry["Id"]): entry["MessageId"] for entry in answer.get("Successful", [])}

    def _fail(self, message: _Message, reason: str, *, passing: bool) -> None:
        message.reason = reason
        if not passing:
            message.tries = self._max_tries


def _take(lanes: deque[_Lane]) -> list[_Lane]:
    """Take the lanes whose first messages make the next request: those in front, and behind them what still fits."""
    taken: list[_Lane] = []
    size = 0
    while lanes and len(taken) < MAX_ENTRIES and size + lanes[0][0].size <= MAX_REQUEST_BYTES:
        size += lanes[0][0].size
        taken.append(lanes.popleft())
    return taken


def _give_up(lane: _Lane, reason: str, outcomes: dict[int, Outcome]) -> None:
    for message, why in zip(lane, chain([reason], repeat(_BEHIND)), strict=False):
        outcomes[message.place] = Outcome(reason=why)


def _problem(order: NewOrder, *, fifo: bool) -> str:
    """Why SQS would refuse the order, found before it takes others of its request with it; nothing of it is quoted."""
    checks = [
        (bool(order.body), "it has no body"),
        (not _UNSENDABLE.search(order.body), "its body has characters that SQS does not take"),
        (bool(order.group) or not fifo, "a FIFO queue requires a group"),
        (not order.group or _ID.fullmatch(order.group), f"its group must be {_ID_SENTENCE}"),
        (fifo or not order.deduplication_id, "only a FIFO queue takes a deduplication id"),
        (
            not order.deduplication_id or _ID.fullmatch(order.deduplication_id),
            f"its deduplication id must be {_ID_SENTENCE}",
        ),
        (all(map(_ATTRIBUTE.fullmatch, order.attributes)), "the name of an attribute is not one that SQS takes"),
        (
            all(value and not _UNSENDABLE.search(value) for value in order.attributes.values()),
            "an attribute is empty, or has characters that SQS does not take",
        ),
    ]
    return "; ".join(wrong for right, wrong in checks if not right)


def _reason(error: Exception) -> str:
    if not isinstance(error, exceptions.ClientError):
        return _one_line(str(error))
    said = error.response.get("Error", {})
    return _one_line(f"{said.get('Code')}: {said.get('Message')}")


def _one_line(text: str) -> str:
    """A load balancer in between may answer with a whole page."""
    return " ".join(text.split())[:MAX_REASON]


def _is_passing(error: exceptions.ClientError | exceptions.BotoCoreError) -> bool:
    """Whether the same request may succeed later: AWS throttles, or the fault is its own or the network's."""
    if isinstance(error, exceptions.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response.get("Error", {}).get("Code") in _PASSING
    return isinstance(error, (exceptions.HTTPClientError, exceptions.ConnectionError))
