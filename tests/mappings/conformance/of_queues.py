"""What AWS documents of the mappings of SQS queues."""

from __future__ import annotations

import json
from typing import Any

from tests.mappings.conformance.cases import (
    GUIDE,
    REPORTS,
    Case,
    Count,
    Enable,
    Reserve,
    Row,
    Send,
    Until,
    Wait,
    orders,
    send,
)
from tests.mappings.conformance.function import NAMES

_CONFIGURE, _ERRORS = f"{GUIDE}/services-sqs-configure.html", f"{GUIDE}/services-sqs-errorhandling.html"
_SCALING, _FILTERS = f"{GUIDE}/services-sqs-scaling.html", f"{GUIDE}/with-sqs-filtering.html"
_BATCHING = f"{GUIDE}/invocation-eventsourcemapping.html"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
_MANY = tuple(str(number) for number in range(25))
_NAMES = {"says": NAMES}
_SUCCESSES: tuple[Any, ...] = ({"batchItemFailures": []}, {"batchItemFailures": None}, {}, None)


def _pattern(**fields: Any) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps({"body": fields})}]}}


def _answered(payload: Any, *, fails: bool) -> Case:
    """A batch of two to which the function gives this answer the first time."""
    batches = [["1", "2"]] * (2 if fails else 1)
    return Case(
        "queue", (send("1", "2"),), {"batches": batches, "left": 0}, settings=REPORTS, plan={"payload": payload}
    )


def _malformed(name: str, what: str, payload: Any) -> Row:
    return Row(name, f"{what} fails the whole batch.", _ERRORS, (_answered(payload, fails=True),))


def _failures(*items: Any) -> dict[str, Any]:
    return {"batchItemFailures": [*items]}


ROWS = (
    Row(
        "batch",
        "Up to ten messages that wait are one batch, and are deleted when it succeeds.",
        f"{GUIDE}/with-sqs.html",
        (Case("queue", (send(*_MANY[:10]),), {"batches": [[*_MANY[:10]]], "left": 0}),),
    ),
    Row(
        "window",
        "Messages that come within a batching window are one batch.",
        _BATCHING,
        (
            Case(
                "queue",
                (send("0"),),
                {"batches": [["0", "1", "2"]]},
                (Wait(1.2), send("1"), Wait(1.2), send("2")),
                settings={"MaximumBatchingWindowInSeconds": 5},
                visibility=30,
            ),
        ),
    ),
    Row(
        "large batch",
        "A batch is larger than the ten messages of one receive.",
        _CONFIGURE,
        (
            Case(
                "queue",
                (send(*_MANY),),
                {"batches": [[*_MANY]]},
                settings={"BatchSize": 25, "MaximumBatchingWindowInSeconds": 10},
                visibility=30,
            ),
        ),
    ),
    Row(
        "payload",
        "A batch ends where its event would be larger than 6 MB.",
        _CONFIGURE,
        (
            Case(
                "queue",
                (send(*_MANY[:8], pad="x" * 900_000),),
                {"batches": [[*_MANY[:6]], [*_MANY[6:8]]]},
                visibility=30,
            ),
        ),
    ),
    Row(
        "error",
        "After an error of the function all of the batch comes back when its visibility timeout is over.",
        _ERRORS,
        (
            Case(
                "queue",
                (Send((*orders("1", fails=1), *orders("2"))),),
                {"batches": [["1", "2"], ["1", "2"]], "receives": {"1": [1, 2], "2": [1, 2]}, "left": 0},
            ),
        ),
    ),
    Row(
        "timeout",
        "So it does when the function takes longer than its timeout.",
        _ERRORS,
        (
            Case(
                "queue",
                (send("1", seconds=4, slow=1),),
                {"batches": [["1"], ["1"]], "receives": {"1": [1, 2]}, "left": 0},
                timeout=2,
                visibility=5,
            ),
        ),
    ),
    Row(
        "crash",
        "So it does when the process of the function ends.",
        _ERRORS,
        (Case("queue", (send("1", exits=1),), {"batches": [["1"], ["1"]], "receives": {"1": [1, 2]}, "left": 0}),),
    ),
    Row(
        "partial",
        "Of a batch only the messages that the answer names come back.",
        _ERRORS,
        (
            Case(
                "queue",
                (Send((*orders("1"), *orders("2", fails=1), *orders("3"))),),
                {"batches": [["1", "2", "3"], ["2"]], "left": 0},
                settings=REPORTS,
                plan=_NAMES,
            ),
        ),
    ),
    Row(
        "complete success",
        "An empty list of failures, one that is null, an empty answer and none are a success.",
        _ERRORS,
        tuple(_answered(payload, fails=False) for payload in _SUCCESSES),
    ),
    _malformed("no JSON object", "An answer that is a text", "no object"),
    _malformed("empty identifier", "An empty identifier", _failures({"itemIdentifier": ""})),
    _malformed("null identifier", "An identifier that is null", _failures({"itemIdentifier": None})),
    _malformed("wrong key", "An identifier under another name", _failures({"messageId": "1"})),
    _malformed("unknown identifier", "An identifier of no message of the batch", _failures({"itemIdentifier": "none"})),
    Row(
        "answers ignored",
        "Without `ReportBatchItemFailures` an answer that names failures is a success.",
        _ERRORS,
        (
            Case(
                "queue",
                (send("1", "2"),),
                {"batches": [["1", "2"]], "left": 0},
                plan={"payload": _failures({"itemIdentifier": ""})},
            ),
        ),
    ),
    Row(
        "redrive",
        "What fails is received as often as `maxReceiveCount` says, and then it is in the dead-letter queue.",
        f"{_SQS}/sqs-dead-letter-queues.html",
        (
            Case("queue", (send("1", fails=9),), {"batches": [["1"], ["1"]], "dead": ["1"], "left": 0}, max_receives=2),
            Case(
                "queue",
                (Send((*orders("1"), *orders("2", fails=9))),),
                {"batches": [["1", "2"], ["2"]], "dead": ["2"], "left": 0},
                settings=REPORTS,
                plan=_NAMES,
                max_receives=2,
            ),
        ),
    ),
    Row(
        "throttle",
        "A batch for which the function is throttled is tried again without another receive.",
        _ERRORS,
        (
            Case(
                "queue",
                (Reserve(0), send("1", "2")),
                {"batches": [["1", "2"]], "receives": {"1": [1], "2": [1]}, "counts": [0], "left": 0},
                (Wait(2.5), Count(), Reserve(None)),
                visibility=8,
            ),
        ),
    ),
    Row(
        "throttle costs",
        "A throttle costs the messages an attempt for each visibility timeout that it outlasts.",
        "https://repost.aws/knowledge-center/lambda-retrying-valid-sqs-messages",
        (
            Case(
                "queue",
                (Reserve(0), send("1")),
                {"batches": [["1"]], "receives": {"1": [2]}, "counts": [0], "left": 0},
                (Wait(5.5), Count(), Reserve(None)),
            ),
        ),
    ),
    Row(
        "maximum concurrency",
        "As many invocations as the maximum concurrency are at work at once, and no more.",
        _SCALING,
        (
            Case(
                "queue",
                (send(*_MANY[:6], seconds=0.6),),
                {"batches": [[one] for one in _MANY[:6]], "at_once": 2},
                settings={"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 2}},
                visibility=20,
                order="any",
            ),
        ),
    ),
    Row(
        "filters",
        "A message that no filter matches is deleted, and the function does not get it.",
        _FILTERS,
        (
            Case(
                "queue",
                (Send((*orders("cheap", amount=1), *orders("dear", amount=100))),),
                {"batches": [["dear"]], "left": 0, "dead": []},
                settings=_pattern(amount=[{"numeric": [">", 10]}]),
            ),
        ),
    ),
    Row(
        "filters of fields",
        "So is one that lacks a field which a filter asks for.",
        f"{GUIDE}/invocation-eventfiltering.html",
        (
            Case(
                "queue",
                (Send((*orders("bare"), *orders("full", amount=1), *orders("void", amount=None))),),
                {"batches": [["full", "void"]], "left": 0},
                settings=_pattern(amount=[{"exists": True}]),
            ),
        ),
    ),
    Row(
        "order of a group",
        "The messages of a FIFO queue's group come in order, one batch after the other.",
        f"{_SQS}/fifo-queue-lambda-behavior.html",
        (
            Case(
                "fifo",
                (send("1", "2", "3", key="a", seconds=0.3),),
                {"batches": [["1"], ["2"], ["3"]], "at_once": 1, "left": 0},
                settings={"BatchSize": 1},
            ),
        ),
    ),
    Row(
        "groups at once",
        "Groups of a FIFO queue are processed at once.",
        _SCALING,
        (
            Case(
                "fifo",
                (Send((*orders("a1", "a2", key="a", seconds=0.7), *orders("b1", "b2", key="b", seconds=0.7))),),
                {"batches": {"a": [["a1"], ["a2"]], "b": [["b1"], ["b2"]]}, "at_once": 2},
                settings={"BatchSize": 1},
                order="key",
                visibility=20,
            ),
        ),
    ),
    Row(
        "group waits",
        "A message of a group that fails holds back those behind it.",
        _SCALING,
        (
            Case(
                "fifo",
                (Send((*orders("1", key="a", fails=1), *orders("2", key="a"))),),
                {"batches": [["1"], ["1"], ["2"]], "left": 0},
                settings={"BatchSize": 1},
            ),
        ),
    ),
    Row(
        "partial of a group",
        "What a FIFO queue's function names comes back in its order, before what was sent later.",
        _ERRORS,
        (
            Case(
                "fifo",
                (Send((*orders("1", key="a"), *orders("2", "3", key="a", fails=1))),),
                {"batches": [["1", "2", "3"], ["2", "3", "4"]], "left": 0},
                (Until(1), Wait(0.5), send("4", key="a")),
                settings=REPORTS,
                plan=_NAMES,
            ),
        ),
    ),
    Row(
        "disabled queue",
        "A disabled mapping takes no message until it is enabled.",
        f"{GUIDE}/invocation-eventsourcemapping.html",
        (
            Case(
                "queue",
                (send("1"),),
                {"batches": [["1", "2"]], "receives": {"1": [1], "2": [1]}, "counts": [0], "left": 0},
                (Wait(1), send("2"), Wait(0.5), Count(), Enable(True)),
                settings={"Enabled": False},
            ),
        ),
    ),
)
