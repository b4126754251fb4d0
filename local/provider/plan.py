"""Check, diff and preview of a resource: pure functions of its description, its inputs and its last state."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from local.provider.resource import UNKNOWN, Properties, ResourceType

_DEFAULTED = "__defaults"
"""Inputs that the provider filled in, as the official provider records them beside the inputs."""
_RANDOM_HEX = 7
_PROVIDER_LEVEL = frozenset({"region", "tagsAll"})
"""Known at preview although AWS fills them in: they follow from the provider's own configuration."""


@dataclass(frozen=True)
class Problem:
    """One mistake in the inputs of a resource."""

    property: str
    reason: str


def check(
    resource: ResourceType, logical_name: str, news: Properties, olds: Properties, seed: bytes, region: str
) -> tuple[Properties, list[Problem]]:
    """Complete the inputs of a resource with its name and defaults, and list every mistake in them."""
    schema = resource.schema
    given = {name: value for name, value in news.items() if value is not None and name != _DEFAULTED}
    problems = [
        Problem(name, f"{schema.token} has no property {name!r}{_did_you_mean(name, schema.inputs)}")
        for name in sorted(given.keys() - schema.inputs)
    ]
    served = resource.inputs | {"region"} if given.get("region") == region else resource.inputs
    unserved = sorted((given.keys() & schema.inputs) - served)
    unserved += [path for name in sorted(resource.nested) for path in _strangers(resource.nested, given, name)]
    problems += [
        Problem(
            path,
            f"the local aws provider does not serve {path!r} of {schema.token}: leave it out, or deploy to AWS",
        )
        for path in unserved
    ]
    problems += [
        Problem(name, f"{schema.token} {logical_name!r} needs the property {name!r}: set it")
        for name in sorted(
            (schema.required | resource.needs | resource.also_needs({**resource.defaults, **given})) - given.keys()
        )
    ]
    problems += [
        Problem(name, f"{schema.token} {logical_name!r}: {reason}")
        for name, reason in sorted(resource.refuses({**resource.defaults, **given}).items())
    ]
    problems += [
        Problem(name, f"{schema.token} cannot take an asset as {name!r}: give an archive")
        for name in sorted(name for name, value in given.items() if isinstance(value, pulumi.Asset))
    ]
    filled: Properties = {name: value for name, value in resource.defaults.items() if name not in given}
    named = resource.name_property
    if resource.auto_name and given.keys().isdisjoint({named, f"{named}Prefix"}):
        if named in olds.get(_DEFAULTED, ()):
            filled[named] = olds[named]
        else:
            suffix = resource.auto_name.suffix(given)
            name = f"{logical_name}-{hashlib.sha256(seed).hexdigest()[:_RANDOM_HEX]}{suffix}"
            if len(name) > resource.auto_name.max_length:
                problems.append(
                    Problem(
                        named,
                        f"the name {name!r} has {len(name)} characters and AWS takes {resource.auto_name.max_length}: "
                        f"shorten the logical name or set {named!r}",
                    )
                )
            filled[named] = resource.auto_name.form(name)
    return {**given, **filled, _DEFAULTED: sorted(filled)}, problems


@dataclass(frozen=True)
class Change:
    """One property that differs between state and inputs."""

    property: str
    kind: str
    """`add`, `update` or `delete`."""
    replaces: bool


def diff(resource: ResourceType, olds: Properties, news: Properties, ignored: frozenset[str]) -> list[Change]:
    """The properties that an update has to change, each with whether it replaces the resource.

    What AWS fills in itself and the program no longer sets is left as it is, as the official provider leaves it.
    """
    changes: list[Change] = []
    replacing = resource.replace_on | resource.also_replaces(olds, news)
    for name in sorted(resource.schema.inputs - ignored):
        old, new = olds.get(name), news.get(name)
        if new is None:
            is_left = name in resource.schema.computed | resource.left_alone or _is_empty(old)
            changed = not is_left and old != resource.aws_defaults(news).get(name)
        else:
            changed = not _same(resource, name, olds, news)
        if changed:
            kind = "delete" if new is None else "add" if old is None else "update"
            changes.append(Change(name, kind, name in replacing or resource.update is None))
    names = {change.property for change in changes}
    return [change for change in changes if resource.changes_with.get(change.property, change.property) in names]


def needs_delete_first(resource: ResourceType, news: Properties, changes: list[Change]) -> bool:
    """Whether a replacement must delete before it creates: a name chosen by the program can exist only once."""
    name = resource.name_property
    is_chosen = news.get(name) is not None and name not in news.get(_DEFAULTED, ())
    return is_chosen and all(change.property != name for change in changes)


def preview(resource: ResourceType, news: Properties, olds: Properties, region: str) -> Properties:
    """The properties that a create (no `olds`) or an update will leave, with what only AWS can tell as `UNKNOWN`."""
    last: Properties = olds or dict.fromkeys(resource.schema.computed, UNKNOWN)
    planned = {name: last[name] for name in resource.schema.computed & last.keys()}
    planned |= {name: value for name, value in news.items() if name in resource.schema.outputs}
    if olds:
        changed = frozenset(change.property for change in diff(resource, olds, news, frozenset()))
        planned |= dict.fromkeys(resource.renewed(changed, news), UNKNOWN)
    return planned | provider_level(resource, news, region)


def provider_level(resource: ResourceType, inputs: Properties, region: str) -> Properties:
    """The outputs that come from the provider's configuration and not from AWS."""
    values: Properties = {"region": inputs.get("region") or region, "tagsAll": inputs.get("tags") or {}}
    return {name: values[name] for name in _PROVIDER_LEVEL & resource.schema.outputs}


def inputs_from_state(resource: ResourceType, inputs: Properties, state: Properties) -> Properties:
    """The inputs that would give this state: after a refresh those that were set, after an import all there are."""
    if inputs:
        read = {name: state.get(name, inputs[name]) for name in inputs if name != _DEFAULTED}
        return {**{k: v for k, v in read.items() if v is not None}, _DEFAULTED: inputs.get(_DEFAULTED, [])}
    own = resource.schema.inputs - (resource.schema.computed - resource.schema.required - {resource.name_property})
    return {name: state[name] for name in own if not _is_empty(state.get(name))} | {_DEFAULTED: []}


def _same(resource: ResourceType, name: str, olds: Properties, news: Properties) -> bool:
    old, new = olds.get(name), news[name]
    if new is UNKNOWN:
        return False
    normal = resource.compare_as.get(name, _as_it_is)
    if old is None:
        return _is_empty(new) or _is_empty(normal(new))
    return bool(normal(old) == normal(new))


def _as_it_is(value: Any) -> Any:
    return value


def _is_empty(value: Any) -> bool:
    # The official provider does not tell "not set" from the zero value of a type.
    return not value


def _strangers(fields: Mapping[str, Any], properties: Mapping[str, Any], name: str) -> Iterator[str]:
    """Paths below an input that its table does not have."""
    value: Any = properties.get(name)
    for item in cast("list[Any]", value) if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(fields[name], tuple):
            given, inner = cast("Properties", item), fields[name][1]
            yield from (f"{name}.{stranger}" for stranger in sorted(given.keys() - inner.keys()))
            for known in sorted(given.keys() & inner.keys()):
                yield from (f"{name}.{path}" for path in _strangers(inner, given, known))


def _did_you_mean(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f": did you mean {close[0]!r}?" if close else ""
