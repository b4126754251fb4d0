"""The order handler: exact answers, and the same as AWS's own library for any batch."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities import batch as powertools
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.orders.handler import OrderError, lambda_handler, process


def record(message_id: str, body: Any, attempt: int = 1) -> dict[str, Any]:
    """A message as the event source mapping sends it."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle-{message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(attempt), "SentTimestamp": "1", "SenderId": "AIDA"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:1:orders",
        "awsRegion": "eu-central-1",
    }


def order(order_id: object, **fields: object) -> str:
    return json.dumps({"orderId": order_id, **fields})


def answer(*failed: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@pytest.mark.parametrize(
    ("body", "order_id"),
    [
        (order("A1"), "A1"),
        (order("A1", fail=False), "A1"),
        (order("A1", fail="true"), "A1"),
        (order("A1", lines=[{"sku": "x"}]), "A1"),
        (order("Ärger \ud800"), "Ärger \ud800"),
    ],
)
def test_an_order_that_can_be_processed_succeeds(body: str, order_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lambda_handler({"Records": [record("m1", body, attempt=2)]}, None) == answer()

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"message": "order processed", "messageId": "m1", "attempt": 2, "orderId": order_id}


NOT_JSON = "OrderError: the message is not JSON"
NOT_AN_ORDER = "OrderError: the message is not an order: it has no orderId"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", NOT_JSON),
        ("card 4111111111111111", NOT_JSON),
        ("[" * 100_000, "RecursionError: "),
        ("null", NOT_AN_ORDER),
        ("[]", NOT_AN_ORDER),
        ('"A1"', NOT_AN_ORDER),
        ("{}", NOT_AN_ORDER),
        (order(5), NOT_AN_ORDER),
        (order(None, card="4111111111111111"), NOT_AN_ORDER),
        (order("A1", fail=True, card="4111111111111111"), "OrderError: order A1 asks to fail"),
        (None, "TypeError: the JSON object must be str, bytes or bytearray, not NoneType"),
    ],
)
def test_an_order_that_cannot_be_processed_fails_alone_with_its_reason(
    body: Any, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = [record("m1", order("A1")), record("m2", body, attempt=3), record("m3", order("A3"))]

    assert lambda_handler({"Records": batch}, None) == answer("m2")

    processed, failed, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert failed["reason"].startswith(reason)
    assert {**failed, "reason": ""} == {"message": "order failed", "messageId": "m2", "attempt": 3, "reason": ""}
    assert (processed["orderId"], after["orderId"]) == ("A1", "A3")


def test_a_reason_never_has_the_message_in_it() -> None:
    secret = "4111111111111111"
    reasons: list[str] = []
    for body in (secret + "x", order(None, card=secret), order("A1", fail=True, card=secret)):
        with pytest.raises(OrderError) as caught:
            process(body)
        reasons.append(str(caught.value))

    assert [reason for reason in reasons if secret in reason] == []


@pytest.mark.parametrize(
    "event",
    [{}, {"Records": [{"body": order("A1")}]}, {"Records": [{"body": "x", "messageId": "m1"}]}],
    ids=["no records", "no message id", "no attributes"],
)
def test_what_is_no_batch_of_messages_fails_as_a_whole(event: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        lambda_handler(event, None)


bodies = st.one_of(
    st.builds(order, st.text(max_size=5)),
    st.builds(order, st.text(max_size=5), fail=st.booleans() | st.none()),
    st.builds(json.dumps, st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5)),
    st.text(max_size=10),
)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(bodies, min_size=1, max_size=10))
def test_the_answer_is_that_of_aws_own_library(batch: list[str]) -> None:
    """Powertools raises when a whole batch fails, unless told not to: then it answers as this handler does."""
    event = {"Records": [record(f"m{number}", body) for number, body in enumerate(batch)]}

    expected = _aws_answer(event, BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False))

    with contextlib.redirect_stdout(io.StringIO()):
        assert lambda_handler(event, None) == expected


def test_only_a_batch_that_fails_as_a_whole_is_answered_in_another_way() -> None:
    event = {"Records": [record("m1", "no order"), record("m2", "no order")]}

    assert lambda_handler(event, None) == answer("m1", "m2")
    with pytest.raises(BatchProcessingError):
        _aws_answer(event, BatchProcessor(event_type=EventType.SQS))


def _aws_answer(event: dict[str, Any], processor: BatchProcessor) -> dict[str, Any]:
    def process_record(record: SQSRecord) -> str:  # Powertools passes it by this name
        return process(record.body)

    library: Any = powertools  # its type hints have gaps
    return library.process_partial_response(event, process_record, processor)


def in_group(message_id: str, group: str, body: str) -> dict[str, Any]:
    """A message of a FIFO queue."""
    found = record(message_id, body)
    found["attributes"] |= {"MessageGroupId": group, "SequenceNumber": f"18849496460467696{message_id}"}
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=10))
def test_on_a_fifo_queue_what_follows_a_failure_in_its_group_is_handed_back(orders: list[tuple[str, bool]]) -> None:
    records = [in_group(str(n), group, order(str(n), fail=fails)) for n, (group, fails) in enumerate(orders)]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        found = lambda_handler({"Records": records}, None)

    tried = [json.loads(line)["messageId"] for line in output.getvalue().splitlines()]
    blocked = [any(other == group and fails for other, fails in orders[:n]) for n, (group, _) in enumerate(orders)]
    assert tried == [str(n) for n, is_blocked in enumerate(blocked) if not is_blocked]
    assert found == answer(*(str(n) for n, (_, fails) in enumerate(orders) if fails or blocked[n]))


def test_on_a_standard_queue_a_group_promises_no_order() -> None:
    records = [in_group("1", "a", order("1", fail=True)), in_group("2", "a", order("2"))]
    for found in records:
        del found["attributes"]["SequenceNumber"]

    assert lambda_handler({"Records": records}, None) == answer("1")
