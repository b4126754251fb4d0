"""The example store: an order is written to a DynamoDB table, and `OrderProcessed` goes to EventBridge.

Both change once in effect, with nothing that spans the two services:

1. The order is put on the condition that its id is not there yet.
2. The event is published.
3. The item is marked as published.

An order that is delivered again finds the mark, and nothing more is done. Without the mark an invocation died between 1
and 3, so the event is published now. The event can therefore come twice, when it died between 2 and 3: its detail has
the same orderId then, by which a consumer knows it. Never does it come without the order in the table.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .aws import THROTTLING, waiting_when_throttled
from .errors import OrderError, PermanentError, RetryAfterError
from .order import Order

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient

SOURCE = "orders"
DETAIL_TYPE = "OrderProcessed"
MAX_ORDER_BYTES = 400_000
"""The largest order, as ASCII JSON. An item has at most 400 KB of 1,024 bytes; the rest is for its other attributes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


class Bus:
    """Where `OrderProcessed` is published.

    EventBridge takes events also for a bus that does not exist, and drops them without a word: let the program that
    makes the bus set its name here. https://github.com/aws/aws-sdk/issues/186

    Args:
        events: A client.
        name: Name or ARN of the event bus.
    """

    def __init__(self, events: EventBridgeClient, name: str) -> None:
        self._events, self._name = events, name

    def publish(self, order: Order) -> None:
        """Publish that the order was processed: its id and version, and nothing that only some may know.

        Raises:
            RetryAfterError: EventBridge throttles.
            OrderError: The event was refused.
        """
        detail = json.dumps({"orderId": order.order_id, "version": order.version})
        with waiting_when_throttled():
            answer = self._events.put_events(
                Entries=[{"EventBusName": self._name, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}]
            )
        if answer["FailedEntryCount"]:  # a refused event is no error of the call
            code = answer["Entries"][0].get("ErrorCode", "")
            kind = RetryAfterError if code in THROTTLING else OrderError
            raise kind(f"{DETAIL_TYPE} of order {order.order_id} is not published ({code})")


class Store:
    """The table of orders, and the bus that hears of them.

    Args:
        dynamodb: A client.
        table: Name or ARN of the table; its key is the text orderId.
        bus: Where it is published; `None`: nowhere.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str, bus: Bus | None) -> None:
        self._dynamodb, self._table, self._bus = dynamodb, table, bus

    def apply(self, order: Order) -> bool:
        """Write and publish the order, or what is missing of it; `False` when nothing was missing.

        Raises:
            PermanentError: Another order has the id, or the order is too large for the table.
            RetryAfterError: DynamoDB or EventBridge throttles.
            OrderError: The event was refused.
        """
        text = json.dumps(order.fields, sort_keys=True)  # a map would lose numbers: DynamoDB's have 38 digits at most
        if len(text) > MAX_ORDER_BYTES:
            raise PermanentError(f"order {order.order_id} has {len(text)} bytes, more than {MAX_ORDER_BYTES}")
        there = self._put(order, text)
        if there and there["order"]["S"] != text:
            raise PermanentError(f"another order with the id {order.order_id} was applied before")
        if there and (self._bus is None or "published" in there):
            return False
        if self._bus is not None:
            self._bus.publish(order)
            self._mark(order)
        return True

    def has_begun(self, order: Order) -> bool:
        """Whether an order with this id is in the table. The role needs `dynamodb:GetItem` for it.

        Raises:
            RetryAfterError: DynamoDB throttles.
        """
        with waiting_when_throttled():
            found = self._dynamodb.get_item(
                TableName=self._table,
                Key={"orderId": {"S": order.order_id}},
                ConsistentRead=True,
                ProjectionExpression="orderId",
            )
        return "Item" in found

    def _put(self, order: Order, text: str) -> Mapping[str, Any]:
        """Write the order unless its id is there; what is there then, or nothing."""
        try:
            with waiting_when_throttled():
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item={"orderId": {"S": order.order_id}, "version": {"N": str(order.version)}, "order": {"S": text}},
                    ConditionExpression="attribute_not_exists(orderId)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            return error.response["Item"]  # pyright: ignore
        return {}

    def _mark(self, order: Order) -> None:
        with waiting_when_throttled():
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"orderId": {"S": order.order_id}},
                UpdateExpression="SET published = :true",
                ConditionExpression="attribute_exists(orderId)",  # else a deleted order comes back without its fields
                ExpressionAttributeValues={":true": {"BOOL": True}},
            )
