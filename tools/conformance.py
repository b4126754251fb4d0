"""The tables of docs/event-source-mappings.md, from what the tests of tests/mappings/conformance saw and recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "event-source-mappings.md"
_RESULTS = PROJECT / "tests" / "mappings" / "conformance" / "results.json"
_TITLES = {
    "virtual": "this engine, virtual time",
    "live": "this engine, live",
    "pollers": "emulator's pollers",
    "moto": "moto",
}
_MARKED = re.compile(r"(<!-- conformance of (\w+): [^\n]* -->\n).*?(<!-- end of conformance -->)", re.DOTALL)
_MOST = 110
"""Characters of what was seen instead."""


def page() -> str:
    """The whole page."""
    rows: list[dict[str, Any]] = json.loads(_RESULTS.read_text())["rows"]
    return _MARKED.sub(lambda match: f"{match[1]}\n{_tables(rows, match[2])}\n{match[3]}", PAGE.read_text())


def _tables(rows: list[dict[str, Any]], source: str) -> str:
    own = [row for row in rows if row["source"] == source]
    lines = [_line("behaviour", *_TITLES.values()), _line(*["---"] * (len(_TITLES) + 1))]
    lines += [
        _line(f"{row['says']} [AWS]({row['page']})", *(row["cells"][name]["says"] for name in _TITLES)) for row in own
    ]
    others = [name for name in _TITLES if any(_why(row, name) for row in own)]
    lines += ["", "What was seen where the table does not say yes:", ""]
    lines += [_line("behaviour", *(_TITLES[name] for name in others)), _line(*["---"] * (len(others) + 1))]
    lines += [
        _line(row["name"], *(_why(row, name) for name in others))
        for row in own
        if any(_why(row, one) for one in others)
    ]
    return "".join(f"{line}\n" for line in lines)


def _why(row: dict[str, Any], name: str) -> str:
    cell = row["cells"][name]
    words = cell["why"] if len(cell["why"]) <= _MOST else f"{cell['why'][:_MOST]} …"
    return f"`{words}`" if cell["says"] == "no" else words


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
