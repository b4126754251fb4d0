"""Alarms that are evaluated minute by minute from what is kept are what they are from all data points ever sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from local.alarms.alarms import Alarms
from local.alarms.metrics import Metric, MetricStore
from tests.alarms.described import START, math_alarm, metric_alarm, of_expression, of_metric

COMPARISONS = {
    "GreaterThanOrEqualToThreshold": "__ge__",
    "GreaterThanThreshold": "__gt__",
    "LessThanOrEqualToThreshold": "__le__",
    "LessThanThreshold": "__lt__",
}
EXPRESSIONS = ("", "a + b", "IF((a > 0) > (b > 0), a, 0)", "100 * a / (a + b)")
"""Of the sums of two metrics; without one, of the first alone."""


@dataclass(frozen=True)
class Case:
    expression: str
    statistic: str
    period: int
    periods: int
    datapoints: int
    comparison: str
    threshold: int
    missing: str

    @property
    def described(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "EvaluationPeriods": self.periods,
            "DatapointsToAlarm": self.datapoints,
            "ComparisonOperator": self.comparison,
            "Threshold": float(self.threshold),
            "TreatMissingData": self.missing,
        }
        if not self.expression:
            return metric_alarm(MetricName="a", Statistic=self.statistic, Period=self.period, **common)
        queries = (of_metric("a", "a", self.period), of_metric("b", "b", self.period))
        return math_alarm(*queries, of_expression("value", self.expression), **common)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    periods = draw(st.integers(1, 4))
    return Case(
        expression=draw(st.sampled_from(EXPRESSIONS)),
        statistic=draw(st.sampled_from(["Sum", "Average", "Maximum", "Minimum", "SampleCount", "p50", "p90"])),
        period=draw(st.sampled_from([60, 120, 300])),
        periods=periods,
        datapoints=draw(st.integers(1, periods)),
        comparison=draw(st.sampled_from(sorted(COMPARISONS))),
        threshold=draw(st.integers(0, 4)),
        missing=draw(st.sampled_from(["breaching", "ignore", "missing", "notBreaching"])),
    )


Sent = tuple[str, int, int]
"""Of a metric: a second after `START`, and a value."""


def naive_statistic(sent: Sequence[Sent], metric: str, statistic: str, start: int, end: int) -> float | None:
    values = sorted(value for name, second, value in sent if name == metric and start <= second < end)
    if not values:
        return None
    match statistic:
        case "Sum":
            return sum(values)
        case "Average":
            return sum(values) / len(values)
        case "Maximum":
            return values[-1]
        case "Minimum":
            return values[0]
        case "SampleCount":
            return len(values)
        case _:
            return next(
                value for place, value in enumerate(values, 1) if place * 100 >= int(statistic[1:]) * len(values)
            )


def naive_value(case: Case, sent: Sequence[Sent], start: int, end: int) -> float | None:
    if not case.expression:
        return naive_statistic(sent, "a", case.statistic, start, end)
    first, second = (naive_statistic(sent, name, "Sum", start, end) for name in "ab")
    if first is None and second is None:
        return None
    a, b = first or 0, second or 0
    match case.expression:
        case "a + b":
            return a + b
        case "100 * a / (a + b)":
            return 100 * a / (a + b) if a + b else None
        case _:
            return a if a > 0 and not b > 0 else 0


def naive_state(case: Case, sent: Sequence[Sent], now: int, current: str) -> str:
    """The rules of the page once more, in its order and from the newest period back."""
    end = floor(now / 60) * 60
    newest_first = [
        naive_value(case, sent, end - (age + 1) * case.period, end - age * case.period)
        for age in range(case.periods + 2)
    ]
    compare = COMPARISONS[case.comparison]
    drawn = [
        "-" if v is None else "X" if getattr(float(v), compare)(float(case.threshold)) else "0" for v in newest_first
    ]
    real = [letter for letter in drawn if letter != "-"][: case.periods]
    if len(real) == case.periods or case.missing in ("breaching", "notBreaching"):
        filler = "X" if case.missing == "breaching" else "0"
        evaluated = (real + [filler] * case.periods)[: case.periods]
        return "ALARM" if evaluated.count("X") >= case.datapoints else "OK"
    if real.count("X") >= case.datapoints:
        return "ALARM"
    if "0" in real:
        return "OK"
    if case.missing == "ignore":
        return current
    return "ALARM" if "X" in drawn[case.datapoints - 1 :] else "INSUFFICIENT_DATA"


@settings(max_examples=400, deadline=None)
@given(
    case=cases(),
    steps=st.lists(
        st.tuples(
            st.integers(1, 400),  # seconds that pass
            st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300), st.integers(0, 4)), max_size=4),
        ),
        max_size=25,
    ),
)
def test_what_is_kept_is_enough(case: Case, steps: Sequence[tuple[int, Sequence[Sent]]]) -> None:
    store = MetricStore(keep_seconds=0)  # nothing but what the alarm needs
    alarms = Alarms(store)
    assert alarms.define([case.described], []) == []
    sent: list[Sent] = []
    expected = "INSUFFICIENT_DATA"
    evaluated = -1
    now = 0
    for passed, more in steps:
        now += passed
        for metric, late, value in more:  # up to five minutes late
            store.put("Shop", metric, {}, START + now - late, value)
            sent.append((metric, now - late, value))
        before = expected
        if floor(now / 60) != evaluated:
            evaluated = floor(now / 60)
            expected = naive_state(case, sent, now, expected)
        changed = [(change.old, change.new) for change in alarms.evaluate(START + now)]

        event(expected)
        assert changed == ([(before, expected)] if expected != before else [])
        assert alarms.statuses()["alarm"].state == expected


@settings(max_examples=150, deadline=None)
@given(
    sent=st.lists(st.tuples(st.just("a"), st.integers(0, 900), st.integers(0, 50)), max_size=60),
    statistic=st.sampled_from(
        ["Sum", "Average", "Maximum", "Minimum", "SampleCount", "p0", "p33", "p50", "p99", "p100"]
    ),
    end=st.integers(0, 16).map(lambda minute: minute * 60),
    period=st.sampled_from([60, 300, 900]),
)
def test_statistics_are_those_of_all_values(sent: Sequence[Sent], statistic: str, end: int, period: int) -> None:
    store = MetricStore()
    metric = Metric.of("Shop", "a", {})
    store.need(metric, statistic, period)
    for _, second, value in sent:
        store.put("Shop", "a", {}, START + second, value)

    found = store.statistics(metric, statistic, START + end, period, 3)

    starts = [end - 3 * period, end - 2 * period, end - period]
    assert found == [naive_statistic(sent, "a", statistic, start, start + period) for start in starts]
