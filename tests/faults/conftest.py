"""One run of all orders of a plan through the deployed pipelines, and what is to be seen after it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.producer import NewOrder, OrderSender
from local.aws import Aws
from local.environment import PROJECT
from tests.faults.plan import End, Fault, Sent, plan
from tests.support.program import STACK, NewProgram, Program
from tests.support.waiting import eventually

HERE = Path(__file__).parent
MAX_RECEIVE_COUNT = 6
SPARED_FROM = 4
"""The attempt from which no more goes wrong with a message or with those in its batch, so that only what fails for ever
comes to its last one. A worker that dies then leaves SQS to move the message, which knows no reason."""
TIMEOUT_SECONDS, VISIBILITY_SECONDS = 8, 14
"""With time for a worker to start, for which a message waits here after it was received."""
WAIT_SECONDS = 240
"""It takes a quarter of this where nothing else has the processors."""
LATE = 20
"""Orders of each queue that are sent again when all is done, and as many with other content under an id of another."""


@dataclass(frozen=True)
class DeadLetter:
    """A message of a dead-letter queue."""

    message_id: str
    """Of the message that failed."""
    kind: str
    """Empty where SQS moved it, as the reason is then."""
    reason: str
    body: str


@dataclass
class Run:
    """What was sent, and what is to be seen when nothing happens any more."""

    seed: str
    orders: list[Sent]
    sent: dict[str, Sent] = field(default_factory=dict[str, Sent])
    """By message id."""
    left: Counter[str] = field(default_factory=Counter[str])
    """Messages in the queues of the pipelines, in flight or not."""
    items: dict[str, Any] = field(default_factory=dict[str, Any])
    """The table of orders by their ids."""
    locks: Counter[str] = field(default_factory=Counter[str])
    """How many locks there were in each state before the late orders, which find none."""
    events: Counter[str] = field(default_factory=Counter[str])
    """How often `OrderProcessed` was heard of each order."""
    dead_letters: list[DeadLetter] = field(default_factory=list[DeadLetter])
    received: dict[str, list[int]] = field(default_factory=lambda: defaultdict[str, list[int]](list))
    """Message id -> the attempts that came to a handler."""
    buried: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    """Message id -> the invocations that sent it to the dead-letter queue."""
    published: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    """Order id -> the invocations that published it."""
    marked: dict[str, list[str]] = field(default_factory=lambda: defaultdict[str, list[str]](list))
    """Order id -> the invocations that marked it as published; in the order in which that happened."""
    faults: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """Order id and number of each fault that happened -> the invocation that it happened to."""
    spared: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """Those that did not, as a message in the batch was at one of its last attempts."""
    invocations: set[str] = field(default_factory=set[str])
    answered: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """The invocations that came to their end -> ids of the messages that they handed back."""
    seconds: float = 0

    @property
    def with_reason(self) -> list[DeadLetter]:
        """The dead letters that a handler sent; SQS, which moves the others, knows no reason."""
        return [letter for letter in self.dead_letters if letter.kind]

    @property
    def happened(self) -> list[tuple[str, str, Fault]]:
        """Order id, invocation and what happened, of each fault."""
        faults = {order.order_id: order.faults for order in self.orders}
        return [(order, invocation, faults[order][number]) for (order, number), invocation in self.faults.items()]


@pytest.fixture(scope="session")
def run(new_program: NewProgram, request: pytest.FixtureRequest) -> Run:
    """The run of the seed in `ORDERS_SEED`, or of a random one."""
    seed = os.environ.get("ORDERS_SEED") or str(secrets.randbelow(1_000_000))
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():  # pyright: ignore
        print(f"\nORDERS_SEED={seed}")
    program = new_program()
    folder = program.folder.parent / "faults"
    folder.mkdir()
    outputs = _deploy(program, seed, folder)
    run = Run(seed, plan(seed))
    begun = time.monotonic()
    _send_everything(program.aws, outputs, run)
    run.seconds = time.monotonic() - begun
    _look(program.aws, outputs, folder / "journal", run)
    return run


def _deploy(program: Program, seed: str, folder: Path) -> dict[str, Any]:
    code = shutil.copytree(
        PROJECT / "functions" / "orders", program.folder / "orders", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("plan.py", "faulty.py"):
        shutil.copy(HERE / name, code)
    settings = {
        "environment": {
            "FAULTS_FOLDER": str(folder),
            "FAULTS_SEED": seed,
            "FAULTS_SPARED_FROM": str(SPARED_FROM),
        },
        "timeout": TIMEOUT_SECONDS,
        "visibility_timeout": VISIBILITY_SECONDS,
        "max_receive_count": MAX_RECEIVE_COUNT,
    }
    (program.folder / "settings.json").write_text(json.dumps(settings))
    shutil.copy(HERE / "program.py", program.folder / "__main__.py")
    result = program.up()
    assert result.code == 0, result.text
    return program.engine.stack_outputs(STACK)


def _send_everything(aws: Aws, outputs: dict[str, Any], run: Run) -> None:
    _send(aws, outputs, run.orders, run)
    eventually(lambda: _waiting(aws, outputs).total() < len(run.sent) / 2, WAIT_SECONDS)
    functions = [outputs[name]["function"] for name in ("standard", "fifo")]
    for function in functions:
        aws.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    # So long that what was received meanwhile is back in its queue, with one attempt less.
    time.sleep(VISIBILITY_SECONDS + 2)
    for function in functions:
        aws.lambda_.delete_function_concurrency(FunctionName=function)
    eventually(lambda: not _waiting(aws, outputs).total(), WAIT_SECONDS)
    late: list[Sent] = []
    done = [order for order in run.orders if order.end == End.APPLIED]
    for queue in ([order for order in done if order.fifo], [order for order in done if not order.fifo]):
        others = [Sent(it.order_id, it.body.replace("book", "pen"), end=End.PERMANENT) for it in queue[LATE : 2 * LATE]]
        late += [*queue[:LATE], *others]
    for page in aws.dynamodb.get_paginator("scan").paginate(TableName=outputs["locksTable"]):
        for lock in page["Items"]:
            run.locks[lock["status"].get("S", "")] += 1
            aws.dynamodb.delete_item(TableName=outputs["locksTable"], Key={"id": lock["id"]})  # as when it expires
    _send(aws, outputs, late, run, "late")
    eventually(lambda: not _waiting(aws, outputs).total(), WAIT_SECONDS)
    run.left = _waiting(aws, outputs)


def _send(aws: Aws, outputs: dict[str, Any], orders: Sequence[Sent], run: Run, wave: str = "") -> None:
    """Send the copies of each order so far apart that they are in different batches at the same time."""
    for name, fifo in (("fifo", True), ("standard", False)):
        mine = [order for order in orders if order.fifo == fifo]
        at = [(place + 10 * copy, copy, order) for place, order in enumerate(mine) for copy in range(order.copies)]
        copies = sorted(at, key=lambda entry: entry[0])
        new = [
            NewOrder(
                order.body,
                group=order.group,
                deduplication_id=f"{order.order_id}-{order.end}-{wave}{copy}" if fifo else "",
            )
            for _, copy, order in copies
        ]
        outcomes = OrderSender(outputs[name]["queue"], client=aws.sqs).send(new)
        assert [outcome.reason for outcome in outcomes if outcome.reason] == []
        run.sent |= {outcome.message_id: order for outcome, (*_, order) in zip(outcomes, copies, strict=True)}


def _waiting(aws: Aws, outputs: dict[str, Any]) -> Counter[str]:
    """Messages in the queues of the pipelines, visible or not."""
    counts = Counter[str]()
    for name in ("standard", "fifo"):
        found = aws.sqs.get_queue_attributes(QueueUrl=outputs[name]["queue"], AttributeNames=["All"])
        counts[name] = sum(
            int(value)
            for attribute, value in found.get("Attributes", {}).items()
            if attribute.startswith("ApproximateNumberOfMessages")
        )
    time.sleep(0.5)  # between two looks: this machine has better to do
    return counts


def _look(aws: Aws, outputs: dict[str, Any], journal: Path, run: Run) -> None:
    for page in aws.dynamodb.get_paginator("scan").paginate(TableName=outputs["ordersTable"]):
        run.items |= {item["orderId"].get("S", ""): dict(item) for item in page["Items"]}
    run.events.update(json.loads(message["Body"])["detail"]["orderId"] for message in _taken(aws, outputs["heard"]))
    for name in ("standard", "fifo"):
        for message in _taken(aws, outputs[name]["deadLetters"]):
            said = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
            run.dead_letters.append(
                DeadLetter(
                    said.get("originalMessageId", message["MessageId"]),  # which SQS keeps
                    said.get("failureKind", ""),
                    said.get("failureReason", ""),
                    message["Body"],
                )
            )
    for line in journal.read_text().splitlines():
        _read(json.loads(line), run)


def _read(line: list[Any], run: Run) -> None:
    _, what, request, *more = line
    match what:
        case "received":
            run.invocations.add(request)
            for message_id, attempt in more[0]:
                run.received[message_id].append(attempt)
        case "published":
            run.published[more[0]].append(request)
        case "marked":
            run.marked[more[0]].append(request)
        case "fault":
            run.faults[more[0], more[1]] = request
        case "spared":
            run.spared.add((more[0], more[1]))
        case "dead letter":
            run.buried[more[0]].append(request)
        case _:
            run.answered[request] = more[0]


def _taken(aws: Aws, url: str) -> Iterator[Any]:
    """All messages of a queue, which leave it."""
    while messages := aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0
    ).get("Messages", []):
        yield from messages
        entries: Any = [{"Id": str(n), "ReceiptHandle": it.get("ReceiptHandle")} for n, it in enumerate(messages)]
        aws.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
