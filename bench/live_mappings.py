"""How fast messages get from a queue to their function: `.venv/bin/python bench/live_mappings.py [ROUNDS]`.

Measures the emulator's own poller and the driver of `local.mappings`, in turns on the same machine: messages per second
out of a backlog of 2,000 at batch 10, and milliseconds from a send to the handler when nothing else happens.
"""

from __future__ import annotations

import io
import json
import statistics
import sys
import tempfile
import time
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from local import supervisor
from local.aws import Aws
from local.environment import ACCOUNT, REGION

_BACKLOG, _SINGLE = 2_000, 200
_BATCH = 10
_PAUSE_SECONDS = 0.03
_MOST_SECONDS = 120
_HANDLER = """
import json, os, time

def handler(event, context):
    now = time.time()
    print("messages:", len(event["Records"]))
    with open(os.environ["SEEN"], "a") as seen:
        seen.write("".join(f"{now} {record['body']}\\n" for record in event["Records"]))
"""


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    rates: defaultdict[str, list[float]] = defaultdict(list)
    waits: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for how in ("polled", "driven"):
            rate, found = _measure(drives=how == "driven")
            rates[how].append(rate)
            waits[how] += found
    print(f"{'median of ' + str(rounds):<20} {'messages/s':>11} {'p50 ms':>8} {'p99 ms':>8}")
    for how, name in (("polled", "emulator's poller"), ("driven", "local.mappings")):
        cuts = statistics.quantiles(waits[how], n=100)
        print(f"{name:<20} {statistics.median(rates[how]):11.0f} {cuts[49]:8.1f} {cuts[98]:8.1f}")


def _measure(*, drives: bool) -> tuple[float, list[float]]:
    with tempfile.TemporaryDirectory() as root:
        folder, seen = Path(root, "emulator"), Path(root, "seen")
        seen.touch()
        with supervisor.serving(folder, drives=drives) as instance:
            aws = Aws(instance.endpoint, REGION, ACCOUNT)
            url, uuid = _deploy(aws, seen)
            _send(aws, url, [f"{time.time()}"] * _BATCH * 5)
            _wait(seen, _BATCH * 5)  # all is warm
            waits: list[float] = []
            for number in range(_SINGLE):
                aws.sqs.send_message(QueueUrl=url, MessageBody=f"{time.time()}")
                _wait(seen, _BATCH * 5 + number + 1)
                time.sleep(_PAUSE_SECONDS)
            for line in seen.read_text().splitlines()[-_SINGLE:]:
                at, sent = map(float, line.split())
                waits.append((at - sent) * 1_000)
            aws.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
            time.sleep(1.5)  # longer than the poller sleeps
            before = len(seen.read_text().splitlines())
            _send(aws, url, [f"{time.time()}"] * _BACKLOG)
            aws.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
            _wait(seen, before + _BACKLOG)
            at = [float(line.split()[0]) for line in seen.read_text().splitlines()[before:]]
    return _BACKLOG / (max(at) - min(at)), waits


def _deploy(aws: Aws, seen: Path) -> tuple[str, str]:
    url = aws.sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "180"})["QueueUrl"]
    aws.iam.create_role(RoleName="consumer", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("handler.py", _HANDLER)
    aws.lambda_.create_function(
        FunctionName="consumer",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/consumer",
        Handler="handler.handler",
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"SEEN": str(seen)}},
        Timeout=30,
    )
    mapping: Any = aws.lambda_.create_event_source_mapping(
        FunctionName="consumer", EventSourceArn=aws.arn("sqs", "orders"), BatchSize=_BATCH
    )
    return url, mapping["UUID"]


def _send(aws: Aws, url: str, bodies: list[str]) -> None:
    for start in range(0, len(bodies), _BATCH):
        some = bodies[start : start + _BATCH]
        aws.sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": str(at), "MessageBody": body} for at, body in enumerate(some)]
        )


def _wait(seen: Path, count: int) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    while len(seen.read_text().splitlines()) < count:
        if time.monotonic() > deadline:
            sys.exit(f"{count} messages were not seen in {_MOST_SECONDS} s")
        time.sleep(0.002 if count < _BACKLOG else 0.05)


if __name__ == "__main__":
    main()
