"""What a mapping is set to, and the numbers of AWS's own that it works by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PAYLOAD_BYTES = 6 * 1024 * 1024 - len('{"Records":[]}')
"""Of the records of one invocation: its event has at most 6 MB.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
MAX_RECORD_AGE_SECONDS = 604_800
"""https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

_FIRST_LANES, _FEWEST_LANES, _MOST_LANES, _LANES_A_MINUTE = 5, 2, 1_250, 300
"""Batches at once: at first, when little comes in, at most, and how many more each minute that there are messages.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
_LANES_OF_A_POLLER, _POLLED_LANES_A_MINUTE = 10, 1_000
_FEWEST_POLLERS, _MOST_POLLERS = 2, 200
"""Of the provisioned mode: the same page, and
https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html"""
_KINESIS_POLLS_A_SECOND, _TABLE_POLLS_A_SECOND = 1, 4
"""Of one shard. https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
_RETENTION_SECONDS = 86_400
"""Of a DynamoDB stream, and of a Kinesis stream that asks for no more.
https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html"""
_FOR_EVER = -1
_REPORTS = "ReportBatchItemFailures"


@dataclass(frozen=True)
class QueueSettings:
    """The mapping of a queue."""

    batch_size: int = 10
    """Most messages of an invocation, 1..10,000."""
    batch_window: float = 0
    """Longest wait for a full batch, seconds, 0..300."""
    visibility_timeout: float = 30
    """Of the queue, seconds: what was received is visible again after it."""
    reports_failures: bool = False
    """Whether the function's answer says which messages failed."""
    is_fifo: bool = False
    """Whether the queue keeps the order of each message group."""
    first_lanes: int = _FIRST_LANES
    """Batches at once when the mapping begins."""
    fewest_lanes: int = _FEWEST_LANES
    """... when nothing comes in."""
    most_lanes: int = _MOST_LANES
    """... at most."""
    lanes_per_second: float = _LANES_A_MINUTE / 60
    """... more, for each second in which there are more messages than lanes."""

    @classmethod
    def of(cls, mapping: Mapping[str, Any], visibility_timeout: float) -> QueueSettings:
        """The settings of a mapping as Lambda's API describes it.

        With a maximum concurrency no lane is given up when little comes in. In the provisioned mode a lane is one of
        the ten invocations that a poller can run.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        lanes: dict[str, Any] = {}
        scaling: dict[str, int] = mapping.get("ScalingConfig") or {}
        pollers: dict[str, int] = mapping.get("ProvisionedPollerConfig") or {}
        if most := scaling.get("MaximumConcurrency"):
            first = min(_FIRST_LANES, most)
            lanes = {"first_lanes": first, "fewest_lanes": first, "most_lanes": most}
        elif pollers:
            fewest = pollers.get("MinimumPollers", _FEWEST_POLLERS) * _LANES_OF_A_POLLER
            lanes = {
                "first_lanes": fewest,
                "fewest_lanes": fewest,
                "most_lanes": pollers.get("MaximumPollers", _MOST_POLLERS) * _LANES_OF_A_POLLER,
                "lanes_per_second": _POLLED_LANES_A_MINUTE / 60,
            }
        return cls(
            batch_size=mapping.get("BatchSize") or cls.batch_size,
            batch_window=mapping.get("MaximumBatchingWindowInSeconds") or 0,
            visibility_timeout=visibility_timeout,
            reports_failures=_REPORTS in (mapping.get("FunctionResponseTypes") or ()),
            is_fifo=str(mapping.get("EventSourceArn", "")).endswith(".fifo"),
            **lanes,
        )


@dataclass(frozen=True)
class StreamSettings:
    """The mapping of a Kinesis stream, or of the stream of a DynamoDB table."""

    batch_size: int = 100
    """Most records of an invocation, 1..10,000."""
    batch_window: float = 0
    """Longest wait for a full batch, seconds, 0..300."""
    starting_position: str = "TRIM_HORIZON"
    """Where to begin in the shards that are there at first: `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`."""
    parallelization_factor: int = 1
    """Batches of a shard at once, 1..10; records of one key are never in two of them."""
    tumbling_window: float = 0
    """Length of the windows in which the function keeps a state, seconds, 0..900; 0 is none."""
    max_retries: float = math.inf
    """How often a batch is tried again."""
    max_record_age: float = math.inf
    """How old a record may be, seconds, when it is tried."""
    bisects: bool = False
    """Whether a batch is halved when the function fails."""
    reports_failures: bool = False
    """Whether the function's answer says which record failed first."""
    poll_seconds: float = 1 / _KINESIS_POLLS_A_SECOND
    """Between two looks at a shard in which nothing new was."""
    retention: float = _RETENTION_SECONDS
    """How long the stream keeps a record, seconds; nothing is tried after that."""

    @classmethod
    def of(cls, mapping: Mapping[str, Any], retention: float = _RETENTION_SECONDS) -> StreamSettings:
        """The settings of a mapping as Lambda's API describes it.

        A consumer with enhanced fan-out does not poll: the stream pushes what comes.
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
        """
        source: str = mapping["EventSourceArn"]
        polls = _TABLE_POLLS_A_SECOND if ":dynamodb:" in source else _KINESIS_POLLS_A_SECOND
        return cls(
            batch_size=mapping.get("BatchSize") or cls.batch_size,
            batch_window=mapping.get("MaximumBatchingWindowInSeconds") or 0,
            starting_position=mapping.get("StartingPosition") or cls.starting_position,
            parallelization_factor=mapping.get("ParallelizationFactor") or 1,
            tumbling_window=mapping.get("TumblingWindowInSeconds") or 0,
            max_retries=_limit(mapping.get("MaximumRetryAttempts")),
            max_record_age=_limit(mapping.get("MaximumRecordAgeInSeconds")),
            bisects=bool(mapping.get("BisectBatchOnFunctionError")),
            reports_failures=_REPORTS in (mapping.get("FunctionResponseTypes") or ()),
            poll_seconds=0 if "/consumer/" in source else 1 / polls,
            retention=retention,
        )


def _limit(number: int | None) -> float:
    return math.inf if number is None or number == _FOR_EVER else number
