"""The tables and examples by which AWS explains how an alarm is evaluated.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import pytest

from local.alarms.evaluation import MISSING, Point, Rule, State, interval, judge

COLUMNS = ("missing", "ignore", "breaching", "notBreaching")
KEPT = "kept"


def points(drawn: str) -> list[Point]:
    """`0` does not breach, `X` does, `-` is missing; the latest is on the right."""
    values = {"0": 0.0, "X": 5.0, "-": None}
    return [Point(60 * place, values[letter]) for place, letter in enumerate(drawn.split())]


def rule(of: tuple[int, int], missing: str, comparison: str = "GreaterThanThreshold", threshold: float = 1.0) -> Rule:
    return Rule(comparison, threshold, periods=of[1], datapoints=of[0], missing=missing)


def state(drawn: str, of: tuple[int, int], missing: str, current: State = "OK") -> str:
    """The state, or `KEPT` when it is whatever it was."""
    states: tuple[State, ...] = ("OK", "ALARM", "INSUFFICIENT_DATA")
    found = [judge(points(drawn), rule(of, missing), before)[0] for before in states]
    return KEPT if found == list(states) else found[0] if len(set(found)) == 1 else repr(found)


def test_the_evaluation_range_of_awss_examples_is_five_periods_for_three() -> None:
    assert rule((3, 3), "missing").range == 5


@pytest.mark.parametrize(
    ("drawn", "states"),
    [
        ("0 - X - X", ("OK", "OK", "OK", "OK")),
        ("0 - - - -", ("OK", "OK", "OK", "OK")),
        ("- - - - -", ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK")),
        ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", ("ALARM", KEPT, "ALARM", "OK")),
    ],
)
def test_awss_table_of_three_of_three(drawn: str, states: tuple[str, ...]) -> None:
    assert tuple(state(drawn, (3, 3), missing) for missing in COLUMNS) == states


@pytest.mark.parametrize(
    ("drawn", "states"),
    [
        ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", ("ALARM", KEPT, "ALARM", "OK")),
    ],
)
def test_awss_table_of_two_of_three(drawn: str, states: tuple[str, ...]) -> None:
    assert tuple(state(drawn, (2, 3), missing) for missing in COLUMNS) == states


@pytest.mark.parametrize("drawn", ["- - - - X", "- - - X -"])
def test_three_of_three_wait_for_what_may_show_a_false_alarm(drawn: str) -> None:
    # "does not go immediately into ALARM"; what it goes to is said only in the page's version of 2018.
    assert [state(drawn, (3, 3), missing) for missing in COLUMNS] == ["INSUFFICIENT_DATA", KEPT, "ALARM", "OK"]


@pytest.mark.parametrize("drawn", ["- - - X 0", "- - X - 0"])
def test_and_are_right_to_when_the_next_data_point_does_not_breach(drawn: str) -> None:
    assert [state(drawn, (3, 3), missing) for missing in COLUMNS] == ["OK", "OK", "OK", "OK"]


def test_data_points_from_before_the_periods_count_only_as_long_as_some_are_missing() -> None:
    assert state("X X 0 0 0", (1, 3), "missing") == "OK"
    assert state("X X 0 - 0", (1, 3), "missing") == "ALARM"
    assert state("X 0 0 - 0", (1, 3), "missing") == "OK"


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", [5, 6]),
        ("GreaterThanThreshold", [6]),
        ("LessThanOrEqualToThreshold", [4, 5]),
        ("LessThanThreshold", [4]),
    ],
)
def test_comparisons_at_the_threshold(comparison: str, breaching: list[float]) -> None:
    compared = rule((1, 1), "missing", comparison, 5)

    assert [value for value in (4.0, 5.0, 6.0) if compared.is_breached(value)] == breaching


@pytest.mark.parametrize(
    ("period", "periods", "seconds"),
    [
        (10, 1, 10),
        (20, 5, 10),
        (30, 1, 10),
        (60, 1, 60),
        (300, 3, 60),
        (3_600, 24, 60),
        (3_600, 25, 3_600),
        (86_400, 3, 3_600),
    ],
)
def test_how_often_an_alarm_is_evaluated(period: int, periods: int, seconds: int) -> None:
    assert interval(period, periods) == seconds


@pytest.mark.parametrize(
    ("drawn", "missing", "reason"),
    [
        (
            "- - 0 X X",
            "missing",
            "ALARM: 2 of 3 data points [5.0 (1970-01-01 00:04:00), 5.0 (1970-01-01 00:03:00), 0.0 (1970-01-01 "
            "00:02:00)] are above the threshold (1.0), 2 of 3 make an ALARM.",
        ),
        (
            "- - - - X",
            "notBreaching",
            "OK: 1 of 1 data points [5.0 (1970-01-01 00:04:00)] is above the threshold (1.0), 2 of 3 make an ALARM; "
            "2 missing were counted as not breaching.",
        ),
        (
            "0 - - - X",
            "breaching",
            "ALARM: 1 of 2 data points [5.0 (1970-01-01 00:04:00), 0.0 (1970-01-01 00:00:00)] is above the threshold "
            "(1.0), 2 of 3 make an ALARM; 1 missing was counted as breaching.",
        ),
        (
            "- - - X -",
            "missing",
            "ALARM: 1 of 1 data points [5.0 (1970-01-01 00:03:00)] is above the threshold (1.0), 2 of 3 make an ALARM; "
            "2 missing were left out, and the oldest breach is too old to wait for more.",
        ),
        (
            "- - - - -",
            "missing",
            "INSUFFICIENT_DATA: No data points: none is above the threshold (1.0), 2 of 3 make an ALARM; 3 missing "
            "were left out.",
        ),
    ],
)
def test_the_reason_shows_the_data_points_the_threshold_and_what_was_missing(
    drawn: str, missing: str, reason: str
) -> None:
    assert judge(points(drawn), rule((2, 3), missing), "OK")[1] == reason


def test_the_reason_shows_the_latest_ten_of_many_data_points() -> None:
    _, reason = judge(points(" ".join("X" * 14)), rule((12, 12), "missing"), "OK")

    assert reason.count("5.0 (") == 10
    assert "00:13:00" in reason
    assert ", ...]" in reason


def test_every_way_to_treat_missing_data_is_in_the_tables() -> None:
    assert sorted(MISSING) == sorted(COLUMNS)
