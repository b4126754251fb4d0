"""The words in which alarms and graphs are written down as data, apart from what they become.

Rows speak of what is watched by the names of attributes (`queue_name`), so that the same row serves every pipeline that
has them. An attribute is `None`, or false, where a pipeline lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, cast

import pulumi

CRITICAL = "critical"
"""Orders are late or lost: wake somebody."""
WARNING = "warning"
"""Orders are on their way, but not as they should: look in working hours."""


@dataclass(frozen=True)
class Metric:
    """A metric of what is watched."""

    namespace: str
    name: str
    """May hold attributes: `{age_metric}`."""
    dimensions: Mapping[str, str]
    """Dimension -> attribute; one that is `None` is left out."""
    statistic: str


@dataclass(frozen=True)
class Alarm:
    """An alarm that fires when a value is at or above its threshold."""

    name: str
    """Its name in the argument `alarms`, in the name of the resource, and in the runbook."""
    severity: str
    metrics: Mapping[str, Metric]
    """Its one metric, or all that its expression names."""
    threshold: int
    """A count, or percent."""
    meaning: str
    """What has happened, with attributes, `{threshold}`, and `{minutes}` for all periods together."""
    first: str
    """The first command to run, with attributes."""
    expression: str = ""
    """Metric math over the names of `metrics`."""
    period: int = 60
    """Length of one period, seconds. Periods slide: the alarm is evaluated every minute."""
    periods: int = 1
    datapoints: int = 1
    """How many of the periods must reach the threshold."""
    percent_of: str | None = None
    """Attribute that is 100 %; empty when the value itself is in percent, `None` when the threshold is a count."""
    needs: Sequence[str] = ()
    """Attributes without which there is no such alarm."""

    @property
    def role(self) -> str:
        """Ends the name of the resource."""
        return f"{self.name}-alarm"


@dataclass(frozen=True)
class Graph:
    """Metrics over time."""

    title: str
    lines: Mapping[str, Metric]
    """Label -> metric."""
    period: int = 60
    """Seconds; that of the alarms whose thresholds are drawn, or else a sum could not be compared with them."""
    thresholds: Sequence[str] = ()
    """Names of alarms whose thresholds are drawn as lines."""
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """Label -> attribute that is drawn as a line as well."""
    needs: Sequence[str] = ()
    """Attributes without which there is no such graph."""


def fits(needs: Sequence[str], watched: Any) -> bool:
    """Whether what is watched has all these attributes."""
    return all(getattr(watched, need) is not None and getattr(watched, need) is not False for need in needs)


def fill(template: str, watched: Any, **more: pulumi.Input[Any]) -> Any:
    """A template with the attributes of what is watched, and others; known at once when they all are."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    values = {name: more[name] if name in more else getattr(watched, name) for name in names}
    return derive(lambda *known: template.format(**dict(zip(values, known, strict=True))), *values.values())


def dimensions(metric: Metric, watched: Any) -> dict[str, pulumi.Input[str]]:
    """A metric's dimensions with their values."""
    values = {dimension: getattr(watched, attribute) for dimension, attribute in metric.dimensions.items()}
    return {dimension: value for dimension, value in values.items() if value is not None}


def derive(function: Callable[..., Any], *inputs: pulumi.Input[Any]) -> Any:
    """What follows from other values: at once when they are known, so that a preview shows it, else an `Output`."""
    if all(isinstance(value, (float, int, str)) for value in inputs):
        return function(*inputs)
    outputs = [cast("pulumi.Output[Any]", value) for value in inputs if isinstance(value, pulumi.Output)]

    def complete(known: list[Any]) -> Any:
        values = iter(known)
        return function(*(next(values) if isinstance(value, pulumi.Output) else value for value in inputs))

    return pulumi.Output.all(*outputs).apply(complete)
