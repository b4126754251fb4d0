"""The runners that are compared: each runs all cases, at the same time where they wait in real time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.awslambda.models import LambdaFunction

from local.aws import Aws
from local.supervisor import serving
from tests.mappings.conformance import function, in_virtual_time, of_queues, of_streams
from tests.mappings.conformance.cases import Case, Row
from tests.mappings.conformance.over_boto3 import World
from tests.mappings.conformance.seen import misses

ROWS: Mapping[str, tuple[Row, ...]] = {"queues": of_queues.ROWS, "streams": of_streams.ROWS}
ALL = tuple(row for rows in ROWS.values() for row in rows)
VIRTUAL, LIVE, POLLERS, MOTO = NAMES = ("virtual", "live", "pollers", "moto")
"""This engine on its models, this engine on the embedded AWS, the emulator's own pollers, and moto's mappings."""
_REGION = "eu-central-1"
_AT_ONCE = 14
"""Rows that wait in real time beside each other; more of them, and two cores are too busy for their timeouts."""
_FEW = 5
"""The same, where nobody knows what there is to be seen, and so nobody would look twice."""
_AGAIN = 2
_MIXED = tuple(row for pair in zip_longest(of_queues.ROWS, of_streams.ROWS) for row in pair if row)
"""In turns, as the emulator's pollers wait for each function of a stream, and for none of a queue."""
_LOST: dict[str, dict[str, str]] = {
    MOTO: {
        "timeout": "Docker ends its functions, and here they run in this process",
        "exit": "Docker ends its functions, and here they run in this process",
    },
}
"""What a runner does not do itself."""
Seen = Mapping[str, tuple[dict[str, Any], ...]]
"""Row -> what was seen of each of its cases."""


@dataclass(frozen=True)
class Cell:
    """What is in the table."""

    says: str
    """`yes`, `no` or `not applicable`."""
    why: str = ""
    """Why it is not applicable, or what was seen instead."""


def cell(column: str, row: Row, found: tuple[dict[str, Any], ...]) -> Cell:
    """The cell of a row."""
    needs = sorted(set[str]().union(*(case.needs for case in row.cases)))
    reasons = [why for what, why in _LOST.get(column, {}).items() if what in needs]
    if reasons:
        return Cell("not applicable", reasons[0])
    for case, one in zip(row.cases, found, strict=True):
        if "refused" in one:
            return Cell("no", one["refused"])
        if missed := misses(case, one):
            return Cell("no", "; ".join(f"{name}: {json.dumps(value)}" for name, value in missed.items()))
    return Cell("yes")


def run(name: str, folder: Path, expected: Mapping[str, str]) -> Seen:
    """All rows on a runner.

    A row whose cell is not what is expected runs again with nothing beside it: its times are those of a clock on the
    wall, and on a busy machine a function may start too late for them.

    Args:
        name: Of its column.
        folder: In which it makes one of its own.
        expected: Row -> what its cell is to say; where it has none, nothing is expected.
    """
    own = folder / name
    own.mkdir()
    if name == VIRTUAL:
        return {row.name: _one_by_one(row, in_virtual_time.run) for row in ALL}
    with (_moto if name == MOTO else _embedded_aws)(own, name) as world:

        def of(case: Case) -> dict[str, Any]:
            return {} if case.needs & _LOST.get(name, {}).keys() else world.run(case)

        with ThreadPoolExecutor(_AT_ONCE if expected else _FEW) as pool:
            found = dict(zip((row.name for row in _MIXED), pool.map(partial(_one_by_one, run=of), _MIXED), strict=True))
        for row in [row for row in ALL if row.name in expected]:
            for _ in range(_AGAIN):
                if cell(name, row, found[row.name]).says != expected[row.name]:
                    found[row.name] = _one_by_one(row, of)
    return found


def _one_by_one(row: Row, run: Callable[[Case], dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(run(case) for case in row.cases)


@contextmanager
def _embedded_aws(folder: Path, name: str) -> Generator[World]:
    """An embedded AWS whose mappings this engine drives, or the emulator polls."""
    is_live = name == LIVE
    with serving(folder / "emulator", drives=is_live) as instance:
        aws = Aws(instance.endpoint, _REGION, f"{secrets.randbelow(10**12):012d}", max_pool_connections=2 * _AT_ONCE)
        yield World(aws, folder, *((45, 45) if is_live else (15, 5)))


@contextmanager
def _moto(folder: Path, _: str) -> Generator[World]:
    """moto, in this process.

    moto runs a function in Docker, or not at all. Here the same function runs in this process instead, so that a cell
    says what moto's mapping does, and not whether Docker is there. All that it does, it does during a call of its API:
    nothing has to be waited for, and its mappings are made before anything is sent.
    """
    with mock_aws(), patch.object(LambdaFunction, "_invoke_lambda", _invoke):
        yield World(_MotoClients(), folder, 1, 1, maps_first=True)


class _MotoClients:
    region = _REGION
    account = "123456789012"

    def __init__(self) -> None:
        session: Any = boto3  # the stubs have one overload for each service name
        for name in ("sqs", "kinesis", "dynamodb", "lambda", "s3", "iam"):
            setattr(self, "lambda_" if name == "lambda" else name, session.client(name, region_name=_REGION))

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def _invoke(of: LambdaFunction, event: Any) -> tuple[str, bool, str]:
    """What it answered, whether it failed, and its log."""
    try:
        return json.dumps(function.run(event, of.environment_vars)), False, ""
    except RuntimeError as error:
        return json.dumps({"errorMessage": str(error)}), True, ""
