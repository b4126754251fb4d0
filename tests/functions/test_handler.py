"""The order handler as Lambda runs it: from the root of the zip, with its settings from the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from functions.orders.handler import lambda_handler
from tests.functions.messages import Invocation, Log, answer, in_group, message, order

FOLDER = Path(__file__).parents[2] / "functions" / "orders"


def test_an_order_that_can_be_processed_succeeds(log: Log) -> None:
    records = [message("m1", order("A1", lines=[{"sku": "x"}]), attempt=2), message("m2", order("A2", fail="true"))]

    assert lambda_handler({"Records": records}, Invocation(30_000)) == answer()

    said = {"message": "order processed", "correlation_id": "request-1"}
    assert log.said() == [
        said | {"messageId": "m1", "attempt": 2, "orderId": "A1"},
        said | {"messageId": "m2", "attempt": 1, "orderId": "A2"},
    ]


def test_an_order_that_asks_to_fail_is_received_again(log: Log) -> None:
    assert lambda_handler({"Records": [message("m1", order("A1", fail=True), attempt=3)]}, None) == answer("m1")

    assert log.said() == [
        {"message": "order failed", "messageId": "m1", "attempt": 3, "reason": "RetryAfterError: order A1 asks to fail"}
    ]


def test_on_a_fifo_queue_the_rest_of_the_group_is_received_again() -> None:
    records = [
        in_group("m1", "a", order("1", fail=True)),
        in_group("m2", "a", order("2")),
        in_group("m3", "b", order("3")),
    ]

    assert lambda_handler({"Records": records}, None) == answer("m1", "m2")


def test_what_is_no_batch_of_messages_fails_as_a_whole() -> None:
    with pytest.raises(ValueError, match="no list of Records"):
        lambda_handler({}, None)


def in_lambda(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code where the handler is in no package, as at the root of the zip."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


EVENT = json.dumps({"Records": [message("m1", order("A1")), message("m2", "poison")]})
RUN = f"import handler, json; print(json.dumps(handler.lambda_handler(json.loads({EVENT!r}), None)))"


def test_it_runs_from_the_root_of_the_zip() -> None:
    done = in_lambda(RUN, POWERTOOLS_SERVICE_NAME="shop", POWERTOOLS_METRICS_NAMESPACE="Shop")

    lines: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 4)
    processed, failed, metrics, found = lines
    assert (processed["message"], failed["message"], found) == ("order processed", "order failed", answer("m2"))
    assert [line["service"] for line in (processed, failed, metrics)] == ["shop"] * 3
    assert (metrics["OrdersProcessed"], metrics["OrdersFailed"]) == ([1.0], [1.0])


def test_it_does_not_start_with_settings_that_cannot_work() -> None:
    done = in_lambda(RUN, FIFO_FAILURES="ignore", RETRY_AFTER="perhaps")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "processing.settings.SettingsError: FIFO_FAILURES must be block or skip; RETRY_AFTER must be true or false"
    )


def test_without_settings_nothing_is_loaded_that_is_slow_and_not_used() -> None:
    slow = ("aws_xray_sdk", "boto3", "botocore.session", "jsonschema", "pydantic", "urllib3")

    done = in_lambda(f"{RUN}; import sys; print([name for name in {slow} if name in sys.modules])")

    assert (done.stdout.splitlines()[-1], done.stderr) == ("[]", "")
