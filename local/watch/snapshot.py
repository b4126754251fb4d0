"""How pipelines stand at a moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarm:
    """An alarm of a pipeline."""

    name: str
    severity: str
    """`critical` or `warning`, as its tag says; empty without one."""
    state: str
    """`OK`, `ALARM` or `INSUFFICIENT_DATA`."""


@dataclass(frozen=True)
class LogLine:
    """What a function logged."""

    at: float
    """Seconds since the epoch."""
    message: str
    order: str = ""
    """Id of the order, where the line has one."""
    reason: str = ""
    """Why it failed, where it did."""


@dataclass(frozen=True)
class Pipeline:
    """How a pipeline stands."""

    name: str
    """Of the component, in the program."""
    depth: int
    """Messages that wait in its queue, delayed ones too."""
    in_flight: int
    """Messages that were received and not deleted."""
    age: int
    """Age of the oldest message, seconds, as CloudWatch has it: in a standard queue only of those that were received
    less than three times."""
    dead_letters: int
    """Messages in its dead-letter queue, in flight or not."""
    invocations: int
    """Of its function, since the watch began; so are errors and throttles."""
    errors: int
    throttles: int
    mapping: str
    """State of the event source mapping; `missing` without one."""
    alarms: tuple[Alarm, ...]
    """By name."""
    log: tuple[LogLine, ...]
    """The last lines, the oldest first."""


@dataclass(frozen=True)
class Snapshot:
    """How all pipelines of a stack stand."""

    at: float
    """Seconds since the epoch; so is `since`."""
    since: float
    """When the watch began."""
    pipelines: tuple[Pipeline, ...] = ()
    """Those that are there, by name."""
    notice: str = ""
    """What is not as it should be, and what to do: one sentence."""
