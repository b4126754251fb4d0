"""The user's adjustments of single alarms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NotRequired, TypedDict, cast

import pulumi

from components.arguments import Arguments
from components.errors import did_you_mean
from components.watch.model import CRITICAL, WARNING, Alarm

# No `from __future__ import annotations` here: Pulumi reads these annotations when it serves the component to other
# languages, and it cannot read strings.

LOOK_BACK_SECONDS = 86_400
"""How far an alarm can look back, periods x period, with periods shorter than an hour as all here are.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
MAX_ACTIONS = 5
"""The most actions that an alarm takes in one state (same page)."""
_ALL_PERCENT = 100


class AlarmSettings(TypedDict):
    """Adjustment of one alarm. What is left out stays as the alarm has it."""

    enabled: NotRequired[bool]
    """Whether there is such an alarm. Default: true."""
    threshold: NotRequired[int]
    """Value from which it fires: a count, at least 1, or percent, 1..100, of what docs/runbook.md says for it."""
    periods: NotRequired[int]
    """Periods that it looks at, together at most one day."""
    datapoints: NotRequired[int]
    """How many of these periods must reach the threshold; all of them if the alarm has more than there are."""
    severity: NotRequired[str]
    """`critical` (orders are late or lost) or `warning`: begins the description, and is the tag `severity`."""


def alarm_problems(alarms: Sequence[Alarm], settings: Mapping[str, Any], without: Collection[str] = ()) -> list[str]:
    """What is wrong with the adjustments of alarms, before anything is made.

    Args:
        alarms: The alarms that there are.
        settings: The adjustments by the names of the alarms.
        without: Attributes that what is watched lacks, as far as that is known.
    """
    problems: list[str] = []
    known = {alarm.name: alarm for alarm in alarms}
    for name, given in settings.items():
        if name not in known:
            problems.append(f"alarms adjusts an unknown alarm {name!r}{did_you_mean(name, sorted(known))}")
        elif lacking := sorted(set(known[name].needs) & set(without)):
            problems.append(f"alarms adjusts {name!r}, which there is only with {', '.join(lacking)}")
        else:
            problems += adjust(known[name], given)[1]
    return problems


def action_problems(actions: Sequence[pulumi.Input[str]]) -> list[str]:
    """What is wrong with the list of an alarm's actions."""
    if len(actions) <= MAX_ACTIONS:
        return []
    return [
        f"alarm_actions has {len(actions)} actions and an alarm takes at most {MAX_ACTIONS}: "
        "give one SNS topic and subscribe to that"
    ]


def adjust(alarm: Alarm, settings: object) -> tuple[Alarm | None, list[str]]:
    """An alarm as the user wants it, `None` if not at all; and what is wrong with that."""
    where = f"alarms.{alarm.name}"
    if not isinstance(settings, Mapping):
        return alarm, [f"{where} must be a dictionary, got {settings!r}"]
    given = Arguments(AlarmSettings, cast("Mapping[str, Any]", settings), f"{where}.")
    periods = _number(given, where, "periods", alarm.periods)
    adjusted = replace(
        alarm,
        threshold=_number(given, where, "threshold", alarm.threshold),
        periods=periods,
        datapoints=_number(given, where, "datapoints", min(alarm.datapoints, periods)),
        severity=given.text("severity", alarm.severity, (CRITICAL, WARNING)),
    )
    enabled = given.flag("enabled", True)
    # The limits of what could not be read say nothing.
    return adjusted if enabled else None, given.problems or _broken_limits(adjusted, where)


def _number(given: Arguments, where: str, name: str, default: int) -> int:
    number = given.number(name, default)
    if isinstance(number, int):
        return number
    given.problems.append(f"{where}.{name} must be known when the program runs, got an Output")
    return default


def _broken_limits(alarm: Alarm, where: str) -> list[str]:
    problems: list[str] = []
    if alarm.percent_of is not None and not 1 <= alarm.threshold <= _ALL_PERCENT:
        problems.append(f"{where}.threshold must be 1..{_ALL_PERCENT} %, got {alarm.threshold}")
    elif alarm.threshold < 1:
        problems.append(f"{where}.threshold must be at least 1, got {alarm.threshold}")
    most = LOOK_BACK_SECONDS // alarm.period
    if not 1 <= alarm.periods <= most:
        problems.append(
            f"{where}.periods must be 1..{most} of {alarm.period} s, since CloudWatch looks back one day, "
            f"got {alarm.periods}"
        )
    elif alarm.datapoints < 1:
        problems.append(f"{where}.datapoints must be at least 1, got {alarm.datapoints}")
    elif alarm.datapoints > alarm.periods:
        problems.append(
            f"{where}.datapoints {alarm.datapoints} > periods {alarm.periods}, so that it could never fire: "
            "lower datapoints or raise periods"
        )
    return problems
