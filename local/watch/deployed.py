"""What pipelines a stack has, read from the file in which Pulumi's own backend keeps its state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.environment import PROJECT, Workspace
from local.stack import STACK

_PIPELINE = "order-pipelines:index:OrderPipeline"
_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@dataclass(frozen=True)
class Deployed:
    """A pipeline, by the names of its parts."""

    name: str
    queue: str
    """ARN."""
    dead_letters: str
    """ARN of its dead-letter queue."""
    function: str
    """ARN, without an alias."""
    log_group: str
    mapping: str
    """UUID."""
    alarms: Mapping[str, str]
    """Name -> severity."""

    @property
    def scope(self) -> tuple[str, str]:
        """Account and region."""
        _, _, _, region, account, _ = self.queue.split(":")
        return account, region


def state_file(workspace: Workspace, project: Path = PROJECT, stack: str = STACK) -> Path:
    """Where the state of a program's stack is."""
    name = yaml.safe_load((project / "Pulumi.yaml").read_text())["name"]
    return workspace.backend / ".pulumi" / "stacks" / name / f"{stack}.json"


def deployed(state: Path) -> list[Deployed]:
    """The pipelines of a stack, by name; those alone whose deployment came to its end."""
    if not state.exists():
        return []
    latest: dict[str, list[dict[str, Any]]] = json.loads(state.read_text())["checkpoint"]["latest"] or {}
    resources = latest.get("resources", [])
    severities: dict[str, str] = {
        outputs["name"]: outputs.get("tagsAll", {}).get("severity", "")
        for outputs in (resource.get("outputs", {}) for resource in resources if resource["type"] == _ALARM)
        if "name" in outputs
    }
    found = [
        _pipeline(resource["urn"].rpartition("::")[2], resource["outputs"], severities)
        for resource in resources
        if resource["type"] == _PIPELINE and "mappingId" in resource.get("outputs", {})
    ]
    return sorted(found, key=lambda pipeline: pipeline.name)


def _pipeline(name: str, outputs: dict[str, Any], severities: Mapping[str, str]) -> Deployed:
    partition, _, region, account, _ = outputs["queueArn"].split(":")[1:]
    return Deployed(
        name=name,
        queue=outputs["queueArn"],
        dead_letters=outputs["deadLetterQueueArn"],
        function=f"arn:{partition}:lambda:{region}:{account}:function:{outputs['functionName']}",
        log_group=outputs["logGroupName"],
        mapping=outputs["mappingId"],
        alarms={alarm: severities.get(alarm, "") for alarm in outputs["alarmNames"]},
    )
