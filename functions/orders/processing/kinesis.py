"""Orders from a Kinesis data stream."""

from __future__ import annotations

import base64
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType

from . import batch, streams
from .claim_check import claim_check_for
from .effects import Effects
from .errors import PoisonError
from .order import Order
from .settings import Settings

STREAM = streams.Stream("Kinesis", EventType.KinesisDataStreams, ("kinesis", "sequenceNumber"))


def handle(event: Any, context: Any, settings: Settings, effects: Effects) -> batch.Answer:
    """Process a batch of one shard until an order fails; see `streams`.

    Args:
        event: What the event source mapping sends: `{"Records": [{"kinesis": {"sequenceNumber": ..., "data": ...}}]}`.
            The data is the order, or its claim check, in base64.
            https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
        context: Lambda's context object; `None` outside of Lambda.
        settings: Of the function.
        effects: Where orders take effect.

    Raises:
        BatchError: The first order failed.
        ValueError: The event is not a batch of Kinesis records.
    """
    claim_check = claim_check_for(settings.claim_check_bucket)
    process_order = batch.order_processing(settings, effects)

    def process_record(record: Any) -> str:
        return process_order(Order.read(claim_check.get(_text(record["kinesis"].get("data")))))

    return streams.handle(event, context, settings, STREAM, process_record=process_record)


def _text(data: Any) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (TypeError, ValueError):  # no data, no base64, or no text, as several records that a producer made one
        raise PoisonError("the record's data is not text in UTF-8") from None
