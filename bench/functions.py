"""What the function costs that processes orders from SQS: `.venv/bin/python bench/functions.py [RUNS]`.

Prints five tables:

- for batches of 10, 100, 1,000 and 10,000 records that all succeed, microseconds of a record:
  `functions/orders/handler.py` without settings, so without effects; the same in plain Powertools, with a line of its
  Logger for each record and without; and in a loop by hand, with a line for each record. Beside each, its ratio to
  Powertools with the Logger;
- milliseconds that a new interpreter takes to import `handler.py` as it lies in the zip, the parts of Powertools that
  it uses, and json alone, with bytecode in the cache; and the modules that each loads.

CPU time, medians of RUNS runs (default 21) in turns, and their ranges. Lines go to the null device, each at once, as in
Lambda. Before it measures, all must give the same answer to a batch of which one order fails.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType] - its type hints have gaps
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from functions.orders import handler  # noqa: E402 - only now can it be found
from functions.orders.processing.settings import Settings  # noqa: E402

Event = dict[str, Any]
Handler = Callable[[Event, Any], Mapping[str, Any]]

_SIZES = (10, 100, 1_000, 10_000)
_LEAST_RECORDS = 1_000
"""Of one measurement: a smaller batch is processed as often as that takes."""
_BASE = "Powertools, with its Logger"
_IMPORTS = {
    "handler.py": "import handler",
    "Powertools, Logger and batch": (
        "from aws_lambda_powertools import Logger\n"
        "from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response"
    ),
    "json": "import json",
}
_IMPORT = """\
import sys
import time

before = len(sys.modules)
started = time.process_time()
{imports}
print(time.process_time() - started, len(sys.modules) - before)
"""


class _Context:
    """What Lambda's has of it: the time left is looked up on the clock each time."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self) -> None:
        self._deadline = time.time() * 1_000 + 900_000

    def get_remaining_time_in_millis(self) -> int:
        return max(int(self._deadline - time.time() * 1_000), 0)


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    if Settings() != handler.SETTINGS:
        sys.exit("the environment has settings of the function: unset them")
    with Path(os.devnull).open("w", buffering=1) as null, contextlib.redirect_stdout(null):
        handlers: dict[str, Handler] = {
            "handler.py": handler.lambda_handler,
            _BASE: _with_powertools(Logger(service="plain")),  # one of the same service would be that of handler.py
            "Powertools, no line": _with_powertools(None),
            "loop by hand": _by_hand,
        }
        _check(handlers)
        by_size = {size: _records(handlers, size, runs) for size in _SIZES}
    for size, microseconds in by_size.items():
        _table(f"µs of a record, batch of {size:,}", microseconds, _BASE, runs)
    _imports(runs)


def _with_powertools(log: Logger | None) -> Handler:
    processor = BatchProcessor(event_type=EventType.SQS)

    def process(record: SQSRecord) -> None:
        order = record.json_body
        if order.get("fail"):
            raise ValueError(f"order {order['orderId']} asks to fail")
        if log:
            attempt = int(record.attributes.approximate_receive_count)
            log.info("order processed", orderId=order["orderId"], messageId=record.message_id, attempt=attempt)

    def handle(event: Event, context: Any) -> Mapping[str, Any]:
        return process_partial_response(event=event, record_handler=process, processor=processor, context=context)

    return handle


def _by_hand(event: Event, context: Any) -> Mapping[str, Any]:  # noqa: ARG001 - as all handlers
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        line = {"messageId": record["messageId"], "attempt": int(record["attributes"]["ApproximateReceiveCount"])}
        try:
            order = json.loads(record["body"])
            if order.get("fail"):
                raise ValueError(f"order {order['orderId']} asks to fail")
            print(json.dumps({"message": "order processed", "orderId": order["orderId"], **line}))
        except Exception as error:
            print(json.dumps({"message": "order failed", "reason": str(error), **line}))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _event(size: int, failing: int | None = None) -> Event:
    """A batch as Lambda delivers it.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    """
    return {"Records": [_message(number, fail=number == failing) for number in range(size)]}


def _message(number: int, *, fail: bool) -> dict[str, Any]:
    order = {"orderId": f"order-{number}", "customerId": f"customer-{number % 100}", "item": "tea", "amount": 12.5}
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-{number:012}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": json.dumps({**order, "fail": True} if fail else order),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:orders",
        "awsRegion": "us-east-2",
    }


def _check(handlers: Mapping[str, Handler]) -> None:
    event = _event(10, failing=7)
    expected = {"batchItemFailures": [{"itemIdentifier": event["Records"][7]["messageId"]}]}
    for name, handle in handlers.items():
        if (answer := handle(event, _Context())) != expected:
            sys.exit(f"{name} answered {answer}")


def _records(handlers: Mapping[str, Handler], size: int, runs: int) -> dict[str, list[float]]:
    event, times = _event(size), max(1, _LEAST_RECORDS // size)
    microseconds: dict[str, list[float]] = {name: [] for name in handlers}
    for turn in range(runs + 1):
        for name, handle in handlers.items():
            gc.collect()  # what the one before left is not this one's
            started = time.process_time()
            for _ in range(times):
                handle(event, _Context())
            if turn:  # the first fills caches
                microseconds[name].append((time.process_time() - started) * 1e6 / (times * size))
    return microseconds


def _imports(runs: int) -> None:
    milliseconds: dict[str, list[float]] = {name: [] for name in _IMPORTS}
    modules: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(runs + 1):
            for name, imports in _IMPORTS.items():
                seconds, modules[name] = _import(imports, cache)
                if turn:  # the first writes the bytecode
                    milliseconds[name].append(seconds * 1000)
    _table("ms to import", milliseconds, "Powertools, Logger and batch", runs)
    print("modules: " + ", ".join(f"{name} {count}" for name, count in modules.items()))


def _import(imports: str, cache: str) -> tuple[float, str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT.format(imports=imports)],
        cwd=PROJECT / "functions" / "orders",  # where Python looks first, as Lambda does in the zip
        env={**environment, "PYTHONPYCACHEPREFIX": cache},  # the folder that is deployed stays as it is
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, modules = done.stdout.split()
    return float(seconds), modules


def _table(title: str, values: Mapping[str, list[float]], base: str, runs: int) -> None:
    print(f"\n{title:<31}   (range)         ratio   median of {runs}")
    unit = statistics.median(values[base])
    for name, measured in values.items():
        median, span = statistics.median(measured), f"({min(measured):.1f}..{max(measured):.1f})"
        print(f"{name:<29} {median:6.1f}  {span:<15} {median / unit:5.2f}")


if __name__ == "__main__":
    main()
