"""The relations between timeouts, batches and retention of a queue and the function that consumes it.

A program gives intent, this module derives the rest and checks it, and names the numbers when they do not fit.

Sources:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html (visibility timeout, maxReceiveCount)
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html (batch size, batching window)
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (function timeout)
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html (retention)
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html (retention)
"""

from __future__ import annotations

from dataclasses import dataclass

VISIBILITY_FACTOR = 6
"""AWS recommends a visibility timeout of six times the function timeout, plus the batching window."""
UNBATCHED_RECORDS = 10
"""The largest batch that SQS gives without a batching window."""
MAX_VISIBILITY_SECONDS = 43_200
DAY_SECONDS = 86_400
DEAD_LETTER_RETENTION_SECONDS = 14 * DAY_SECONDS
"""The longest that SQS keeps a message: an order that failed waits for a person."""

_RANGES = {
    "timeout": (1, 900, "s"),
    "batch_size": (1, 10_000, "messages"),
    "batch_window": (0, 300, "s"),
    "max_receive_count": (1, 1_000, "receives"),
    "retention": (60, 14 * DAY_SECONDS, "s"),
}


@dataclass(frozen=True)
class Timing:
    """The numbers of one queue pipeline, in seconds and messages; they fit each other."""

    timeout: int
    batch_size: int
    batch_window: int
    max_receive_count: int
    retention: int
    visibility_timeout: int


def resolve(
    *,
    timeout: int,
    batch_size: int,
    batch_window: int,
    max_receive_count: int,
    retention: int,
    visibility_timeout: int | None,
) -> tuple[Timing, list[str]]:
    """Derive what is not given, check everything, and return the numbers with all problems in words."""
    given = {
        "timeout": timeout,
        "batch_size": batch_size,
        "batch_window": batch_window,
        "max_receive_count": max_receive_count,
        "retention": retention,
    }
    problems = [
        f"{name} must be {low}..{high} {unit}, got {given[name]}"
        for name, (low, high, unit) in _RANGES.items()
        if not low <= given[name] <= high
    ]
    needed = VISIBILITY_FACTOR * timeout + batch_window
    visibility = needed if visibility_timeout is None else visibility_timeout
    timing = Timing(timeout, batch_size, batch_window, max_receive_count, retention, visibility)
    if not problems:  # a relation between numbers that are wrong by themselves says nothing
        problems = _broken_relations(timing, needed)
    return timing, problems


def _broken_relations(timing: Timing, needed: int) -> list[str]:
    problems: list[str] = []
    if timing.visibility_timeout < needed:
        longest = (timing.visibility_timeout - timing.batch_window) // VISIBILITY_FACTOR
        lower = f" or lower timeout to {longest}" if longest >= 1 else ""
        problems.append(
            f"visibility {timing.visibility_timeout} s < {VISIBILITY_FACTOR} x {timing.timeout} s + "
            f"{timing.batch_window} s = {needed} s: set visibility_timeout >= {needed}{lower}"
        )
    if timing.visibility_timeout > MAX_VISIBILITY_SECONDS:
        problems.append(
            f"visibility {timing.visibility_timeout} s > {MAX_VISIBILITY_SECONDS} s, the longest that SQS takes: "
            "lower visibility_timeout"
        )
    if timing.batch_size > UNBATCHED_RECORDS and timing.batch_window < 1:
        problems.append(
            f"batch_size {timing.batch_size} > {UNBATCHED_RECORDS} needs a batching window: "
            f"set batch_window >= 1 or lower batch_size to {UNBATCHED_RECORDS}"
        )
    life = timing.max_receive_count * timing.visibility_timeout
    if life >= timing.retention:
        shorter = "timeout" if timing.visibility_timeout == needed else "visibility_timeout"
        problems.append(
            f"{timing.max_receive_count} receives x {timing.visibility_timeout} s = {life} s >= retention "
            f"{timing.retention} s, so that a failing order would expire before it reaches the dead-letter queue: "
            f"raise retention, or lower max_receive_count or {shorter}"
        )
    if timing.retention >= DEAD_LETTER_RETENTION_SECONDS:
        problems.append(
            f"retention {timing.retention} s >= {DEAD_LETTER_RETENTION_SECONDS} s of the dead-letter queue, where a "
            f"message keeps its original time: set retention < {DEAD_LETTER_RETENTION_SECONDS}"
        )
    return problems
