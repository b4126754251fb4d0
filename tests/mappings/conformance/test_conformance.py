"""Every behaviour on every runner: what is committed, and so documented, is what is seen now."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mappings.conformance import columns, record
from tests.mappings.conformance.cases import Case, Row
from tests.mappings.conformance.columns import ALL, LIVE, MOTO, NAMES, POLLERS, VIRTUAL, Seen

_AGAIN = "run `python -m tests.mappings.conformance` and `make docs` where this is meant"
_CASES = [(row, number) for row in ALL for number in range(len(row.cases))]
Columns = dict[str, Seen]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    folder = tmp_path_factory.mktemp("conformance")
    return {name: columns.run(name, folder, record.column(name)) for name in NAMES}


@pytest.mark.parametrize("column", NAMES)
@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_a_cell_is_what_is_committed(row: Row, column: str, seen: Columns) -> None:
    now = columns.cell(column, row, seen[column][row.name])

    assert now.says == record.column(column)[row.name], f"{now.why}: {_AGAIN}"


def test_the_committed_rows_are_these() -> None:
    assert [(row["source"], row["name"], row["says"], row["page"]) for row in record.rows()] == [
        (source, row.name, row.says, row.page) for source, rows in columns.ROWS.items() for row in rows
    ], _AGAIN


@pytest.mark.parametrize("column", [VIRTUAL, LIVE])
def test_this_engine_does_all_that_is_documented(column: str) -> None:
    assert record.column(column) == {row.name: "yes" for row in ALL}


@pytest.mark.parametrize("column", [POLLERS, MOTO])
def test_the_table_tells_runners_apart(column: str) -> None:
    assert {*record.column(column).values()} >= {"yes", "no"}


@pytest.mark.parametrize(("row", "number"), _CASES, ids=[f"{row.name}-{number}" for row, number in _CASES])
def test_both_drivers_give_the_same_log(row: Row, number: int, seen: Columns) -> None:
    case = row.cases[number]

    in_virtual_time, live = (_log(case, seen[column][row.name][number]) for column in (VIRTUAL, LIVE))

    assert live == in_virtual_time


def _log(case: Case, found: dict[str, Any]) -> dict[str, Any]:
    """All that `seen.py` makes of a run: each batch, each receive, what is left, dead or given up, and each window.

    The order of batches is free where lanes, shards, keys or message groups are processed at once; a case says so, and
    `seen.py` takes it out: `any` sorts the batches, `key` looks at the batches of each key alone. How many invocations
    there are at once is left to the clock where the case does not ask for it.
    """
    return {name: value for name, value in found.items() if name in case.expects or name != "at_once"}
