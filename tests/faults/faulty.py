"""The handler of functions/orders with faults around its effects: it dies, hangs and is refused where the plan says.

A fault is taken by making a file of its own, which no two workers can, and which stays when the worker dies. What
happened is written to a journal beside these files, each line at once.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Generator
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.handlers
from botocore.awsrequest import AWSResponse

if TYPE_CHECKING:
    from functions.orders.handler import SETTINGS
    from functions.orders.processing import sqs
    from functions.orders.processing.effects import Effects, effects_for
    from functions.orders.processing.order import Order
    from tests.faults.plan import Fault, plan
else:  # in the zip it lies beside the handler
    from handler import SETTINGS
    from plan import Fault, plan
    from processing import sqs
    from processing.effects import effects_for

REPORTS_BATCH_ITEM_FAILURES = True

_FOLDER = Path(os.environ["FAULTS_FOLDER"])
_PLAN = {order.order_id: order.faults for order in plan(os.environ["FAULTS_SEED"])}
_SPARED_FROM = int(os.environ["FAULTS_SPARED_FROM"])
_TRIES = 3
"""How often the client of the handler makes a call that is throttled."""


class _Invocation:
    """The invocation that this process is about."""

    def __init__(self, event: Any, request: str) -> None:
        self.request = request
        received = [
            (record["messageId"], int(record["attributes"]["ApproximateReceiveCount"])) for record in event["Records"]
        ]
        self.note("received", received)
        # A message that loses its last attempt would be moved by SQS, which knows no reason.
        self.spares = max(attempt for _, attempt in received) >= _SPARED_FROM
        self.order_id = ""
        self.refusals = 0
        self.published = False
        self.begun: list[str] = []

    def note(self, what: str, *more: Any) -> None:
        """Add a line to the journal."""
        line = json.dumps([round(time.time(), 2), what, self.request, *more]) + "\n"
        journal = os.open(_FOLDER / "journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(journal, line.encode())
        os.close(journal)

    def reach(self, point: str) -> None:
        """Let the next fault of the order happen, if this is where it does."""
        faults = _PLAN.get(self.order_id, ())
        number = next((number for number in range(len(faults)) if not self._taken(number).exists()), None)
        if number is None or _FAULTS[faults[number]][0] != point:
            return
        if self.spares:
            self.note("spared", self.order_id, number)
            return
        try:
            self._taken(number).touch(exist_ok=False)
        except FileExistsError:  # by the same order in another worker
            return
        self.note("fault", self.order_id, number)
        _FAULTS[faults[number]][1](self)

    def _taken(self, number: int) -> Path:
        return _FOLDER / f"{self.order_id}.{number}"

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hang(self) -> None:
        time.sleep(60)

    def dawdle(self) -> None:
        time.sleep(1)

    def fail(self) -> None:
        raise ZeroDivisionError("nobody has foreseen this")


def _refused(times: int) -> Callable[[_Invocation], None]:
    def refuse(invocation: _Invocation) -> None:
        invocation.refusals = times

    return refuse


_FAULTS: dict[Fault, tuple[str, Callable[[_Invocation], None]]] = {
    Fault.KILLED_BEFORE_EFFECT: ("begin", _Invocation.die),
    Fault.THROTTLED_FOR_A_WHILE: ("begin", _refused(_TRIES - 1)),
    Fault.THROTTLED: ("begin", _refused(_TRIES)),
    Fault.UNFORESEEN: ("publish", _Invocation.fail),
    Fault.TIMED_OUT: ("publish", _Invocation.hang),
    Fault.SLOW: ("publish", _Invocation.dawdle),
    Fault.KILLED_BEFORE_PUBLISH: ("publish", _Invocation.die),
    Fault.THROTTLED_BEFORE_MARK: ("mark", _refused(_TRIES)),
    Fault.KILLED_BEFORE_MARK: ("mark", _Invocation.die),
    Fault.KILLED_AFTER_EFFECT: ("end", _Invocation.die),
    Fault.KILLED_BEFORE_ANSWER: ("answer", _Invocation.die),
}
"""Where each fault happens, and what it does."""

_now: _Invocation


class _FaultyEffects:
    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def apply(self, order: Order) -> bool:
        _now.order_id, _now.refusals, _now.published = order.order_id, 0, False
        _now.begun.append(order.order_id)
        _now.reach("begin")
        return self._effects.apply(order)

    def has_begun(self, order: Order) -> bool:
        return self._effects.has_begun(order)


class _Refusal:
    """The body of a refusal as the HTTP client of botocore reads it."""

    def stream(self) -> Generator[bytes]:
        yield b'{"__type": "ProvisionedThroughputExceededException", "message": "planned"}'


def _refuse(request: Any, **_: Any) -> AWSResponse | None:
    if not _now.refusals:
        return None
    _now.refusals -= 1
    headers: Any = {}
    return AWSResponse(request.url, 400, headers, _Refusal())


def _before_publish(**_: Any) -> None:
    _now.reach("publish")


def _after_publish(http_response: Any, **_: Any) -> None:
    assert http_response.status_code == HTTPStatus.OK
    _now.published = True
    _now.note("published", _now.order_id)
    _now.reach("mark")


def _after_update(http_response: Any, **_: Any) -> None:
    if _now.published and http_response.status_code == HTTPStatus.OK:  # the first is the mark, the next one the lock's
        _now.published = False
        _now.note("marked", _now.order_id)
        _now.reach("end")


def _before_dead_letter(params: dict[str, Any], **_: Any) -> None:
    _now.note("dead letter", params["MessageAttributes"]["originalMessageId"]["StringValue"])


# Of every client that is made from here on.
botocore.handlers.BUILTIN_HANDLERS += [
    ("before-send.dynamodb", _refuse),
    ("before-call.eventbridge.PutEvents", _before_publish),
    ("after-call.eventbridge.PutEvents", _after_publish),
    ("after-call.dynamodb.UpdateItem", _after_update),
    ("before-parameter-build.sqs.SendMessage", _before_dead_letter),
]


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    global _now  # noqa: PLW0603 - the hooks of the clients have no other way to know
    _now = _Invocation(event, context.aws_request_id)
    answer = sqs.handle(event, context, SETTINGS, _FaultyEffects(effects_for(SETTINGS, context)))
    for order_id in _now.begun:
        _now.order_id = order_id
        _now.reach("answer")
    _now.note("answered", [failure["itemIdentifier"] for failure in answer["batchItemFailures"]])
    return {**answer}
