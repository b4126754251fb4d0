"""Orders from a DynamoDB stream: which changes are orders, and what becomes of their fields."""

from __future__ import annotations

from typing import Any

import pytest

from functions.orders import table_handler
from functions.orders.processing import dynamodb
from functions.orders.processing.effects import NoEffects
from functions.orders.processing.order import Order
from functions.orders.processing.settings import Settings
from functions.orders.processing.streams import BatchError
from tests.functions.messages import Log, Orders, answer


def record(number: object, change: object, image: dict[str, Any] | None, view: str = "NEW_IMAGE") -> dict[str, Any]:
    """A record as the event source mapping sends it."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": change,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1728000000,
            "Keys": {"orderId": {"S": "A"}},
            **({"NewImage": image} if image is not None else {}),
            "SequenceNumber": number,
            "SizeBytes": 26,
            "StreamViewType": view,
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/outbox/stream/2026-01-01T00:00:00.000",
    }


def placed(order_id: str, **attributes: Any) -> dict[str, Any]:
    return {"orderId": {"S": order_id}, "type": {"S": "OrderPlaced"}, **attributes}


def process(effects: Any, *records: dict[str, Any]) -> dict[str, Any]:
    return {**dynamodb.handle({"Records": list(records)}, None, Settings(), effects)}


class Kept(NoEffects):
    """Effects that keep the orders as they are."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def apply(self, order: Order) -> bool:
        self.orders.append(order)
        return True


def test_an_inserted_item_of_the_type_is_an_order_with_all_its_fields(log: Log) -> None:
    effects = Kept()
    item = placed(
        "A-1",
        version={"N": "1"},
        total={"N": "19.99"},
        big={"N": "12345678901234567890123456789012345678"},
        gift={"BOOL": True},
        note={"NULL": True},
        lines={"L": [{"M": {"sku": {"S": "x"}, "count": {"N": "2"}}}]},
        tags={"SS": ["new", "hot", "fair", "bio", "late"]},
        sizes={"NS": ["10", "9.5"]},
        image={"B": "AAEC"},
    )

    assert process(effects, record("111", "INSERT", item)) == answer()

    fields = {
        "orderId": "A-1",
        "type": "OrderPlaced",
        "version": 1,
        "total": 19.99,
        "big": 12345678901234567890123456789012345678,
        "gift": True,
        "note": None,
        "lines": [{"sku": "x", "count": 2}],
        "tags": ["bio", "fair", "hot", "late", "new"],
        "sizes": [9.5, 10],
        "image": "AAEC",
    }
    assert effects.orders == [Order(version=1, order_id="A-1", fail=False, fields=fields)]
    assert log.said() == [{"message": "order processed", "orderId": "A-1", "sequenceNumber": "111"}]


@pytest.mark.parametrize(
    "passed_over",
    [
        record("111", "MODIFY", placed("A")),
        record("111", "REMOVE", None),
        record("111", "REMOVE", None, "KEYS_ONLY"),
        record("111", "MODIFY", None, "KEYS_ONLY"),
        record("111", "INSERT", {"orderId": {"S": "A"}}),
        record("111", "INSERT", {"orderId": {"S": "A"}, "type": {"S": "OrderCancelled"}}),
    ],
    ids=lambda record: f"{record['eventName']} {record['dynamodb'].get('NewImage')}",
)
def test_any_other_change_is_passed_over(log: Log, passed_over: dict[str, Any]) -> None:
    effects = Orders()

    assert process(effects, passed_over, record("112", "INSERT", placed("B"))) == answer()

    assert effects.applied == ["B"]
    assert [line["sequenceNumber"] for line in log.said()] == ["112"]


@pytest.mark.parametrize(
    ("unseen", "reason"),
    [
        (
            record("112", "INSERT", None, "KEYS_ONLY"),
            "PermanentError: the stream has no new images: its view must be NEW_IMAGE or NEW_AND_OLD_IMAGES",
        ),
        (
            record("112", "INSERT", None, "OLD_IMAGE"),
            "PermanentError: the stream has no new images: its view must be NEW_IMAGE or NEW_AND_OLD_IMAGES",
        ),
        (
            record("112", None, placed("B")),
            "PoisonError: the record does not say whether it is an INSERT, a MODIFY or a REMOVE",
        ),
        (
            record("112", "INSERT", {"type": {"S": "OrderPlaced"}}),
            "PoisonError: the message is not an order: it has no orderId",
        ),
        (
            record("112", "INSERT", placed("B", version={"N": "2"})),
            "PoisonError: the order's version is not known: it must be 1, which is also the default",
        ),
        (record("112", "INSERT", placed("B", fail={"BOOL": True})), "RetryAfterError: order B asks to fail"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_order_that_fails_or_cannot_be_seen_is_where_lambda_goes_on(
    log: Log, unseen: dict[str, Any], reason: str
) -> None:
    effects = Orders()
    others = record("111", "INSERT", placed("A")), record("113", "INSERT", placed("C"))

    assert process(effects, others[0], unseen, others[1]) == answer("112")

    assert effects.applied == ["A"]
    assert log.said()[1] == {"message": "order failed", "reason": reason, "sequenceNumber": "112"}


def test_what_is_passed_over_before_a_failure_is_not_delivered_again() -> None:
    failing = record("112", "INSERT", placed("B", fail={"BOOL": True}))

    assert process(Orders(), record("111", "REMOVE", None), failing) == answer("112")
    with pytest.raises(BatchError, match=r"^none of 2 records was processed: the first one failed, as the log says$"):
        process(Orders(), failing, record("113", "REMOVE", None))


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ([], "the event is no batch of DynamoDB stream records: it has no list of Records"),
        ({"Records": None}, "the event is no batch of DynamoDB stream records: it has no list of Records"),
        (
            {"Records": [record("111", "INSERT", placed("A")), record(None, "INSERT", placed("B"))]},
            "record 1 of 2 has no dynamodb.SequenceNumber: the whole batch is delivered again",
        ),
        (
            {"Records": [{"eventName": "INSERT"}]},
            "record 0 of 1 has no dynamodb.SequenceNumber: the whole batch is delivered again",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_event_that_is_no_batch_fails_before_anything_is_processed(event: Any, problem: str) -> None:
    effects = Orders()

    with pytest.raises(ValueError, match=f"^{problem}$"):
        dynamodb.handle(event, None, Settings(), effects)

    assert effects.applied == []


def test_the_handler_answers_as_lambda_expects() -> None:
    event = {
        "Records": [
            record("111", "INSERT", placed("A")),
            record("112", "INSERT", placed("B", fail={"BOOL": True})),
        ]
    }

    assert table_handler.lambda_handler(event, None) == answer("112")
