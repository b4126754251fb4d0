"""The children of a component, each made by one rule: its name, its parent, its tags and the user's overrides."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

import pulumi
import pulumi_aws as aws

from components.errors import did_you_mean

NAME_LIMIT = 40
"""Longest name of a component, in characters."""
_CHILD_LIMIT = 56
"""Longest `<name>-<role>` of a child with a short name: with `-<7 hex>` it has to fit into 64 characters."""
_SHORT_NAMED = frozenset({"cloudwatch.EventRule", "iam.Role", "lambda_.Function"})
"""Classes of whose physical names AWS takes 64 characters. The next are the 80 of queues, in which every role fits, as
the one of a bucket does in 63.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True)
class Children:
    """Makes the children of one component.

    A child is `<component>-<role>` and has the component as its parent, so that an alias on the component is an alias
    of every child too. Its physical name is left to Pulumi, which adds a random end: a replacement can be created
    before the old one is deleted.
    """

    component: pulumi.ComponentResource
    name: str
    """The component's name."""
    types: Mapping[str, str]
    """Role -> class in `pulumi_aws`, such as `sqs.Queue`; it is imported when the first child of its kind is made."""
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])
    """Tags of every child that can have tags."""
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    """Role -> inputs that take the place of the component's own."""
    protect: bool = False
    """Whether the children that hold data can be neither deleted nor replaced."""

    def create(
        self, role: str, /, *, holds_data: bool = False, opts: pulumi.ResourceOptions | None = None, **inputs: Any
    ) -> Any:
        """Make the child of a role.

        Args:
            role: Ends its name; a key of `types`.
            holds_data: Whether orders are lost with it.
            opts: Options besides the parent.
            inputs: Its inputs, as its class names them; `None` is not given.
        """
        resource = _class(self.types[role])
        options = pulumi.ResourceOptions(parent=self.component)
        if holds_data and self.protect:
            options.protect = options.retain_on_delete = True
        overrides = self.overrides.get(role, {})
        given = {**inputs, **overrides}
        if self.tags and "tags" in _inputs(resource):
            # Tags of the user are added one by one: a reason among the component's own goes on being stated.
            given["tags"] = {**self.tags, **inputs.get("tags", {}), **overrides.get("tags", {})}
        if opts is not None:
            options = pulumi.ResourceOptions.merge(options, opts)
        return resource(f"{self.name}-{role}", **given, opts=options)


def name_problems(name: str, types: Mapping[str, str]) -> list[str]:
    """What is wrong with a component's name, by itself and in the names of its children."""
    problems: list[str] = []
    if not _NAME.fullmatch(name):
        problems.append(
            f"the name {name!r} must be letters, digits and hyphens, beginning with a letter, as AWS wants it of names"
        )
    if len(name) > NAME_LIMIT:
        problems.append(
            f"the name {name!r} has {len(name)} characters, at most {NAME_LIMIT} leave room for the children's names"
        )
    else:
        problems += [
            f"the name {name!r} and its child {role!r} have {length} characters together, at most {_CHILD_LIMIT} leave "
            "room for a random end: shorten one of them"
            for role, path in types.items()
            if path in _SHORT_NAMED and (length := len(f"{name}-{role}")) > _CHILD_LIMIT
        ]
    return problems


def override_problems(overrides: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]) -> list[str]:
    """What is wrong with overrides, before anything is made."""
    problems: list[str] = []
    for role, inputs in overrides.items():
        if role not in types:
            problems.append(f"transform names an unknown child {role!r}{did_you_mean(role, sorted(types))}")
            continue
        known = _inputs(_class(types[role]))
        problems += [
            f"transform of {role!r} sets an unknown property {name!r}{did_you_mean(str(name), sorted(known))}"
            for name in sorted(inputs.keys() - known, key=str)
        ]
        if not isinstance(inputs.get("tags", {}), Mapping):
            problems.append(f"transform of {role!r} sets tags that are not a dictionary")
    return problems


@cache
def _class(path: str) -> Any:
    return attrgetter(path)(aws)


@cache
def _inputs(resource: Any) -> frozenset[str]:
    parameters = inspect.signature(resource._internal_init).parameters
    return frozenset(parameters) - {"__self__", "self", "resource_name", "opts", "__props__"}
