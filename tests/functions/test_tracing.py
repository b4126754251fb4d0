"""Orders in the trace of their invocation: what an X-Ray daemon hears, and that nothing needs one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functions.messages import answer, message, order
from tests.functions.test_handler import FOLDER

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
SAMPLED = {"LAMBDA_TASK_ROOT": "/var/task", "_X_AMZN_TRACE_ID": f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1"}
EVENT = {
    "Records": [
        message("m1", order("A1")),
        message("m2", order("A2", fail=True)),
        message("m3", "card 4111111111111111"),
        message("m4", order("A4")),
    ]
}
RUN = """
import handler, json, sys
for _ in range({times}):
    print(json.dumps(handler.lambda_handler(json.loads(sys.argv[1]), None)))
print(json.dumps([name for name in ("aws_xray_sdk", "boto3", "botocore") if name in sys.modules]))
"""
LINES = ["order processed", "order failed", "order failed", "order processed"]


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    """What listens for X-Ray, on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        yield listening


def in_lambda(environment: dict[str, str], times: int = 1) -> tuple[list[Any], str]:
    """What the handler prints in the zip, line by line, and what it says to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(times=times), json.dumps(EVENT)],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def heard(daemon: socket.socket) -> list[dict[str, Any]]:
    """Every subsegment that was sent."""
    found: list[dict[str, Any]] = []
    while True:
        try:
            sent = daemon.recv(65_536).decode()
        except BlockingIOError:
            return found
        header, document = sent.split("\n", 1)
        assert json.loads(header) == {"format": "json", "version": 1}
        found.append(json.loads(document))


def address(daemon: socket.socket) -> str:
    host, port = daemon.getsockname()
    return f"{host}:{port}"


def traced(daemon: socket.socket) -> dict[str, str]:
    """The environment of a function whose orders are traced, in an invocation that is sampled."""
    return {"TRACE_ORDERS": "true", "AWS_XRAY_DAEMON_ADDRESS": address(daemon), **SAMPLED}


def test_each_order_has_a_subsegment_with_its_id_and_with_its_failure(daemon: socket.socket) -> None:
    lines, errors = in_lambda(traced(daemon))

    assert ([line["message"] for line in lines[:4]], lines[4], errors) == (LINES, answer("m2", "m3"), "")
    assert [
        (
            found["name"],
            found["trace_id"],
            found["parent_id"],
            found.get("annotations"),
            found.get("fault", False),
            [(cause["type"], cause["message"]) for cause in found.get("cause", {}).get("exceptions", [])],
        )
        for found in heard(daemon)
    ] == [
        ("## order", TRACE, "53995c3f42cd8ad8", annotations, bool(causes), causes)
        for annotations, causes in (
            ({"orderId": "A1"}, []),
            ({"orderId": "A2"}, [("RetryAfterError", "order A2 asks to fail")]),
            (None, [("PoisonError", "the message is not JSON")]),
            ({"orderId": "A4"}, []),
        )
    ]


def test_the_next_invocation_of_the_same_environment_is_traced_like_the_first(daemon: socket.socket) -> None:
    in_lambda(traced(daemon), times=3)

    ids = ["A1", "A2", None, "A4"]
    assert [found.get("annotations", {}).get("orderId") for found in heard(daemon)] == ids * 3


@pytest.mark.parametrize(
    "environment",
    [
        {"TRACE_ORDERS": "false", **SAMPLED},
        SAMPLED,
        {"TRACE_ORDERS": "true"},
        {"TRACE_ORDERS": "true", **SAMPLED, "_X_AMZN_TRACE_ID": f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=0"},
        {"TRACE_ORDERS": "true", **SAMPLED, "POWERTOOLS_TRACE_DISABLED": "true"},
    ],
    ids=["off", "not set", "outside of Lambda", "not sampled", "disabled"],
)
def test_what_is_not_to_be_traced_is_processed_alike_and_nothing_is_sent(
    environment: dict[str, str], daemon: socket.socket
) -> None:
    lines, errors = in_lambda({"AWS_XRAY_DAEMON_ADDRESS": address(daemon), **environment})

    assert ([line["message"] for line in lines[:4]], lines[4], errors) == (LINES, answer("m2", "m3"), "")
    assert heard(daemon) == []


@pytest.mark.parametrize("header", [SAMPLED["_X_AMZN_TRACE_ID"], "", "Root", "Root=1;Parent=2;Sampled=?"])
def test_without_a_daemon_or_a_trace_orders_are_processed_alike(header: str, daemon: socket.socket) -> None:
    environment = traced(daemon) | {"_X_AMZN_TRACE_ID": header}
    daemon.close()

    lines, _ = in_lambda(environment, times=2)

    assert [line["message"] for line in (*lines[:4], *lines[5:9])] == LINES * 2
    assert (lines[4], lines[9]) == (answer("m2", "m3"), answer("m2", "m3"))


@pytest.mark.parametrize(("setting", "loaded"), [("true", True), ("false", False)])
def test_the_sdk_is_loaded_only_where_orders_are_traced(setting: str, loaded: bool) -> None:
    lines, _ = in_lambda({"TRACE_ORDERS": setting, **SAMPLED})

    assert ("aws_xray_sdk" in lines[-1]) is loaded
