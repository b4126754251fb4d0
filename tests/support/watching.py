"""What the alarms and the dashboard of a queue pipeline watch in tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.children import Children
from components.watch.alarms import alarm_types, create_alarms
from components.watch.queue import QUEUE_ALARMS, WatchedQueue
from tests.support.recorder import Recorder

DAY = 86_400
ACTIONS = ["arn:aws:sns:eu-central-1:1:alarms"]
WATCHED = WatchedQueue(
    function_name="worker",
    alias_name="live",
    log_group_name="orders-logs",
    timeout_seconds=30,
    queue_name="orders",
    mapping_uuid="1-2-3",
    max_backlog=1000,
    max_age=600,
    retention_seconds=4 * DAY,
    dead_letter_queue_name="dead",
    dead_letter_retention_seconds=14 * DAY,
    undelivered_queue_name=None,
    fifo=False,
    fair=False,
    has_mapping_metrics=True,
)


def watch(
    watched: WatchedQueue = WATCHED, settings: Mapping[str, Any] | None = None, component: str = "orders"
) -> dict[str, dict[str, Any]]:
    """The inputs of every alarm that is made, by the alarm's name."""
    recorder = Recorder()

    def program() -> None:
        pipeline = pulumi.ComponentResource("test:index:Pipeline", component)
        create_alarms(
            Children(pipeline, component, alarm_types(QUEUE_ALARMS)), QUEUE_ALARMS, watched, settings or {}, ACTIONS
        )

    recorder.run(program)
    kinds = {"aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"}
    assert {made.type for name, made in recorder.made.items() if name != component} <= kinds
    return {
        name.removeprefix(f"{component}-").removesuffix("-alarm"): made.inputs
        for name, made in recorder.made.items()
        if name != component
    }
