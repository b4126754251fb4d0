"""One embedded AWS for the whole session, on a free port and in a folder of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine import heed_interrupts
from local.environment import Workspace
from local.supervisor import Instance, serving
from tests.support.program import Program


def pytest_configure() -> None:
    heed_interrupts()


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def embedded_aws(workspace: Workspace) -> Iterator[Instance]:
    with serving(workspace.emulator) as instance:
        yield instance


@pytest.fixture
def program(tmp_path: Path, workspace: Workspace, embedded_aws: Instance) -> Iterator[Program]:
    """A Pulumi program in a folder, a stack and an AWS account of its own."""
    account = f"{secrets.randbelow(10**12):012d}"
    yield (made := Program(tmp_path, workspace, embedded_aws, account))
    made.destroy()
