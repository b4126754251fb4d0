"""The program's stack `local` on the embedded AWS of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from local.engine import POLICY_PACK, Engine
from local.environment import Workspace
from local.supervisor import Instance

STACK = "local"
_OPTIONS = {
    "up": ("--yes", "--policy-pack", str(POLICY_PACK)),
    "preview": ("--policy-pack", str(POLICY_PACK)),
    "destroy": ("--yes",),
}
Command = Literal["up", "preview", "destroy"]


@dataclass(frozen=True)
class LocalStack:
    """One stack, its workspace and its embedded AWS."""

    workspace: Workspace
    instance: Instance

    def run(self, command: Command, *options: str) -> int:
        """Run `pulumi up`, `preview` or `destroy` in front of the user; its exit code.

        An embedded AWS that was killed has lost its resources, and Pulumi does not know: then it looks first.
        """
        engine = self._engine
        engine.ensure_stack(STACK)
        refresh = () if self._deployed_epoch == self.instance.epoch else ("--refresh",)
        code = engine.run(command, "--stack", STACK, *_OPTIONS[command], *refresh, *options)
        if code == 0 and command != "preview":
            self._epoch_record.write_text(self.instance.epoch)
        return code

    def check(self, *options: str) -> int:
        """Judge a preview of the stack by the policy pack in front of the user; its exit code."""
        engine = self._engine
        engine.ensure_stack(STACK)
        return engine.check("--stack", STACK, *options)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the deployed stack."""
        return self._engine.stack_outputs(STACK)

    @property
    def _engine(self) -> Engine:
        return Engine.of(self.workspace, self.instance)

    @property
    def _epoch_record(self) -> Path:
        return self.workspace.root / "pulumi" / "epoch"

    @property
    def _deployed_epoch(self) -> str:
        return self._epoch_record.read_text() if self._epoch_record.exists() else ""
