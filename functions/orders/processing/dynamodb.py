"""Orders from a DynamoDB stream: of a table in which services write down what happened.

An item that is inserted with the type `OrderPlaced` is an order, and its attributes are the order's fields. Everything
else in the table is not for this function: items of other types, changes and deletions, also those of time to live.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, cast

from aws_lambda_powertools.utilities.batch import EventType

from . import batch, streams
from .effects import Effects
from .errors import PermanentError, PoisonError
from .order import Order
from .settings import Settings

STREAM = streams.Stream("DynamoDB stream", EventType.DynamoDBStreams, ("dynamodb", "SequenceNumber"))
PLACED = {"S": "OrderPlaced"}
"""The type of an item that is an order, as the stream has it."""


def handle(event: Any, context: Any, settings: Settings, effects: Effects) -> batch.Answer:
    """Process a batch of one shard until an order fails; see `streams`.

    Args:
        event: What the event source mapping sends: `{"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": ...,
            "SequenceNumber": ...}}]}`.
            https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        context: Lambda's context object; `None` outside of Lambda.
        settings: Of the function.
        effects: Where orders take effect.

    Raises:
        BatchError: The first record is an order that failed.
        ValueError: The event is not a batch of DynamoDB records.
    """
    process_order = batch.order_processing(settings, effects)

    def process_record(record: Any) -> str:
        if record.get("eventName") != "INSERT":
            raise PoisonError("the record does not say whether it is an INSERT, a MODIFY or a REMOVE")
        if not record["dynamodb"].get("NewImage"):
            raise PermanentError("the stream has no new images: its view must be NEW_IMAGE or NEW_AND_OLD_IMAGES")
        return process_order(Order.read(json.dumps(record.dynamodb.new_image, default=_plain)))

    return streams.handle(event, context, settings, STREAM, process_record=process_record, wanted=_may_be_order)


def _may_be_order(record: dict[str, Any]) -> bool:
    """Whether the record is an order; one of which that cannot be seen is a failure, and not passed over."""
    if record.get("eventName") in ("MODIFY", "REMOVE"):
        return False
    image = record["dynamodb"].get("NewImage")
    return not image or image.get("type") == PLACED


def _plain(value: Any) -> Any:
    """What JSON has instead of a number of DynamoDB, which has up to 38 digits, and instead of a set: a list."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return sorted(cast("set[Any]", value))
