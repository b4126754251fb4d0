"""Alarms as DescribeAlarms shows them, and time that passes for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from local.alarms.alarms import Alarms, Transition
from local.alarms.metrics import Metric, MetricStore
from local.provider.resources import cloudwatch_composite_alarm, cloudwatch_metric_alarm

START = 1_800_000_000
"""The top of an hour, seconds since the epoch."""
MINUTE = 60
TOPIC = "arn:aws:sns:eu-central-1:1:alarms"
ACTIONS = {"AlarmActions": ["rang"], "InsufficientDataActions": ["unsure"], "OKActions": ["over"]}


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:eu-central-1:1:alarm:{name}"


def metric_alarm(name: str = "alarm", **changes: Any) -> dict[str, Any]:
    """An alarm on the sum of a metric in a minute; one that is `None` is left out."""
    described = {
        "AlarmName": name,
        "AlarmArn": arn(name),
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "Namespace": "Shop",
        "MetricName": "Orders",
        "Dimensions": [],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
        "TreatMissingData": "missing",
        **ACTIONS,
        **changes,
    }
    return {member: value for member, value in described.items() if value is not None}


def math_alarm(*queries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An alarm on metric math, as AWS shows it: without a metric, statistic or period of its own."""
    of_one_metric = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    members: dict[str, Any] = {"Metrics": list(queries), **of_one_metric, **changes}
    return metric_alarm(**members)


def of_metric(name: str, metric_name: str, period: int = 60, **changes: Any) -> dict[str, Any]:
    metric: dict[str, Any] = {"Namespace": "Shop", "MetricName": metric_name, "Dimensions": []}
    return {
        "Id": name,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"},
        "ReturnData": False,
        **changes,
    }


def of_expression(name: str, expression: str, **changes: Any) -> dict[str, Any]:
    return {"Id": name, "Expression": expression, "ReturnData": True, **changes}


def composite_alarm(name: str, rule: str, **changes: Any) -> dict[str, Any]:
    return {"AlarmName": name, "AlarmArn": arn(name), "AlarmRule": rule, **ACTIONS, **changes}


def from_program(inputs: Mapping[str, Mapping[str, Any]], component: str = "orders") -> dict[str, list[dict[str, Any]]]:
    """A program's alarms as AWS shows them, by way of the calls that the provider makes: what is put is shown."""
    sent: dict[str, list[dict[str, Any]]] = {"MetricAlarms": [], "CompositeAlarms": []}

    def keep(kind: str) -> Callable[..., None]:
        def put(*, Tags: Any, **alarm: Any) -> None:  # noqa: N803
            sent[kind].append({**alarm, "AlarmArn": arn(alarm["AlarmName"])})

        return put

    cloudwatch = SimpleNamespace(put_metric_alarm=keep("MetricAlarms"), put_composite_alarm=keep("CompositeAlarms"))
    aws = cast("Any", SimpleNamespace(cloudwatch=cloudwatch))
    for name, given in inputs.items():
        if "alarmRule" in given:
            cloudwatch_composite_alarm.create(aws, dict(given))
        else:
            cloudwatch_metric_alarm.create(aws, {**given, "name": f"<name of {component}-{name}-alarm>"})
    return sent


class Played:
    """Alarms over minutes, from `START` on."""

    def __init__(self, metric_alarms: Sequence[Any], composite_alarms: Sequence[Any] = ()) -> None:
        self.store = MetricStore()
        self.alarms = Alarms(self.store)
        self.problems = self.alarms.define(metric_alarms, composite_alarms)

    def put(self, minute: float, value: float, name: str = "Orders") -> None:
        self.store.put("Shop", name, {}, START + minute * MINUTE, value)

    def at(self, minute: float) -> list[Transition]:
        """What changes when the minutes before this one are over."""
        return self.alarms.evaluate(START + minute * MINUTE)

    def play(self, series: Mapping[Metric, Sequence[float | None]]) -> list[tuple[int, str, str]]:
        """Values minute by minute, evaluated after each: the minute, the alarm, and its new state."""
        found: list[tuple[int, str, str]] = []
        for minute in range(max(map(len, series.values()))):
            for metric, values in series.items():
                value = values[minute] if minute < len(values) else None
                if value is not None:
                    namespace, name, dimensions = metric
                    self.store.put(namespace, name, dict(dimensions), START + minute * MINUTE + 30, value)
            found += [(minute + 1, change.name, change.new) for change in self.at(minute + 1)]
        return found
