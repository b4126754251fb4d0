"""What an on-failure destination gets of the records that a mapping gave up.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.mappings.actions import Discard

_EXECUTED_VERSION = "$LATEST"


@dataclass(frozen=True)
class Origin:
    """Where the records came from, and what they were meant for."""

    stream_arn: str
    function_arn: str
    mapping: str
    """UUID of the mapping."""
    version: str = _EXECUTED_VERSION
    """Version of the function that was invoked."""


def failure_record(discard: Discard, origin: Origin, now: float, request_id: str) -> dict[str, Any]:
    """What a queue or a topic gets: where the records are, not the records.

    Without an invocation there is no `responseContext`. The error of an invocation whose answer named a failed record
    is null.

    Args:
        discard: Of the mapping.
        origin: Of the records.
        now: Seconds since 1970.
        request_id: Of the last invocation.
    """
    first, last = discard.batch[0], discard.batch[-1]
    is_table = ":dynamodb:" in origin.stream_arn
    time = _whole_time if is_table else _time
    response: dict[str, Any] = {}
    if discard.answer is not None:
        error = "Unhandled" if discard.answer.kind == "failed" else None
        response["responseContext"] = {
            "statusCode": 200,
            "executedVersion": origin.version,
            "functionError": error,
        }
    return {
        "requestContext": {
            "requestId": request_id,
            "functionArn": origin.function_arn,
            "condition": discard.condition,
            "approximateInvokeCount": discard.invocations,
        },
        **response,
        "version": "1.0",
        "timestamp": _time(now),
        "DDBStreamBatchInfo" if is_table else "KinesisBatchInfo": {
            "shardId": discard.shard,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": time(first.arrived_at),
            "approximateArrivalOfLastRecord": time(last.arrived_at),
            "batchSize": len(discard.batch),
            "streamArn": origin.stream_arn,
        },
    }


def stored_record(record: dict[str, Any], event: str) -> dict[str, Any]:
    """What a bucket gets: the same, and the whole event as JSON text."""
    return {**record, "payload": event}


def object_key(origin: Origin, shard: str, now: float, unique: str) -> str:
    """The key of the object in a bucket.

    Args:
        origin: Of the records.
        shard: They are in.
        now: Seconds since 1970.
        unique: A random UUID.
    """
    time = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{origin.mapping}/{shard}/{time:%Y/%m/%d}/{time:%Y-%m-%dT%H.%M.%S}-{unique}"


def _time(seconds: float) -> str:
    time = datetime.fromtimestamp(seconds, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _whole_time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
