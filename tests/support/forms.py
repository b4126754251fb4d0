"""The forms in which one and the same program may reach the pack: as engines, providers and state files write it."""

from __future__ import annotations

import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, reduce
from typing import Any, cast

import pulumi

from local.provider.schema import Schema
from policy.facts import Resource
from tests.support.programs import UNKNOWN

_MODULES = {"lambda": "lambda_"}
_BY_KEYS = frozenset({"dimensions", "outputs", "tags"})
"""Properties whose keys are the program's own, so that none is an object of the schema."""


def _everywhere(change: Callable[[Any], Any]) -> Callable[[Resource], Resource]:
    """A form in which each value is written differently, also inside others."""

    def changed(value: Any) -> Any:
        value = change(value)
        if isinstance(value, dict):
            return {key: changed(item) for key, item in cast("dict[str, Any]", value).items()}
        return [changed(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value

    return lambda resource: replace(resource, properties=changed(dict(resource.properties)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _lists_of_one(resource: Resource) -> Resource:
    objects = {name for name, value in resource.properties.items() if isinstance(value, dict)} - _BY_KEYS
    return replace(
        resource, properties={**resource.properties, **{name: [resource.properties[name]] for name in objects}}
    )


def _filled(empty: Callable[[str], Any]) -> Callable[[Resource], Resource]:
    """A form in which what a resource does not have is empty, by the type of the property."""

    def filled(resource: Resource) -> Resource:
        return replace(resource, properties={**_empties(resource.type, empty), **resource.properties})

    return filled


def _empties(token: str, empty: Callable[[str], Any]) -> dict[str, Any]:
    found = {name: empty(kind) for name, kind in _outputs(token).items()}
    return {name: value for name, value in found.items() if value is not ...}


def _empty_objects(kind: str) -> Any:
    return [] if "Sequence" in kind else {} if "Mapping" in kind or "outputs." in kind else _empty_text(kind)


def _empty_lists(kind: str) -> Any:
    return [] if "Sequence" in kind or "outputs." in kind else {} if "Mapping" in kind else _empty_text(kind)


def _empty_text(kind: str) -> Any:
    return "" if "str" in kind else ...  # a number or a flag of nothing would say something


def not_known(resource: Resource) -> Resource:
    """As the official provider previews it: what AWS may fill in is unknown unless the program says it."""
    sdk = _sdk(resource.type)
    computed = Schema.of(sdk).computed if sdk else frozenset[str]()
    return replace(resource, properties={**dict.fromkeys(computed, UNKNOWN), **resource.properties})


FORMS: Mapping[str, Callable[[Resource], Resource]] = {
    "numbers are floats": _everywhere(lambda value: float(value) if _is_number(value) else value),
    "numbers are texts": _everywhere(lambda value: str(value) if _is_number(value) else value),
    "flags are texts": _everywhere(lambda value: str(value).lower() if isinstance(value, bool) else value),
    "JSON is an object": _everywhere(
        lambda value: json.loads(value) if isinstance(value, str) and value.startswith("{") else value
    ),
    "objects are lists of one": _lists_of_one,
    "what is not there is null": _filled(lambda _: None),
    "what is not there is an empty object": _filled(_empty_objects),
    "what is not there is an empty list": _filled(_empty_lists),
    "dependencies are not recorded": lambda resource: replace(resource, dependencies={}),
}
"""None of them says anything else of a deployed program."""
_TOGETHER = ("numbers are texts", "flags are texts", "what is not there is an empty list", "objects are lists of one")


def strangest(resource: Resource) -> Resource:
    """Several of these forms at once."""
    return reduce(lambda changed, form: FORMS[form](changed), _TOGETHER, resource)


@cache
def _outputs(token: str) -> dict[str, str]:
    """The types of a resource's properties, as texts, by their names."""
    sdk = _sdk(token)
    getters = [member.fget for member in vars(sdk).values() if isinstance(member, property)] if sdk else []
    return {
        str(getattr(getter, "_pulumi_name")): str(typing.get_args(getter.__annotations__["return"])[0])  # noqa: B009
        for getter in getters
        if getter
    }


@cache
def _sdk(token: str) -> type[pulumi.CustomResource] | None:
    """The class of a type of pulumi-aws; none of another."""
    package, module, name = token.split(":")
    if package != "aws":
        return None
    folder = module.partition("/")[0]
    home = f"pulumi_aws.{_MODULES.get(folder, folder)}"
    __import__(home)
    return getattr(sys.modules[home], name)
