"""From data points to the state of an alarm.

Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"

EXTRA_PERIODS = 2
"""How many periods CloudWatch retrieves beyond those that it evaluates, in case the latest are missing.

It says that the number depends on the length of the period, and not how; its examples are of 5 periods for 3.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""
COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "at or above"),
    "GreaterThanThreshold": (operator.gt, "above"),
    "LessThanOrEqualToThreshold": (operator.le, "at or below"),
    "LessThanThreshold": (operator.lt, "below"),
}
"""ComparisonOperator -> what breaches, in Python and in words; without those that compare with a band.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
MISSING: Mapping[str, str] = {
    "breaching": "counted as breaching",
    "ignore": "ignored",
    "missing": "left out",
    "notBreaching": "counted as not breaching",
}
"""TreatMissingData -> what is done with a period without a data point, in words."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_SHOWN_POINTS = 10


class Point(NamedTuple):
    """One period of an alarm."""

    start: int
    """Seconds since the epoch."""
    value: float | None
    """`None` when there is no data point."""


@dataclass(frozen=True)
class Rule:
    """When an alarm fires: M of its last N data points breach the threshold."""

    comparison: str
    threshold: float
    periods: int
    """N, `EvaluationPeriods`."""
    datapoints: int
    """M, `DatapointsToAlarm`."""
    missing: str

    @property
    def range(self) -> int:
        """How many periods it retrieves: the evaluation range."""
        return self.periods + EXTRA_PERIODS

    def is_breached(self, value: float) -> bool:
        """Whether a value breaches the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


def interval(period: int, periods: int) -> int:
    """How often an alarm is evaluated, seconds.

    Every minute, whatever its period: its periods slide. Every 10 s when the period is shorter than a minute, and every
    hour when it looks back more than a day; it then sees data up to the hour.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    """
    if period < _MINUTE:
        return 10
    return _HOUR if period * periods > _DAY else _MINUTE


def judge(points: Sequence[Point], rule: Rule, current: State) -> tuple[State, str]:
    """The state of an alarm, and why.

    The latest N data points that there are decide, from anywhere in the evaluation range. Only when there are fewer,
    the rest is filled in as `TreatMissingData` says. See the two tables of
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

    Args:
        points: Every period of the evaluation range, the oldest first.
        rule: When the alarm fires.
        current: Its state until now, which `ignore` keeps.
    """
    existing = [point for point in reversed(points) if point.value is not None][: rule.periods]
    breaching = sum(rule.is_breached(value) for _, value in existing if value is not None)
    filled = rule.periods - len(existing)
    state = _state(points, existing, breaching, filled, rule, current)
    return state, _reason(existing, breaching, filled, rule, state)


def _state(
    points: Sequence[Point], existing: Sequence[Point], breaching: int, filled: int, rule: Rule, current: State
) -> State:
    if rule.missing == "breaching":
        breaching += filled
    if breaching >= rule.datapoints:
        return ALARM
    if not filled or rule.missing in ("breaching", "notBreaching") or breaching < len(existing):
        return OK
    # What is left has no data points, or too few, and all of them breach.
    if rule.missing == "ignore":
        return current
    return ALARM if existing and _is_old_enough(points, existing[-1], rule) else INSUFFICIENT_DATA


def _is_old_enough(points: Sequence[Point], oldest: Point, rule: Rule) -> bool:
    """Whether a breach is so old that CloudWatch waits no longer for what might show it to be a false alarm.

    "Avoiding premature transitions to alarm state" on
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    return len(points) - points.index(oldest) >= rule.datapoints


def _reason(existing: Sequence[Point], breaching: int, filled: int, rule: Rule, state: State) -> str:
    shown = ", ".join(f"{float(value or 0)} ({_clock(start)})" for start, value in existing[:_SHOWN_POINTS])
    more = ", ..." if len(existing) > _SHOWN_POINTS else ""
    found = f"{breaching} of {len(existing)} data points [{shown}{more}] " if existing else "No data points: none is "
    missing = f"; {filled} missing {'was' if filled == 1 else 'were'} {MISSING[rule.missing]}" if filled else ""
    where = COMPARISONS[rule.comparison][1]
    early = rule.missing == "missing" and state == ALARM and breaching < rule.datapoints
    waited = ", and the oldest breach is too old to wait for more" if early else ""
    return (
        f"{state}: {found}{'' if not existing else 'is ' if breaching == 1 else 'are '}{where} the threshold "
        f"({rule.threshold}), {rule.datapoints} of {rule.periods} make an ALARM{missing}{waited}."
    )


def _clock(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
