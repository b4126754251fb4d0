"""The description of one pulumi-aws type: all that its file in `resources/` has to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pulumi

from local.aws import Aws
from local.provider.schema import Schema

Properties = dict[str, Any]
"""Properties of a resource by their camelCase names: plain Python values, whole numbers as `int`."""


class Unknown:
    """The one value of a property that is not known during a preview."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def _no_suffix(_: Mapping[str, Any]) -> str:
    return ""


def _nothing(_: Properties) -> Properties:
    return {}


def _nothing_more(_: Properties) -> frozenset[str]:
    return frozenset()


def _none(_: frozenset[str], __: Properties) -> frozenset[str]:
    return frozenset()


def _none_of_both(_: Properties, __: Properties) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True)
class AutoName:
    """How a resource gets a physical name when the program gives none: `<logical>-<7 hex><suffix>`."""

    max_length: int
    """Longest name that AWS takes, in characters."""
    suffix: Callable[[Mapping[str, Any]], str] = _no_suffix
    """What the name must end with, given the inputs: `.fifo` for FIFO queues and topics."""
    property: str = "name"
    """The input that holds it; the one for a name that only begins with a given text is called after it."""
    form: Callable[[str], str] = str
    """How AWS wants the name to look, such as lower case."""


def fifo_suffix(property_name: str) -> Callable[[Mapping[str, Any]], str]:
    """The suffix of a name that must end in `.fifo` when the property is true."""
    return lambda inputs: ".fifo" if inputs.get(property_name) is True else ""


@dataclass(frozen=True)
class ResourceType:
    """One type: how AWS keeps it, and where it differs from the general rule.

    `create` returns the id, `read` the properties as AWS has them or `None` when the resource is gone; an error of
    boto3 that means "not found" counts as gone. `update` gets old and new properties. Properties come without unknown
    values and are only those of the type's schema.
    """

    sdk: type[pulumi.CustomResource]
    inputs: frozenset[str]
    """Inputs that the functions below handle: any other is refused and not silently dropped."""
    create: Callable[[Aws, Properties], str]
    read: Callable[[Aws, str], Properties | None]
    delete: Callable[[Aws, str, Properties], None]
    update: Callable[[Aws, str, Properties, Properties], None] | None = None
    """`None`: every change replaces."""
    nested: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """`fields.Fields` of the inputs that are objects: what is not in them is refused as well."""
    needs: frozenset[str] = frozenset()
    """Inputs that AWS cannot do without although the SDK lets them be left out ..."""
    also_needs: Callable[[Properties], frozenset[str]] = _nothing_more
    """... those that it cannot do without given the others, ..."""
    refuses: Callable[[Properties], Mapping[str, str]] = _nothing
    """Inputs that do not go with the others, each with what to do, as the official provider refuses them."""
    creates_from: frozenset[str] = frozenset()
    """... and those of which a new resource needs one, so that an import can leave them out."""
    auto_name: AutoName | None = None
    defaults: Properties = field(default_factory=dict[str, Any])
    """Defaults of the official provider's own schema, which it adds to the inputs."""
    aws_defaults: Callable[[Properties], Properties] = _nothing
    """What AWS sets, given the other inputs, where an input is left out that the SDK does not say AWS fills in."""
    replace_on: frozenset[str] = frozenset()
    """Inputs that AWS cannot change in place ..."""
    also_replaces: Callable[[Properties, Properties], frozenset[str]] = _none_of_both
    """... and those that it cannot change from what they were, given old and new properties, to what they will be."""
    compare_as: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict[str, Callable[[Any], Any]])
    """Inputs with more than one spelling of the same value, such as JSON, and what to compare instead."""
    changes_with: Mapping[str, str] = field(default_factory=dict[str, str])
    """Inputs that the official provider only changes together with another: on their own they are no change."""
    write_only: frozenset[str] = frozenset()
    """Inputs that AWS does not give back: kept as they were given."""
    left_alone: frozenset[str] = frozenset()
    """Inputs that stay as they are when the program no longer sets them, besides those that AWS fills in."""
    renewed: Callable[[frozenset[str], Properties], frozenset[str]] = _none
    """Outputs that AWS sets anew when these inputs change, given all inputs: unknown at preview."""
    id_property: str | None = None
    """The output that is the id, where an import may name the resource in another way."""
    within: str | None = None
    """The input that names the parent, where an id counts only within one: an import names `<parent>/<id>`, and so do
    the functions above."""
    chosen_name: str = "name"
    """The input that holds the physical name, where there is no automatic one."""

    @property
    def name_property(self) -> str:
        """The input that holds the physical name."""
        return self.auto_name.property if self.auto_name else self.chosen_name

    @cached_property
    def schema(self) -> Schema:
        """The type's properties, from the SDK."""
        return Schema.of(self.sdk)
