"""The demo: a pipeline is deployed, takes orders and is destroyed, and a broken one is refused.

Good orders are processed, once each although one is sent twice; a bad one is a dead letter at once, and one that fails
is one after its last attempt. Everything it prints happened.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from functions.orders.processing.claim_check import ClaimCheck
from functions.producer import NewOrder, OrderSender
from local import supervisor
from local.aws import Aws, require_loopback
from local.engine import POLICY_PACK, Engine
from local.environment import ACCOUNT, DEFAULT, PROJECT, REGION
from local.stack import LocalStack
from local.supervisor import Instance

BROKEN = PROJECT / "local" / "broken"
BAD_REQUEST = 400
BY_HTTP: tuple[dict[str, Any], ...] = (
    {"orderId": "ORD-001", "item": "teapot"},
    {"orderId": "ORD-002", "item": "kettle", "fail": True},
)
BY_SERVICE: tuple[dict[str, Any], ...] = (
    {"orderId": "ORD-001", "item": "teapot"},
    {"orderId": "ORD-003", "item": "cups", "engraving": "m" * 300_000},
    {"orderId": "ORD-004", "item": "tray", "version": 7},
)
"""What a service sends with `OrderSender`: an order once more, one that takes a claim check, and one of a version that
the function does not know."""
PROCESSED = {"ORD-001", "ORD-003"}
FAILED = {"ORD-002", "ORD-004"}
_QUIET = ("--suppress-outputs", "--suppress-progress")
_WATCH_SECONDS = 120
_POLL_SECONDS = 0.2
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""A proxy of the host must not see, or break, a call to this machine."""


class DemoError(RuntimeError):
    """Something that the demo promises did not happen."""


def demo(*, keep: bool) -> int:
    """Run the demo; its exit code. An embedded AWS that already runs is used, and left as it is."""
    already_running = supervisor.running(DEFAULT.emulator)
    keep = keep or already_running is not None
    with _embedded_aws(already_running, keep=keep) as instance:
        stack = LocalStack(DEFAULT, instance)
        _title("Deploy: pulumi up, with the policy pack on")
        if code := stack.run("up", *_QUIET):
            return code
        try:
            outputs = stack.outputs()
            aws = Aws(instance.endpoint, REGION, ACCOUNT)
            _title("Run: ORD-001 comes twice, ORD-002 asks to fail, ORD-003 is large, ORD-004 of an unknown version")
            _send_and_watch(aws, outputs)
            _title("Watch: the alarms that were deployed")
            _print_alarms(aws, outputs["alarmNames"])
            _title("Outputs of the stack")
            for name, value in outputs.items():
                print(f"  {name:<27} {value if isinstance(value, str) else ', '.join(value)}")
            _title("Prove: preview of a pipeline with visibility 60 s for a 30 s function, and no dead-letter queue")
            _preview_broken(instance)
        except DemoError as error:
            print(f"{_paint('error', 31)}: {error}", file=sys.stderr)
            return 1
        finally:
            if keep:
                _print_how_to_look_around(instance)
            else:
                _title("Destroy")
                code = stack.run("destroy", *_QUIET)
        return code


@contextmanager
def _embedded_aws(running: Instance | None, *, keep: bool) -> Generator[Instance]:
    if running is not None:
        yield running
    elif keep:
        yield supervisor.start(DEFAULT.emulator)
    else:
        with supervisor.serving(DEFAULT.emulator) as instance:
            yield instance


def _send_and_watch(aws: Aws, outputs: dict[str, Any]) -> None:
    attributes = aws.sqs.get_queue_attributes(QueueUrl=outputs["queueUrl"], AttributeNames=["All"])["Attributes"]
    attempts = json.loads(attributes["RedrivePolicy"])["maxReceiveCount"]
    visibility = int(attributes["VisibilityTimeout"])
    started = time.monotonic()
    since = int(time.time() * 1000)
    sent = _send(aws, outputs, started)
    processed: set[str] = set()
    dead: set[str] = set()
    for entry in _handler_log(aws, outputs["logGroupName"], since):
        if entry is None:
            for order, kind, reason in _dead_letters(aws, outputs["deadLetterQueueUrl"], sent):
                if order not in dead:
                    _line(started, f"{_paint('dead letter', 31)}     {order}, {kind}: {reason}")
                dead.add(order)
            if dead == FAILED and processed == PROCESSED:
                break
            if time.monotonic() - started > _WATCH_SECONDS:
                raise DemoError(
                    f"in {_WATCH_SECONDS} s {_names(processed)} were processed, {_names(dead)} dead letters"
                )
            time.sleep(_POLL_SECONDS)
        elif entry["message"] == "order processed":
            _line(started, f"{_paint('processed', 32)}       {entry['orderId']}, attempt {entry['attempt']}")
            if not processed:
                print(f"             log: {json.dumps(entry)}")
            processed.add(entry["orderId"])
        elif entry["message"] == "order failed" and "failureKind" not in entry:  # else the dead letter says it
            attempt = f"attempt {entry['attempt']} of {attempts}"
            again = entry.get("retryInSeconds", visibility)
            _line(started, f"{_paint('failed', 33)}          {attempt}: {entry['reason']} (again in {again} s)")
    _line(started, f"{_paint('applied once', 32)}    {_names(_applied(aws, outputs['ordersTableName']))}")


def _send(aws: Aws, outputs: dict[str, Any], started: float) -> dict[str, str]:
    """Place all orders; message id -> order."""
    sent: dict[str, str] = {}
    for order in BY_HTTP:
        sent[_place(outputs["frontDoorUrl"], order)] = order["orderId"]
        _line(started, f"sent            {order['orderId']} to {outputs['frontDoorUrl']}")
    if (status := _status_without_id(outputs["frontDoorUrl"])) != BAD_REQUEST:
        raise DemoError(f"the front door answered {status} to an order without an orderId")
    _line(started, f"{_paint('refused', 33)}         an order without an orderId: {BAD_REQUEST}")
    claim_check = ClaimCheck(outputs["claimCheckBucket"], client=aws.s3)
    sender = OrderSender(outputs["queueUrl"], claim_check=claim_check, client=aws.sqs)
    outcomes = sender.send(NewOrder(json.dumps(order)) for order in BY_SERVICE)
    for order, outcome in zip(BY_SERVICE, outcomes, strict=True):
        if outcome.reason:
            raise DemoError(f"{order['orderId']} was not sent: {outcome.reason}")
        sent[outcome.message_id] = order["orderId"]
    _line(started, f"sent            {_names({order['orderId'] for order in BY_SERVICE})} with OrderSender")
    return sent


def _place(url: str, order: dict[str, Any]) -> str:
    """Place an order by HTTP; the id of its message, which the front door answers as SQS does: in XML."""
    require_loopback(url.partition("/_aws")[0])
    request = urllib.request.Request(url, json.dumps(order).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with _DIRECT.open(request, timeout=_WATCH_SECONDS) as answer:
        found = re.search(r"<MessageId>(.+?)</MessageId>", answer.read().decode())
    if found is None:
        raise DemoError("the front door took an order and named no message")
    return found[1]


def _status_without_id(url: str) -> int:
    try:
        _place(url, {"item": "nameless"})
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def _handler_log(aws: Aws, group: str, since: int) -> Iterator[dict[str, Any] | None]:
    """What the handler logs, as it comes; `None` when there is nothing new."""
    seen: set[tuple[str, int, str]] = set()
    while True:
        for event in aws.logs.filter_log_events(logGroupName=group, startTime=since)["events"]:
            key = (event.get("logStreamName", ""), event.get("timestamp", 0), event.get("message", ""))
            if key not in seen and key[2].startswith("{"):
                yield json.loads(key[2])
            seen.add(key)
        yield None


def _dead_letters(aws: Aws, url: str, sent: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """The orders of this run in the dead-letter queue, each with the kind of its failure and why; they stay there."""
    answer = aws.sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        WaitTimeSeconds=0,  # the queue's own is a long poll
        VisibilityTimeout=1,  # so that the next look sees others, when earlier runs left many
    )
    for message in answer.get("Messages", []):
        said = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
        order = sent.get(said.get("originalMessageId", message.get("MessageId", "")))
        if order:
            yield order, said.get("failureKind", "moved by SQS"), said.get("failureReason", "the log says why")


def _applied(aws: Aws, table: str) -> set[str]:
    """The orders in the table whose event was published."""
    items: list[Any] = aws.dynamodb.scan(TableName=table)["Items"]
    return {item["orderId"]["S"] for item in items if "published" in item}


def _names(orders: set[str]) -> str:
    return ", ".join(sorted(orders)) or "none"


def _print_alarms(aws: Aws, names: list[str]) -> None:
    for alarm in aws.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]:
        meaning = alarm.get("AlarmDescription", "").partition("\n")[0]
        print(f"  {_paint(alarm.get('AlarmName', ''), 1)} is {alarm.get('StateValue')}\n    {meaning}")


def _preview_broken(instance: Instance) -> None:
    engine = Engine.of(DEFAULT, instance, BROKEN)
    engine.ensure_stack("broken")
    code = engine.run("preview", "--stack", "broken", "--policy-pack", str(POLICY_PACK), *_QUIET)
    if code == 0:
        raise DemoError("the policy pack let a broken pipeline pass")
    print(f"\n  {_paint('refused', 32)}: pulumi preview ended with exit code {code}, before anything was created")


def _print_how_to_look_around(instance: Instance) -> None:
    _title("Left running")
    print(
        f"  The embedded AWS answers on {instance.endpoint}. To look around:\n"
        '    eval "$(.venv/bin/python -m local env)"      point the AWS CLI and every SDK at it\n'
        "    aws sqs list-queues\n"
        "    make watch                                   orders, dead letters, alarms and logs, as they change\n"
        "    make preview                                 change the program and see what it would do\n"
        "  When done: make destroy, make stop"
    )


def _title(text: str) -> None:
    print(f"\n{_paint(f'== {text}', 1)}", flush=True)


def _line(started: float, text: str) -> None:
    print(f"  {time.monotonic() - started:6.1f} s  {text}", flush=True)


def _paint(text: str, code: int) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{code}m{text}\033[0m"
