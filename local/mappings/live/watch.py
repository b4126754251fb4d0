"""Publishes the metrics of the embedded AWS as AWS's services do, and evaluates the alarms.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.alarms.alarms import Alarms, Transition
from local.alarms.metrics import MetricStore, StatisticSet
from local.mappings.live.emulator import Emulator, Unreachable
from local.mappings.live.queues import QueueRunner
from local.mappings.live.runner import Runner
from local.mappings.live.streams import StreamRunner

_MINUTE = 60
_EVALUATION_SECONDS = 10
"""As often as CloudWatch evaluates an alarm at most."""
_LATE_SECONDS = 0.5
"""How long after the end of a minute its figures are complete."""
_DATA_LIMIT = 1_000
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""
_OF_ALL = ("PolledEventCount", "FilteredOutEventCount", "InvokedEventCount", "FailedInvokeEventCount")
_OF_QUEUES = ("DeletedEventCount",)
_OF_STREAMS = ("DroppedEventCount", "OnFailureDestinationDeliveredEventCount")
_logger = logging.getLogger("watch")
Point = dict[str, Any]
Scope = tuple[str, str]


class Watch:
    """Metrics and alarms of all accounts and regions.

    Args:
        emulator: The embedded AWS.
        runners: Gives the mappings that run.
    """

    def __init__(self, emulator: Emulator, runners: Callable[[], Sequence[Runner]]) -> None:
        self._emulator = emulator
        self._runners = runners
        self._since = 0
        self._known: defaultdict[Scope, tuple[MetricStore, Alarms]] = defaultdict(_nothing)
        self._problems: set[str] = set()

    def run(self) -> None:
        """Publish at the end of each minute, and evaluate; for ever."""
        published = time.time() // _MINUTE
        while True:
            now = time.time() - _LATE_SECONDS
            time.sleep(_EVALUATION_SECONDS - now % _EVALUATION_SECONDS)
            now = time.time()
            try:
                if now // _MINUTE > published:
                    self.publish(int(now // _MINUTE) * _MINUTE)
                    published = now // _MINUTE
                self.evaluate(now)
            except (BotoCoreError, ClientError, Unreachable, OSError) as error:
                _logger.info("nothing is published: %s", error)
            except Exception:
                _logger.exception("alarms are not evaluated")

    def publish(self, end: float) -> None:
        """Publish what was counted in minutes that are over.

        Args:
            end: Of the last of them, seconds since the epoch.
        """
        data: defaultdict[Scope, list[Any]] = defaultdict(list)
        told: list[Point] = self._emulator.ask(f"figures?before={end}")["points"]
        for point in [*told, *self._of_mappings(int(end) - _MINUTE)]:
            data[point["Account"], point["Region"]].append(point)
        for scope, points in data.items():
            by_namespace: defaultdict[str, list[Any]] = defaultdict(list)
            for point in points:
                by_namespace[point["Namespace"]].append(_datum(point))
            client = self._emulator.aws(*scope).cloudwatch
            for namespace, entries in by_namespace.items():
                for start in range(0, len(entries), _DATA_LIMIT):
                    client.put_metric_data(Namespace=namespace, MetricData=entries[start : start + _DATA_LIMIT])

    def evaluate(self, now: float) -> list[Transition]:
        """Evaluate the alarms that it is time for, and set those that change, which calls their actions."""
        told = self._emulator.ask(f"data?since={self._since}")
        if told["is_all"]:
            self._known.clear()
        self._since = told["until"]
        for point in told["points"]:
            store, _ = self._known[point["Account"], point["Region"]]
            values = StatisticSet(point["SampleCount"], point["Sum"], point["Minimum"], point["Maximum"])
            store.put(point["Namespace"], point["Name"], point["Dimensions"], point["Time"], values)
        return [
            transition for account, region in told["alarms"] for transition in self._evaluate((account, region), now)
        ]

    def _evaluate(self, scope: Scope, now: float) -> list[Transition]:
        _, alarms = self._known[scope]
        client = self._emulator.aws(*scope).cloudwatch
        pages: list[Any] = [*client.get_paginator("describe_alarms").paginate(AlarmTypes=_BOTH)]
        metric = [alarm for page in pages for alarm in page.get("MetricAlarms", [])]
        composite = [alarm for page in pages for alarm in page.get("CompositeAlarms", [])]
        for problem in alarms.define(metric, composite):
            if problem not in self._problems:
                self._problems.add(problem)
                _logger.warning("an alarm is not evaluated: %s", problem)
        transitions = alarms.evaluate(now)
        of_others = {alarm["AlarmName"] for alarm in composite}
        for transition in transitions:
            if transition.name in of_others and self._is_in(client, transition):
                continue  # the emulator follows the alarms of a rule by itself
            client.set_alarm_state(AlarmName=transition.name, StateValue=transition.new, StateReason=transition.reason)
            _logger.info("%s is %s: %s", transition.name, transition.new, transition.reason)
        return transitions

    @staticmethod
    def _is_in(client: Any, transition: Transition) -> bool:
        answer = client.describe_alarms(AlarmNames=[transition.name], AlarmTypes=_BOTH)
        return [alarm["StateValue"] for alarm in answer["CompositeAlarms"]] == [transition.new]

    def _of_mappings(self, start: int) -> Iterable[Point]:
        for runner in self._runners():
            counts, polls = runner.take_counts()
            where = {"Account": runner.mapping["Account"], "Region": runner.mapping["Region"], "Time": start}
            if isinstance(runner, StreamRunner) and (ages := runner.take_ages()):
                for dimensions in runner.function.dimensions:
                    yield _point(where, "IteratorAge", dimensions, len(ages), sum(ages), min(ages), max(ages))
            wanted: dict[str, list[str]] = runner.mapping.get("MetricsConfig") or {}
            if "EventCount" not in wanted.get("Metrics", []) or not polls:
                continue
            names = (*_OF_ALL, *(_OF_QUEUES if isinstance(runner, QueueRunner) else _OF_STREAMS))
            dimensions = {"EventSourceMappingUUID": runner.mapping["UUID"]}
            for name in names:
                # An empty poll sends 0; how many samples there are counts for polls alone.
                count, total = (polls if name == "PolledEventCount" else 1), counts[name]
                yield _point(where, name, dimensions, count, total, 0 if count > 1 else total, total)


_BOTH: Any = ["MetricAlarm", "CompositeAlarm"]


def _nothing() -> tuple[MetricStore, Alarms]:
    store = MetricStore()
    return store, Alarms(store)


def _point(where: Point, name: str, dimensions: dict[str, str], *statistics: float) -> Point:
    named = dict(zip(("SampleCount", "Sum", "Minimum", "Maximum"), statistics, strict=True))
    return {**where, "Namespace": "AWS/Lambda", "Name": name, "Dimensions": dimensions, **named}


def _datum(point: Point) -> Any:
    return {
        "MetricName": point["Name"],
        "Dimensions": [{"Name": name, "Value": value} for name, value in point["Dimensions"].items()],
        "Timestamp": datetime.fromtimestamp(point["Time"], UTC),
        "StatisticValues": {name: point[name] for name in ("SampleCount", "Sum", "Minimum", "Maximum")},
    }
