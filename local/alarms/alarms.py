"""All alarms of a stack: their states over time, and the actions that their changes call.

Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from local.alarms.composite import children, holds
from local.alarms.definitions import CompositeAlarm, Described, MetricAlarm, read_composite_alarm, read_metric_alarm
from local.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK, Point, State, judge
from local.alarms.metrics import MetricStore
from local.alarms.problems import NotKnown

_MAX_REASON = 1_023
"""Characters that SetAlarmState takes as a reason.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html"""


@dataclass(frozen=True)
class Transition:
    """An alarm has come into another state."""

    name: str
    arn: str
    time: float
    """When it was seen, seconds since the epoch."""
    old: State
    new: State
    reason: str
    """At most 1023 characters."""
    actions: tuple[str, ...]
    """ARNs of what is called, once."""


@dataclass(frozen=True)
class Status:
    """How an alarm stands."""

    state: State
    reason: str
    """Of its last change, as CloudWatch keeps it."""
    since: float | None
    """When it changed, `None` when it has not since it is watched here."""
    points: tuple[Point, ...] = ()
    """The evaluation range that was looked at last, the oldest first; nothing of a composite alarm."""


class Alarms:
    """Alarms and their states.

    A state lasts: DescribeAlarms is asked again and again, and what it says of a state is taken over, so that one that
    somebody sets (SetAlarmState) lasts until the next evaluation, as in CloudWatch. A driver therefore writes each
    transition back before it describes the alarms again.

    Actions are called once for a change. Those of Auto Scaling, which CloudWatch repeats, are not repeated.

    Args:
        store: Where the data points are.
    """

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._statuses: dict[str, Status] = {}
        self._metric: dict[str, MetricAlarm] = {}
        self._composite: dict[str, CompositeAlarm] = {}
        self._evaluated: dict[str, int] = {}
        """By the name of a metric alarm the end of the range that was last looked at."""

    def define(self, metric_alarms: Sequence[Described], composite_alarms: Sequence[Described]) -> list[str]:
        """Take all alarms that there are, as `MetricAlarms` and `CompositeAlarms` of DescribeAlarms.

        An alarm that is new or has changed is evaluated the next time, whatever its interval. One that is not among
        them is forgotten. One that cannot be evaluated here keeps its state.

        Returns:
            What is wrong with alarms, each in a sentence that begins with the alarm's name.
        """
        problems: list[str] = []
        metric = {described["AlarmName"]: described for described in metric_alarms}
        composite = {described["AlarmName"]: described for described in composite_alarms}
        self._statuses = {name: self._taken_over(name, told) for name, told in {**metric, **composite}.items()}
        found: dict[str, MetricAlarm] = {}
        for name, described in metric.items():
            try:
                alarm = read_metric_alarm(described)
                alarm.points(MetricStore(), 0)  # metric math that makes no sense is found before there is data
                alarm.need(self._store)
            except NotKnown as problem:
                problems.append(f"{name}: {problem}")
                continue
            found[name] = alarm
        unchanged = {name for name, alarm in found.items() if alarm == self._metric.get(name)}
        self._evaluated = {name: end for name, end in self._evaluated.items() if name in unchanged}
        self._metric = found
        self._composite = self._in_order(composite, problems)
        return problems

    def evaluate(self, now: float) -> list[Transition]:
        """Evaluate those alarms that it is time for, metric alarms first; then forget what none needs any more.

        It may be called as often as one likes. After a long pause the latest evaluation is made, and not each.

        Args:
            now: The time, seconds since the epoch.
        """
        transitions: list[Transition] = []
        for name, alarm in self._metric.items():
            end = int(now // alarm.interval) * alarm.interval
            if self._evaluated.get(name) == end:
                continue
            self._evaluated[name] = end
            points = alarm.points(self._store, end)
            state, reason = judge(points, alarm.rule, self._statuses[name].state)
            transitions += self._change(alarm, state, reason, now, tuple(points))
        for alarm in self._composite.values():
            states: dict[str, State] = {name: status.state for name, status in self._statuses.items()}
            state = ALARM if holds(alarm.rule, states) else OK
            named = ", ".join(f"{name} is {states[name]}" for name in children(alarm.rule))
            transitions += self._change(alarm, state, f"{state}: by its rule, as {named or 'it says'}.", now)
        self._store.prune(now)
        return transitions

    def next_evaluation(self, now: float) -> float | None:
        """When an alarm is to be evaluated next, seconds since the epoch; `None` without metric alarms."""
        intervals = {alarm.interval for alarm in self._metric.values()}
        return min((now // interval + 1) * interval for interval in intervals) if intervals else None

    def statuses(self) -> Mapping[str, Status]:
        """How every alarm stands, by its name."""
        return dict(self._statuses)

    def _change(
        self, alarm: MetricAlarm | CompositeAlarm, state: State, reason: str, now: float, points: tuple[Point, ...] = ()
    ) -> list[Transition]:
        before = self._statuses[alarm.name]
        if state == before.state:
            self._statuses[alarm.name] = Status(state, before.reason, before.since, points)
            return []
        reason = reason if len(reason) <= _MAX_REASON else f"{reason[: _MAX_REASON - 3]}..."
        self._statuses[alarm.name] = Status(state, reason, now, points)
        return [Transition(alarm.name, alarm.arn, now, before.state, state, reason, alarm.actions[state])]

    def _taken_over(self, name: str, described: Described) -> Status:
        told: State = described.get("StateValue") or INSUFFICIENT_DATA
        known = self._statuses.get(name)
        return known if known and known.state == told else Status(told, described.get("StateReason") or "", None)

    def _in_order(self, composite: Mapping[str, Described], problems: list[str]) -> dict[str, CompositeAlarm]:
        """The composite alarms that can be evaluated, each after those in its rule.

        CloudWatch stops evaluating those that go round in a circle, and so are left out here.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
        """
        found: dict[str, CompositeAlarm] = {}
        for name, described in composite.items():
            try:
                alarm = read_composite_alarm(described)
            except NotKnown as problem:
                problems.append(f"{name}: {problem}")
                continue
            if lacking := [child for child in children(alarm.rule) if child not in self._statuses]:
                problems.append(f"{name}: its rule names alarms that there are not: {', '.join(lacking)}")
                continue
            found[name] = alarm
        while True:
            try:
                order = TopologicalSorter({name: children(alarm.rule) for name, alarm in found.items()}).static_order()
                return {name: found[name] for name in order if name in found}
            except CycleError as error:
                circle: list[str] = error.args[1]
                for name in dict.fromkeys(circle):
                    del found[name]
                    problems.append(f"{name}: its rule goes round in a circle: {' -> '.join(circle)}")
