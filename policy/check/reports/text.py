"""The report for a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from policy.check.report import ORDER, Entry, Report, Standing

_COLOURS: Mapping[Standing, str] = {
    Standing.MANDATORY: "31",
    Standing.KNOWN: "33",
    Standing.ADVICE: "33",
    Standing.UNDECIDED: "36",
    Standing.ACCEPTED: "2",
}
"""Codes of ECMA-48, "select graphic rendition"."""
_WIDTH = max(map(len, Standing))
_WITH_LINK = frozenset({Standing.MANDATORY, Standing.KNOWN, Standing.ADVICE})


def text(report: Report, *, colour: bool = False) -> str:
    """The findings by resource, what the baseline says, and the counts in the last line."""
    lines = [line for _, group in _by_resource(report) for line in _resource(group, colour)]
    if any(entry.standing in _WITH_LINK for entry in report.entries):
        lines += ["`order-policy explain RULE-ID` says why.", ""]
    return "\n".join([*lines, *report.notes, report.summary]) + "\n"


def _by_resource(report: Report) -> Iterator[tuple[str, list[Entry]]]:
    ordered = sorted(report.entries, key=lambda entry: (entry.urn, ORDER.index(entry.standing), entry.rule.id))
    for urn, group in itertools.groupby(ordered, lambda entry: entry.urn):
        yield urn, list(group)


def _resource(entries: list[Entry], colour: bool) -> Iterator[str]:
    yield f"{entries[0].type} {entries[0].name}".strip()
    for entry in entries:
        label = f"{entry.standing:{_WIDTH}}"
        if colour:
            label = f"\x1b[{_COLOURS[entry.standing]}m{label}\x1b[0m"
        yield f"  {label}  {entry.rule.id} {entry.rule.name}: {entry.message}"
        if entry.standing in _WITH_LINK:
            yield f"  {'':{_WIDTH}}  {entry.rule.url}"
    yield ""
