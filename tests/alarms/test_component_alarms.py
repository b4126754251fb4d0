"""The alarms of `components/`: each fires in the situation that it is for, with the composite when it is critical, and
no other does.

The definitions are those that a program registers, put as the provider puts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from components.watch.queue import QUEUE_ALARMS, WatchedQueue
from local.alarms.metrics import Metric
from tests.alarms.described import Played, from_program
from tests.support.queue_alarms import ALIAS, DEAD, FUNCTION, LAMBDA, MAPPING, QUEUE, SQS
from tests.support.watching import ACTIONS, WATCHED, watch

HOUR = 60

METRICS = {
    "visible": Metric.of(SQS, "ApproximateNumberOfMessagesVisible", QUEUE),
    "age": Metric.of(SQS, "ApproximateAgeOfOldestMessage", QUEUE),
    "quiet age": Metric.of(SQS, "ApproximateAgeOfOldestMessageInQuietGroups", QUEUE),
    "deleted": Metric.of(SQS, "NumberOfMessagesDeleted", QUEUE),
    "dead": Metric.of(SQS, "ApproximateNumberOfMessagesVisible", DEAD),
    "dead in flight": Metric.of(SQS, "ApproximateNumberOfMessagesNotVisible", DEAD),
    "dead age": Metric.of(SQS, "ApproximateAgeOfOldestMessage", DEAD),
    "undelivered": Metric.of(SQS, "ApproximateNumberOfMessagesVisible", {"QueueName": "undelivered"}),
    "polled": Metric.of(LAMBDA, "PolledEventCount", MAPPING),
    "failed": Metric.of(LAMBDA, "FailedInvokeEventCount", MAPPING),
    "processed": Metric.of(LAMBDA, "DeletedEventCount", MAPPING),
    "errors": Metric.of(LAMBDA, "Errors", ALIAS),
    "throttles": Metric.of(LAMBDA, "Throttles", FUNCTION),
    "duration": Metric.of(LAMBDA, "Duration", ALIAS),
}
BUSY: Mapping[str, float] = {
    "visible": 10,
    "age": 5,
    "quiet age": 5,
    "deleted": 100,
    "dead": 0,
    "dead in flight": 0,
    "polled": 100,
    "failed": 0,
    "processed": 100,
    "errors": 0,
    "throttles": 0,
    "duration": 3_000,
}
"""A pipeline that does well: what it sends each minute. SQS sends no age of what is not there."""

Minutes = Sequence[float | None]


def busy(minutes: int, **changes: Minutes) -> dict[str, list[float | None]]:
    """So many minutes of it, with other values in the last ones."""
    series: dict[str, list[float | None]] = {name: [value] * minutes for name, value in BUSY.items()}
    for name, values in changes.items():
        word = name.replace("_", " ")
        series[word] = [*series.get(word, [None] * minutes)[: minutes - len(values)], *values]
    return series


@cache
def of_pipeline(watched: WatchedQueue) -> dict[str, list[dict[str, Any]]]:
    return from_program(watch(watched))


def fired(series: Mapping[str, Minutes], watched: WatchedQueue = WATCHED) -> list[tuple[int, str, str]]:
    """Which alarms change after which minute, without that they become OK when they are evaluated first."""
    described = of_pipeline(watched)
    played = Played(described["MetricAlarms"], described["CompositeAlarms"])
    assert played.problems == []
    changes = played.play({METRICS[name]: values for name, values in series.items()})
    first = [(1, name, "OK") for name in (*names(described["MetricAlarms"]), *names(described["CompositeAlarms"]))]
    assert changes[: len(first)] == first
    return [(minute, short(name), state) for minute, name, state in changes[len(first) :]]


def names(described: Sequence[Mapping[str, str]]) -> list[str]:
    return [alarm["AlarmName"] for alarm in described]


def short(name: str) -> str:
    """`age` for `<name of orders-age-alarm>`, `critical` for `order-pipelines-unit-orders-critical-alarm`."""
    return name.partition("orders-")[2].removesuffix(">").removesuffix("-alarm") if name[0] == "<" else "critical"


def test_every_alarm_is_read_and_tells_the_topic_when_it_fires_and_when_it_is_over() -> None:
    described = of_pipeline(WATCHED)
    played = Played(described["MetricAlarms"], described["CompositeAlarms"])

    assert played.problems == []
    transitions = {short(change.name): change.actions for change in played.at(1)}
    assert transitions == {
        **{alarm.name: tuple(ACTIONS) for alarm in QUEUE_ALARMS if alarm.name not in ("noisy-age", "undelivered")},
        "critical": (),
    }


def test_an_idle_pipeline_never_alarms() -> None:
    assert fired({"visible": [None] * 2 * HOUR}) == []


def test_a_pipeline_that_does_well_never_alarms() -> None:
    assert fired(busy(2 * HOUR)) == []


def test_a_pipeline_that_becomes_idle_never_alarms() -> None:
    assert fired({name: [value] * HOUR + [None] * 2 * HOUR for name, value in BUSY.items()}) == []


def test_a_queue_that_is_polled_and_empty_never_alarms() -> None:
    empty = {"visible": [0] * HOUR, "polled": [0] * HOUR, "failed": [0] * HOUR, "processed": [0] * HOUR}
    assert fired({**empty, "dead": [0] * HOUR, "dead in flight": [0] * HOUR}) == []


def test_backlog() -> None:
    assert fired(busy(70, visible=[1_000, 1_000, 1_000, 1_000, 999, 1_000, 1_000, 1_000, 1_000])) == []
    assert fired(busy(70, visible=[1_000] * 5 + [999] * 5)) == [(65, "backlog", "ALARM"), (66, "backlog", "OK")]


def test_age() -> None:
    assert fired(busy(70, age=[600, 5, 5, 600])) == []
    assert fired(busy(70, age=[600, 5, 600, 5, 5])) == [
        (68, "age", "ALARM"),
        (68, "critical", "ALARM"),
        (69, "age", "OK"),
        (69, "critical", "OK"),
    ]


LATE: Minutes = [600 + 60 * minute for minute in range(25)]


def test_stalled() -> None:
    assert fired(busy(100, age=LATE, deleted=[None] * 25, processed=[None] * 25, duration=[None] * 25)) == [
        (77, "age", "ALARM"),
        (77, "critical", "ALARM"),
        (95, "stalled", "ALARM"),
    ]


def test_a_consumer_that_is_slow_has_not_stalled() -> None:
    assert fired(busy(100, age=LATE, deleted=[1] * 25)) == [(77, "age", "ALARM"), (77, "critical", "ALARM")]


def test_dead_letters() -> None:
    assert fired(busy(70, dead=[0, 0, 1, 1, 0])) == [
        (68, "dead-letters", "ALARM"),
        (68, "critical", "ALARM"),
        (70, "dead-letters", "OK"),
        (70, "critical", "OK"),
    ]


SOME_DEAD = [(41, "dead-letters", "ALARM"), (41, "critical", "ALARM")]


def test_dead_letters_grew() -> None:
    assert fired(busy(100, dead=[5] * 30 + [6] * 30)) == [
        *SOME_DEAD,
        (71, "dead-letters-grew", "ALARM"),
        (86, "dead-letters-grew", "OK"),
    ]


def test_dead_letters_that_somebody_reads_did_not_grow() -> None:
    read = busy(100, dead=[5] * 30 + [0] * 10 + [5] * 20, dead_in_flight=[0] * 30 + [5] * 10 + [0] * 20)
    assert fired(read) == [
        *SOME_DEAD,
        (71, "dead-letters", "OK"),
        (71, "critical", "OK"),
        (81, "dead-letters", "ALARM"),
        (81, "critical", "ALARM"),
    ]


def test_dead_letters_expiring() -> None:
    limit = 75 * (14 - 4) * 86_400 // 100
    assert fired(busy(70, dead_age=[limit - 1] * 10)) == []
    assert fired(busy(70, dead_age=[limit] * 2)) == [
        (69, "dead-letters-expiring", "ALARM"),
        (69, "critical", "ALARM"),
    ]


def test_mapping_failing() -> None:
    assert fired(busy(100, failed=[99] * 30)) == []
    assert fired(busy(100, failed=[100] * 14 + [0] * 3)) == []
    assert fired(busy(100, failed=[100] * 20)) == [(95, "mapping-failing", "ALARM")]
    # Of the oldest of the three periods 3 of 5 minutes are enough: 300 of 500 failed.
    assert fired(busy(100, failed=[100] * 20, processed=[None] * 20)) == [(93, "mapping-failing", "ALARM")]


def test_not_polling() -> None:
    gone: Minutes = [None] * 25
    assert fired(busy(100, polled=gone, failed=gone, processed=gone)) == [
        (95, "not-polling", "ALARM"),
        (95, "critical", "ALARM"),
    ]


def test_a_mapping_that_polls_in_vain_or_an_empty_queue_is_not_silent() -> None:
    gone: Minutes = [None] * 25
    assert fired(busy(100, polled=[0] * 25, failed=gone, processed=gone)) == []
    assert fired(busy(100, polled=gone, failed=gone, processed=gone, visible=[0] * 25)) == []


def test_errors() -> None:
    assert fired(busy(80, errors=[1, *[0] * 14])) == [(66, "errors", "ALARM"), (71, "errors", "OK")]


def test_an_error_of_a_function_that_becomes_idle_is_seen_for_three_periods() -> None:
    assert fired(busy(80, errors=[1, *[None] * 19])) == [(61, "errors", "ALARM"), (76, "errors", "OK")]


def test_throttles() -> None:
    assert fired(busy(80, throttles=[1, *[0] * 14])) == []
    assert fired(busy(100, throttles=[1, 0, 0, 0, 0, 1, *[0] * 24])) == [
        (76, "throttles", "ALARM"),
        (86, "throttles", "OK"),
    ]


def test_duration() -> None:
    assert fired(busy(80, duration=[24_000, *[3_000] * 14])) == []
    assert fired(busy(100, duration=[24_000] * 6 + [3_000] * 14)) == [
        (86, "duration", "ALARM"),
        (96, "duration", "OK"),
    ]


def test_a_fair_queue_is_late_when_a_quiet_group_is_and_a_noisy_one_only_warns() -> None:
    fair = replace(WATCHED, fair=True)

    assert fired(busy(70, quiet_age=[600, 600, 600]), fair) == [(69, "age", "ALARM"), (69, "critical", "ALARM")]
    assert fired(busy(70, age=[600, 600, 600]), fair) == [(69, "noisy-age", "ALARM")]


def test_undelivered() -> None:
    watched = replace(WATCHED, undelivered_queue_name="undelivered")

    assert fired(busy(70, undelivered=[0, 1, 1]), watched) == [
        (69, "undelivered", "ALARM"),
        (69, "critical", "ALARM"),
    ]


def test_every_alarm_has_a_test_here() -> None:
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}

    assert {alarm.name for alarm in QUEUE_ALARMS} - tests == {"noisy-age"}  # the test of a fair queue
