"""The committed results, from which the table in the documentation is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mappings.conformance.columns import NAMES, ROWS, Seen, cell

FILE = Path(__file__).parent / "results.json"


def write(found: Mapping[str, Seen]) -> None:
    """Write the results of all columns."""
    rows = [
        {
            "source": source,
            "name": row.name,
            "says": row.says,
            "page": row.page,
            "cells": {name: vars(cell(name, row, found[name][row.name])) for name in NAMES},
        }
        for source, rows in ROWS.items()
        for row in rows
    ]
    FILE.write_text(json.dumps({"columns": [*NAMES], "rows": rows}, indent=1) + "\n")


def rows() -> list[dict[str, Any]]:
    """The rows as they are committed."""
    return json.loads(FILE.read_text())["rows"]


def column(name: str) -> dict[str, str]:
    """Row -> what its cell says, as it is committed."""
    return {row["name"]: row["cells"][name]["says"] for row in rows()}
