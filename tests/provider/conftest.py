"""Programs for these tests, each with a stack, a backend and an AWS account of its own on the one embedded AWS."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable

import pulumi_aws as aws
import pytest

from local.environment import Workspace
from local.supervisor import Instance
from tests.support.program import Program

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of names in the SDK's module itself, at its first use
    aws.lambda_.Function  # noqa: B018

NewProgram = Callable[..., Program]


@pytest.fixture(scope="session")
def new_program(tmp_path_factory: pytest.TempPathFactory, embedded_aws: Instance) -> NewProgram:
    """Makes programs; what they deploy ends with the embedded AWS, so nothing is destroyed after them."""

    def make(account: str | None = None) -> Program:
        root = tmp_path_factory.mktemp("program")
        folder = root / "program"
        folder.mkdir()
        return Program(
            folder, Workspace(root / "workspace"), embedded_aws, account or f"{secrets.randbelow(10**12):012d}"
        )

    return make
