"""States of stacks that tests write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policy.tokens import QUEUE

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def urn(name: str, token: str = QUEUE, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::shop::{token}::{name}"


def queue(name: str, outputs: Mapping[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
    """A queue as a state has it; good by all of the small rules unless outputs say otherwise."""
    good = {"visibilityTimeoutSeconds": 60, "tags": {"owner": "team-shop"}}
    return {"urn": urn(name), "type": QUEUE, "custom": True, "outputs": {**good, **(outputs or {})}} | entry


def export(*resources: Mapping[str, Any]) -> dict[str, Any]:
    """What `pulumi stack export` writes."""
    stack = {
        "urn": urn("shop-dev", "pulumi:pulumi:Stack"),
        "type": "pulumi:pulumi:Stack",
        "outputs": {"url": "https://shop.example"},
    }
    return {"version": 3, "deployment": {"manifest": {"version": "v3.259.0"}, "resources": [stack, *resources]}}


def checkpoint(*resources: Mapping[str, Any]) -> dict[str, Any]:
    """What a backend keeps."""
    latest = export(*resources)["deployment"]
    return {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": latest}}


def saved(folder: Path, *resources: Mapping[str, Any], name: str = "state.json") -> str:
    """A stack export in a file."""
    file = folder / name
    file.write_text(json.dumps(export(*resources)))
    return str(file)
