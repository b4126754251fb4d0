"""One embedded AWS for the whole session, on a free port and in a folder of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from local.engine import heed_interrupts
from local.environment import Workspace
from local.supervisor import Instance, serving
from tests.support.program import NewProgram, Program
from tests.support.spread import ByFile, sort


def pytest_configure() -> None:
    heed_interrupts()
    os.environ.pop("COLUMNS", None)  # by which uv and others break their lines; pytest-xdist sets it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sort(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with serving(Workspace(tmp_path_factory.mktemp("workspace")).emulator) as instance:
        yield instance


@pytest.fixture(scope="session")
def new_program(tmp_path_factory: pytest.TempPathFactory, embedded_aws: Instance) -> NewProgram:
    """Makes programs, each with a stack, a backend and, unless one is given, an AWS account of its own.

    What they deploy ends with the embedded AWS, so nothing is destroyed after them.
    """

    def make(account: str | None = None) -> Program:
        root = tmp_path_factory.mktemp("program")
        folder = root / "program"
        folder.mkdir()
        return Program(
            folder, Workspace(root / "workspace"), embedded_aws, account or f"{secrets.randbelow(10**12):012d}"
        )

    return make


@pytest.fixture
def program(new_program: NewProgram) -> Program:
    return new_program()
