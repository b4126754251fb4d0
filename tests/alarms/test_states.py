"""Alarms over time: when they are evaluated, and what they call."""

from __future__ import annotations

from local.alarms.alarms import Status, Transition
from local.alarms.evaluation import Point
from tests.alarms.described import (
    START,
    Played,
    arn,
    composite_alarm,
    math_alarm,
    metric_alarm,
    of_expression,
    of_metric,
)


def changes(played: Played, minute: float) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(change.name, change.old, change.new, change.actions) for change in played.at(minute)]


def test_a_transition_says_all_that_a_notification_needs() -> None:
    played = Played([metric_alarm()])
    played.put(0, 3)

    assert played.at(1.5) == [
        Transition(
            name="alarm",
            arn=arn("alarm"),
            time=START + 90,
            old="INSUFFICIENT_DATA",
            new="ALARM",
            reason="ALARM: 1 of 1 data points [3.0 (2027-01-15 08:00:00)] is at or above the threshold (1.0), 1 of 1 "
            "make an ALARM.",
            actions=("rang",),
        )
    ]
    assert played.alarms.statuses() == {
        "alarm": Status(
            "ALARM",
            "ALARM: 1 of 1 data points [3.0 (2027-01-15 08:00:00)] is at or above the threshold (1.0), 1 of 1 make an "
            "ALARM.",
            START + 90,
            (Point(START - 120, None), Point(START - 60, None), Point(START, 3)),
        )
    }


def test_each_state_calls_its_actions_once() -> None:
    played = Played([metric_alarm()])
    for minute, value in enumerate((3, 3, 0, 0)):
        played.put(minute, value)

    assert [changes(played, minute) for minute in range(1, 8)] == [
        [("alarm", "INSUFFICIENT_DATA", "ALARM", ("rang",))],
        [],
        [("alarm", "ALARM", "OK", ("over",))],
        [],
        [],  # the evaluation range still has a data point
        [],
        [("alarm", "OK", "INSUFFICIENT_DATA", ("unsure",))],
    ]


def test_disabled_actions_are_not_called_and_the_state_changes_all_the_same() -> None:
    played = Played([metric_alarm(ActionsEnabled=False)], [composite_alarm("both", "TRUE", ActionsEnabled=False)])
    played.put(0, 3)

    assert changes(played, 1) == [
        ("alarm", "INSUFFICIENT_DATA", "ALARM", ()),
        ("both", "INSUFFICIENT_DATA", "ALARM", ()),
    ]


def test_awss_figure_of_three_of_three() -> None:
    """Of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html, as its text tells it."""
    played = Played([metric_alarm(Threshold=3.0, EvaluationPeriods=3, ComparisonOperator="GreaterThanThreshold")])
    found: list[tuple[int, str]] = []
    for minute, value in enumerate((1, 1, 4, 5, 4, 2, 1, 2, 4, 1)):
        played.put(minute, value)
        found += [(minute + 1, new) for _, _, new, _ in changes(played, minute + 1)]

    assert found == [(1, "OK"), (5, "ALARM"), (6, "OK")]


def test_five_minutes_are_evaluated_every_minute() -> None:
    """At the end of minute 5 minutes 1 to 5, at the end of minute 6 minutes 2 to 6."""
    played = Played([metric_alarm(Period=300, Threshold=5.0)])
    for minute in range(5):
        played.put(minute, 1)
    for minute in (1, 2, 3, 4):
        played.at(minute)

    assert [changes(played, minute) for minute in (5, 6)] == [
        [("alarm", "OK", "ALARM", ("rang",))],
        [("alarm", "ALARM", "OK", ("over",))],
    ]


def test_between_two_minutes_nothing_is_evaluated() -> None:
    played = Played([metric_alarm()])
    played.put(0, 0)
    played.at(1)
    played.put(0, 9)  # late

    assert changes(played, 1.9) == []
    assert changes(played, 2) == [("alarm", "OK", "ALARM", ("rang",))]


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    played = Played([metric_alarm()])
    played.put(0, 3)
    played.put(59, 0)
    played.at(60)

    assert changes(played, 1) == [("alarm", "OK", "ALARM", ("rang",))]


def test_a_period_below_a_minute_is_evaluated_every_ten_seconds() -> None:
    played = Played([metric_alarm(Period=10)])
    played.store.put("Shop", "Orders", {}, START + 5, 0, resolution=1)
    played.store.put("Shop", "Orders", {}, START + 15, 3, resolution=1)

    assert [changes(played, second / 60) for second in (10, 19, 20)] == [
        [("alarm", "INSUFFICIENT_DATA", "OK", ("over",))],
        [],
        [("alarm", "OK", "ALARM", ("rang",))],
    ]
    assert played.alarms.next_evaluation(START + 20) == START + 30


def test_awss_example_of_several_days() -> None:
    """The job fails at 10:02 and is mended at 11:43; the page's times are minutes after each hour."""
    played = Played([metric_alarm(Period=86_400, EvaluationPeriods=3, DatapointsToAlarm=1)])
    played.put(-60, 0)
    played.at(3)
    played.put(2, 1)

    assert [changes(played, minute) for minute in (4, 59, 63)] == [[], [], [("alarm", "OK", "ALARM", ("rang",))]]
    assert played.alarms.next_evaluation(START + 63 * 60) == START + 7_200


def test_a_new_alarm_sees_data_points_from_before_it() -> None:
    played = Played([])
    played.put(0, 3)
    played.at(1)
    played.alarms.define([metric_alarm()], [])

    assert changes(played, 1) == [("alarm", "INSUFFICIENT_DATA", "ALARM", ("rang",))]


def test_a_state_is_taken_over_and_one_that_somebody_sets_lasts_until_the_next_evaluation() -> None:
    played = Played([metric_alarm(StateValue="ALARM", StateReason="seen before")])
    played.put(0, 3)
    played.put(1, 3)

    assert played.at(1) == []
    assert played.alarms.statuses()["alarm"].reason == "seen before"
    played.alarms.define([metric_alarm(StateValue="OK", StateReason="a test")], [])
    assert (played.at(1.5), played.alarms.statuses()["alarm"].state) == ([], "OK")
    assert changes(played, 2) == [("alarm", "OK", "ALARM", ("rang",))]


def test_an_alarm_that_has_changed_keeps_its_state_and_is_evaluated_at_once() -> None:
    played = Played([metric_alarm()])
    played.put(0, 3)
    played.at(1)
    status = played.alarms.statuses()["alarm"]
    played.alarms.define([metric_alarm(StateValue="ALARM", Threshold=4.0)], [])

    assert played.alarms.statuses() == {"alarm": status}
    assert changes(played, 1.1) == [("alarm", "ALARM", "OK", ("over",))]


def test_an_alarm_that_is_deleted_is_forgotten() -> None:
    played = Played([metric_alarm()], [composite_alarm("both", "ALARM(alarm)")])
    played.put(0, 3)
    assert played.alarms.define([], []) == []

    assert played.at(1) == []
    assert played.alarms.statuses() == {}
    assert played.alarms.next_evaluation(START) is None


def test_missing_data_is_ignored_with_dynamodb_unless_the_alarm_says_otherwise() -> None:
    table = {"Namespace": "AWS/DynamoDB", "StateValue": "ALARM"}
    played = Played([metric_alarm("silent", TreatMissingData=None, **table), metric_alarm("says so", **table)])

    assert changes(played, 1) == [("says so", "ALARM", "INSUFFICIENT_DATA", ("unsure",))]


def test_metric_math_is_compared_with_the_threshold() -> None:
    played = Played(
        [
            math_alarm(
                of_metric("bad", "Failed", 120),
                of_metric("all", "Orders", 120),
                of_expression("share", "bad / all", ReturnData=False),
                of_expression("percent", "100 * share"),
                Threshold=50.0,
            )
        ]
    )
    played.put(0, 10)
    played.put(1, 10)
    played.put(0, 4, "Failed")
    played.at(2)
    played.put(1, 6, "Failed")

    assert changes(played, 3) == [("alarm", "OK", "ALARM", ("rang",))]
    assert [point.value for point in played.alarms.statuses()["alarm"].points] == [None, 40, 60]


def test_pulumi_says_only_of_one_query_that_it_returns_data() -> None:
    queries = [of_metric("a", "Orders"), of_expression("value", "a * 2")]
    del queries[0]["ReturnData"]
    played = Played([math_alarm(*queries, Threshold=6.0)])
    played.put(0, 3)

    assert changes(played, 1) == [("alarm", "INSUFFICIENT_DATA", "ALARM", ("rang",))]


def test_a_percentile_goes_before_a_statistic_that_is_shown_beside_it() -> None:
    played = Played([metric_alarm(ExtendedStatistic="p50", Statistic="Sum", Threshold=5.0)])
    for value in (4, 4, 4):
        played.put(0, value)

    assert changes(played, 1) == [("alarm", "INSUFFICIENT_DATA", "OK", ("over",))]


def test_a_composite_alarm_follows_its_alarms_at_once_and_others_follow_it() -> None:
    played = Played(
        [metric_alarm()],
        [composite_alarm("third", "ALARM(second)"), composite_alarm("second", f'ALARM("{arn("alarm")}") AND TRUE')],
    )
    played.put(0, 3)
    played.put(1, 0)

    assert changes(played, 1) == [
        ("alarm", "INSUFFICIENT_DATA", "ALARM", ("rang",)),
        ("second", "INSUFFICIENT_DATA", "ALARM", ("rang",)),
        ("third", "INSUFFICIENT_DATA", "ALARM", ("rang",)),
    ]
    assert played.alarms.statuses()["third"].reason == "ALARM: by its rule, as second is ALARM."
    assert changes(played, 2) == [
        ("alarm", "ALARM", "OK", ("over",)),
        ("second", "ALARM", "OK", ("over",)),
        ("third", "ALARM", "OK", ("over",)),
    ]


def test_a_composite_alarm_is_never_unsure_once_it_was_evaluated() -> None:
    played = Played([metric_alarm()], [composite_alarm("both", "ALARM(alarm)")])

    assert changes(played, 1) == [("both", "INSUFFICIENT_DATA", "OK", ("over",))]
    assert played.alarms.statuses()["alarm"].state == "INSUFFICIENT_DATA"


def test_data_points_are_forgotten_as_time_passes() -> None:
    played = Played([metric_alarm()])
    for minute in range(300):
        played.put(minute, 0)
        played.at(minute + 1)

    assert len(played.store) == 180


def test_a_reason_is_no_longer_than_aws_takes() -> None:
    names = [f"{'n' * 200}{number}" for number in range(8)]
    played = Played(
        [metric_alarm(name, Threshold=100.0) for name in names],
        [composite_alarm("both", " OR ".join(f"ALARM({name})" for name in names))],
    )

    (change,) = [change for change in played.at(1) if change.name == "both"]

    assert len(change.reason) == 1_023
    assert change.reason.endswith("n...")
