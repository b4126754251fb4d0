"""Snapshots as lines, to the letter."""

from __future__ import annotations

from dataclasses import replace

from local.watch.drawing import Line, draw, tell
from local.watch.snapshot import Alarm, LogLine, Pipeline, Snapshot

_AT = 1_770_000_012.4  # 02:40:12 UTC
_TITLE = "pipelines at 02:40:12 UTC, counts of the last 12 s"
_ALARMS = (
    Alarm("orders-age-alarm-1", "critical", "ALARM"),
    Alarm("orders-backlog-alarm-2", "warning", "ALARM"),
    Alarm("orders-errors-alarm-3", "critical", "OK"),
    Alarm("orders-throttles-alarm-4", "warning", "INSUFFICIENT_DATA"),
)
_LOG = (
    LogLine(_AT - 3, "order processed", "ORD-001"),
    LogLine(_AT - 2, "order failed", "ORD-002", "RetryAfterError: out of cups"),
    LogLine(_AT - 1, "Traceback (most recent call last):"),
)
_ORDERS = Pipeline("orders", 1_234, 10, 75, 2, 56, 1, 3, "Enabled", _ALARMS, _LOG)
_PAYMENTS = Pipeline("payments", 0, 0, 0, 0, 0, 0, 0, "Disabled", (), ())
_SNAPSHOT = Snapshot(_AT, _AT - 12, (_ORDERS, _PAYMENTS))


def test_a_wide_terminal_has_a_table_and_the_alarms_and_last_lines_of_each_pipeline() -> None:
    assert draw(_SNAPSHOT, 100, 40) == [
        Line(_TITLE, "title"),
        Line(""),
        Line(
            "pipeline   depth   in flight   oldest   dead letters   invocations   errors   throttles   mapping", "title"
        ),
        Line(
            "orders      1234          10     75 s              2            56        1           3   Enabled", "bad"
        ),
        Line("payments       0           0        -              0             0        0           0   Disabled"),
        Line(""),
        Line("orders", "title"),
        Line("  alarms: 2 ALARM, 1 INSUFFICIENT_DATA, 1 OK"),
        Line("  CRITICAL orders-age-alarm-1", "bad"),
        Line("  WARNING orders-backlog-alarm-2", "poor"),
        Line("  02:40:09 ORD-001 order processed"),
        Line("  02:40:10 ORD-002 order failed: RetryAfterError: out of cups", "poor"),
        Line("  02:40:11 Traceback (most recent call last):"),
        Line(""),
        Line("payments", "title"),
        Line("  alarms: none"),
    ]


def test_a_narrow_terminal_has_a_paragraph_for_each_pipeline_and_lines_that_are_cut() -> None:
    assert draw(_SNAPSHOT, 44, 40) == [
        Line("pipelines at 02:40:12 UTC, counts of the la…", "title"),
        Line(""),
        Line("orders", "title"),
        Line("  depth 1234, in flight 10, oldest 75 s,", "bad"),
        Line("  dead letters 2, invocations 56, errors 1,", "bad"),
        Line("  throttles 3, mapping Enabled", "bad"),
        Line("  alarms: 2 ALARM, 1 INSUFFICIENT_DATA, 1 OK"),
        Line("  CRITICAL orders-age-alarm-1", "bad"),
        Line("  WARNING orders-backlog-alarm-2", "poor"),
        Line("  02:40:09 ORD-001 order processed"),
        Line("  02:40:10 ORD-002 order failed: RetryAfter…", "poor"),
        Line("  02:40:11 Traceback (most recent call last…"),
        Line(""),
        Line("payments", "title"),
        Line("  depth 0, in flight 0, oldest -,"),
        Line("  dead letters 0, invocations 0, errors 0,"),
        Line("  throttles 0, mapping Disabled"),
        Line("  alarms: none"),
    ]


def test_a_low_terminal_leaves_out_older_lines_of_the_logs_and_then_what_is_at_the_end() -> None:
    whole = [line.text for line in draw(_SNAPSHOT, 100, 40)]

    assert [line.text for line in draw(_SNAPSHOT, 100, 15)] == [*whole[:10], *whole[11:]]
    assert [line.text for line in draw(_SNAPSHOT, 100, 9)] == whole[:9]


def test_a_pipeline_with_dead_letters_errors_or_throttles_alone_is_not_as_it_should_be() -> None:
    def style(**figures: int) -> str:
        return draw(replace(_SNAPSHOT, pipelines=(replace(_PAYMENTS, **figures),)), 100, 40)[3].style

    assert [style(), style(depth=9, in_flight=9, invocations=9)] == ["", ""]
    assert [style(dead_letters=1), style(errors=1), style(throttles=1)] == ["poor", "poor", "poor"]


def test_a_notice_stands_above_all_and_is_not_cut() -> None:
    snapshot = Snapshot(_AT, _AT - 12, notice="the embedded AWS does not run: run `make up`")

    assert draw(snapshot, 100, 40) == [Line(_TITLE, "title"), Line(snapshot.notice, "bad")]
    assert [line.text for line in draw(snapshot, 30, 40)[1:]] == ["the embedded AWS does not run:", "run `make up`"]


def test_what_others_sent_does_not_steer_the_terminal() -> None:
    nasty = replace(_PAYMENTS, log=(LogLine(_AT, "\033[2Jgone\r\n", "ORD\a", "\x9b31m"),))
    snapshot = Snapshot(_AT, _AT, (nasty,))

    assert draw(snapshot, 100, 40)[-1].text == "  02:40:12 ORD   [2Jgone  :  31m"
    assert tell(snapshot)["payments"].endswith(' log="ORD   [2Jgone  :  31m"')


def test_a_line_has_the_colour_of_its_style() -> None:
    assert [Line("a").coloured, Line("b", "title").coloured, Line("c", "bad").coloured, Line("d", "poor").coloured] == [
        "a",
        "\033[1mb\033[0m",
        "\033[31mc\033[0m",
        "\033[33md\033[0m",
    ]


def test_without_a_terminal_a_pipeline_is_one_line() -> None:
    assert tell(replace(_SNAPSHOT, notice="look there")) == {
        "": "look there",
        "orders": "orders depth=1234 in-flight=10 oldest=75s dead-letters=2 invocations=56 errors=1 throttles=3 "
        "mapping=Enabled alarms=ALARM:2,INSUFFICIENT_DATA:1,OK:1 in-alarm=orders-age-alarm-1,orders-backlog-alarm-2 "
        'log="Traceback (most recent call last):"',
        "payments": "payments depth=0 in-flight=0 oldest=- dead-letters=0 invocations=0 errors=0 throttles=0 "
        "mapping=Disabled alarms=none",
    }
