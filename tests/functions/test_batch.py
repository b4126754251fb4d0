"""What all sources share: the time budget, the log, the metrics, and what is done about a failure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from functions.orders.processing import batch
from functions.orders.processing.batch import Settled
from functions.orders.processing.errors import OrderError, OutOfTimeError, PermanentError
from functions.orders.processing.settings import Settings
from tests.functions.messages import Invocation, Log, answer, message


def handle(
    process_record: Callable[[Any], str],
    *ids: str,
    context: Invocation | None = None,
    settings: Settings | None = None,
    **more: Any,
) -> batch.Answer:
    return batch.handle(
        [message(message_id, "") for message_id in ids],
        context,
        settings or Settings(),
        processor=BatchProcessor(event_type=EventType.SQS),
        process_record=process_record,
        about=lambda record: {"messageId": record.message_id},
        **more,
    )


def failing(error: Exception) -> Callable[[Any], str]:
    """Fails for every record but those whose id begins with "good"."""

    def process_record(record: Any) -> str:
        if record.message_id.startswith("good"):
            return f"order of {record.message_id}"
        raise error

    return process_record


def test_every_record_that_is_tried_has_one_line_in_the_log(log: Log) -> None:
    before = datetime.now(UTC)

    assert handle(failing(OrderError("not now")), "good", "bad") == answer("bad")

    lines = log.lines()
    times = [datetime.fromisoformat(line.pop("timestamp")) for line in lines]
    assert [round((time - before).total_seconds()) for time in times] == [0, 0]
    assert [json.dumps(line) for line in lines] == [  # also in this order, for whoever reads them
        '{"message": "order processed", "messageId": "good", "orderId": "order of good", "level": "INFO", '
        '"service": "orders"}',
        '{"message": "order failed", "messageId": "bad", "reason": "OrderError: not now", "level": "WARNING", '
        '"service": "orders"}',
    ]


def test_where_an_unforeseen_error_came_from_is_logged_and_of_a_foreseen_one_only_the_reason(log: Log) -> None:
    handle(failing(ZeroDivisionError("no\n\nway")), "bad")
    handle(failing(PermanentError("no")), "bad")

    unforeseen, foreseen = log.said()
    traceback = unforeseen.pop("exception")
    assert re.fullmatch(
        r"Traceback .*line \d+, in process_record\n    raise error\nZeroDivisionError: no\n\nway", traceback, re.S
    )
    assert unforeseen == {
        "message": "order failed",
        "messageId": "bad",
        "reason": "ZeroDivisionError: no way",
        "exception_name": "ZeroDivisionError",
    }
    assert foreseen == {"message": "order failed", "messageId": "bad", "reason": "PermanentError: no"}


def test_a_reason_is_one_line_without_end() -> None:
    assert batch.reason(OrderError("a\r\nb\tc")) == "OrderError: a b c"
    assert batch.reason(OrderError("x" * 5_000)) == "OrderError: " + "x" * (batch.MAX_REASON - 12)


def test_any_text_can_be_logged(log: Log) -> None:
    handle(failing(OrderError("Ärger \ud800")), "bad")

    assert [line["reason"] for line in log.said()] == ["OrderError: Ärger \ud800"]


@pytest.mark.parametrize(
    ("timeout", "milliseconds", "tried"),
    [
        (30_000, [1_000] * 40, 29),  # it ends with 1,000 ms left, where the next would need 1,500
        (30_000, [25_000, 1, 1], 1),
        (30_000, [10_000, 1, 1], 3),
        (30_000, [10_000, 5_000, 1, 1], 2),  # exactly 15,000 ms are left, and as much is kept back
        (1_000, [50] * 30, 18),  # of a second a tenth is kept back
        (900_000, [100] * 10_000, 8_990),  # and of longer ones a second
        (5, [100, 100], 1),  # the first is always begun
        (30_000, [0] * 1_000, 1_000),
    ],
)
def test_records_are_begun_while_time_is_left_and_the_others_are_handed_back_untried(
    timeout: int, milliseconds: list[int], tried: int, log: Log
) -> None:
    context = Invocation(timeout)
    ids = [str(number) for number in range(len(milliseconds))]

    def process_record(record: Any) -> str:
        context.left -= milliseconds[int(record.message_id)]
        return "A-1"

    assert handle(process_record, *ids, context=context) == answer(*ids[tried:])

    lines = log.said()
    assert [line["messageId"] for line in lines if line["message"] == "order processed"] == ids[:tried]
    assert [line.get("untried") for line in lines[tried:]] == ([len(ids) - tried] if tried < len(ids) else [])


def test_those_that_are_handed_back_untried_have_one_line_together_that_says_why(log: Log) -> None:
    context = Invocation(30_000)

    def process_record(record: Any) -> str:
        context.left -= 20_000
        raise OrderError(f"{record.message_id} took long")

    assert handle(process_record, "1", "2", "3", context=context) == answer("1", "2", "3")

    assert log.said() == [
        {"message": "order failed", "messageId": "1", "reason": "OrderError: 1 took long"},
        {
            "message": "orders handed back untried",
            "untried": 2,
            "reason": "10000 ms of the invocation are left, and 30000 ms are kept back",
        },
    ]


def test_a_failure_that_is_settled_in_the_dead_letter_queue_is_not_handed_back(log: Log) -> None:
    def settle(record: Any, error: Exception) -> Settled:
        return Settled("permanent" if record.message_id == "dead" else "", {"seen": str(error)})

    found = handle(failing(PermanentError("never")), "dead", "alive", "good", settle=settle)

    assert found == answer("alive")
    assert [(line["messageId"], line["message"], line.get("seen")) for line in log.said()] == [
        ("dead", "order failed", "never"),
        ("alive", "order failed", "never"),
        ("good", "order processed", None),
    ]


@pytest.mark.parametrize(("sending", "settled"), [(0, 5), (100, 4), (500, 1), (5_000, 1)])
def test_what_there_is_no_time_for_is_settled_only_while_half_of_the_reserve_is_left(
    sending: int, settled: int, log: Log
) -> None:
    context = Invocation(10_000)
    ids = [str(number) for number in range(6)]

    def process_record(record: Any) -> str:
        context.left -= 9_100
        return "A-1"

    def settle(record: Any, error: Exception) -> Settled:
        assert isinstance(error, OutOfTimeError)
        context.left -= sending
        return Settled("exhausted")

    assert handle(process_record, *ids, context=context, settle=settle) == answer(*ids[settled + 1 :])

    lines = log.said()
    assert [line["messageId"] for line in lines if line["message"] == "order failed"] == ids[1 : settled + 1]
    assert [line.get("untried") for line in lines[settled + 1 :]] == ([5 - settled] if settled < 5 else [])


def test_a_failure_that_cannot_be_settled_is_handed_back_and_both_reasons_are_logged(log: Log) -> None:
    def settle(record: Any, error: Exception) -> Settled:
        raise ConnectionError("no route")

    assert handle(failing(PermanentError("never")), "bad", "good", settle=settle) == answer("bad")

    failed, processed = log.said()
    assert failed == {
        "message": "order failed",
        "messageId": "bad",
        "reason": "PermanentError: never",
        "notSettled": "ConnectionError: no route",
    }
    assert processed["messageId"] == "good"


def test_a_batch_that_fails_as_a_whole_is_answered_like_any_other() -> None:
    assert handle(failing(OrderError("no")), "1", "2") == answer("1", "2")


def metrics(text: str) -> list[dict[str, Any]]:
    """What was written for CloudWatch, without the time."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"_aws"')]
    for line in lines:
        assert line["_aws"].pop("Timestamp") > 0
    return lines


def definition(*names: str, dimensions: list[str]) -> dict[str, Any]:
    return {
        "CloudWatchMetrics": [
            {
                "Namespace": "Shop",
                "Dimensions": [dimensions],
                "Metrics": [{"Name": name, "Unit": "Count"} for name in names],
            }
        ]
    }


def test_a_batch_is_counted_by_what_became_of_its_records(capsys: pytest.CaptureFixture[str]) -> None:
    context = Invocation(30_000)

    def process_record(record: Any) -> str:
        context.left -= 19_900 if record.message_id == "good-2" else 0
        return failing(PermanentError("never"))(record)

    def settle(record: Any, error: Exception) -> Settled:
        return Settled(kinds.get(record.message_id, ""))

    kinds = {"dead-1": "permanent", "dead-2": "poison", "dead-3": "permanent"}
    handle(
        process_record,
        *kinds, "bad", "good-1", "good-2", "untried",
        context=context,
        settings=Settings(metrics_namespace="Shop"),
        settle=settle,
    )  # fmt: skip

    assert metrics(capsys.readouterr().out) == [
        {
            "_aws": definition("OrdersProcessed", "OrdersFailed", dimensions=["service"]),
            "service": "orders",
            "OrdersProcessed": [2.0],
            "OrdersFailed": [1.0],
        },
        *(
            {
                "_aws": definition("OrdersDeadLettered", dimensions=["kind", "service"]),
                "service": "orders",
                "kind": kind,
                "OrdersDeadLettered": [count],
            }
            for kind, count in (("permanent", 2.0), ("poison", 1.0))
        ),
    ]


def test_nothing_is_counted_twice_and_without_a_namespace_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    for settings in (Settings(metrics_namespace="Shop"), Settings(metrics_namespace="Shop"), Settings()):
        handle(failing(OrderError("no")), "good", settings=settings)

    found = metrics(capsys.readouterr().out)
    assert [(line["OrdersProcessed"], line["OrdersFailed"]) for line in found] == [([1.0], [0.0])] * 2
