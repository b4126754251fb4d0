"""`python -m local` as a user runs it, in a workspace of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local.environment import PROJECT


@dataclass(frozen=True)
class LocalCommand:
    """The command line of local runs.

    Attributes:
        workspace: Where this one keeps its state.
        extra: Variables that the host's environment has besides its own.
    """

    workspace: Path
    extra: dict[str, str] = field(default_factory=dict[str, str])

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "local", *arguments],
            cwd=PROJECT,
            env={**os.environ, **self.extra, "ORDER_PIPELINES_WORKSPACE": str(self.workspace)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command; its exit code and all that it printed."""
        process = self.start(*arguments)
        text, _ = process.communicate()
        return process.returncode, text
