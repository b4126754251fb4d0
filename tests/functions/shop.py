"""The example store on moto, in this process: what is in its tables, what was published, and calls that fail."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions.orders.processing.once import Once
from functions.orders.processing.order import Order
from functions.orders.processing.store import Bus, Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

REGION = "eu-central-1"
ACCOUNT = "123456789012"


class DiedError(BaseException):
    """The end of the process, in a place: no `except Exception` sees it."""


class Invocation:
    """Lambda's context object, as much of it as there is to know about time."""

    def __init__(self, remaining_ms: int = 30_000) -> None:
        self._remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining_ms


LIVE = Invocation()
OVER = Invocation(-1_000)
"""An invocation whose time is over, so that what it locked is free again."""


class Shop:
    """Tables `orders` and `locks`, and the bus `shop` with a queue that hears everything."""

    def __init__(self) -> None:
        session: Any = boto3.Session(region_name=REGION)  # the stubs have one overload for each service name
        self.dynamodb: DynamoDBClient = session.client("dynamodb")
        self.events: EventBridgeClient = session.client("events")
        self.lock_client: DynamoDBClient = session.client("dynamodb")
        self._sqs: SQSClient = session.client("sqs")
        for table, key in (("orders", "orderId"), ("locks", "id")):
            self.dynamodb.create_table(
                TableName=table,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        self._queue = self._sqs.create_queue(QueueName="heard")["QueueUrl"]
        self.events.create_event_bus(Name="shop")
        self.events.put_rule(Name="all", EventBusName="shop", EventPattern=json.dumps({"account": [ACCOUNT]}))
        target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard"
        self.events.put_targets(Rule="all", EventBusName="shop", Targets=[{"Id": "heard", "Arn": target}])

    def store(self) -> Store:
        return Store(self.dynamodb, "orders", Bus(self.events, "shop"))

    def once(self, context: Invocation = LIVE, **options: Any) -> Any:
        """The store behind the locks, in one invocation."""
        return Once(self.store(), self.lock_client, "locks", **options).within(context)

    def orders(self) -> list[dict[str, Any]]:
        """What is in the table of orders."""
        return [dict(item) for item in self.dynamodb.scan(TableName="orders")["Items"]]

    def locks(self) -> list[dict[str, Any]]:
        """What is in the table of locks, without times."""
        times = ("expiration", "in_progress_expiration", "validation")
        found = self.dynamodb.scan(TableName="locks")["Items"]
        return [{name: value for name, value in item.items() if name not in times} for item in found]

    def published(self) -> list[dict[str, Any]]:
        """The source, type and detail of each event since the last call."""
        messages = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message.get("ReceiptHandle", ""))
        events = [json.loads(message.get("Body", "")) for message in messages]
        return [{name: event[name] for name in ("source", "detail-type", "detail")} for event in events]


@contextmanager
def dying(client: Any, operation: str, when: str) -> Generator[None]:
    """The process ends "before" the call, or "after" it was done and before its answer is read."""

    def die(**_: Any) -> None:
        raise DiedError

    service, event = client.meta.service_model.service_id.hyphenize(), f"{when}-call"
    client.meta.events.register(f"{event}.{service}.{operation}", die, unique_id="die")
    try:
        with pytest.raises(DiedError):
            yield
    finally:
        client.meta.events.unregister(f"{event}.{service}.{operation}", unique_id="die")


@contextmanager
def answering(client: Any, operation: str, answer: dict[str, Any]) -> Generator[None]:
    """AWS answers so, and does nothing."""

    def answered(**_: Any) -> tuple[Any, dict[str, Any]]:
        return SimpleNamespace(status_code=400 if "Error" in answer else 200), answer

    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register(event, answered, unique_id="answer")
    try:
        yield
    finally:
        client.meta.events.unregister(event, unique_id="answer")


def refusal(code: str) -> dict[str, Any]:
    """An error as the answer of a call."""
    return {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}


def order(order_id: str = "A-1", **fields: Any) -> Order:
    """An order, read as it arrives."""
    return Order.read(json.dumps({"orderId": order_id, **fields}))


def event(order_id: str = "A-1") -> dict[str, Any]:
    """What is published of an order."""
    return {"source": "orders", "detail-type": "OrderProcessed", "detail": {"orderId": order_id, "version": 1}}


def item(order_id: str = "A-1", *, published: bool = True, **fields: Any) -> dict[str, Any]:
    """What is in the table of an order."""
    text = json.dumps({"orderId": order_id, **fields}, sort_keys=True)
    mark = {"published": {"BOOL": True}} if published else {}
    return {"orderId": {"S": order_id}, "version": {"N": "1"}, "order": {"S": text}, **mark}


@contextmanager
def open_shop() -> Generator[Shop]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        yield Shop()
