"""Rules about how an alarm is set: how many actions, how far it looks back, and what it compares with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.facts import Facts, Object, Resource, State
from policy.graph import Graph
from policy.graph.alarms import Alarm, Metric
from policy.graph.consumers import STREAMS, Consumer
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import ALARM, COMPOSITE_ALARM, FUNCTION, QUEUE

_MOST_ACTIONS = 5
_ACTIONS = {
    "alarmActions": "alarm_actions",
    "okActions": "ok_actions",
    "insufficientDataActions": "insufficient_data_actions",
}
"""The lists of actions, and their names in a Python program."""
_HOUR, _DAY, _WEEK = 3_600, 86_400, 604_800
"""In seconds."""
_DEFAULT_QUEUE_RETENTION = 345_600
"""Seconds."""
_DEFAULT_STREAM_RETENTION = 24
"""Hours, which is also the least; the stream of a table always keeps records for as long."""


@dataclass(frozen=True)
class _Age:
    """A metric that is an age."""

    unit: str
    what: str
    """What is so old."""
    least: int
    """The shortest that it can be kept, in that unit: an alarm below it rings whatever the retention is."""


_OF_MESSAGE = _Age("s", "messages", 60)
_OF_RECORD = _Age("ms", "records", _DEFAULT_STREAM_RETENTION * _HOUR * 1_000)
_AGES: Mapping[Any, _Age] = {
    "ApproximateAgeOfOldestMessage": _OF_MESSAGE,
    "ApproximateAgeOfOldestMessageInQuietGroups": _OF_MESSAGE,
    "IteratorAge": _OF_RECORD,
    "GetRecords.IteratorAgeMilliseconds": _OF_RECORD,
}
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html (60 s and more)
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html (24 h and more)"""


@rule(
    "ORD-ALM-005",
    "alm-actions-count",
    title="An alarm has at most five actions for a state",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
)
def actions_count(graph: Graph) -> Iterator[Finding]:
    """An alarm has at most five actions when it rings, five when it is over and five when it has no data.

    CloudWatch refuses an alarm with more, and the deployment stops half-way. One SNS topic tells as many as subscribe
    to it. Composite alarms have the same limit, and an action that is given twice counts once.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    for alarm in graph.of_type(ALARM, COMPOSITE_ALARM):
        for name, written in _ACTIONS.items():
            given = alarm.items(name)
            if isinstance(given, State):
                yield undecided(alarm, f"how many {written} alarm {alarm.name} has is not known yet")
                continue
            known = {action for action in given if action is not State.UNKNOWN}
            unknown = sum(action is State.UNKNOWN for action in given)
            # What is not known may be the same twice, unless it comes from different resources.
            least = len(known) + min(unknown, max(1, len(alarm.dependencies.get(name, ()))))
            if least > _MOST_ACTIONS:
                yield Finding(
                    alarm.urn,
                    f"{least} {written} > {_MOST_ACTIONS} (alarm {alarm.name}): name one SNS topic and subscribe to it",
                )
            elif len(known) + unknown > _MOST_ACTIONS:
                yield undecided(alarm, f"how many different {written} alarm {alarm.name} has is not known yet")


@rule(
    "ORD-ALM-006",
    "alm-evaluation-window",
    title="The periods of an alarm fit in the time that CloudWatch looks back",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
)
def evaluation_window(graph: Graph) -> Iterator[Finding]:
    """All periods of an alarm together take at most a day when they are shorter than an hour, else at most a week.

    CloudWatch refuses an alarm that looks back further, and one of which more data points have to be too high
    (datapoints_to_alarm) than it looks at (evaluation_periods). An alarm on an expression has the period of its
    metrics; one whose metrics have different periods is not judged, and neither is one in PromQL, which has none.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    """
    for alarm in graph.of_type(ALARM):
        periods, datapoints = alarm.number("evaluationPeriods"), alarm.number("datapointsToAlarm")
        if periods is State.UNSET:
            continue
        lengths = _lengths(alarm)
        if isinstance(periods, State):
            yield undecided(alarm, f"how many periods alarm {alarm.name} looks at is not known yet")
            continue
        if not isinstance(datapoints, State) and datapoints > periods:
            yield Finding(
                alarm.urn,
                f"{datapoints} datapoints_to_alarm > {periods} evaluation_periods of alarm {alarm.name}: lower "
                "datapoints_to_alarm, or raise evaluation_periods",
            )
        elif State.UNKNOWN in (datapoints, *lengths):
            yield undecided(alarm, f"how far alarm {alarm.name} looks back is not known yet")
        elif len(lengths) == 1:
            yield from _window(alarm, periods, lengths.pop())


def _window(alarm: Resource, periods: float, length: Any) -> Iterator[Finding]:
    most = _DAY if length < _HOUR else _WEEK
    if periods * length > most:
        instead = ", or use periods of an hour" if most == _DAY and periods * _HOUR <= _WEEK else ""
        yield Finding(
            alarm.urn,
            f"{periods} periods x {length} s = {periods * length} s > {most} s, the most for such periods (alarm "
            f"{alarm.name}): lower evaluation_periods to {most // length}{instead}",
        )


def _lengths(alarm: Resource) -> set[float | State]:
    """The different lengths of an alarm's periods, seconds."""
    queries = alarm.items("metricQueries")
    holders: list[Facts] = [alarm]
    if isinstance(queries, State):
        return {queries}
    for query in queries:
        if isinstance(query, Object):
            holders += [query, query.object("metric")]
    return {holder.number("period") for holder in holders} - {State.UNSET}


@rule(
    "ORD-ALM-008",
    "alm-threshold-reachable",
    title="An alarm on age rings before the message or record expires",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
    dev=Level.ADVISORY,
)
def threshold_reachable(graph: Graph) -> Iterator[Finding]:
    """The threshold of an alarm on an age is below the retention of the queue or stream.

    What is older than the retention is deleted, so no age is ever above it: the alarm looks right and never rings. The
    age of a message is in seconds and that of a stream's iterator in milliseconds, while a stream keeps records for so
    many hours. An alarm on an expression, or with a threshold that CloudWatch computes, is exempt.
    https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
    """
    readers: dict[str, list[Consumer]] = {}
    for consumer in graph.consumers:
        if consumer.kind in STREAMS and isinstance(consumer.function, Resource):
            readers.setdefault(consumer.function.urn, []).append(consumer)
    for alarm in graph.alarms.all:
        threshold = alarm.resource.number("threshold")
        if alarm.above is False or threshold is State.UNSET or alarm.resource.fact("metricName") is State.UNSET:
            continue
        for metric in alarm.metrics:
            yield from _reachable(alarm, threshold, metric, readers)


def _reachable(
    alarm: Alarm, threshold: float | State, metric: Metric, readers: Mapping[str, list[Consumer]]
) -> Iterator[Finding]:
    resource = alarm.resource
    if not isinstance(metric.of, Resource) or metric.name not in _AGES:
        return
    age = _AGES[metric.name]
    if metric.of.type == FUNCTION:
        kept = [_kept(consumer.source) for consumer in readers.get(metric.of.urn, ())]
    else:
        kept = [_kept(metric.of)]
    known = [retention for retention in kept if not isinstance(retention, State)]
    # It rings if it can for one of several streams.
    longest = max(known, default=0)
    if not kept or (not isinstance(threshold, State) and threshold < max(longest, age.least)):
        return
    if isinstance(threshold, State) or len(known) < len(kept) or alarm.above is not True:
        yield undecided(resource, f"whether alarm {resource.name} rings before {age.what} expire is not known yet")
        return
    unit = age.unit
    yield Finding(
        resource.urn,
        f"threshold {threshold} {unit} >= {longest} {unit}, for which {age.what} are kept ({metric.of.name}): they "
        f"expire before alarm {resource.name} rings; set a threshold < {longest}",
    )


def _kept(source: object) -> float | State:
    """How long a queue keeps messages, seconds, or a stream its records, milliseconds."""
    if not isinstance(source, Resource):
        return State.UNKNOWN
    if source.type == QUEUE:
        return source.number("messageRetentionSeconds", _DEFAULT_QUEUE_RETENTION)
    hours = source.number("retentionPeriod", _DEFAULT_STREAM_RETENTION)
    return hours if isinstance(hours, State) else hours * _HOUR * 1_000
