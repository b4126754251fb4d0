"""A program as a state file has it: a stack export, or the file in which a backend keeps a stack.

https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_export/
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pulumi_policy import proxy

from policy.facts import Resource

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key of an object in a state that stands for something that JSON does not have; its value says for what:
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go"""
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of a secret, not one
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_GZIP = b"\x1f\x8b"
_VERSIONS = (3, 4)


class StateError(Exception):
    """A text is no state of a stack; the message says what it is instead."""


@dataclass(frozen=True)
class Program:
    """The resources of a stack."""

    resources: list[Resource]
    stack: str
    """The name of the stack; nothing when there is no resource to tell it."""


def decode(content: bytes) -> Program:
    """The program in a state file, recognised by its content.

    Raises:
        StateError: It is no state.
    """
    try:
        state: Any = json.loads(gzip.decompress(content) if content.startswith(_GZIP) else content)
    except (ValueError, OSError, EOFError):
        raise StateError("it is no JSON") from None
    try:
        resources = [_resource(entry) for entry in _entries(state) if not entry.get("delete")]
    except (KeyError, TypeError, AttributeError, ValueError):
        raise StateError("it looks like a state, but a resource in it has no urn or type") from None
    stacks = [resource.urn.split("::")[0].rpartition(":")[2] for resource in resources]
    return Program(resources, stacks[0] if stacks else "")


def encode(resources: Iterable[Resource]) -> Mapping[str, Any]:
    """Resources as a stack export that `decode` reads; code and other assets only as such."""
    return {
        "version": _VERSIONS[0],
        "deployment": {
            "resources": [
                {
                    "urn": resource.urn,
                    "type": resource.type,
                    "external": not resource.managed,
                    "outputs": _plain(resource.properties),
                    "propertyDependencies": dict(resource.dependencies),
                }
                for resource in resources
            ]
        },
    }


def _entries(state: Any) -> list[Mapping[str, Any]]:
    """The resources in a state as they stand there."""
    if not isinstance(state, dict) or not {"deployment", "checkpoint"} & state.keys():
        raise StateError("it is JSON, but neither a stack export nor the file of a stack in a backend")
    content = cast("dict[str, Any]", state)
    if content.get("version") not in _VERSIONS:
        raise StateError(f"it is a state of version {content.get('version')}, and only 3 and 4 are known")
    # A stack that was never deployed has nothing in either.
    checkpoint: dict[str, Any] = content.get("checkpoint") or {}
    deployment: dict[str, Any] = content.get("deployment") or checkpoint.get("latest") or {}
    return deployment.get("resources") or []


def _resource(entry: Mapping[str, Any]) -> Resource:
    urn: str = entry["urn"]
    outputs: Mapping[str, Any] = entry.get("outputs") or {}
    dependencies: dict[str, Sequence[str]] = dict(entry.get("propertyDependencies") or {})
    properties: dict[str, Any] = {}
    for name, value in outputs.items():
        properties[name] = _value(value)
        if _holds_secret(value):
            # An unknown value that comes from nowhere would read as left out, if AWS may fill it in.
            dependencies[name] = dependencies.get(name) or ["a secret"]
    return Resource(
        urn, entry["type"], urn.rpartition("::")[2], properties, dependencies, managed=not entry.get("external")
    )


def _value(value: Any) -> Any:
    """A value as the engine hands it over: a secret that is encrypted is not known, code is only a type."""
    if isinstance(value, list):
        return [_value(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    content = cast("dict[str, Any]", value)
    match content.get(_SIGNATURE):
        case None:
            return {name: _value(item) for name, item in content.items()}
        case signature if signature != _SECRET:
            return object
        case _ if "plaintext" in content:
            return _value(json.loads(content["plaintext"]))
        case _:
            return proxy.UNKNOWN_STRING_VALUE


def _holds_secret(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_holds_secret, cast("list[Any]", value)))
    if not isinstance(value, dict):
        return False
    content = cast("dict[str, Any]", value)
    return content.get(_SIGNATURE) == _SECRET or any(map(_holds_secret, content.values()))


def _plain(value: Any) -> Any:
    """Properties as JSON."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return {_SIGNATURE: _ASSET} if isinstance(value, type) else value
