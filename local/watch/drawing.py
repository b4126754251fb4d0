"""Makes lines of a snapshot: a screen for a terminal, and one line a pipeline for a log."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from components.watch.model import CRITICAL
from local.watch.snapshot import Alarm, LogLine, Pipeline, Snapshot

_GAP = "   "
_INDENT = "  "
_FEWEST_LINES, _MOST_LINES = 1, 8
"""Of each log."""
_STYLES = {"title": 1, "bad": 31, "poor": 33}
_COLUMNS: Mapping[str, Callable[[Pipeline], str]] = {
    "depth": lambda one: str(one.depth),
    "in flight": lambda one: str(one.in_flight),
    "oldest": lambda one: f"{one.age} s" if one.depth or one.in_flight else "-",
    "dead letters": lambda one: str(one.dead_letters),
    "invocations": lambda one: str(one.invocations),
    "errors": lambda one: str(one.errors),
    "throttles": lambda one: str(one.throttles),
    "mapping": lambda one: one.mapping,
}


class Line(NamedTuple):
    """A line of the screen."""

    text: str
    style: str = ""
    """`title`, `bad`, `poor` or empty."""

    @property
    def coloured(self) -> str:
        """The text with the colour of its style, for a terminal."""
        return f"\033[{_STYLES[self.style]}m{self.text}\033[0m" if self.style else self.text


def draw(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """The screen.

    Where a table is too wide, each pipeline has a paragraph. What does not fit in the height is left out: lines of the
    logs first, then from the end.

    Args:
        snapshot: What is shown.
        width: Characters of a line.
        height: Lines of the screen.
    """
    lines = [
        Line(
            f"pipelines at {_clock(snapshot.at)} UTC, counts of the last {round(snapshot.at - snapshot.since)} s",
            "title",
        )
    ]
    if snapshot.notice:
        lines += [Line(text, "bad") for text in textwrap.wrap(_clean(snapshot.notice), width)]
    table = _table(snapshot.pipelines)
    is_wide = all(len(line.text) <= width for line in table)
    if is_wide and snapshot.pipelines:
        lines += [Line(""), *table]
    heads = [
        [Line(""), *([Line(one.name, "title")] if is_wide else _paragraph(one, width)), *_alarms(one)]
        for one in snapshot.pipelines
    ]
    free = height - len(lines) - sum(map(len, heads))
    talking = sum(bool(one.log) for one in snapshot.pipelines)
    most = max(_FEWEST_LINES, min(_MOST_LINES, free // max(1, talking)))
    for one, head in zip(snapshot.pipelines, heads, strict=True):
        lines += [*head, *(_logged(line) for line in one.log[-most:])]
    return [line._replace(text=_cut(line.text, width)) for line in lines[:height]]


def tell(snapshot: Snapshot) -> dict[str, str]:
    """One line for each pipeline by its name, and under an empty name the notice."""
    told = {"": _clean(snapshot.notice)} if snapshot.notice else dict[str, str]()
    for one in snapshot.pipelines:
        states = Counter(alarm.state for alarm in one.alarms)
        words = [f"{title.replace(' ', '-')}={value(one).replace(' ', '')}" for title, value in _COLUMNS.items()]
        words += [f"alarms={','.join(f'{state}:{count}' for state, count in sorted(states.items())) or 'none'}"]
        words += [f"in-alarm={','.join(alarm.name for alarm in _firing(one))}"] if _firing(one) else []
        words += [f"log={json.dumps(_sentence(one.log[-1]), ensure_ascii=False)}"] if one.log else []
        told[one.name] = f"{one.name} {' '.join(words)}"
    return told


def _table(pipelines: tuple[Pipeline, ...]) -> list[Line]:
    titles = ["pipeline", *_COLUMNS]
    rows = [[one.name, *(value(one) for value in _COLUMNS.values())] for one in pipelines]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    is_text = {titles.index("pipeline"), titles.index("mapping")}

    def line(cells: list[str]) -> str:
        aligned = (
            cell.ljust(width) if at in is_text else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return _GAP.join(aligned).rstrip()

    return [
        Line(line(titles), "title"),
        *(Line(line(row), _style(one)) for row, one in zip(rows, pipelines, strict=True)),
    ]


def _paragraph(one: Pipeline, width: int) -> list[Line]:
    # The space within a figure must not break it over two lines.
    figures = [f"{title} {value(one)}".replace(" ", "\N{NO-BREAK SPACE}") for title, value in _COLUMNS.items()]
    wrapped = textwrap.wrap(", ".join(figures), width, initial_indent=_INDENT, subsequent_indent=_INDENT)
    return [
        Line(one.name, "title"),
        *(Line(text.replace("\N{NO-BREAK SPACE}", " "), _style(one)) for text in wrapped),
    ]


def _alarms(one: Pipeline) -> list[Line]:
    states = Counter(alarm.state for alarm in one.alarms)
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
    return [
        Line(f"{_INDENT}alarms: {counts}"),
        *(Line(f"{_INDENT}{alarm.severity.upper()} {alarm.name}", _severity(alarm)) for alarm in _firing(one)),
    ]


def _firing(one: Pipeline) -> list[Alarm]:
    return [alarm for alarm in one.alarms if alarm.state == "ALARM"]


def _logged(line: LogLine) -> Line:
    return Line(f"{_INDENT}{_clock(line.at)} {_sentence(line)}", "poor" if line.reason else "")


def _sentence(line: LogLine) -> str:
    said = f"{line.message}: {line.reason}" if line.reason else line.message
    return _clean(f"{line.order} {said}".strip())


def _style(one: Pipeline) -> str:
    if any(_severity(alarm) == "bad" for alarm in _firing(one)):
        return "bad"
    return "poor" if _firing(one) or one.dead_letters or one.errors or one.throttles else ""


def _severity(alarm: Alarm) -> str:
    return "bad" if alarm.severity == CRITICAL else "poor"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def _clean(text: str) -> str:
    """Without what would steer the terminal: a log holds what others sent."""
    return "".join(character if character.isprintable() else " " for character in text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
