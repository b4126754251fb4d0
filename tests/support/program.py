"""A Pulumi program that a test writes, and what the real engine did with it."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import Aws
from local.engine import POLICY_PACK, Engine
from local.environment import REGION, Workspace, pulumi_environment
from local.supervisor import Instance

STACK = "test"


@dataclass(frozen=True)
class Result:
    """One run of the engine."""

    code: int
    text: str
    events: list[dict[str, Any]]

    @property
    def operations(self) -> dict[str, str]:
        """Logical name -> what the engine did with the resource: create, update, replace, delete, same, ..."""
        found: dict[str, str] = {}
        for event in self.events:
            metadata = event.get("resourcePreEvent", {}).get("metadata", {})
            if metadata and not metadata["type"].startswith("pulumi:"):
                name = metadata["urn"].rpartition("::")[2]
                is_replacement = "replace" in (metadata["op"] + found.get(name, ""))  # it takes three steps
                found[name] = "replace" if is_replacement else metadata["op"]
        return found

    def changed(self) -> dict[str, str]:
        """The operations that are not `same`."""
        return {name: operation for name, operation in self.operations.items() if operation != "same"}

    @property
    def violations(self) -> list[tuple[str, str, str, str]]:
        """Policy, enforcement level, logical name and message of every finding of the policy pack."""
        found = [event["policyEvent"] for event in self.events if "policyEvent" in event]
        return sorted(
            (
                event["policyName"],
                event["enforcementLevel"],
                event.get("resourceUrn", "").rpartition("::")[2],
                event["message"],
            )
            for event in found
        )


class Program:
    """A program, its stack and its AWS account."""

    def __init__(self, folder: Path, workspace: Workspace, instance: Instance, account: str) -> None:
        self.folder = folder
        self.name = f"p{account}"
        self.aws = Aws(instance.endpoint, REGION, account)
        environment = pulumi_environment(workspace, instance, os.environ, account=account)
        # The event log is a debugging option of the CLI, and the one machine-readable account of what it did.
        self.engine = Engine({**environment, "PULUMI_DEBUG_COMMANDS": "1"}, folder)
        folder.joinpath("Pulumi.yaml").write_text(f"name: {self.name}\nruntime: python\n")

    def write(self, source: str) -> None:
        """Set the program's text; `json`, `pulumi` and `pulumi_aws as aws` are imported for it."""
        header = "import json\n\nimport pulumi\nimport pulumi_aws as aws\n\n"
        self.folder.joinpath("__main__.py").write_text(header + textwrap.dedent(source))

    def up(self, *options: str) -> Result:
        """`pulumi up`, without a preview before it."""
        return self._run("up", "--yes", "--skip-preview", *options)

    def preview(self, *options: str) -> Result:
        """`pulumi preview`."""
        return self._run("preview", *options)

    def check(self) -> Result:
        """`pulumi preview` with the policy pack."""
        return self._run("preview", "--policy-pack", str(POLICY_PACK))

    def refresh(self) -> Result:
        """`pulumi refresh`."""
        return self._run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Result:
        """`pulumi destroy`."""
        return self._run("destroy", "--yes", "--skip-preview")

    def state(self, *options: str) -> dict[str, dict[str, Any]]:
        """Logical name -> resource as the stack's state has it: `id`, `type`, `inputs`, `outputs`."""
        exported = json.loads(self.engine.output("stack", "export", "--stack", STACK, *options).stdout)
        resources = exported["deployment"].get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}

    def _run(self, command: str, *options: str) -> Result:
        self.engine.ensure_stack(STACK)
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        done = self.engine.output(command, "--stack", STACK, "--event-log", str(log), *options)
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Result(done.returncode, done.stdout + done.stderr, events)


NewProgram = Callable[..., Program]
"""The fixture that makes programs."""
