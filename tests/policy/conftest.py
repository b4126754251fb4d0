"""Programs for the policy pack to judge, each with a stack, a backend and an AWS account of its own."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from local.environment import Workspace
from local.supervisor import Instance
from tests.support.program import Program


def new_program(root: Path, instance: Instance) -> Program:
    """A program in an empty folder; what it deploys ends with the embedded AWS."""
    folder = root / "program"
    folder.mkdir()
    return Program(folder, Workspace(root / "workspace"), instance, account=f"{secrets.randbelow(10**12):012d}")


@pytest.fixture
def program(tmp_path: Path, embedded_aws: Instance) -> Program:
    return new_program(tmp_path, embedded_aws)
