"""The function's environment: what is read, and what is named before any order is touched."""

from __future__ import annotations

import pytest

from functions.orders.processing.settings import Settings, SettingsError


def test_without_variables_nothing_is_asked_for() -> None:
    assert Settings.read({"PATH": "/bin", "ORDERS_TABLE": "", "RETRY_AFTER": ""}) == Settings(
        orders_table="",
        event_bus="",
        idempotency_table="",
        dead_letter_queue_url="",
        max_receive_count=0,
        retry_after=False,
        fifo_failures="block",
        claim_check_bucket="",
        largest_amount_parameter="",
        trace_orders=False,
        service_name="orders",
        metrics_namespace="",
    )


def test_every_variable_is_read() -> None:
    environment = {
        "ORDERS_TABLE": "orders",
        "EVENT_BUS": "arn:aws:events:eu-central-1:1:event-bus/shop",
        "IDEMPOTENCY_TABLE": "locks",
        "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/1/dead.fifo",
        "MAX_RECEIVE_COUNT": "1000",
        "RETRY_AFTER": "true",
        "FIFO_FAILURES": "skip",
        "CLAIM_CHECK_BUCKET": "bodies",
        "LARGEST_AMOUNT_PARAMETER": "/shop/largest-amount",
        "TRACE_ORDERS": "true",
        "POWERTOOLS_SERVICE_NAME": "shop orders",
        "POWERTOOLS_METRICS_NAMESPACE": "Shop",
    }

    assert Settings.read(environment) == Settings(
        orders_table="orders",
        event_bus="arn:aws:events:eu-central-1:1:event-bus/shop",
        idempotency_table="locks",
        dead_letter_queue_url="https://sqs.eu-central-1.amazonaws.com/1/dead.fifo",
        max_receive_count=1000,
        retry_after=True,
        fifo_failures="skip",
        claim_check_bucket="bodies",
        largest_amount_parameter="/shop/largest-amount",
        trace_orders=True,
        service_name="shop orders",
        metrics_namespace="Shop",
    )


def test_the_environment_of_the_process_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIM_CHECK_BUCKET", "bodies")

    assert Settings.read() == Settings(claim_check_bucket="bodies")


COUNT = "MAX_RECEIVE_COUNT must be a whole number, 1..1000"


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"ORDERS_TABLE": "my orders"}, "ORDERS_TABLE must be the name or the ARN of a table"),
        ({"ORDERS_TABLE": "orders\n"}, "ORDERS_TABLE must be the name or the ARN of a table"),
        ({"DEAD_LETTER_QUEUE_URL": "dead"}, "DEAD_LETTER_QUEUE_URL must be the URL of a queue"),
        ({"DEAD_LETTER_QUEUE_URL": "arn:aws:sqs:eu:1:dead"}, "DEAD_LETTER_QUEUE_URL must be the URL of a queue"),
        ({"FIFO_FAILURES": "Block"}, "FIFO_FAILURES must be block or skip"),
        ({"RETRY_AFTER": "1"}, "RETRY_AFTER must be true or false"),
        ({"TRACE_ORDERS": "on"}, "TRACE_ORDERS must be true or false"),
        ({"LARGEST_AMOUNT_PARAMETER": "10 000"}, "LARGEST_AMOUNT_PARAMETER must be the name or the ARN of a parameter"),
        ({"CLAIM_CHECK_BUCKET": " "}, "CLAIM_CHECK_BUCKET must be the name of a bucket"),
        *(
            ({"DEAD_LETTER_QUEUE_URL": "https://sqs/1/dead", "MAX_RECEIVE_COUNT": count}, COUNT)
            for count in ("0", "05", "1001", "5.0", "-1", "five", " 5", "\u0665", "5\n")
        ),
        ({"MAX_RECEIVE_COUNT": "5"}, "MAX_RECEIVE_COUNT needs DEAD_LETTER_QUEUE_URL"),
        ({"EVENT_BUS": "shop"}, "EVENT_BUS needs ORDERS_TABLE"),
        ({"IDEMPOTENCY_TABLE": "locks"}, "IDEMPOTENCY_TABLE needs ORDERS_TABLE"),
        (
            {"RETRY_AFTER": "yes", "FIFO_FAILURES": "stop", "IDEMPOTENCY_TABLE": "s e c r e t", "EVENT_BUS": "shop"},
            "FIFO_FAILURES must be block or skip; IDEMPOTENCY_TABLE must be the name or the ARN of a table; "
            "RETRY_AFTER must be true or false; EVENT_BUS needs ORDERS_TABLE; IDEMPOTENCY_TABLE needs ORDERS_TABLE",
        ),
    ],
    ids=str,
)
def test_what_cannot_work_is_named_all_at_once_and_without_its_value(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.read(environment)

    assert str(caught.value) == problem
