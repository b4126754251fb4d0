"""What is said of alarms that cannot be evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alarms.described import Played, composite_alarm, math_alarm, metric_alarm, of_expression, of_metric


@pytest.mark.parametrize(
    ("described", "problem"),
    [
        (metric_alarm(Unit="Count"), "data points of one unit only (Unit) is not known to the local runtime"),
        (
            metric_alarm(ThresholdMetricId="band"),
            "a band of anomaly detection as its threshold (ThresholdMetricId) is not known to the local runtime",
        ),
        (
            metric_alarm(ComparisonOperator="GreaterThanUpperThreshold"),
            "the comparison GreaterThanUpperThreshold is not known to the local runtime",
        ),
        (
            metric_alarm(EvaluationWindow={"WallClockWindow": {}}),
            "periods by the clock (WallClockWindow) are not known to the local runtime",
        ),
        (
            metric_alarm(EvaluateLowSampleCountPercentile="ignore"),
            "to ignore percentiles of few values (EvaluateLowSampleCountPercentile) is not known to the local runtime",
        ),
        (
            metric_alarm(EvaluationCriteria={"PromQLCriteria": {"Query": "up"}}),
            "a query in PromQL (EvaluationCriteria) is not known to the local runtime",
        ),
        (
            math_alarm(of_metric("a", "Orders", ReturnData=True, AccountId="123456789012")),
            "metrics of another account (AccountId) are not known to the local runtime",
        ),
        (metric_alarm(ExtendedStatistic="tm90"), "the statistic tm90 is not known to the local runtime"),
        (metric_alarm(MetricName=None), "it has neither a metric (MetricName) nor metric math (Metrics)"),
        (metric_alarm(Threshold=None), "it has no Threshold"),
        (
            math_alarm(
                of_metric("m", "Orders"), of_expression("a", "b + m"), of_expression("b", "a", ReturnData=False)
            ),
            "its expressions use each other in a circle: a -> b -> a",
        ),
        (
            math_alarm(of_metric("a", "Orders", 60), of_metric("b", "Failed", 300), of_expression("c", "a + b")),
            "its metrics must have one period, got [60, 300]",
        ),
        (
            math_alarm(of_metric("a", "Orders"), of_expression("b", "a"), of_expression("c", "a")),
            "one of its metrics and expressions must return data, got ['b', 'c']",
        ),
        (
            math_alarm(of_metric("a", "Orders"), of_expression("b", "FORECAST(a)")),
            "the function FORECAST is not known to the local runtime, which knows ABS, AVG, CEIL, DIFF, FILL, FLOOR, "
            "IF, MAX, METRICS, MIN, PERIOD, RATE, SUM, TIME_SERIES",
        ),
        (
            math_alarm(of_metric("a", "Orders"), of_expression("b", "MAX(a)")),
            "b is no single time series, which an alarm must watch",
        ),
    ],
)
def test_an_alarm_that_is_not_known_is_named_and_keeps_its_state(
    described: dict[str, Any], problem: str | None
) -> None:
    played = Played(
        [{**described, "StateValue": "ALARM"}, metric_alarm("other")], [composite_alarm("both", "ALARM(alarm)")]
    )

    assert played.problems == [f"alarm: {problem}"]
    played.put(0, 0)
    assert [change.name for change in played.at(1)] == ["other", "both"]
    assert {name: status.state for name, status in played.alarms.statuses().items()} == {
        "alarm": "ALARM",
        "other": "OK",
        "both": "ALARM",
    }


def test_composite_alarms_that_cannot_be_evaluated_are_named() -> None:
    played = Played(
        [metric_alarm()],
        [
            composite_alarm("lost", "ALARM(gone) OR OK(alarm) OR ALARM(away)"),
            composite_alarm("quiet", "TRUE", ActionsSuppressor="alarm"),
            composite_alarm("broken", "ALARM("),
            composite_alarm("a", "ALARM(b)"),
            composite_alarm("b", "ALARM(a) OR TRUE"),
            composite_alarm("beside", "OK(b) OR INSUFFICIENT_DATA(a)"),
        ],
    )

    assert played.problems == [
        "lost: its rule names alarms that there are not: gone, away",
        "quiet: actions that another alarm suppresses (ActionsSuppressor) are not known to the local runtime",
        "broken: 'ALARM(' is no alarm rule that the local runtime knows: it ends too early",
        "a: its rule goes round in a circle: a -> b -> a",
        "b: its rule goes round in a circle: a -> b -> a",
    ]
    assert [(change.name, change.new) for change in played.at(1)] == [("beside", "ALARM")]
