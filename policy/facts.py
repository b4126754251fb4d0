"""Properties of resources as facts with three values: known, not set, or not known yet.

At preview of a new stack the official provider reports a property that AWS may fill in, and that the program left out,
as unknown: the same as one that comes from another resource. They differ in their dependencies: what the program left
out depends on nothing. A rule that took "left out" for "not known yet" would never decide before deployment. Any other
property is unknown only when the program gave it a value that is not known yet.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from pulumi_policy import proxy

from policy.tokens import FUNCTION, KEY, LOG_GROUP, MAPPING, QUEUE, ROLE, STREAM, SUBSCRIPTION, TABLE, TOPIC

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

FILLED_IN: Mapping[str, frozenset[str]] = {
    QUEUE: frozenset(
        {
            "deduplicationScope",
            "fifoThroughputLimit",
            "kmsDataKeyReusePeriodSeconds",
            "name",
            "namePrefix",
            "policy",
            "redriveAllowPolicy",
            "redrivePolicy",
            "sqsManagedSseEnabled",
        }
    ),
    MAPPING: frozenset({"maximumRecordAgeInSeconds", "maximumRetryAttempts", "parallelizationFactor"}),
    FUNCTION: frozenset({"architectures", "loggingConfig", "name", "tracingConfig"}),
    STREAM: frozenset({"arn", "maxRecordSizeInKib", "name", "streamModeDetails"}),
    TABLE: frozenset({"name", "pointInTimeRecovery", "serverSideEncryption", "streamViewType"}),
    TOPIC: frozenset({"name", "namePrefix", "policy"}),
    SUBSCRIPTION: frozenset({"filterPolicyScope"}),
    KEY: frozenset({"policy"}),
    ROLE: frozenset({"inlinePolicies", "managedPolicyArns", "name", "namePrefix"}),
    LOG_GROUP: frozenset({"name", "namePrefix"}),
}
"""Properties that AWS may fill in when the program leaves them out: for each type those that are `Optional` and
`Computed` in the provider's source, https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service"""


_FILLED_IN_EVERYWHERE = frozenset({"region"})
"""The same of every type."""


class State(Enum):
    """The values of a fact that are not a value."""

    UNSET = "not set"
    UNKNOWN = "not known yet"


Fact = Any
"""The value of a property, or `State.UNSET`, or `State.UNKNOWN`."""


_FLAGS = {"true": True, "false": False}


class Facts(ABC):
    """Properties as rules read them: a value of one kind, `UNSET`, or `UNKNOWN`.

    A default takes the place of `UNSET`. A value of another kind raises an error, which is a finding of its own: the
    provider refuses such a value before any rule sees it.
    """

    @abstractmethod
    def fact(self, name: str) -> Fact:
        """The property as a fact, of whatever kind."""

    def number(self, name: str, default: float | State = State.UNSET) -> float | State:
        """A number: Pulumi makes each a float, and JSON often has one as text. A whole one is an `int`."""
        value = self._value(name, default)
        if isinstance(value, State):
            return value
        number = float(value)
        return int(number) if number.is_integer() else number

    def flag(self, name: str, default: bool | State = State.UNSET) -> bool | State:
        """True or false, also as text."""
        value = self._value(name, default)
        return value if isinstance(value, State) else _FLAGS[str(value).lower()]

    def text(self, name: str, default: str | State = State.UNSET) -> str | State:
        """A text; an empty one is not set."""
        value = self._value(name, default)
        if isinstance(value, str | State):
            return value
        raise TypeError

    def items(self, name: str) -> list[Fact] | State:
        """A list, each item a fact or an `Object`; a single value is a list of one, what is not set an empty one."""
        value = self._value(name, [])
        if isinstance(value, State):
            return value
        facts = map(fact_of, cast("list[Any]", value) if isinstance(value, list) else [value])
        return [Object(cast("Mapping[str, Any]", fact)) if isinstance(fact, Mapping) else fact for fact in facts]

    def listed(self, name: str) -> list[Fact]:
        """The same list, with one item that is unknown when all of it is."""
        items = self.items(name)
        return [items] if isinstance(items, State) else items

    def object(self, name: str) -> Object:
        """An object: as itself, as the only item of a list, or as JSON text.

        While it is not set, or not known yet, nothing in it is. What is none of these is not set.
        """
        value = parsed(self.fact(name))
        match value:
            case State() | {}:
                return Object(cast("Mapping[str, Any] | State", value))
            case [{} as only]:
                return Object(cast("Mapping[str, Any]", only))
            case [only] if _is_unknown(only):
                return Object(State.UNKNOWN)
            case _:
                return Object(State.UNSET)

    def at(self, path: str) -> Fact:
        """The fact at the end of a way through objects: `destinationConfig.onFailure.destination`."""
        name, _, inside = path.partition(".")
        return self.object(name).at(inside) if inside else self.fact(name)

    def _value(self, name: str, default: Any) -> Any:
        fact = self.fact(name)
        return default if fact is State.UNSET else fact


@dataclass(frozen=True)
class Object(Facts):
    """An object inside a property, with properties of its own."""

    content: Mapping[str, Any] | State

    def fact(self, name: str) -> Fact:
        """The property as a fact."""
        return self.content if isinstance(self.content, State) else fact_of(self.content.get(name))


@dataclass(frozen=True)
class Resource(Facts):
    """One resource of the program, as plain data.

    Attributes:
        urn: Its URN.
        type: Its type token.
        name: Its logical name.
        properties: Its properties; unknown values are Pulumi's sentinel strings.
        dependencies: For each property the URNs of the resources that its value comes from.
        managed: Whether this program made it; one that it only reads is known, but not judged.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any]
    dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    managed: bool = True

    def fact(self, name: str) -> Fact:
        """The property as a fact."""
        fact = fact_of(self.properties.get(name))
        if fact is not State.UNKNOWN or self.dependencies.get(name):
            return fact
        filled_in = name in _FILLED_IN_EVERYWHERE or name in FILLED_IN.get(self.type, ())
        return State.UNSET if filled_in else fact

    def tag(self, name: str) -> str | State:
        """A tag of this very resource: the provider's default tags are in `tagsAll`, not in `tags`.

        https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/#tags-changes
        """
        return self.object("tags").text(name)

    def reason(self, tag: str) -> str | State:
        """The reason that a tag states, in one line: an empty text when it states none, or `UNKNOWN`."""
        stated = self.tag(tag)
        return stated if stated is State.UNKNOWN else "" if stated is State.UNSET else " ".join(stated.split())


def fact_of(value: Any) -> Fact:
    """A value of a property as a fact."""
    if value is None or value == "":
        return State.UNSET
    return State.UNKNOWN if _is_unknown(value) else value


def parsed(fact: Fact) -> Fact:
    """What a JSON text says; any other fact as it is."""
    if not isinstance(fact, str):
        return fact
    try:
        return json.loads(fact)
    except ValueError:
        return fact


def _is_unknown(value: Any) -> bool:
    # A sentinel inside a longer text, such as "arn:aws:sqs:...:<sentinel>", makes all of it unknown.
    return isinstance(value, str) and any(sentinel in value for sentinel in _SENTINELS)
