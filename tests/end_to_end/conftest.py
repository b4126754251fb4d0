"""The project's own stack, deployed once for the tests that use it as its users would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import supervisor
from local.aws import Aws
from local.environment import ACCOUNT, REGION, Workspace
from tests.support.command import LocalCommand


@dataclass(frozen=True)
class Deployment:
    """The deployed stack `local`."""

    command: LocalCommand
    outputs: dict[str, Any]
    aws: Aws


@pytest.fixture
def local_command(tmp_path: Path) -> Iterator[LocalCommand]:
    """`python -m local` in an empty workspace; what it leaves running is stopped."""
    workspace = tmp_path / "workspace"
    yield LocalCommand(workspace)
    supervisor.stop(Workspace(workspace).emulator)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    command = LocalCommand(tmp_path_factory.mktemp("deployment"))
    try:
        yield deploy(command)
    finally:
        supervisor.stop(Workspace(command.workspace).emulator)


def deploy(command: LocalCommand) -> Deployment:
    """Run `up` and look at what it deployed."""
    code, text = command.run("up")
    assert code == 0, text
    return Deployment(command, stack_outputs(command), embedded_aws(command))


def stack_outputs(command: LocalCommand) -> dict[str, Any]:
    """The stack's outputs, from Pulumi's own state."""
    (state,) = Workspace(command.workspace).backend.glob(".pulumi/stacks/*/local.json")
    resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
    outputs: dict[str, Any] = resources[0]["outputs"]
    return outputs


def embedded_aws(command: LocalCommand) -> Aws:
    """The embedded AWS that the command runs."""
    instance = supervisor.running(Workspace(command.workspace).emulator)
    assert instance is not None
    return Aws(instance.endpoint, REGION, ACCOUNT)
