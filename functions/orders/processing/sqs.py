"""Orders from an SQS queue, standard or FIFO."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, cast

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from . import batch
from .claim_check import claim_check_for
from .effects import Effects
from .errors import PoisonError
from .failures import Failures, attempt_of
from .order import Order
from .settings import Settings

_PARTS = ("attributes", "messageAttributes")


def handle(event: Any, context: Any, settings: Settings, effects: Effects) -> batch.Answer:
    """Process a batch of messages; each succeeds or fails on its own.

    On a FIFO queue what follows a failed message of its group is handed back untried (`block`), or goes on (`skip`, for
    orders that do not depend on each other). What is handed back so was received nonetheless: where that was the last
    time, SQS moves the message to the dead-letter queue, untried and without a reason of its own. A message that this
    function sent to the dead-letter queue is done, so its group goes on: as it does when SQS moves one after its last
    attempt. On a standard queue a group promises no order.

    Every event has a defined answer. No list of messages, or a message without an id: the batch fails as a whole before
    anything is processed, as an answer could not name that message, and Lambda takes an answer with an id that is
    empty, null or not of the batch for a failure of the whole batch too. A message without a body, or with one that is
    not an order, fails alone.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Args:
        event: What the event source mapping sends: `{"Records": [{"messageId": ..., "body": ..., ...}]}`, at most
            10,000 records and 6 MB.
            https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        context: Lambda's context object; `None` outside of Lambda.
        settings: Of the function.
        effects: Where orders take effect.

    Raises:
        ValueError: The event is not a batch of messages; the whole batch is received again.
    """
    records = _messages(event)
    claim_check = claim_check_for(settings.claim_check_bucket)
    process_order = batch.order_processing(settings, effects)

    def process_record(record: SQSRecord) -> str:
        body = record.get("body")
        if not isinstance(body, str):
            raise PoisonError("the message has no body")
        return process_order(Order.read(claim_check.get(body)))

    return batch.handle(
        records,
        context,
        settings,
        processor=_processor(records, settings),
        process_record=process_record,
        about=_about(context),
        settle=failures_for(settings).settle,
    )


failures_for = functools.cache(Failures)
"""They keep their client for the next batch."""


def _messages(event: Any) -> list[dict[str, Any]]:
    """The messages of an event, each with an id and with attributes, if only empty ones.

    Raises:
        ValueError: It is not a batch of messages.
    """
    return [
        message
        if all(isinstance(message.get(part), dict) for part in _PARTS)
        else {**message, **{part: {} for part in _PARTS if not isinstance(message.get(part), dict)}}
        for message in batch.records_of(event, "SQS messages", ["messageId"])
    ]


def _processor(records: list[dict[str, Any]], settings: Settings) -> BatchProcessor:
    is_fifo = any("SequenceNumber" in record["attributes"] for record in records)  # only there are messages numbered
    if is_fifo and settings.fifo_failures == "block":
        # Without `skip_group_on_error` it stops at the first failure, and groups would wait for one another.
        return SqsFifoPartialProcessor(skip_group_on_error=True)
    return BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def _about(context: Any) -> Callable[[SQSRecord], dict[str, Any]]:
    """How the log names a message: its id, its attempt, and what it is traced by from its sender to here.

    The correlation id is the trace of the sender: of the attribute `traceparent` (W3C), else of X-Ray's header; without
    either it is the id of this request, by which the lines of a batch belong together.
    https://www.w3.org/TR/trace-context/#traceparent-header
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-x-ray.html
    """
    request = getattr(context, "aws_request_id", None)

    def about(record: SQSRecord) -> dict[str, Any]:
        attributes: dict[str, Any] = record["attributes"]
        fields = {"messageId": record["messageId"], "attempt": attempt_of(attributes)}
        if correlation := _trace(record["messageAttributes"], attributes) or request:
            fields["correlation_id"] = correlation
        return fields

    return about


def _trace(message_attributes: dict[str, Any], attributes: dict[str, Any]) -> str:
    sent = message_attributes.get("traceparent")
    parts = str(cast("dict[str, Any]", sent).get("stringValue", "")).split("-") if isinstance(sent, dict) else []
    if len(parts) == 4:  # noqa: PLR2004 - version, trace, parent, flags
        return parts[1]
    header = attributes.get("AWSTraceHeader")
    found = re.search(r"\bRoot=([^;]+)", str(header)) if header else None
    return found[1] if found else ""
