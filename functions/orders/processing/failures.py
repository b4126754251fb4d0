"""What is done with a message that failed, before it is handed back to its queue."""

from __future__ import annotations

import base64
import math
import random
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from .batch import MAX_REASON, Settled, reason
from .errors import PermanentError, PoisonError, RetryAfterError
from .messages import MAX_ATTRIBUTES, UNSENDABLE
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

KINDS: dict[type[Exception], str] = {PoisonError: "poison", PermanentError: "permanent"}
"""The errors after which a message goes to the dead-letter queue at once, and what they are called there."""
EXHAUSTED = "exhausted"
"""What any other error is called there, after which a message goes to it as it was received for the last time."""
_MAX_DIGITS = 9
"""Of a number of attempts that is taken for one."""

MAX_BACKOFF_SECONDS = 15 * 60
"""The longest wait that follows from attempts alone: by then a short disturbance is over, and one that is not should
reach the dead-letter queue, and its alarm, within hours."""
MAX_WAIT_SECONDS = 12 * 60 * 60 - 15 * 60 - 5 * 60
"""The longest wait of all. SQS allows 12 hours from when a message was received, and refuses more. How long ago that
was no message says; it is at most a batching window (300 s) and an invocation (900 s).
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
"""


class Failures:
    """What is done with failed messages of one function.

    The role needs `sqs:SendMessage` on the dead-letter queue where its URL is set, and `sqs:ChangeMessageVisibility` on
    the source queue where retry-after is on.

    Args:
        settings: Of the function.
        client: Of SQS. Default: one from the environment, made for the first failure that needs it.
        jitter: Any number between two others. Default: a random one.
    """

    def __init__(
        self,
        settings: Settings,
        client: SQSClient | None = None,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._settings = settings
        self._given_client = client
        self._jitter = jitter

    def settle(self, record: SQSRecord, error: Exception) -> Settled:
        """Do about a failure what the settings and its kind ask for.

        - Poison and permanent failures are sent to the dead-letter queue. Only then the message is done; should the
          function die in between, it is received and sent again, so a dead letter can come twice.
        - So is a message that failed when it was received for the last time, whatever the failure is; also one that
          there was no time to try, while there is some for this. SQS would move it as soon as it is to be received
          again, and could not say why. Should the function die in between, SQS does so beside what was sent: a dead
          letter with a reason, and one without. Where the setting is not the queue's own number, SQS moves messages
          sooner, or they are sent sooner than SQS would move them.
        - Retry-after changes the message's visibility timeout, and the message is handed back. The wait is the seconds
          that the error names, and on top of them up to 2^attempt seconds (full jitter), so that what failed together
          is not tried again together.
        - All others are handed back as they are, and SQS moves them to the dead-letter queue after the last attempt,
          without a reason where it is not set which attempt that is, or where it cannot be read from the message.

        Raises:
            ClientError: SQS refuses, or does not answer; the message has to be handed back.
        """
        kind = next((name for kind, name in KINDS.items() if isinstance(error, kind)), "")
        if not kind and 0 < self._settings.max_receive_count <= attempt_of(record["attributes"]):
            kind = EXHAUSTED
        if kind and self._settings.dead_letter_queue_url:
            self._send(record, kind, reason(error) if kind == EXHAUSTED else str(error))
            return Settled(dead_letter=kind, fields={"failureKind": kind})
        if self._settings.retry_after and isinstance(error, RetryAfterError):
            seconds = self._wait(record, error.seconds or 0)
            self._client.change_message_visibility(
                QueueUrl=self._source(record), ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
            )
            return Settled(fields={"retryInSeconds": seconds})
        return Settled()

    @cached_property
    def _client(self) -> SQSClient:
        if self._given_client:
            return self._given_client
        from .aws import client  # noqa: PLC0415 - it imports botocore, and most batches have no such failure

        return client("sqs")

    def _wait(self, record: SQSRecord, seconds: int) -> int:
        """Whole seconds, at least 1: with 0 the message would come back while this batch is still processed.

        https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
        """
        attempt = min(attempt_of(record["attributes"]), MAX_BACKOFF_SECONDS.bit_length())
        backoff = self._jitter(0, min(2**attempt, MAX_BACKOFF_SECONDS))
        return max(1, min(math.ceil(seconds + backoff), MAX_WAIT_SECONDS))

    def _source(self, record: SQSRecord) -> str:
        """The URL of the queue that a message came from, at the endpoint that the client talks to.

        From the ARN, so that it costs no request and no permission; not `SQSRecord.queue_url`, which knows only the
        endpoints of AWS's first partition.
        """
        *_, account, name = record.event_source_arn.split(":")
        return f"{self._client.meta.endpoint_url}/{account}/{name}"

    def _send(self, record: SQSRecord, kind: str, why: str) -> None:
        """Send a message to the dead-letter queue: its body, the reason, and as many of its attributes as fit."""
        reasons = {"failureKind": kind, "failureReason": why, "originalMessageId": record.message_id}
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            name: {"DataType": "String", "StringValue": _sendable(value)} for name, value in reasons.items()
        }
        for name, sent in record["messageAttributes"].items():
            if len(attributes) < MAX_ATTRIBUTES and name not in attributes:
                attributes[name] = _attribute(sent)
        message: dict[str, Any] = {"MessageBody": record.body, "MessageAttributes": attributes}
        if trace := record.attributes.aws_trace_header:
            message["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        if record.attributes.sequence_number:  # from a FIFO queue, as its dead-letter queue is then
            message["MessageGroupId"] = record.attributes.message_group_id
            message["MessageDeduplicationId"] = record.message_id
        self._client.send_message(QueueUrl=self._settings.dead_letter_queue_url, **message)


def attempt_of(attributes: Mapping[str, Any]) -> int:
    """How often a message was received, this time included; 0 where that cannot be read.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
    """
    count = str(attributes.get("ApproximateReceiveCount", ""))
    return int(count) if count.isdecimal() and len(count) <= _MAX_DIGITS else 0


def _sendable(text: str) -> str:
    """A text as SQS takes it for an attribute: not empty, not without end, and only characters that XML has."""
    return re.sub(UNSENDABLE, "?", text)[:MAX_REASON] or "none given"


def _attribute(sent: dict[str, Any]) -> MessageAttributeValueTypeDef:
    """An attribute of the event in the form in which it is sent."""
    kind = str(sent["dataType"])
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(sent["binaryValue"])}
    return {"DataType": kind, "StringValue": sent["stringValue"]}
