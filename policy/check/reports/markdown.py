"""The report for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policy.check.report import Entry, Report, Standing

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#&])")
_FOLDED = (Standing.KNOWN, Standing.ADVICE, Standing.UNDECIDED, Standing.ACCEPTED)


def markdown(report: Report) -> str:
    """A table of what fails, and the rest folded."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    failing = report.standing(Standing.MANDATORY)
    yield f"### Order policy: {'failed' if failing else 'passed'}"
    yield ""
    yield f"{_plain(report.summary[0].upper() + report.summary[1:])}."
    if failing:
        yield ""
        yield from _table(failing)
    if folded := report.standing(*_FOLDED):
        yield from ("", f"<details><summary>{report.counts(*_FOLDED)}</summary>", "")
        yield from _table(folded)
        yield from ("", "</details>")
    for note in report.notes:
        yield from ("", _plain(note))


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    yield "| | resource | rule | finding |"
    yield "| --- | --- | --- | --- |"
    for entry in entries:
        kind = f"<br>{_plain(entry.type)}" if entry.type else ""
        rule = f"[{entry.rule.id}]({entry.rule.url})"
        yield f"| {entry.standing} | {_plain(entry.name)}{kind} | {rule} | {_plain(entry.message)} |"


def _plain(words: str) -> str:
    """Words that mean nothing else in Markdown."""
    return _SPECIAL.sub(r"\\\1", words)
