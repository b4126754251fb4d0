"""Metric alarms: which resources each watches, by which metrics, and which composite alarms name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.facts import Object, Resource, State
from policy.graph.references import Reference
from policy.tokens import ALARM, COMPOSITE_ALARM, FUNCTION, MAPPING, QUEUE, STREAM, TABLE, TOPIC

if TYPE_CHECKING:
    from policy.graph import Graph

_DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "AWS/SQS": {"QueueName": QUEUE},
    "AWS/Lambda": {"FunctionName": FUNCTION, "EventSourceMappingUUID": MAPPING},
    "AWS/Kinesis": {"StreamName": STREAM},
    "AWS/DynamoDB": {"TableName": TABLE},
    "AWS/SNS": {"TopicName": TOPIC},
}
"""The dimensions of a namespace that name a resource, the one that says most first."""
_ABOVE = ("Greater", "LessThanLowerOrGreater")
"""How comparisons begin that are true of a value that is too high.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
_INSIGHTS = re.compile(r"\s*SELECT\s+\w+\((?P<name>[\w.]+)\)\s+FROM\s+(?:SCHEMA\()?\"?(?P<namespace>[\w/]+)", re.I)
"""A query of Metrics Insights, which names a metric and leaves the resources to a condition.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html"""
_NAMED = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*[\"']?([^\"')]+?)[\"']?\s*\)")
"""An alarm in the rule of a composite one, by its name or ARN.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""


@dataclass(frozen=True)
class Metric:
    """A metric that an alarm looks at."""

    namespace: str | State
    name: str | State
    of: Reference
    """The queue, function, mapping, stream, table or topic that its dimensions name; `UNSET` when they name none."""


@dataclass(frozen=True)
class Alarm:
    """A metric alarm."""

    resource: Resource
    metrics: tuple[Metric, ...]
    """Its one metric, or all that its expressions are made of."""
    above: bool | State
    """Whether it rings for a value that is too high."""


class Alarms:
    """The alarms of a program."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def all(self) -> list[Alarm]:
        """Every metric alarm, in the order of their URNs."""
        return [self._alarm(resource) for resource in self._graph.of_type(ALARM)]

    def watch(self, resource: Resource, *names: str) -> bool | State:
        """Whether an alarm rings when one of these metrics of a resource is too high; `UNKNOWN` when one may."""
        if self.of(resource, *names):
            return True
        may = [
            *self._by_urn.get(resource.urn, ()),
            *((alarm, metric) for alarm, metric in self._by_urn.get(None, ()) if resource.type in _tokens(metric)),
        ]
        wanted = (*names, State.UNKNOWN)
        found = any(alarm.above is not False and metric.name in wanted for alarm, metric in may)
        return State.UNKNOWN if found else False

    def of(self, resource: Resource, *names: str) -> list[Alarm]:
        """The alarms that are known to ring when one of these metrics of a resource is too high."""
        watching = self._by_urn.get(resource.urn, ())
        return [alarm for alarm, metric in watching if alarm.above is True and metric.name in names]

    def composites(self, alarm: Resource) -> list[Resource]:
        """The composite alarms that name an alarm, or that name one that does, as far as their rules are known."""
        found: dict[str, Resource] = {}
        waiting = [alarm]
        while waiting:
            for composite in self._composites.get(waiting.pop().urn, ()):
                if composite.urn not in found:
                    found[composite.urn] = composite
                    waiting.append(composite)
        return [found[urn] for urn in sorted(found)]

    @property
    def unknown_composites(self) -> list[Resource]:
        """The composite alarms of which it is not known what they name."""
        return self._composites.get(None, [])

    @cached_property
    def _by_urn(self) -> dict[str | None, list[tuple[Alarm, Metric]]]:
        """By the URN of what is watched the alarms and their metrics; `None` for what is not known yet."""
        found: dict[str | None, list[tuple[Alarm, Metric]]] = {}
        for alarm in self.all:
            for metric in alarm.metrics:
                if isinstance(metric.of, Resource):
                    found.setdefault(metric.of.urn, []).append((alarm, metric))
                elif metric.of is State.UNKNOWN:
                    found.setdefault(None, []).append((alarm, metric))
        return found

    @cached_property
    def _composites(self) -> dict[str | None, list[Resource]]:
        """By the URN of an alarm the composite alarms that name it; `None` for those that may name any."""
        found: dict[str | None, list[Resource]] = {}
        for composite in self._graph.of_type(COMPOSITE_ALARM):
            for urn in {alarm.urn if isinstance(alarm, Resource) else None for alarm in self._named(composite)}:
                found.setdefault(urn, []).append(composite)
        return found

    def _named(self, composite: Resource) -> list[Resource | State]:
        rule = composite.text("alarmRule")
        if isinstance(rule, State):
            # Those that it depends on, and any other that stands in the text by a literal name.
            return [*self._graph.depends_on(composite, "alarmRule", ALARM, COMPOSITE_ALARM), State.UNKNOWN]
        named = (
            self._graph.refer_by(found[1], composite, "alarmRule", ALARM, COMPOSITE_ALARM)
            for found in _NAMED.finditer(rule)
        )
        return [alarm for alarm in named if isinstance(alarm, Resource)]

    def _alarm(self, resource: Resource) -> Alarm:
        comparison = resource.text("comparisonOperator")
        return Alarm(
            resource,
            tuple(self._metrics(resource)),
            comparison if isinstance(comparison, State) else comparison.startswith(_ABOVE),
        )

    def _metrics(self, alarm: Resource) -> Iterator[Metric]:
        if alarm.fact("metricName") is not State.UNSET:
            yield self._metric(alarm, alarm, "dimensions")
        queries = alarm.items("metricQueries")
        if isinstance(queries, State):
            yield Metric(queries, queries, queries)
            return
        for query in queries:
            if not isinstance(query, Object):
                yield Metric(State.UNKNOWN, State.UNKNOWN, State.UNKNOWN)
                continue
            expression = query.fact("expression")
            if query.object("metric").content is not State.UNSET:
                yield self._metric(query.object("metric"), alarm, "metricQueries")
            elif isinstance(expression, str) and (insights := _INSIGHTS.match(expression)):
                yield Metric(insights["namespace"], insights["name"], State.UNKNOWN)

    def _metric(self, facts: Resource | Object, alarm: Resource, name: str) -> Metric:
        """The metric that `facts` are about, in the property of this name of an alarm."""
        namespace = facts.text("namespace")
        dimensions = facts.object("dimensions")
        if isinstance(namespace, State):
            return Metric(namespace, facts.text("metricName"), namespace)
        found = [
            self._graph.refer_by(dimensions.fact(dimension), alarm, name, token)
            for dimension, token in _DIMENSIONS.get(namespace, {}).items()
        ]
        known = [of for of in found if isinstance(of, Resource)] + [of for of in found if of is not State.UNSET]
        return Metric(namespace, facts.text("metricName"), known[0] if known else State.UNSET)


def _tokens(metric: Metric) -> list[str]:
    """The types that a metric may be about."""
    every = [_DIMENSIONS.get(metric.namespace, {})] if isinstance(metric.namespace, str) else _DIMENSIONS.values()
    return [token for dimensions in every for token in dimensions.values()]
