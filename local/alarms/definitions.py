"""Alarms as DescribeAlarms answers them, read.

Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local.alarms.composite import AlarmRule, parse_rule
from local.alarms.evaluation import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, Point, Rule, State, interval
from local.alarms.expressions import Series, compute, read_expression
from local.alarms.metrics import Metric, MetricStore
from local.alarms.problems import NotKnown
from local.alarms.syntax import Name, Node, walk

Described = Mapping[str, Any]
"""An alarm as boto3 shows it."""

_ACTIONS: Mapping[State, str] = {ALARM: "AlarmActions", INSUFFICIENT_DATA: "InsufficientDataActions", OK: "OKActions"}
_UNKNOWN: Mapping[str, str] = {
    "EvaluationCriteria": "a query in PromQL",
    "EvaluationInterval": "an interval of its own",
    "ThresholdMetricId": "a band of anomaly detection as its threshold",
    "Unit": "data points of one unit only",
    "WarmUpConfiguration": "a warm-up",
}
"""Members of a metric alarm that change what it does, and what they are."""


@dataclass(frozen=True)
class Query:
    """A metric that an alarm reads."""

    metric: Metric
    statistic: str


@dataclass(frozen=True)
class MetricAlarm:
    """A metric alarm."""

    name: str
    arn: str
    actions: Mapping[State, tuple[str, ...]]
    """What is called when it comes into a state; nothing while its actions are disabled."""
    rule: Rule
    period: int
    """Seconds."""
    queries: Mapping[str, Query]
    """By their ids."""
    expressions: Mapping[str, Node]
    returned: str
    """The id of what is compared with the threshold."""

    @property
    def interval(self) -> int:
        """How often it is evaluated, seconds."""
        return interval(self.period, self.rule.periods)

    def need(self, store: MetricStore) -> None:
        """Tell the store what it will be asked for."""
        for query in self.queries.values():
            store.need(query.metric, query.statistic, self.period * self.rule.range + self.interval)

    def points(self, store: MetricStore, end: int) -> list[Point]:
        """Every period of the evaluation range that ends here, the oldest first."""
        length = self.rule.range
        metrics: dict[str, Series] = {
            name: tuple(store.statistics(query.metric, query.statistic, end, self.period, length))
            for name, query in self.queries.items()
        }
        series = compute(self.returned, self.expressions, metrics, self.period, length)
        return [Point(end - (length - place) * self.period, value) for place, value in enumerate(series)]


@dataclass(frozen=True)
class CompositeAlarm:
    """A composite alarm."""

    name: str
    arn: str
    actions: Mapping[State, tuple[str, ...]]
    rule: AlarmRule


def read_metric_alarm(described: Described) -> MetricAlarm:
    """Read a member of `MetricAlarms`.

    Raises:
        NotKnown: It names what the local runtime does not know.
    """
    for member, meaning in _UNKNOWN.items():
        if described.get(member):
            raise NotKnown(f"{meaning} ({member}) is not known to the local runtime")
    if described.get("EvaluateLowSampleCountPercentile") == "ignore":
        raise NotKnown(
            "to ignore percentiles of few values (EvaluateLowSampleCountPercentile) is not known to the local runtime"
        )
    if "WallClockWindow" in (described.get("EvaluationWindow") or {}):
        raise NotKnown("periods by the clock (WallClockWindow) are not known to the local runtime")
    comparison = _required(described, "ComparisonOperator")
    if comparison not in COMPARISONS:
        raise NotKnown(f"the comparison {comparison} is not known to the local runtime")
    periods = int(_required(described, "EvaluationPeriods"))
    period, queries, expressions, returned = _value(described)
    return MetricAlarm(
        **_common(described),
        rule=Rule(
            comparison=comparison,
            threshold=float(_required(described, "Threshold")),
            periods=periods,
            datapoints=int(described.get("DatapointsToAlarm") or periods),
            missing=described.get("TreatMissingData") or _missing(queries),
        ),
        period=period,
        queries=queries,
        expressions=expressions,
        returned=returned,
    )


def read_composite_alarm(described: Described) -> CompositeAlarm:
    """Read a member of `CompositeAlarms`.

    Raises:
        NotKnown: It names what the local runtime does not know.
    """
    if described.get("ActionsSuppressor"):
        raise NotKnown("actions that another alarm suppresses (ActionsSuppressor) are not known to the local runtime")
    return CompositeAlarm(**_common(described), rule=parse_rule(described["AlarmRule"]))


def _common(described: Described) -> dict[str, Any]:
    is_enabled = described.get("ActionsEnabled", True)
    return {
        "name": described["AlarmName"],
        "arn": described.get("AlarmArn", ""),
        "actions": {
            state: tuple(described.get(member) or ()) if is_enabled else () for state, member in _ACTIONS.items()
        },
    }


def _required(described: Described, member: str) -> Any:
    if described.get(member) is None:
        raise NotKnown(f"it has no {member}")
    return described[member]


def _missing(queries: Mapping[str, Query]) -> str:
    """What is done about missing data unless the alarm says: nothing is assumed, except with DynamoDB.

    The user guide has it that this can be overridden, the API reference that it cannot.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    return "ignore" if any(query.metric.namespace == "AWS/DynamoDB" for query in queries.values()) else "missing"


def _value(described: Described) -> tuple[int, dict[str, Query], dict[str, Node], str]:
    """Of an alarm its period, its metrics and expressions by their ids, and the id of what it watches."""
    given: Sequence[Described] = described.get("Metrics") or ()
    if not given:
        if not described.get("MetricName"):
            raise NotKnown("it has neither a metric (MetricName) nor metric math (Metrics)")
        # The embedded AWS shows a plain statistic beside a percentile as well.
        statistic = described.get("ExtendedStatistic") or _required(described, "Statistic")
        return int(_required(described, "Period")), {"metric": Query(_metric(described), statistic)}, {}, "metric"
    stats: dict[str, Described] = {item["Id"]: item["MetricStat"] for item in given if item.get("MetricStat")}
    if any(stat.get("Unit") for stat in stats.values()):
        raise NotKnown(f"{_UNKNOWN['Unit']} (Unit) is not known to the local runtime")
    if any(item.get("AccountId") for item in given):
        raise NotKnown("metrics of another account (AccountId) are not known to the local runtime")
    queries = {name: Query(_metric(stat["Metric"]), stat["Stat"]) for name, stat in stats.items()}
    ids = [item["Id"] for item in given]
    expressions = {item["Id"]: read_expression(item["Expression"], ids) for item in given if not item.get("MetricStat")}
    _see_no_circle(expressions)
    return _period(given), queries, expressions, _returned(given)


def _metric(described: Described) -> Metric:
    dimensions: Sequence[Described] = described.get("Dimensions") or ()
    named = {dimension["Name"]: dimension["Value"] for dimension in dimensions}
    return Metric.of(described["Namespace"], described["MetricName"], named)


def _period(given: Sequence[Described]) -> int:
    """The period of all metrics; an expression has its own only where there are none.

    "Each metric must be using the same period":
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-data-queries.html
    """
    of_metrics = {int(item["MetricStat"]["Period"]) for item in given if item.get("MetricStat")}
    periods = of_metrics or {int(item["Period"]) for item in given if item.get("Period")}
    if len(periods) != 1:
        raise NotKnown(f"its metrics must have one period, got {sorted(periods)}")
    return periods.pop()


def _returned(given: Sequence[Described]) -> str:
    """What an alarm watches: of its metrics and expressions, the one that returns data.

    AWS takes one that does not say for one that does, Pulumi for one that does not: what says so comes first.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    """
    said = [item["Id"] for item in given if item.get("ReturnData")]
    found = said or [item["Id"] for item in given if item.get("ReturnData") is None]
    if len(found) != 1:
        raise NotKnown(f"one of its metrics and expressions must return data, got {found}")
    return found[0]


def _see_no_circle(expressions: Mapping[str, Node]) -> None:
    uses = {
        name: dict.fromkeys(part.name for part in walk(node) if isinstance(part, Name))
        for name, node in expressions.items()
    }
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        raise NotKnown(f"its expressions use each other in a circle: {' -> '.join(error.args[1])}") from None
