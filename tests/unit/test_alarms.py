"""The alarms of a queue pipeline: what each watches, when it fires, and what it tells."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from botocore.session import Session

from components.children import Children
from components.watch.alarms import alarm_types, create_alarms
from components.watch.queue import QUEUE_ALARMS
from tests.support.queue_alarms import (
    ALARMS,
    ATTRIBUTES,
    CRITICAL,
    FUNCTION,
    QUEUE,
    SQS,
    alarm,
    changes,
    composite,
    metric,
)
from tests.support.recorder import Recorder
from tests.support.watching import ACTIONS, DAY, WATCHED, watch


def test_a_queue_has_these_alarms_and_one_composite_of_the_critical_ones() -> None:
    assert watch() == {**ALARMS, "critical": composite(*CRITICAL)}


def test_a_fifo_queue_counts_the_time_of_a_dead_letter_anew() -> None:
    found = watch(replace(WATCHED, fifo=True))

    assert changes(found, "dead-letters-expiring") == {"threshold": 75 * 14 * DAY // 100}
    assert (
        "can delete it for good when it has been there for 1209600 s"
        in found["dead-letters-expiring"]["alarmDescription"]
    )
    assert {**found, "dead-letters-expiring": ALARMS["dead-letters-expiring"]} == watch()


def test_a_fair_queue_is_late_when_a_quiet_group_is_and_a_noisy_one_only_warns() -> None:
    found = watch(replace(WATCHED, fair=True))

    assert found.pop("noisy-age") == alarm(
        "noisy-age",
        "warning",
        metric("ApproximateAgeOfOldestMessage", SQS, QUEUE, "Maximum", 60),
        threshold=600,
        of=(2, 3),
        meaning=(
            "an order in orders has waited 600 s or longer: unless `age` fires too, one of a group that sends more "
            "than its share"
        ),
        first=ATTRIBUTES.format("orders"),
    )
    assert changes(found, "age") == {"metricName": "ApproximateAgeOfOldestMessageInQuietGroups"}
    assert found["age"]["alarmDescription"].startswith("CRITICAL: an order of a quiet group in orders has waited")
    assert {**found, "age": ALARMS["age"]} == watch()


def test_a_queue_for_what_is_never_delivered_is_watched_as_dead_letters_are() -> None:
    found = watch(replace(WATCHED, undelivered_queue_name="undelivered"))

    assert found.pop("undelivered") == alarm(
        "undelivered",
        "critical",
        metric("ApproximateNumberOfMessagesVisible", SQS, {"QueueName": "undelivered"}, "Maximum", 60),
        threshold=1,
        of=(1, 1),
        meaning=(
            "undelivered holds 1 or more events that EventBridge could not deliver to orders; they are lost unless "
            "somebody acts"
        ),
        first=ATTRIBUTES.format("undelivered"),
    )
    before = CRITICAL.index("not-polling")
    assert found.pop("critical") == composite(*CRITICAL[:before], "undelivered", *CRITICAL[before:])
    assert found == ALARMS


@pytest.mark.parametrize(
    ("lacking", "gone"),
    [
        ({"dead_letter_queue_name": None}, {"dead-letters", "dead-letters-grew", "dead-letters-expiring"}),
        ({"dead_letter_retention_seconds": None}, {"dead-letters-expiring"}),
        ({"has_mapping_metrics": False}, {"mapping-failing", "not-polling"}),
    ],
)
def test_what_is_not_there_is_not_watched(lacking: dict[str, Any], gone: set[str]) -> None:
    assert watch(replace(WATCHED, **lacking)) == {
        **{name: inputs for name, inputs in ALARMS.items() if name not in gone},
        "critical": composite(*(name for name in CRITICAL if name not in gone)),
    }


def test_a_function_without_an_alias_is_watched_as_a_whole() -> None:
    found = watch(replace(WATCHED, alias_name=""))

    assert changes(found, "errors") == changes(found, "duration") == {"dimensions": FUNCTION}


def test_numbers_and_names_may_be_known_later() -> None:
    def later(value: Any) -> Any:
        return pulumi.Output.from_input(value)

    recorder = Recorder()

    def program() -> None:
        later_watched = replace(
            WATCHED,
            **{
                name: later(getattr(WATCHED, name))
                for name in (
                    "function_name",
                    "log_group_name",
                    "timeout_seconds",
                    "queue_name",
                    "mapping_uuid",
                    "max_backlog",
                    "max_age",
                    "retention_seconds",
                    "dead_letter_queue_name",
                    "dead_letter_retention_seconds",
                )
            },
        )
        pipeline = pulumi.ComponentResource("test:index:Pipeline", "orders")
        children = Children(pipeline, "orders", alarm_types(QUEUE_ALARMS))
        create_alarms(children, QUEUE_ALARMS, later_watched, {}, [later(ACTIONS[0])])

    recorder.run(program)

    assert {
        name.removeprefix("orders-").removesuffix("-alarm"): made.inputs
        for name, made in recorder.made.items()
        if name != "orders"
    } == watch()


def test_a_short_time_until_the_loss_alarms_at_once_and_not_on_an_empty_queue() -> None:
    found = watch(replace(WATCHED, retention_seconds=14 * DAY - 1))

    assert changes(found, "dead-letters-expiring") == {"threshold": 1}


def cloudwatch_limit(operation: str, member: str) -> int:
    model: Any = Session().get_service_model("cloudwatch")
    return model.operation_model(operation).input_shape.members[member].metadata["max"]


def test_texts_fit_into_what_cloudwatch_takes_even_with_the_longest_names() -> None:
    longest = replace(
        WATCHED,
        function_name="f" * 64,
        alias_name="a" * 128,
        log_group_name="l" * 512,
        queue_name="q" * 80,
        dead_letter_queue_name="d" * 80,
        undelivered_queue_name="u" * 80,
        mapping_uuid="u" * 36,
        timeout_seconds=900,
        max_backlog=1_000_000_000,
        max_age=14 * DAY,
        fair=True,
    )
    found = watch(longest, component="n" * 40)
    rule = found.pop("critical")

    assert found.keys() == {alarm.name for alarm in QUEUE_ALARMS}
    for inputs in (*found.values(), rule):
        assert len(inputs["alarmDescription"]) <= cloudwatch_limit("PutMetricAlarm", "AlarmDescription")
    assert len(rule["alarmRule"]) <= cloudwatch_limit("PutCompositeAlarm", "AlarmRule")
    every_alarm = " OR ".join(f'ALARM("{"n" * 255}")' for _ in QUEUE_ALARMS)
    assert len(every_alarm) <= cloudwatch_limit("PutCompositeAlarm", "AlarmRule")


def test_expressions_name_their_metrics_and_use_only_functions_that_alarms_can_rely_on() -> None:
    for row in QUEUE_ALARMS:
        words = set(re.findall(r"[A-Za-z_]+", row.expression))
        assert words == (set(row.metrics) | words & {"DIFF", "IF"} if row.expression else set())
        assert row.expression or len(row.metrics) == 1
        assert "value" not in row.metrics  # the id of the expression itself


def test_every_name_is_taken_once_and_none_is_that_of_the_composite() -> None:
    names = [alarm.name for alarm in QUEUE_ALARMS]

    assert len({*names, "critical"}) == len(names) + 1
    assert alarm_types(QUEUE_ALARMS) == {
        **{f"{name}-alarm": "cloudwatch.MetricAlarm" for name in names},
        "critical-alarm": "cloudwatch.CompositeAlarm",
    }
