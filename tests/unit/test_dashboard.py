"""The dashboard of a queue pipeline: its widgets, their places, and the thresholds drawn on the graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.children import Children
from components.watch.alarms import alarm_types, create_alarms, stack_wide_name
from components.watch.dashboard import dashboard_body
from components.watch.function import SIGNS_OF_FAILURE
from components.watch.queue import QUEUE_ALARMS, QUEUE_GRAPHS, WatchedQueue
from tests.support.recorder import PROJECT, STACK, Recorder, arn_of
from tests.support.watching import ACTIONS, WATCHED

RED, GREY = "#d62728", "#7f7f7f"


def dashboard(watched: WatchedQueue = WATCHED, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    recorder = Recorder()

    def program() -> None:
        pipeline = pulumi.ComponentResource("test:index:Pipeline", "orders")
        types = {**alarm_types(QUEUE_ALARMS), "dashboard": "cloudwatch.Dashboard"}
        children = Children(pipeline, "orders", types)
        alarms = create_alarms(children, QUEUE_ALARMS, watched, settings or {}, ACTIONS)
        body = dashboard_body("orders", "eu-west-1", QUEUE_GRAPHS, watched, alarms, SIGNS_OF_FAILURE)
        children.create("dashboard", dashboard_body=body, dashboard_name=stack_wide_name("orders"))

    recorder.run(program)
    body: dict[str, Any] = recorder.made["orders-dashboard"].inputs["dashboardBody"]
    return body


def graphs(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        widget["properties"]["title"]: widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"
    }


def line(metric: str, label: str, statistic: str, *dimensions: str) -> list[Any]:
    namespace = "AWS/SQS" if dimensions[0] == "QueueName" else "AWS/Lambda"
    return [namespace, metric, *dimensions, {"label": label, "stat": statistic}]


QUEUE = ("QueueName", "orders")
DEAD = ("QueueName", "dead")
MAPPING = ("EventSourceMappingUUID", "1-2-3")
FUNCTION = ("FunctionName", "worker")
ALIAS = (*FUNCTION, "Resource", "worker:live")

GRAPHS: dict[str, tuple[int, list[list[Any]], list[tuple[str, int, str]]]] = {
    "Orders in and out": (
        60,
        [
            line("NumberOfMessagesSent", "sent", "Sum", *QUEUE),
            line("NumberOfMessagesReceived", "received", "Sum", *QUEUE),
            line("NumberOfMessagesDeleted", "deleted", "Sum", *QUEUE),
        ],
        [],
    ),
    "Backlog": (
        60,
        [
            line("ApproximateNumberOfMessagesVisible", "waiting", "Maximum", *QUEUE),
            line("ApproximateNumberOfMessagesNotVisible", "in flight", "Maximum", *QUEUE),
        ],
        [("alarm: backlog", 1000, RED)],
    ),
    "Age of the oldest order (s)": (
        60,
        [line("ApproximateAgeOfOldestMessage", "age", "Maximum", *QUEUE)],
        [("alarm: age, stalled", 600, RED)],
    ),
    "Dead letters": (
        60,
        [
            line("ApproximateNumberOfMessagesVisible", "waiting", "Maximum", *DEAD),
            line("ApproximateNumberOfMessagesNotVisible", "in flight", "Maximum", *DEAD),
        ],
        [("alarm: dead-letters", 1, RED)],
    ),
    "Age of the oldest dead letter (s)": (
        300,
        [line("ApproximateAgeOfOldestMessage", "age", "Maximum", *DEAD)],
        [("alarm: dead-letters-expiring", 648_000, RED), ("can be deleted", 864_000, GREY)],
    ),
    "Event source mapping": (
        300,
        [
            line("PolledEventCount", "polled", "Sum", *MAPPING),
            line("FilteredOutEventCount", "filtered out", "Sum", *MAPPING),
            line("FailedInvokeEventCount", "failed", "Sum", *MAPPING),
            line("DeletedEventCount", "deleted", "Sum", *MAPPING),
            line("PolledEventCount", "polls", "SampleCount", *MAPPING),
        ],
        [],
    ),
    "Invocations": (
        300,
        [
            line("Invocations", "invocations", "Sum", *ALIAS),
            line("Errors", "errors", "Sum", *ALIAS),
            line("Throttles", "throttles", "Sum", *FUNCTION),
        ],
        [("alarm: errors, throttles", 1, RED)],
    ),
    "Duration (ms)": (
        300,
        [
            line("Duration", "longest", "Maximum", *ALIAS),
            line("Duration", "95 % are shorter", "p95", *ALIAS),
        ],
        [("alarm: duration", 24_000, RED), ("timeout", 30_000, GREY)],
    ),
    "Concurrency": (300, [line("ConcurrentExecutions", "running", "Maximum", *FUNCTION)], []),
}


def drawn(title: str) -> dict[str, Any]:
    period, metrics, lines = GRAPHS[title]
    properties: dict[str, Any] = {
        "metrics": metrics,
        "period": period,
        "region": "eu-west-1",
        "stacked": False,
        "title": title,
        "view": "timeSeries",
        "yAxis": {"left": {"min": 0}},
    }
    if lines:
        horizontal = [{"color": color, "label": label, "value": value} for label, value, color in lines]
        properties["annotations"] = {"horizontal": horizontal}
    return properties


def test_the_dashboard_shows_the_alarms_then_the_graphs_and_last_the_failures() -> None:
    body = dashboard()
    names = [alarm.name for alarm in QUEUE_ALARMS if not {"fair", "undelivered_queue_name"} & {*alarm.needs}]
    arns = [arn_of("aws:cloudwatch/metricAlarm:MetricAlarm", f"orders-{name}-alarm") for name in [*names, "critical"]]
    text, states, *middle, log = body.pop("widgets")

    assert body == {"start": "-PT3H", "periodOverride": "inherit"}
    assert (text["type"], text["properties"]) == (
        "text",
        {"markdown": "# orders\nMade by Pulumi: changes here are lost. What to do in an alarm: `docs/runbook.md`"},
    )
    assert (states["type"], states["properties"]) == (
        "alarm",
        {"alarms": arns, "sortBy": "stateUpdatedTimestamp", "title": "Alarms"},
    )
    assert [(widget["type"], widget["properties"]) for widget in middle] == [
        ("metric", drawn(title)) for title in GRAPHS
    ]
    assert (log["type"], log["properties"]) == (
        "log",
        {
            "query": "SOURCE 'orders-logs' | fields @timestamp, @message\n"
            "| filter @message like /failed|ERROR|Error|timeout/\n| sort @timestamp desc\n| limit 50",
            "region": "eu-west-1",
            "title": "Failures",
            "view": "table",
        },
    )


def test_a_fair_queue_has_two_more_graphs_and_the_age_of_its_quiet_groups() -> None:
    found = graphs(dashboard(replace(WATCHED, fair=True)))

    assert found.keys() - GRAPHS.keys() == {"Age of the oldest order of all groups (s)", "Noisy groups"}
    assert found["Age of the oldest order (s)"]["metrics"] == [
        line("ApproximateAgeOfOldestMessageInQuietGroups", "age", "Maximum", *QUEUE)
    ]
    assert found["Age of the oldest order of all groups (s)"]["annotations"] == {
        "horizontal": [{"color": RED, "label": "alarm: noisy-age", "value": 600}]
    }
    assert found["Noisy groups"]["metrics"] == [line("ApproximateNumberOfNoisyGroups", "groups", "Maximum", *QUEUE)]


def test_a_queue_for_what_is_never_delivered_has_a_graph_beside_the_dead_letters() -> None:
    found = graphs(dashboard(replace(WATCHED, undelivered_queue_name="undelivered")))

    titles = [*GRAPHS]
    titles.insert(titles.index("Event source mapping"), "Undelivered events")
    assert [*found] == titles
    undelivered = found["Undelivered events"]
    assert (undelivered["metrics"], undelivered["annotations"]) == (
        [line("ApproximateNumberOfMessagesVisible", "waiting", "Maximum", "QueueName", "undelivered")],
        {"horizontal": [{"color": RED, "label": "alarm: undelivered", "value": 1}]},
    )


def test_what_is_not_there_is_not_drawn() -> None:
    lacking = replace(WATCHED, dead_letter_queue_name=None, has_mapping_metrics=False)

    assert graphs(dashboard(lacking)).keys() == GRAPHS.keys() - {
        "Dead letters",
        "Age of the oldest dead letter (s)",
        "Event source mapping",
    }


def test_adjusted_thresholds_are_drawn_where_they_are() -> None:
    settings = {"backlog": {"threshold": 50}, "stalled": {"threshold": 80}, "errors": {"enabled": False}}
    found = graphs(dashboard(settings=settings))

    assert {
        title: [(drawn["label"], drawn["value"]) for drawn in found[title]["annotations"]["horizontal"]]
        for title in ("Backlog", "Age of the oldest order (s)", "Invocations")
    } == {
        "Backlog": [("alarm: backlog", 500)],
        "Age of the oldest order (s)": [("alarm: age", 600), ("alarm: stalled", 480)],
        "Invocations": [("alarm: throttles", 1)],
    }


def test_without_alarms_there_is_no_widget_for_them() -> None:
    body = dashboard(settings={alarm.name: {"enabled": False} for alarm in QUEUE_ALARMS})

    assert [widget["type"] for widget in body["widgets"]] == ["text", *("metric" for _ in GRAPHS), "log"]
    assert {
        title: [drawn["label"] for drawn in found["annotations"]["horizontal"]]
        for title, found in graphs(body).items()
        if "annotations" in found
    } == {"Age of the oldest dead letter (s)": ["can be deleted"], "Duration (ms)": ["timeout"]}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"fair": True},
        {"undelivered_queue_name": "undelivered"},
        {"dead_letter_queue_name": None, "has_mapping_metrics": False},
    ],
)
def test_widgets_fill_the_grid_row_by_row_without_overlaps_or_gaps(changed: dict[str, Any]) -> None:
    widgets = dashboard(replace(WATCHED, **changed))["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(int(widget["x"]), int(widget["x"] + widget["width"]))
        for y in range(int(widget["y"]), int(widget["y"] + widget["height"]))
    ]

    assert len(cells) == len(set(cells))
    assert set(cells) == {(x, y) for x in range(24) for y in range(max(y for _, y in cells) + 1)}


def test_a_graph_has_the_period_of_the_alarms_whose_thresholds_it_shows() -> None:
    plain = {alarm.name: alarm.period for alarm in QUEUE_ALARMS if not alarm.expression}

    for graph in (graph for row in QUEUE_GRAPHS for graph in row):
        assert {plain[name] for name in graph.thresholds if name in plain} <= {graph.period}, graph.title


def test_a_name_without_a_random_end_is_of_project_and_stack_and_of_what_dashboards_take() -> None:
    names: list[str] = []
    Recorder().run(lambda: names.extend(map(stack_wide_name, ("orders", "or.ders é"))))

    assert names == [f"{PROJECT}-{STACK}-orders", f"{PROJECT}-{STACK}-or-ders--"]
