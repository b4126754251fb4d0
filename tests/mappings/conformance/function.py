"""The function of every case, wherever it runs: it does as each order and its plan say, and writes down what it gets.

It imports nothing of the project, as an emulator runs it from an archive of its own.
"""

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RAISES, NAMES = "raises", "names"
"""What the function does for an order that fails: it raises, or its answer names the record."""


def order_of(record: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What a record of an event says, and the identifier by which an answer names it."""
    if "body" in record:
        return json.loads(record["body"]), record["messageId"]
    if "kinesis" in record:
        return json.loads(base64.b64decode(record["kinesis"]["data"])), record["kinesis"]["sequenceNumber"]
    change = record["dynamodb"]
    return json.loads(change["NewImage"]["order"]["S"]), change["SequenceNumber"]


def call_of(event: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an invocation."""
    found = [order_of(record) for record in event["Records"]]
    receives = [one.get("attributes", {}).get("ApproximateReceiveCount") for one in event["Records"]]
    call: dict[str, Any] = {
        "ids": [order["id"] for order, _ in found],
        "numbers": [number for _, number in found],
        "receives": [int(one) for one in receives if one],
    }
    if "window" in event:
        call["window"] = {name: value for name, value in event.items() if name != "Records"}
    return call


def tries(earlier: list[dict[str, Any]], one: str) -> int:
    """How often a record came before."""
    return sum(one in call["ids"] for call in earlier)


def seconds_of(orders: list[dict[str, Any]], earlier: list[dict[str, Any]]) -> float:
    """How long the function takes: for slow orders, as often as they are slow."""
    times = [
        order["seconds"]
        for order in orders
        if tries(earlier, order["id"]) < order.get("slow", 99) and "seconds" in order
    ]
    return max(times, default=0)


def answer(plan: dict[str, Any], event: dict[str, Any], earlier: list[dict[str, Any]]) -> Any:
    """What the function answers.

    Args:
        plan: Of the case: `says`, and the `payload` that it returns the first time where it does not look at orders.
        event: The event.
        earlier: What was kept of earlier invocations.
    """
    if "payload" in plan:
        return None if earlier else plan["payload"]
    found = [order_of(record) for record in event["Records"]]
    failed = [number for order, number in found if tries(earlier, order["id"]) < order.get("fails", 0)]
    if failed and plan["says"] == RAISES:
        raise RuntimeError("an order failed")
    said: dict[str, Any] = {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
    if "window" in event:
        said["state"] = {"ids": [*event["state"].get("ids", []), *(order["id"] for order, _ in found)]}
    return said if plan["says"] == NAMES or "window" in event else None


def handler(event: dict[str, Any], context: Any) -> Any:
    """The function as an emulator runs it."""
    return run(event, os.environ)


def run(event: dict[str, Any], variables: Mapping[str, str]) -> Any:
    """Run it with its variables: PLAN is its plan, SEEN the file that it writes to."""
    if not event:  # to start its process before its time counts
        return None
    seen = Path(variables["SEEN"])
    earlier = [call for call in _lines(seen) if "ids" in call]
    number, orders = time.time_ns(), [order_of(record)[0] for record in event["Records"]]
    _add(seen, {"call": number, "began": time.time(), **call_of(event)})
    if any(tries(earlier, order["id"]) < order.get("exits", 0) for order in orders):
        os._exit(1)
    time.sleep(seconds_of(orders, earlier))
    _add(seen, {"call": number, "ended": time.time()})
    return answer(json.loads(variables["PLAN"]), event, earlier)


def calls(seen: Path) -> list[dict[str, Any]]:
    """The invocations that a file holds, in the order of their beginnings; one that did not end has no end."""
    lines = _lines(seen)
    ends = {line["call"]: line["ended"] for line in lines if "ended" in line}
    return [{**line, "ended": ends.get(line["call"])} for line in lines if "ids" in line]


def _lines(seen: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


def _add(seen: Path, line: dict[str, Any]) -> None:
    with seen.open("a") as file:
        file.write(json.dumps(line) + "\n")
