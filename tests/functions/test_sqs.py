"""Orders from a standard queue: the answer for any batch, also for events that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities import batch as powertools
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.orders.processing import sqs
from functions.orders.processing.claim_check import ClaimCheck, claim_check_for
from functions.orders.processing.core import process
from functions.orders.processing.effects import NoEffects
from functions.orders.processing.errors import OrderError
from functions.orders.processing.order import Order
from functions.orders.processing.settings import Settings
from tests.functions.messages import Invocation, Log, Orders, answer, message, order

BUCKET = "order-bodies"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session on moto, with the environment's region as in Lambda."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.Session()
    claim_check_for.cache_clear()


def handle(
    *messages: object, effects: Orders | NoEffects | None = None, context: Any = None, given: Settings | None = None
) -> Any:
    return sqs.handle({"Records": [*messages]}, context, given or Settings(), effects or NoEffects())


NO_MESSAGES: tuple[Any, ...] = (
    {"body": order("A2")},
    message("", order("A2")),
    message("m2", order("A2")) | {"messageId": None},
    message("m2", order("A2")) | {"messageId": 2},
    None,
    "m2",
    [],
)
NO_LIST = "the event is no batch of SQS messages: it has no list of Records"


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (None, NO_LIST),
        ("Records", NO_LIST),
        ([], NO_LIST),
        ({}, NO_LIST),
        ({"Records": None}, NO_LIST),
        ({"Records": "m1"}, NO_LIST),
        ({"Records": {"0": message("m1", order("A1"))}}, NO_LIST),
        *(
            (
                {"Records": [message("m1", order("A1")), broken, message("m3", order("A3"))]},
                "record 1 of 3 has no messageId: the whole batch is delivered again",
            )
            for broken in NO_MESSAGES
        ),
    ],
)
def test_what_is_no_batch_of_messages_fails_as_a_whole_before_anything_is_processed(
    event: Any, reason: str, log: Log
) -> None:
    orders = Orders()

    with pytest.raises(ValueError, match=f"^{reason}$"):
        sqs.handle(event, None, Settings(), orders)

    assert (orders.applied, log.lines()) == ([], [])


def test_an_empty_batch_has_an_empty_answer(log: Log) -> None:
    assert (handle(), log.lines()) == (answer(), [])


NOT_JSON = "PoisonError: the message is not JSON"
NOT_AN_ORDER = "PoisonError: the message is not an order: it has no orderId"
NO_BODY = "PoisonError: the message has no body"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", NOT_JSON),
        ("card 4111111111111111", NOT_JSON),
        ("[" * 100_000, "PoisonError: the message is nested too deeply to be read"),
        ("null", NOT_AN_ORDER),
        ("[]", NOT_AN_ORDER),
        ("{}", NOT_AN_ORDER),
        (order("A1", fail=True, card="4111111111111111"), "RetryAfterError: order A1 asks to fail"),
        (None, NO_BODY),
        (5, NO_BODY),
        ({"orderId": "A2"}, NO_BODY),
    ],
)
def test_an_order_that_cannot_be_processed_fails_alone_with_its_reason(body: object, reason: str, log: Log) -> None:
    orders = Orders()

    found = handle(
        message("m1", order("A1")), message("m2", body, attempt=3), message("m3", order("A3")), effects=orders
    )

    assert (found, orders.applied) == (answer("m2"), ["A1", "A3"])
    assert log.said() == [
        {"message": "order processed", "messageId": "m1", "attempt": 1, "orderId": "A1"},
        {"message": "order failed", "messageId": "m2", "attempt": 3, "reason": reason},
        {"message": "order processed", "messageId": "m3", "attempt": 1, "orderId": "A3"},
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"attributes": None},
        {"attributes": []},
        {"attributes": {}},
        {"attributes": {"ApproximateReceiveCount": "many"}},
        {"attributes": {"ApproximateReceiveCount": None}},
        {"attributes": {"AWSTraceHeader": 5}},
        {"messageAttributes": None},
        {"messageAttributes": {"traceparent": "00"}},
        {"messageAttributes": {"traceparent": {}}},
        {"receiptHandle": None, "eventSourceARN": None, "md5OfBody": None},
    ],
)
def test_an_order_is_processed_whatever_else_its_message_lacks(change: dict[str, Any], log: Log) -> None:
    orders = Orders()
    whole = message("m1", order("A1"))

    assert handle(whole | change, message("m2", order("A2")), effects=orders) == answer()
    assert handle({name: whole[name] for name in whole if name not in change}, effects=orders) == answer()

    assert orders.applied == ["A1", "A2", "A1"]
    assert {line["message"] for line in log.said()} == {"order processed"}


def test_of_ten_thousand_messages_exactly_those_that_failed_are_handed_back() -> None:
    orders = Orders()
    bodies = [order(f"A{number}") if number % 7 else "not an order" for number in range(10_000)]

    found = handle(*(message(f"m{number}", body) for number, body in enumerate(bodies)), effects=orders)

    assert found == answer(*(f"m{number}" for number in range(0, 10_000, 7)))
    assert orders.applied == [f"A{number}" for number in range(10_000) if number % 7]


def test_six_megabytes_of_orders_are_processed_and_a_poisoned_one_among_them_fails_alone() -> None:
    orders = Orders()
    size = 999_000
    messages = [message(f"m{number}", order(f"A{number}", note="x" * size)) for number in range(5)]
    poison = message("m5", '{"orderId": "A5", "note": "' + "x" * size)
    assert 5_990_000 < len(json.dumps({"Records": [*messages, poison]})) < 6_291_556

    assert handle(*messages[:3], poison, *messages[3:], effects=orders) == answer("m5")

    assert orders.applied == ["A0", "A1", "A2", "A3", "A4"]


def test_an_effect_that_cannot_be_had_is_the_failure_of_its_order_alone(log: Log) -> None:
    orders = Orders({"A2": ConnectionError("the table does not answer")})

    found = handle(*(message(f"m{number}", order(f"A{number}")) for number in (1, 2, 3)), effects=orders)

    assert (found, orders.applied) == (answer("m2"), ["A1", "A3"])
    assert log.said()[1]["reason"] == "ConnectionError: the table does not answer"


W3C = {"traceparent": {"dataType": "String", "stringValue": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
X_RAY = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@pytest.mark.parametrize(
    ("sent", "header", "expected"),
    [
        (W3C, X_RAY, "0af7651916cd43dd8448eb211c80319c"),
        ({}, X_RAY, "1-5759e988-bd862e3fe1be46a994272793"),
        ({}, "Parent=53995c3f42cd8ad8", "request-1"),
        ({"traceparent": {"dataType": "String", "stringValue": "zero"}}, "", "request-1"),
        ({}, "", "request-1"),
    ],
)
def test_the_log_names_a_message_by_the_trace_of_its_sender_or_else_by_the_request(
    sent: dict[str, Any], header: str, expected: str, log: Log
) -> None:
    traced = message("m1", order("A1"), AWSTraceHeader=header) | {"messageAttributes": sent}

    handle(traced, context=Invocation(30_000))

    assert log.said() == [
        {"message": "order processed", "messageId": "m1", "attempt": 1, "orderId": "A1", "correlation_id": expected}
    ]


def test_a_claim_check_is_fetched_from_the_bucket_that_the_settings_name(aws: Any) -> None:
    orders = Orders()
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    claim = ClaimCheck(BUCKET, client=s3).put(order("A1", note="x" * 2_000_000))

    assert handle(message("m1", claim), effects=orders, given=Settings(claim_check_bucket=BUCKET)) == answer()
    assert handle(message("m2", claim), effects=orders) == answer("m2")  # no bucket: none is read

    assert orders.applied == ["A1"]


bodies = st.one_of(
    st.builds(order, st.from_regex(r"[A-Za-z0-9_-]{1,5}", fullmatch=True), fail=st.booleans() | st.none()),
    st.builds(order, st.text(max_size=5)),
    st.builds(json.dumps, st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5)),
    st.text(max_size=10),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the machine may be busy
@given(st.lists(bodies, min_size=1, max_size=10))
def test_the_answer_is_that_of_aws_own_library(log: Log, batch: list[str]) -> None:
    """Of plain Powertools with the same core, when it does not raise for a batch that failed as a whole."""
    event = {"Records": [message(f"m{number}", body) for number, body in enumerate(batch)]}

    def process_record(record: SQSRecord) -> None:  # Powertools passes it by this name
        process(Order.read(record.body), NoEffects())

    library: Any = powertools  # its type hints have gaps
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    expected = library.process_partial_response(event, process_record, processor)

    assert sqs.handle(event, None, Settings(), NoEffects()) == expected
    assert len(log.lines()) == len(batch)


def test_a_reason_never_has_the_message_in_it(log: Log) -> None:
    secret = "4111111111111111"
    for body in (secret + "x", order(None, card=secret), order(secret + " "), order("A1", fail=True, card=secret)):
        handle(message("m1", body))

    reasons = [line["reason"] for line in log.said()]
    assert [reason for reason in reasons if secret in reason] == []
    assert len(reasons) == 4


def test_every_failure_of_an_order_is_one_of_its_kinds() -> None:
    for body in ("", "{}", order("A1", fail=True)):
        with pytest.raises(OrderError):
            process(Order.read(body), NoEffects())
