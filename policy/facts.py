"""Properties of resources as facts with three values: known, not set, or not known yet.

At preview of a new stack the official provider reports a property that AWS may fill in, and that the program left out,
as unknown: the same as one that comes from another resource. They differ in their dependencies: what the program left
out depends on nothing. A rule that took "left out" for "not known yet" would never decide before deployment. Any other
property is unknown only when the program gave it a value that is not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pulumi_policy import proxy

_SENTINELS = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)


_FILLED_IN = frozenset({"redriveAllowPolicy", "redrivePolicy"})
"""Properties that AWS may fill in when the program leaves them out, of those that rules look at."""


class State(Enum):
    """The values of a fact that are not a value."""

    UNSET = "not set"
    UNKNOWN = "not known yet"


Fact = Any
"""The value of a property, or `State.UNSET`, or `State.UNKNOWN`."""


@dataclass(frozen=True)
class Resource:
    """One resource of the program, as plain data.

    Attributes:
        urn: Its URN.
        type: Its type token.
        name: Its logical name.
        properties: Its properties; unknown values are Pulumi's sentinel strings.
        dependencies: For each property the URNs of the resources that its value comes from.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any]
    dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def fact(self, name: str) -> Fact:
        """The property as a fact."""
        fact = _fact(self.properties.get(name))
        is_left_out = fact is State.UNKNOWN and name in _FILLED_IN and not self.dependencies.get(name)
        return State.UNSET if is_left_out else fact

    def tag(self, name: str) -> Fact:
        """A tag of this very resource as a fact: the provider's default tags are in `tagsAll`, not in `tags`.

        https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/#tags-changes
        """
        tags = self.fact("tags")
        return tags if isinstance(tags, State) else _fact(tags.get(name))


def _fact(value: Any) -> Fact:
    if value is None or value == "":
        return State.UNSET
    return State.UNKNOWN if _is_unknown(value) else value


def _is_unknown(value: Any) -> bool:
    # A sentinel inside a longer text, such as "arn:aws:sqs:...:<sentinel>", makes all of it unknown.
    return isinstance(value, str) and any(sentinel in value for sentinel in _SENTINELS)
