"""What the user can adjust of an alarm, and what is refused."""

# No `from __future__ import annotations` here: Pulumi reads the annotations of the component below.
import json
from typing import Any, NotRequired, TypedDict

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components.watch.queue import QUEUE_ALARMS
from components.watch.settings import AlarmSettings, action_problems, alarm_problems
from tests.support.queue_alarms import ALARMS, ATTRIBUTES, CRITICAL, changes, composite, described
from tests.support.recorder import Recorder
from tests.support.watching import DAY, watch


@pytest.mark.parametrize(
    ("name", "settings", "changed"),
    [
        ("backlog", {"threshold": 50}, {"threshold": 500}),
        ("backlog", {"periods": 10}, {"evaluationPeriods": 10}),
        ("backlog", {"periods": 2}, {"evaluationPeriods": 2, "datapointsToAlarm": 2}),
        ("age", {"datapoints": 3}, {"datapointsToAlarm": 3}),
        ("errors", {"threshold": 5.0, "periods": 3.0}, {"threshold": 5, "evaluationPeriods": 3}),
        ("duration", {"threshold": 90}, {"threshold": 27_000}),
        ("dead-letters-expiring", {"threshold": 50}, {"threshold": 5 * DAY}),
        ("mapping-failing", {"threshold": 100}, {"threshold": 100}),
        ("throttles", {"severity": "critical"}, {"tags": {"severity": "critical"}}),
        ("age", {"severity": "warning"}, {"tags": {"severity": "warning"}}),
        ("age", {"enabled": True, "threshold": None}, {}),
    ],
)
def test_an_adjustment_changes_one_alarm(name: str, settings: dict[str, Any], changed: dict[str, Any]) -> None:
    assert alarm_problems(QUEUE_ALARMS, {name: settings}) == []
    found = watch(settings={name: settings})

    assert changes(found, name) == changed
    assert {other: found[other] for other in ALARMS if other != name} == {
        other: ALARMS[other] for other in ALARMS if other != name
    }


def test_the_words_of_an_adjusted_alarm_are_adjusted_with_it() -> None:
    found = watch(settings={"backlog": {"threshold": 50, "periods": 10, "severity": "critical"}})

    assert found["backlog"]["alarmDescription"] == described(
        "critical",
        "500 or more orders have waited in orders for 10 minutes",
        ATTRIBUTES.format("orders"),
        "backlog",
    )


def test_the_composite_follows_severities_and_what_is_left_out() -> None:
    found = watch(
        settings={"throttles": {"severity": "critical"}, "age": {"severity": "warning"}, "stalled": {"enabled": False}}
    )

    assert "stalled" not in found
    assert found["critical"] == composite(
        "dead-letters", "dead-letters-grew", "dead-letters-expiring", "not-polling", "throttles"
    )


def test_without_critical_alarms_there_is_no_composite() -> None:
    assert watch(settings={name: {"severity": "warning"} for name in CRITICAL}).keys() == ALARMS.keys()


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({"dead-leters": {}}, ["alarms adjusts an unknown alarm 'dead-leters': did you mean 'dead-letters'?"]),
        ({"age": 5}, ["alarms.age must be a dictionary, got 5"]),
        ({"age": {"thresholds": 5}}, ["unknown argument 'alarms.age.thresholds': did you mean 'threshold'?"]),
        ({"age": {"threshold": "high"}}, ["alarms.age.threshold must be a whole number, got 'high'"]),
        ({"age": {"severity": "urgent"}}, ["alarms.age.severity must be one of critical, warning, got 'urgent'"]),
        ({"age": {"enabled": "no"}}, ["alarms.age.enabled must be true or false, got 'no'"]),
        ({"age": {"threshold": 0}}, ["alarms.age.threshold must be 1..100 %, got 0"]),
        ({"age": {"threshold": 101}}, ["alarms.age.threshold must be 1..100 %, got 101"]),
        ({"mapping-failing": {"threshold": 101}}, ["alarms.mapping-failing.threshold must be 1..100 %, got 101"]),
        ({"errors": {"threshold": 0}}, ["alarms.errors.threshold must be at least 1, got 0"]),
        ({"errors": {"threshold": 101}}, []),
        ({"age": {"periods": 1440}}, []),
        (
            {"age": {"periods": 1441}},
            ["alarms.age.periods must be 1..1440 of 60 s, since CloudWatch looks back one day, got 1441"],
        ),
        (
            {"stalled": {"periods": 0}},
            ["alarms.stalled.periods must be 1..72 of 1200 s, since CloudWatch looks back one day, got 0"],
        ),
        ({"age": {"datapoints": 0}}, ["alarms.age.datapoints must be at least 1, got 0"]),
        (
            {"age": {"datapoints": 4}},
            [
                "alarms.age.datapoints 4 > periods 3, so that it could never fire: lower datapoints or raise periods",
            ],
        ),
        (
            {"age": {"threshold": 0, "periods": 1441}, "errors": {"threshold": 0}},
            [
                "alarms.age.threshold must be 1..100 %, got 0",
                "alarms.age.periods must be 1..1440 of 60 s, since CloudWatch looks back one day, got 1441",
                "alarms.errors.threshold must be at least 1, got 0",
            ],
        ),
    ],
    ids=str,
)
def test_mistakes_in_adjustments_are_named(settings: dict[str, Any], problems: list[str]) -> None:
    assert alarm_problems(QUEUE_ALARMS, settings) == problems


def test_a_number_that_is_only_known_later_is_refused() -> None:
    found: list[str] = []

    def program() -> None:
        found.extend(alarm_problems(QUEUE_ALARMS, {"age": {"periods": pulumi.Output.from_input(5)}}))

    Recorder().run(program)

    assert found == ["alarms.age.periods must be known when the program runs, got an Output"]


def test_an_alarm_that_the_pipeline_does_not_have_cannot_be_adjusted() -> None:
    settings = {"noisy-age": {"threshold": 50}}

    assert alarm_problems(QUEUE_ALARMS, settings) == []
    assert alarm_problems(QUEUE_ALARMS, settings, without=("fair",)) == [
        "alarms adjusts 'noisy-age', which there is only with fair"
    ]


def test_an_alarm_takes_at_most_five_actions() -> None:
    assert action_problems(["arn"] * 5) == []
    assert action_problems(["arn"] * 6) == [
        "alarm_actions has 6 actions and an alarm takes at most 5: give one SNS topic and subscribe to that"
    ]


class _Args(TypedDict):
    alarms: NotRequired[dict[str, AlarmSettings]]


class _Pipeline(pulumi.ComponentResource):
    def __init__(self, name: str, args: _Args, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:_Pipeline", name, {**args}, opts)


def test_programs_in_other_languages_can_adjust_alarms() -> None:
    schema = json.loads(ComponentProvider([_Pipeline], "test").schema or "")
    described = schema["types"]["test:index:AlarmSettings"]["properties"]

    assert {name: (found["type"], found["plain"]) for name, found in described.items()} == {
        "enabled": ("boolean", True),
        "threshold": ("integer", True),
        "periods": ("integer", True),
        "datapoints": ("integer", True),
        "severity": ("string", True),
    }
