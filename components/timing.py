"""The relations between timeouts, batches, attempts, concurrency and retention of a queue and its consumer.

A program gives intent, `solve` derives the rest and checks every relation, and names the numbers that do not fit.

Sources:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html (visibility timeout, maxReceiveCount)
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html (batch size, batching window)
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html (concurrency, pollers)
    https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html (pollers)
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (function timeout)
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html (messages)
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html (retention)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

VISIBILITY_FACTOR = 6
"""AWS recommends a visibility timeout of six times the function timeout, plus the batching window."""
UNBATCHED_RECORDS = 10
"""The largest batch that SQS gives without a batching window, and the largest of a FIFO queue."""
ATTEMPTS_WITH_THROTTLING = 5
"""AWS recommends at least this many receives: a throttled invocation costs one, without any attempt at the order."""
INVOCATIONS_OF_A_POLLER = 10
"""Invocations that one provisioned poller can have running at a time."""
LEAST_POLLERS = 2
"""The fewest provisioned pollers of a mapping."""
DEFAULT_MAX_POLLERS = 200
"""How many provisioned pollers a mapping may have when nobody says it."""
LEAST_CONCURRENCY = 2
"""The smallest maximum concurrency of a mapping."""
MOST_CONCURRENCY = 1_000
"""The largest maximum concurrency of a mapping."""
MAX_VISIBILITY_SECONDS = 43_200
DAY_SECONDS = 86_400
DEAD_LETTER_RETENTION_SECONDS = 14 * DAY_SECONDS
"""The longest that SQS keeps a message: an order that failed waits for a person."""
MAX_MESSAGE_BYTES = 1_048_576
"""The largest message of SQS, 1 MiB."""

_RANGES = {
    "timeout": (1, 900, "s"),
    "batch_size": (1, 10_000, "messages"),
    "batch_window": (0, 300, "s"),
    "max_receive_count": (1, 1_000, "receives"),
    "retention": (60, DEAD_LETTER_RETENTION_SECONDS, "s"),
    "delay": (0, 900, "s"),
    "max_message_size": (1_024, MAX_MESSAGE_BYTES, "bytes"),
    "visibility_timeout": (1, MAX_VISIBILITY_SECONDS, "s"),
    "max_concurrency": (LEAST_CONCURRENCY, MOST_CONCURRENCY, "invocations"),
    "min_pollers": (LEAST_POLLERS, 200, "pollers"),
    "max_pollers": (LEAST_POLLERS, 10_000, "pollers"),
    "max_backlog": (1, 1_000_000_000, "messages"),
    "max_age": (1, DEAD_LETTER_RETENTION_SECONDS, "s"),
}


@dataclass(frozen=True)
class Timing:
    """The numbers of one queue pipeline, in seconds, messages and invocations. `None` is not given."""

    timeout: int = 30
    batch_size: int | None = None
    batch_window: int = 0
    max_receive_count: int = ATTEMPTS_WITH_THROTTLING
    retention: int = 4 * DAY_SECONDS
    delay: int = 0
    max_message_size: int = MAX_MESSAGE_BYTES
    max_backlog: int = 1_000
    max_age: int = 600
    visibility_timeout: int | None = None
    max_concurrency: int | None = None
    reserved_concurrency: int | None = None
    min_pollers: int | None = None
    max_pollers: int | None = None
    fifo: bool = False
    visibility_reason: bool = False
    """Whether a reason is given for a visibility timeout below the recommended one."""

    @property
    def recommended_visibility(self) -> int:
        """Six times the function timeout, plus the batching window."""
        return VISIBILITY_FACTOR * self.timeout + self.batch_window

    @property
    def has_pollers(self) -> bool:
        """Whether the mapping has provisioned pollers."""
        return self.min_pollers is not None or self.max_pollers is not None


def solve(given: Timing) -> tuple[Timing, list[str]]:
    """Derive what is not given, check everything, and return the numbers with all problems in words."""
    problems, solved = range_problems(given), _derived(given)
    if not problems:  # a relation between numbers that are wrong by themselves says nothing
        problems = [problem for relation in _RELATIONS for problem in relation(solved)]
    return solved, problems


def range_problems(given: Timing) -> list[str]:
    """What is wrong with the numbers each by itself."""
    problems = [
        f"{name} must be {low}..{high} {unit}, got {value}"
        for name, (low, high, unit) in _RANGES.items()
        if (value := getattr(given, name)) is not None and not low <= value <= high
    ]
    if given.reserved_concurrency is not None and given.reserved_concurrency < 1:
        problems.append(
            f"reserved_concurrency {given.reserved_concurrency} lets nothing run: set it to {LEAST_CONCURRENCY} or "
            "more, or set enabled to false to stop the consumer"
        )
    return problems


def _derived(given: Timing) -> Timing:
    batch, visibility, concurrency = given.batch_size, given.visibility_timeout, given.max_concurrency
    if batch is None:
        # What follows a failing order of its group in the same batch goes back with it, and loses an attempt each time.
        batch = 1 if given.fifo else UNBATCHED_RECORDS
    if visibility is None:
        visibility = given.recommended_visibility
    if concurrency is None and given.reserved_concurrency is not None and not given.has_pollers:
        concurrency = min(given.reserved_concurrency, MOST_CONCURRENCY)
    return replace(given, batch_size=batch, visibility_timeout=visibility, max_concurrency=concurrency)


def _visibility(t: Timing) -> Iterator[str]:
    visibility, needed = t.visibility_timeout or 0, t.recommended_visibility
    least = t.timeout + t.batch_window
    if t.visibility_reason and visibility < least:
        yield (
            f"visibility {visibility} s < timeout {t.timeout} s + batch_window {t.batch_window} s = {least} s, so that "
            "an order is received again while it is processed, whatever the reason: set visibility_timeout >= "
            f"{least} or lower timeout"
        )
    elif t.visibility_reason and visibility >= needed:
        yield (
            f"visibility_reason is given, but visibility {visibility} s >= {VISIBILITY_FACTOR} x {t.timeout} s + "
            f"{t.batch_window} s = {needed} s needs none: leave it out or lower visibility_timeout"
        )
    elif visibility < needed and not t.visibility_reason:
        if (longest := (visibility - t.batch_window) // VISIBILITY_FACTOR) >= 1:
            lower = f" or lower timeout to {longest}"
        else:
            lower = " or lower timeout and batch_window" if visibility >= VISIBILITY_FACTOR else ""
        yield (
            f"visibility {visibility} s < {VISIBILITY_FACTOR} x {t.timeout} s + {t.batch_window} s = {needed} s: "
            f"set visibility_timeout >= {needed}{lower}"
        )


def _batches(t: Timing) -> Iterator[str]:
    batch_size = t.batch_size or 0
    if t.fifo and batch_size > UNBATCHED_RECORDS:
        yield (
            f"batch_size {batch_size} > {UNBATCHED_RECORDS}, the most that a FIFO queue gives: lower batch_size to "
            f"{UNBATCHED_RECORDS} or use a standard queue"
        )
    if t.fifo and t.batch_window:
        yield (
            f"batch_window {t.batch_window} s on a FIFO queue, which has no batching window: "
            "lower batch_window to 0 or use a standard queue"
        )
    if not t.fifo and batch_size > UNBATCHED_RECORDS and t.batch_window < 1:
        yield (
            f"batch_size {batch_size} > {UNBATCHED_RECORDS} needs a batching window: "
            f"set batch_window >= 1 or lower batch_size to {UNBATCHED_RECORDS}"
        )


def _life(t: Timing) -> Iterator[str]:
    visibility = t.visibility_timeout or 0
    life = t.delay + t.max_receive_count * visibility
    if life >= t.retention:
        first = f"delay {t.delay} s + " if t.delay else ""
        shorter = "timeout" if visibility == t.recommended_visibility else "visibility_timeout"
        yield (
            f"{first}{t.max_receive_count} receives x {visibility} s = {life} s >= retention {t.retention} s, so that "
            "a failing order would expire before it reaches the dead-letter queue: "
            f"raise retention, or lower max_receive_count or {shorter}"
        )
    if t.retention >= DEAD_LETTER_RETENTION_SECONDS:
        yield (
            f"retention {t.retention} s >= {DEAD_LETTER_RETENTION_SECONDS} s of the dead-letter queue, where a "
            f"message keeps its original time: set retention < {DEAD_LETTER_RETENTION_SECONDS}"
        )


def _objectives(t: Timing) -> Iterator[str]:
    if t.max_age >= t.retention:
        yield (
            f"max_age {t.max_age} s >= retention {t.retention} s: no order gets that old, so lower max_age or raise "
            "retention"
        )
    if t.max_age <= t.delay:
        yield (
            f"max_age {t.max_age} s <= delay {t.delay} s, so that every order would be late: raise max_age or lower "
            "delay"
        )


def _concurrency(t: Timing) -> Iterator[str]:
    concurrency, reserved = t.max_concurrency, t.reserved_concurrency
    if reserved is None:
        return
    if t.max_receive_count < ATTEMPTS_WITH_THROTTLING:
        yield (
            f"max_receive_count {t.max_receive_count} < {ATTEMPTS_WITH_THROTTLING} with reserved_concurrency "
            f"{reserved}: an invocation that is throttled costs a receive, so orders would reach the dead-letter queue "
            f"without an attempt; set max_receive_count >= {ATTEMPTS_WITH_THROTTLING} or leave reserved_concurrency out"
        )
    if reserved < LEAST_CONCURRENCY:
        yield (
            f"reserved_concurrency {reserved} < {LEAST_CONCURRENCY}, the smallest maximum concurrency of a mapping: it "
            "would receive more orders than may run and throttle them into the dead-letter queue; set "
            f"reserved_concurrency >= {LEAST_CONCURRENCY}, or leave it out and use a FIFO queue with one message group"
        )
    elif concurrency is not None and concurrency > reserved:
        yield (
            f"max_concurrency {concurrency} > reserved_concurrency {reserved}: the mapping would receive more orders "
            "than may run and throttle them into the dead-letter queue; lower max_concurrency to "
            f"{reserved} or raise reserved_concurrency to {concurrency}"
        )


def _pollers(t: Timing) -> Iterator[str]:
    if not t.has_pollers:
        return
    if t.max_concurrency is not None:
        yield (
            f"max_concurrency {t.max_concurrency} and provisioned pollers exclude each other: leave out "
            "max_concurrency, or min_pollers and max_pollers"
        )
    least, most = t.min_pollers, t.max_pollers
    if least is not None and most is not None and least > most:
        yield f"min_pollers {least} > max_pollers {most}: lower min_pollers to {most} or raise max_pollers to {least}"
    if t.reserved_concurrency is None:
        return
    named = "" if most is not None else " by default"
    most = DEFAULT_MAX_POLLERS if most is None else most
    if (running := most * INVOCATIONS_OF_A_POLLER) > t.reserved_concurrency:
        fitting = t.reserved_concurrency // INVOCATIONS_OF_A_POLLER
        names = "max_pollers" if (least or 0) <= fitting else "min_pollers and max_pollers"
        lower = f"lower {names} to {fitting} or " if fitting >= LEAST_POLLERS else ""
        yield (
            f"{most} pollers{named} x {INVOCATIONS_OF_A_POLLER} invocations = {running} > reserved_concurrency "
            f"{t.reserved_concurrency}: they would receive more orders than may run and throttle them into the "
            f"dead-letter queue; {lower}raise reserved_concurrency to {running}"
        )


_RELATIONS = (_visibility, _batches, _life, _objectives, _concurrency, _pollers)
