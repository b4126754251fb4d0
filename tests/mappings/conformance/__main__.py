"""Runs every case on every runner anew and writes what was seen: `python -m tests.mappings.conformance`.

`make docs` then writes the table of docs/event-source-mappings.md from it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.mappings.conformance import columns, record


def main() -> None:
    """Run and write. Of this engine a yes is expected, and of the others nothing."""
    expected = dict.fromkeys((row.name for row in columns.ALL), "yes")
    with tempfile.TemporaryDirectory() as folder:
        found = {
            name: columns.run(name, Path(folder), expected if name in (columns.VIRTUAL, columns.LIVE) else {})
            for name in columns.NAMES
        }
    record.write(found)


if __name__ == "__main__":
    main()
