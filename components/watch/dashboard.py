"""The dashboard of a pipeline: its alarms, graphs with their thresholds drawn in, and the log lines of failures.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.json_text import json_text
from components.watch.alarms import Alarms
from components.watch.model import Graph, Metric, dimensions, fill, fits

_GRID = 24
"""Columns of a dashboard."""
_RED = "#d62728"
_GREY = "#7f7f7f"


def dashboard_body(
    name: str,
    region: pulumi.Input[str],
    rows: Sequence[Sequence[Graph]],
    watched: Any,
    alarms: Alarms,
    failures: Sequence[str],
) -> pulumi.Input[str]:
    """The dashboard as JSON.

    Args:
        name: The pipeline's name.
        region: Where the pipeline is; a dashboard is in all regions.
        rows: The graphs, row by row from the top.
        watched: What the graphs show: an object with the attributes that they name.
        alarms: The pipeline's alarms.
        failures: Words that tell a log line of a failure.
    """
    text = f"# {name}\nMade by Pulumi: changes here are lost. What to do in an alarm: `docs/runbook.md`"
    everything = [*alarms.metric.values(), *([alarms.composite] if alarms.composite else [])]
    states = {"alarms": [alarm.arn for alarm in everything], "sortBy": "stateUpdatedTimestamp", "title": "Alarms"}
    query = (
        f"SOURCE '{{log_group_name}}' | fields @timestamp, @message\n| filter @message like /{'|'.join(failures)}/"
        "\n| sort @timestamp desc\n| limit 50"
    )
    log = {"query": fill(query, watched), "region": region, "title": "Failures", "view": "table"}
    graphs = [[_graph(graph, region, watched, alarms) for graph in row if fits(graph.needs, watched)] for row in rows]
    layout = [
        (2, [_widget("text", {"markdown": text})]),
        (4, [_widget("alarm", states)] if everything else []),
        *((6, row) for row in graphs),
        (8, [_widget("log", log)]),
    ]
    # `inherit`: a graph keeps its period when the time range changes.
    return json_text({"start": "-PT3H", "periodOverride": "inherit", "widgets": _placed(layout)})


def _placed(layout: Sequence[tuple[int, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Rows of widgets with their heights, each row as wide as the dashboard; a row without widgets takes no place."""
    widgets: list[dict[str, Any]] = []
    y = 0
    for height, row in layout:
        for place, widget in enumerate(row):
            width = _GRID // len(row)
            widgets.append({**widget, "x": width * place, "y": y, "width": width, "height": height})
        y += height if row else 0
    return widgets


def _widget(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "properties": properties}


def _graph(graph: Graph, region: pulumi.Input[str], watched: Any, alarms: Alarms) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "metrics": [_line(label, metric, watched) for label, metric in graph.lines.items()],
        "period": graph.period,
        "region": region,
        "stacked": False,
        "title": graph.title,
        "view": "timeSeries",
        "yAxis": {"left": {"min": 0}},
    }
    thresholds = {name: alarms.metric[name].threshold for name in graph.thresholds if name in alarms.metric}
    limits = {label: getattr(watched, attribute) for label, attribute in graph.limits.items()}
    if thresholds or limits:
        properties["annotations"] = {"horizontal": pulumi.Output.all(thresholds, limits).apply(_annotations)}
    return _widget("metric", properties)


def _annotations(values: list[dict[str, float]]) -> list[dict[str, Any]]:
    thresholds, limits = values
    # Alarms with the same threshold share a line, or else their labels would cover each other.
    shared = {value: [name for name in thresholds if thresholds[name] == value] for value in thresholds.values()}
    lines = [(f"alarm: {', '.join(names)}", value, _RED) for value, names in shared.items()]
    lines += [(label, value, _GREY) for label, value in limits.items()]
    return [{"color": color, "label": label, "value": value} for label, value, color in lines]


def _line(label: str, metric: Metric, watched: Any) -> list[Any]:
    pairs = [part for pair in dimensions(metric, watched).items() for part in pair]
    return [metric.namespace, fill(metric.name, watched), *pairs, {"label": label, "stat": metric.statistic}]
