"""What AWS documents of the mappings of Kinesis streams and of the streams of DynamoDB tables."""

from __future__ import annotations

import json
from typing import Any

from tests.mappings.conformance.cases import (
    BEGINNING,
    GUIDE,
    REPORTS,
    Align,
    Case,
    Count,
    Enable,
    Reserve,
    Row,
    Send,
    Split,
    Until,
    Wait,
    orders,
    send,
)
from tests.mappings.conformance.function import NAMES

_KINESIS, _FAILURES = f"{GUIDE}/with-kinesis.html", f"{GUIDE}/kinesis-on-failure-destination.html"
_REPORTS, _WINDOWS = f"{GUIDE}/services-kinesis-batchfailurereporting.html", f"{GUIDE}/services-kinesis-windows.html"
_POISON = Send((*orders("bad", key="a", fails=9), *orders("good", key="a")))
_AGE = 4
"""AWS takes 60 s at least."""


def _told(condition: str, count: int, calls: int, **more: Any) -> dict[str, Any]:
    """What a destination gets of records of Kinesis, in the words of `seen.py`."""
    context = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    return {
        "requestContext": {
            "requestId": "UUID",
            "functionArn": "FUNCTION",
            "condition": condition,
            "approximateInvokeCount": calls,
        },
        **({"responseContext": context} if calls else {}),
        "version": "1.0",
        "timestamp": "TIME.ms",
        "KinesisBatchInfo": {
            "shardId": "SHARD",
            "startSequenceNumber": "bad",
            "endSequenceNumber": "good" if count > 1 else "bad",
            "approximateArrivalOfFirstRecord": "TIME.ms",
            "approximateArrivalOfLastRecord": "TIME.ms",
            "batchSize": count,
            "streamArn": "SOURCE",
        },
        **more,
    }


def _of_table(told: dict[str, Any]) -> dict[str, Any]:
    """The same of records of a table, whose times are whole seconds."""
    info = told.pop("KinesisBatchInfo")
    times = dict.fromkeys(("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"), "TIME")
    return {**told, "DDBStreamBatchInfo": info | times}


def _window(start: float, *ids: str, is_final: bool = False) -> dict[str, Any]:
    return {
        "seconds": 4,
        "starts_at": start,
        "state": {"ids": [*ids]} if ids else {},
        "is_final": is_final,
        "is_early": False,
        "shard": "SHARD",
    }


def _answered(*items: Any) -> Case:
    """A batch of two with an answer that makes no sense, the first time, and one that follows."""
    return Case(
        "stream",
        (send("1", "2", key="a"),),
        {"batches": [["1", "2"], ["1", "2"], ["3"]]},
        (Until(2), send("3", key="a")),
        settings={**REPORTS, **BEGINNING, "MaximumRetryAttempts": 3},
        plan={"payload": {"batchItemFailures": [*items]}},
    )


ROWS = (
    Row(
        "order of a shard",
        "The records of a shard come in order, one batch after the other.",
        _KINESIS,
        (
            Case(
                "stream",
                (send("1", "2", "3", "4", "5", key="a", seconds=0.2),),
                {"batches": [["1", "2"], ["3", "4"], ["5"]], "at_once": 1},
                settings={**BEGINNING, "BatchSize": 2},
            ),
        ),
    ),
    Row(
        "shards at once",
        "Shards are processed at once.",
        _KINESIS,
        (
            Case(
                "stream",
                (Send((*orders("b1", "b2", key="b", seconds=0.7), *orders("c1", "c2", key="c", seconds=0.7))),),
                {"batches": {"b": [["b1"], ["b2"]], "c": [["c1"], ["c2"]]}, "at_once": 2},
                settings={**BEGINNING, "BatchSize": 1},
                shards=2,
                order="key",
            ),
        ),
    ),
    Row(
        "parallelization factor",
        "With a parallelization factor so are the keys of a shard, each in its order.",
        _KINESIS,
        (
            Case(
                "stream",
                (Send((*orders("a1", "a2", key="a", seconds=0.7), *orders("d1", "d2", key="d", seconds=0.7))),),
                {"batches": {"a": [["a1"], ["a2"]], "d": [["d1"], ["d2"]]}, "at_once": 2},
                settings={**BEGINNING, "BatchSize": 1, "ParallelizationFactor": 2},
                order="key",
            ),
        ),
    ),
    Row(
        "window of a stream",
        "Records that come within a batching window are one batch.",
        _KINESIS,
        (
            Case(
                "stream",
                (),
                {"batches": [["1", "2"]]},
                (Wait(0.5), send("1", key="a"), Wait(2.5), send("2", key="a")),
                settings={**BEGINNING, "MaximumBatchingWindowInSeconds": 6},
            ),
        ),
    ),
    Row(
        "latest",
        "A mapping that begins at the latest gets what comes after it was made.",
        f"{GUIDE}/services-kinesis-create.html",
        (
            Case(
                "stream",
                (send("1", key="a"), Wait(0.5)),
                {"batches": [["2"]]},
                (Wait(2), send("2", key="a")),
                settings={"StartingPosition": "LATEST"},
            ),
        ),
    ),
    Row(
        "consumer",
        "The source may be a registered consumer of the stream.",
        f"{GUIDE}/services-kinesis-create.html",
        (Case("consumer", (send("1", "2", key="a"),), {"batches": [["1", "2"]]}, settings=BEGINNING),),
    ),
    Row(
        "retries",
        "A batch that fails is tried again as often as it may be, then the shard goes on.",
        _FAILURES,
        (
            Case(
                "stream",
                (_POISON, send("next", key="a")),
                {"batches": [["bad", "good"], ["bad", "good"], ["next"]]},
                settings={**BEGINNING, "BatchSize": 2, "MaximumRetryAttempts": 1},
            ),
        ),
    ),
    Row(
        "bisect",
        "Halving a batch that fails isolates the record that is to blame.",
        _FAILURES,
        (
            Case(
                "stream",
                (Send((*orders("1", "2", key="a"), *orders("bad", key="a", fails=9), *orders("4", key="a"))),),
                {"batches": [["1", "2", "bad", "4"], ["1", "2"], ["bad", "4"], ["bad"], ["4"]]},
                settings={**BEGINNING, "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": 0},
            ),
        ),
    ),
    Row(
        "record age",
        "A record that is too old is given up without its batch, and the destination is told of it.",
        _FAILURES,
        (
            Case(
                "stream",
                (send("bad", key="a"), Wait(_AGE + 0.5), send("good", key="a")),
                {"batches": [["good"]], "told": [_told("RecordAgeExceeded", 1, 0)]},
                settings={**BEGINNING, "MaximumRecordAgeInSeconds": _AGE},
                destination="queue",
            ),
        ),
    ),
    Row(
        "throttle of a stream",
        "A throttle costs a batch none of its retries.",
        f"{GUIDE}/services-dynamodb-eventsourcemapping.html",
        (
            Case(
                "stream",
                (Reserve(0), send("1", key="a")),
                {"batches": [["1"], ["2"]], "counts": [0], "told": []},
                (Wait(2.5), Count(), Reserve(None), Until(1), Wait(0.5), send("2", key="a")),
                settings={**BEGINNING, "MaximumRetryAttempts": 0},
                destination="queue",
            ),
        ),
    ),
    Row(
        "checkpoint",
        "A record that the answer names is tried again with all behind it, and none before it.",
        _REPORTS,
        (
            Case(
                "stream",
                (Send((*orders("1", "2", key="a"), *orders("3", key="a", fails=1), *orders("4", key="a"))),),
                {"batches": [["1", "2", "3", "4"], ["3", "4"], ["5"]]},
                (Until(2), Wait(0.5), send("5", key="a")),
                settings={**REPORTS, **BEGINNING, "MaximumRetryAttempts": 3},
                plan={"says": NAMES},
            ),
        ),
    ),
    Row(
        "malformed on a stream",
        "An identifier that is empty, null or under another name fails the whole batch.",
        _REPORTS,
        tuple(map(_answered, ({"itemIdentifier": ""}, {"itemIdentifier": None}, {"sequenceNumber": "1"}))),
    ),
    Row(
        "destination queue",
        "A queue gets to know where the records are that were given up, and why.",
        _FAILURES,
        (
            Case(
                "stream",
                (_POISON,),
                {"batches": [["bad", "good"]] * 2, "told": [_told("RetryAttemptsExhausted", 2, 2)]},
                settings={**BEGINNING, "MaximumRetryAttempts": 1},
                destination="queue",
            ),
        ),
    ),
    Row(
        "destination bucket",
        "A bucket gets the whole event with it.",
        _FAILURES,
        (
            Case(
                "stream",
                (_POISON,),
                {
                    "batches": [["bad", "good"]],
                    "told": [
                        _told(
                            "RetryAttemptsExhausted",
                            2,
                            1,
                            payload=["bad", "good"],
                            key="aws/lambda/UUID/SHARD/DATE/TIME-UUID",
                        )
                    ],
                },
                settings={**BEGINNING, "MaximumRetryAttempts": 0},
                destination="bucket",
            ),
        ),
    ),
    Row(
        "table",
        "Changes of a table come in order; a batch that is given up is told of with whole seconds.",
        f"{GUIDE}/services-dynamodb-errors.html",
        (
            Case(
                "table",
                (_POISON, send("next", key="a")),
                {
                    "batches": [["bad", "good"], ["bad", "good"], ["next"]],
                    "told": [_of_table(_told("RetryAttemptsExhausted", 2, 2))],
                },
                settings={**BEGINNING, "BatchSize": 2, "MaximumRetryAttempts": 1},
                destination="queue",
            ),
        ),
    ),
    Row(
        "filters of a stream",
        "A record that no filter matches is passed over, and the function does not get it.",
        f"{GUIDE}/with-kinesis-filtering.html",
        (
            Case(
                "stream",
                (Send(tuple({"id": str(amount), "key": "a", "amount": amount} for amount in (1, 50, 2, 60, 3))),),
                {"batches": [["50", "60"], ["70"]]},
                (Until(1), Wait(0.5), send("4", key="a", amount=4), send("70", key="a", amount=70)),
                settings={
                    **BEGINNING,
                    "FilterCriteria": {
                        "Filters": [{"Pattern": json.dumps({"data": {"amount": [{"numeric": [">", 10]}]}})}]
                    },
                },
            ),
        ),
    ),
    Row(
        "tumbling window",
        "A tumbling window hands its state from one invocation to the next, and ends with one that has no records.",
        _WINDOWS,
        (
            Case(
                "stream",
                (),
                {
                    "batches": [["1"], ["2"], []],
                    "windows": [_window(0), _window(0, "1"), _window(0, "1", "2", is_final=True)],
                },
                (Wait(0.5), Align(4), send("1", key="a"), Until(1), send("2", key="a")),
                settings={**BEGINNING, "TumblingWindowInSeconds": 4},
            ),
        ),
    ),
    Row(
        "disabled stream",
        "A disabled mapping keeps its position, and goes on there when it is enabled.",
        f"{GUIDE}/services-dynamodb-eventsourcemapping.html",
        (
            Case(
                "stream",
                (send("1", key="a"),),
                {"batches": [["1"], ["2", "3"]], "counts": [1]},
                (
                    *(Until(1), Wait(0.5), Enable(False)),
                    *(Wait(0.5), send("2", "3", key="a"), Wait(1.2), Count(), Enable(True)),
                ),
                settings=BEGINNING,
            ),
        ),
    ),
    Row(
        "resharding",
        "What a shard holds comes before what the shards hold that it was split into.",
        _KINESIS,
        (
            Case(
                "stream",
                (send("1", "2", key="a"),),
                {"batches": [["1"], ["2"], ["3"]]},
                (Split(), send("3", key="a")),
                settings={**BEGINNING, "BatchSize": 1},
            ),
        ),
    ),
)
