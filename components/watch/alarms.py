"""From alarms as data (`queue.py`, `function.py`) to CloudWatch alarms.

Missing data never alarms (`notBreaching`): an idle pipeline sends none.

Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html (periods slide)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.children import Children
from components.watch.model import CRITICAL, Alarm, Metric, derive, dimensions, fill, fits
from components.watch.settings import adjust

_COMPOSITE = f"{CRITICAL}-alarm"
_DESCRIPTION = "{}: {}.\n\nFirst: {}\n\nThen: docs/runbook.md#{}"


@dataclass(frozen=True)
class Alarms:
    """The alarms of one pipeline."""

    metric: Mapping[str, aws.cloudwatch.MetricAlarm]
    """By their names."""
    composite: aws.cloudwatch.CompositeAlarm | None
    """In ALARM as long as any critical alarm is; `None` when none is critical."""


def alarm_types(alarms: Sequence[Alarm]) -> dict[str, str]:
    """The children that `create_alarms` makes of these: their types in `pulumi_aws`."""
    return {**{alarm.role: "cloudwatch.MetricAlarm" for alarm in alarms}, _COMPOSITE: "cloudwatch.CompositeAlarm"}


def create_alarms(
    children: Children,
    alarms: Sequence[Alarm],
    watched: Any,
    settings: Mapping[str, Any],
    actions: Sequence[pulumi.Input[str]],
) -> Alarms:
    """Create those alarms that fit what is watched, and one composite alarm of the critical ones.

    The composite takes no action: its alarms already do, and nobody wants to be called twice. It is for what wants one
    answer: an overview of many pipelines, a deployment that rolls back, an incident tool (`transform` gives it
    actions). Warnings are not in it, so that red means that orders are late or lost.

    Args:
        children: Makes the resources.
        alarms: The alarms that there are.
        watched: What they watch: an object with the attributes that they name.
        settings: The user's adjustments, without problems.
        actions: ARNs of what is notified when an alarm fires, and again when it is over.
    """
    made: dict[str, aws.cloudwatch.MetricAlarm] = {}
    critical: list[aws.cloudwatch.MetricAlarm] = []
    for alarm in alarms:
        adjusted, _ = adjust(alarm, settings.get(alarm.name, {}))
        if adjusted is None or not fits(alarm.needs, watched):
            continue
        made[alarm.name] = _create(children, adjusted, watched, actions)
        if adjusted.severity == CRITICAL:
            critical.append(made[alarm.name])
    return Alarms(made, _create_composite(children, critical) if critical else None)


def stack_wide_name(name: str) -> str:
    """A physical name for what Pulumi does not name by itself: `<project>-<stack>-<name>`, unique in an account.

    Of letters, digits, hyphens and underscores, as a dashboard's name must be:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    """
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}")


def _create(
    children: Children, alarm: Alarm, watched: Any, actions: Sequence[pulumi.Input[str]]
) -> aws.cloudwatch.MetricAlarm:
    threshold = _threshold(alarm, watched)
    return children.create(
        alarm.role,
        **_value(alarm, watched),
        alarm_actions=actions,
        alarm_description=fill(
            _DESCRIPTION.format(alarm.severity.upper(), alarm.meaning, alarm.first, alarm.name),
            watched,
            threshold=threshold,
            minutes=alarm.periods * alarm.period // 60,
        ),
        comparison_operator="GreaterThanOrEqualToThreshold",
        datapoints_to_alarm=alarm.datapoints,
        evaluation_periods=alarm.periods,
        ok_actions=actions,
        tags={"severity": alarm.severity},
        threshold=threshold,
        treat_missing_data="notBreaching",
    )


def _threshold(alarm: Alarm, watched: Any) -> pulumi.Input[int]:
    if not alarm.percent_of:
        return alarm.threshold

    def share(everything: float) -> int:
        # At least 1: a queue that is active and empty has 0 of everything.
        return max(1, int(everything) * alarm.threshold // 100)

    return derive(share, getattr(watched, alarm.percent_of))


def _value(alarm: Alarm, watched: Any) -> dict[str, Any]:
    """What is compared with the threshold: a metric, or an expression of several."""

    def inputs(metric: Metric, statistic: str) -> dict[str, Any]:
        return {
            "dimensions": dimensions(metric, watched),
            "metric_name": fill(metric.name, watched),
            "namespace": metric.namespace,
            "period": alarm.period,
            statistic: metric.statistic,
        }

    if not alarm.expression:
        (metric,) = alarm.metrics.values()
        return inputs(metric, "statistic")
    metrics = [{"id": name, "metric": inputs(metric, "stat")} for name, metric in alarm.metrics.items()]
    return {"metric_queries": [*metrics, {"id": "value", "expression": alarm.expression, "return_data": True}]}


def _create_composite(
    children: Children, critical: Sequence[aws.cloudwatch.MetricAlarm]
) -> aws.cloudwatch.CompositeAlarm:
    name = stack_wide_name(f"{children.name}-{_COMPOSITE}")

    def any_of(names: Sequence[str]) -> str:
        return " OR ".join(f'ALARM("{name}")' for name in names)

    return children.create(
        _COMPOSITE,
        alarm_name=name,
        alarm_description=_DESCRIPTION.format(
            CRITICAL.upper(),
            f"at least one critical alarm of {children.name} is in ALARM: orders are late or lost",
            f"aws cloudwatch describe-alarms --children-of-alarm-name {name}",
            CRITICAL,
        ),
        alarm_rule=pulumi.Output.all(*(alarm.name for alarm in critical)).apply(any_of),
        tags={"severity": CRITICAL},
    )
