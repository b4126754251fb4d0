"""Runs the real Pulumi engine against the embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.environment import PROJECT, Workspace, pulumi_environment
from local.supervisor import Instance

POLICY_PACK = PROJECT / "policy" / "pack"
"""The policy pack as an executable, which every language host can start."""


def heed_interrupts() -> None:
    """Let SIGINT end what this process starts.

    A shell has its background jobs ignore it, and so would Pulumi and its plugins: each command would wait 5 s for
    plugins that do not hear that they are to end.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Engine:
    """`pulumi` for one program, one workspace and one embedded AWS.

    Attributes:
        environment: The whole environment of the command.
        project: Folder with the program's `Pulumi.yaml`.
    """

    environment: Mapping[str, str]
    project: Path = PROJECT

    @classmethod
    def of(cls, workspace: Workspace, instance: Instance, project: Path = PROJECT) -> Engine:
        """The engine with the environment of this process reduced to what a local run may see."""
        return cls(pulumi_environment(workspace, instance, os.environ), project)

    def run(self, *arguments: str) -> int:
        """Run a command in front of the user; its exit code."""
        command = ["pulumi", *arguments]
        return subprocess.run(command, cwd=self.project, env=dict(self.environment), check=False).returncode

    def check(self, *options: str) -> int:
        """Judge the program by `python -m policy check` in front of the user; its exit code."""
        command = [sys.executable, "-m", "policy", "check", *options]
        return subprocess.run(command, cwd=self.project, env=dict(self.environment), check=False).returncode

    def output(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command and keep what it prints."""
        return subprocess.run(
            ["pulumi", *arguments],
            cwd=self.project,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def ensure_stack(self, stack: str) -> None:
        """Create the stack if it is not there, and take away a lock whose owner is dead.

        Both look at the backend's files, which spares two slow starts of the CLI.
        """
        name = yaml.safe_load((self.project / "Pulumi.yaml").read_text())["name"]
        for lock in self._backend.glob(f"locks/organization/{name}/{stack}/*.json"):
            owner = json.loads(lock.read_text())
            if owner["hostname"] == socket.gethostname() and not is_alive(owner["pid"]):
                lock.unlink(missing_ok=True)
        if not (self._backend / "stacks" / name / f"{stack}.json").exists():
            self.output("stack", "init", stack, "--no-select").check_returncode()

    def stack_outputs(self, stack: str) -> dict[str, Any]:
        """The outputs of a deployed stack."""
        answer = self.output("stack", "output", "--json", "--stack", stack)
        answer.check_returncode()
        outputs: dict[str, Any] = json.loads(answer.stdout)
        return outputs

    @property
    def _backend(self) -> Path:
        return Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://"), ".pulumi")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    stat = Path(f"/proc/{pid}/stat")  # a killed process that nobody waits for still answers to signals
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
