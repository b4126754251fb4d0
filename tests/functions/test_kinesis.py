"""Orders from a Kinesis stream: where Lambda goes on after each kind of failure."""

from __future__ import annotations

import base64
import json
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.orders import stream_handler
from functions.orders.processing import kinesis
from functions.orders.processing.claim_check import ClaimCheck, claim_check_for
from functions.orders.processing.errors import PermanentError, RetryAfterError
from functions.orders.processing.order import Order
from functions.orders.processing.settings import Settings
from functions.orders.processing.streams import BatchError
from tests.functions.messages import Invocation, Log, Orders, answer, order


def encoded(body: str | bytes) -> str:
    return base64.b64encode(body.encode() if isinstance(body, str) else body).decode()


def record(number: object, data: object) -> dict[str, Any]:
    """A record as the event source mapping sends it."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "customer-1",
            "sequenceNumber": number,
            "data": data,
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000006:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/orders",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:123456789012:stream/orders",
    }


def batch_of(*bodies: str | bytes) -> dict[str, Any]:
    """Records 100, 101 and so on."""
    return {"Records": [record(str(100 + place), encoded(body)) for place, body in enumerate(bodies)]}


def process(event: Any, effects: Orders, context: Any = None, settings: Settings | None = None) -> dict[str, Any]:
    return {**kinesis.handle(event, context, settings or Settings(), effects)}


def test_orders_are_processed_in_their_order(log: Log) -> None:
    effects = Orders()

    assert process(batch_of(order("A"), order("B"), order("C")), effects, Invocation(30_000)) == answer()

    assert effects.applied == ["A", "B", "C"]
    assert log.said() == [
        {"message": "order processed", "orderId": name, "sequenceNumber": number, "correlation_id": "request-1"}
        for name, number in (("A", "100"), ("B", "101"), ("C", "102"))
    ]


def test_the_handler_answers_as_lambda_expects(log: Log) -> None:
    assert stream_handler.lambda_handler(batch_of(order("A"), order("B", fail=True), order("C")), None) == answer("101")
    assert [line["message"] for line in log.said()] == [
        "order processed",
        "order failed",
        "orders handed back untried",
    ]


def test_after_the_first_failure_nothing_is_tried_and_lambda_goes_on_there(log: Log) -> None:
    effects = Orders()

    assert process(batch_of(order("A"), order("B", fail=True), order("C"), "no JSON"), effects) == answer("101")

    assert effects.applied == ["A"]
    assert log.said() == [
        {"message": "order processed", "orderId": "A", "sequenceNumber": "100"},
        {"message": "order failed", "reason": "RetryAfterError: order B asks to fail", "sequenceNumber": "101"},
        {
            "message": "orders handed back untried",
            "untried": 2,
            "reason": "one before them failed, and they wait for it",
        },
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermanentError("no such product"), "PermanentError: no such product"),
        (RetryAfterError("the store is throttled", 5), "RetryAfterError: the store is throttled"),
        (KeyError("customer"), "KeyError: 'customer'"),
    ],
    ids=str,
)
def test_every_kind_of_failure_is_handed_back_to_the_mapping(log: Log, error: Exception, reason: str) -> None:
    assert process(batch_of(order("A"), order("B")), Orders({"B": error})) == answer("101")
    assert log.said()[1]["reason"] == reason


def test_a_failure_of_the_first_record_fails_the_invocation_so_that_lambda_halves_the_batch(log: Log) -> None:
    effects = Orders()

    with pytest.raises(BatchError, match=r"^none of 2 records was processed: the first one failed, as the log says$"):
        process(batch_of(order("A", fail=True), order("B")), effects)

    assert effects.applied == []
    assert log.said()[0]["reason"] == "RetryAfterError: order A asks to fail"


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        7,
        f"!{encoded(order('B'))}",
        encoded(b"\xf3\x89\x9a\xc2aggregated"),
        encoded("{"),
        encoded('{"id": 1}'),
    ],
)
def test_a_record_that_is_no_order_is_poison(log: Log, data: object) -> None:
    effects = Orders()
    records = [record("1", encoded(order("A"))), record("2", data), record("3", encoded(order("C")))]

    assert process({"Records": records}, effects) == answer("2")

    assert effects.applied == ["A"]
    assert log.said()[1]["reason"].startswith("PoisonError: the ")


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (None, "the event is no batch of Kinesis records: it has no list of Records"),
        ({}, "the event is no batch of Kinesis records: it has no list of Records"),
        ({"Records": {}}, "the event is no batch of Kinesis records: it has no list of Records"),
        ({"Records": [None]}, "record 0 of 1 has no kinesis.sequenceNumber: the whole batch is delivered again"),
        (
            {"Records": [{"kinesis": 1}]},
            "record 0 of 1 has no kinesis.sequenceNumber: the whole batch is delivered again",
        ),
        (
            {"Records": [record("1", encoded(order("A"))), record("", encoded(order("B")))]},
            "record 1 of 2 has no kinesis.sequenceNumber: the whole batch is delivered again",
        ),
        (
            {"Records": [record("1", encoded(order("A"))), record(None, encoded(order("B")))]},
            "record 1 of 2 has no kinesis.sequenceNumber: the whole batch is delivered again",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_event_that_is_no_batch_fails_before_anything_is_processed(event: object, problem: str) -> None:
    effects = Orders()

    with pytest.raises(ValueError, match=f"^{problem}$"):
        process(event, effects)

    assert effects.applied == []


def test_no_records_are_no_failures() -> None:
    assert process({"Records": []}, Orders()) == answer()


def test_ten_thousand_records_of_6_mb_are_processed() -> None:
    effects = Orders()
    event = batch_of(*(order(f"A-{number}", note="x" * 90) for number in range(10_000)))
    assert 5_900_000 < len(json.dumps(event)) < 6_291_456

    assert process(event, effects) == answer()

    assert effects.applied == [f"A-{number}" for number in range(10_000)]


def test_what_there_is_no_time_for_is_handed_back(log: Log) -> None:
    context = Invocation(10_000)

    class Slow(Orders):
        def apply(self, order: Order) -> bool:
            context.left -= 4_000
            return super().apply(order)

    effects = Slow()

    assert process(batch_of(order("A"), order("B"), order("C")), effects, context) == answer("101")

    assert effects.applied == ["A"]
    assert log.said()[1] == {
        "message": "orders handed back untried",
        "untried": 2,
        "reason": "6000 ms of the invocation are left, and 6000 ms are kept back",
    }


def test_a_claim_check_is_followed_into_the_bucket_that_is_set(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    effects, settings = Orders(), Settings(claim_check_bucket="order-bodies")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="order-bodies")  # pyright: ignore[reportUnknownMemberType]
        claimed = ClaimCheck("order-bodies").put(order("A"))

        event = batch_of(claimed, claimed.replace("order-bodies", "bucket-of-others"))
        assert process(event, effects, settings=settings) == answer("101")

    claim_check_for.cache_clear()
    assert effects.applied == ["A"]
    assert log.said()[1]["reason"] == (
        "PermanentError: the claim check does not point to the bucket that CLAIM_CHECK_BUCKET names"
    )


@given(fails=st.lists(st.booleans(), min_size=1, max_size=30))
def test_whatever_fails_redelivery_from_the_answer_processes_each_good_order_once_and_in_order(
    fails: list[bool],
) -> None:
    """As Lambda with partial failures and halves: a record that is alone and fails is discarded."""
    effects = Orders()
    discarded: list[str] = []
    shard = [record(str(place), encoded(order(f"A-{place}", fail=fail))) for place, fail in enumerate(fails)]

    def deliver(records: list[dict[str, Any]]) -> None:
        try:
            failed = process({"Records": records}, effects)["batchItemFailures"]
        except BatchError:
            if len(records) == 1:
                discarded.append(records[0]["kinesis"]["sequenceNumber"])
            else:
                deliver(records[: len(records) // 2])
                deliver(records[len(records) // 2 :])
        else:
            numbers = [one["kinesis"]["sequenceNumber"] for one in records]
            for failure in failed:
                deliver(records[numbers.index(failure["itemIdentifier"]) :])

    deliver(shard)

    assert effects.applied == [f"A-{place}" for place, fail in enumerate(fails) if not fail]
    assert discarded == [str(place) for place, fail in enumerate(fails) if fail]
