"""Metric math: AWS's own examples, and what is not known.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import pytest

from local.alarms.expressions import compute, read_expression
from local.alarms.problems import NotKnown
from local.alarms.series import Series

IDS = ("m1", "m2", "m3")


def series(drawn: str) -> Series:
    return tuple(None if word == "-" else float(word) for word in drawn.replace(",", " ").split())


def result(expression: str, **metrics: str) -> Series:
    known = {name: series(drawn) for name, drawn in metrics.items()}
    nodes = {"value": read_expression(expression, known)}
    return compute("value", nodes, known, 300, len(next(iter(known.values()))))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("m1 < m2", "0 0 1 0"),
        ("m1 >= 30", "1 0 0 0"),
        ("m1 > 15 AND m2 > 15", "1 0 0 0"),
    ],
)
def test_awss_table_of_comparisons(expression: str, found: str) -> None:
    assert result(expression, m1="30 20 0 0", m2="20 - 20 -") == series(found)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("IF(m1, m2, m3)", "30 0 20 - -"),
        ("IF(m1, 5, m3)", "5 5 20 - -"),
        ("IF(m1, m2, 5)", "30 0 5 5 -"),
        ("IF(m1, m2)", "30 0 - - -"),
        ("IF(1, m2, m3)", "30 - 0 0 30"),
        ("IF(0, m2, m3)", "0 0 20 - 20"),
        ("IF(0, m2)", "- - - - -"),
    ],
)
def test_awss_tables_of_if(expression: str, found: str) -> None:
    assert result(expression, m1="1 1 0 0 -", m2="30 - 0 0 30", m3="0 0 20 - 20") == series(found)


def test_a_condition_is_true_when_it_is_not_0_be_it_negative() -> None:
    assert result("IF(m1, 1, 2)", m1="-1 0.5 0") == series("1 1 2")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        # A value that is missing beside another is 0; where there is none at all, there is none.
        ("m1 + m2", "11 2 10 -"),
        ("m1 - m2", "-9 2 -10 -"),
        ("m1 * m2", "10 0 0 -"),
        ("m2 / m1", "10 0 - -"),  # 10 / 0 is dropped
        ("m1 ^ 2", "1 4 - -"),
        ("m1 == 2", "0 1 - -"),
        ("m1 != 2", "1 0 - -"),
        ("m1 <= 1", "1 0 - -"),
        ("m1 OR m2", "1 1 1 -"),
        ("m1 || 0", "1 1 - -"),
        ("m1 && m2", "1 0 0 -"),
        ("-m1", "-1 -2 - -"),
        ("100 * m1 / (m1 + m2)", "9.090909090909092 100 0 -"),
        ("(m1 - 3) ^ 0.5", "- - - -"),  # the root of a negative number
        ("m1 * (1 / 0)", "- - - -"),
    ],
)
def test_operators_where_values_are_missing(expression: str, found: str) -> None:
    assert result(expression, m1="1 2 - -", m2="10 - 10 -") == series(found)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("2 + 3 * m1", "5"),
        ("(2 + 3) * m1", "5"),
        ("10 - 2 - m1", "7"),
        ("8 / 4 / 2 * m1", "1"),
        ("2 ^ 3 ^ 2 * m1", "512"),
        ("-2 ^ 2 * m1", "-4"),
        ("2 * -3 * m1", "-6"),
        ("m1 + 1 > 1 AND 2 > m1 OR 0", "1"),
        ("0 AND 0 OR m1", "1"),
        ("1.5e1 * m1 + .5", "15.5"),
    ],
)
def test_what_binds_closer(expression: str, found: str) -> None:
    assert result(expression, m1="1") == series(found)


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("FILL(m1, 7)", "7 1 7 7 4 7"),
        ("FILL(m1, REPEAT)", "- 1 1 1 4 4"),
        ("FILL(m1, LINEAR)", "- 1 2 3 4 -"),
        ("FILL(m1, m2)", "6 1 - 8 4 -"),
        ("FILL(m1, MIN(m2))", "6 1 6 6 4 6"),
        ("SUM(FILL(METRICS(), 0))", "6 8 0 8 4 0"),
        ("DIFF(m1)", "- - - - 3 -"),
        ("RATE(m1)", "- - - - 0.0033333333333333335 -"),
        ("ABS(m1 - 2)", "- 1 - - 2 -"),
        ("CEIL(m1 / 3)", "- 1 - - 2 -"),
        ("FLOOR(m1 / 3)", "- 0 - - 1 -"),
        ("TIME_SERIES(MAX(m1))", "4 4 4 4 4 4"),
        ("m1 - AVG(m1)", "- -1.5 - - 1.5 -"),
        ("m1 / PERIOD(m1) * 300", "- 1 - - 4 -"),
        ("SUM(METRICS())", "6 8 - 8 4 -"),
        ("MAX([m1, m2])", "6 7 - 8 4 -"),
        ("MIN([m1, m2])", "6 1 - 8 4 -"),
        ("AVG([m1, m2])", "3 4 - 4 2 -"),
        ('SUM(METRICS("2"))', "6 7 - 8 - -"),
        ("SUM([METRICS('1'), METRICS('2')])", "6 8 - 8 4 -"),
        ("SUM(100 * [m1, m2] / 50)", "12 16 - 16 8 -"),
        ("SUM(METRICS() / m1)", "- 8 - - 1 -"),
        ("MAX(-[m1, m2])", "-6 -1 - -8 -4 -"),
        ("SUM(m2) * m1", "- 21 - - 84 -"),
        ("SUM(DIFF(METRICS()))", "- 1 - 1 3 -"),
    ],
)
def test_functions(expression: str, found: str) -> None:
    assert result(expression, m1="- 1 - - 4 -", m2="6 7 - 8 - -") == pytest.approx(series(found))


def test_a_number_of_no_data_points_is_missing_wherever_it_is_used() -> None:
    assert result("m1 + MAX(m2)", m1="1 2", m2="- -") == series("- -")


def test_expressions_use_each_other_and_metrics_leaves_them_out() -> None:
    metrics = {"m1": series("1 2"), "m2": series("10 20")}
    texts = {"sum": "SUM(METRICS())", "share": "100 * m1 / sum"}
    nodes = {name: read_expression(text, [*metrics, *texts]) for name, text in texts.items()}

    assert compute("share", nodes, metrics, 60, 2) == (100 / 11, 200 / 22)
    assert compute("m2", nodes, metrics, 60, 2) == series("10 20")


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (
            "ANOMALY_DETECTION_BAND(m1, 2)",
            "the function ANOMALY_DETECTION_BAND is not known to the local runtime, which knows ABS, AVG, CEIL, DIFF, "
            "FILL, FLOOR, IF, MAX, METRICS, MIN, PERIOD, RATE, SUM, TIME_SERIES",
        ),
        ("m1 + m9", "'m1 + m9' names m9, which is no metric or expression of the alarm"),
        ("FILL(m1)", "FILL takes 2 to 2 arguments, got 1"),
        ("SELECT MAX(x) FROM y", "a query of Metrics Insights (SELECT) is not known to the local runtime"),
        ("m1 +", "'m1 +' is no metric math that the local runtime knows: it ends too early"),
        ("(m1", "'(m1' is no metric math that the local runtime knows: it ends too early"),
        ("m1 m2", "'m1 m2' is no metric math that the local runtime knows: 'm2' was not expected"),
        ("m1 % 2", "'m1 % 2' is no metric math that the local runtime knows: '%' was not expected"),
        ("m1 AND OR m2", "'m1 AND OR m2' is no metric math that the local runtime knows: 'OR' was not expected"),
        ("[m1 m2]", "'[m1 m2]' is no metric math that the local runtime knows: 'm2' was not expected"),
    ],
)
def test_what_is_not_known_is_named(expression: str, problem: str) -> None:
    with pytest.raises(NotKnown) as raised:
        read_expression(expression, IDS)

    assert str(raised.value) == problem


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("MAX(m1)", "value is no single time series, which an alarm must watch"),
        ("METRICS()", "value is no single time series, which an alarm must watch"),
        ("METRICS() + METRICS()", "an operator between two arrays of time series is not known to the local runtime"),
        ("IF(METRICS(), 1)", "many time series are given where metric math takes one"),
        ("DIFF(3)", "a number is given where metric math takes a time series"),
        ("SUM([m1, 3])", "a number stands in an array of time series"),
        ("m1 + 'text'", "Text(value='text') is no value of metric math"),
    ],
)
def test_what_makes_no_time_series_is_said(expression: str, problem: str) -> None:
    with pytest.raises(NotKnown) as raised:
        result(expression, m1="1")

    assert str(raised.value) == problem
