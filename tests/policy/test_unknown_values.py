"""A value that is not known yet is never a reason for a finding: it may turn out to be the right one.

Each property of the good programs, and each part of one, becomes unknown in turn, as the output of another resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, cast

import pytest

from policy.facts import Resource
from policy.rule import Verdict
from tests.policy.test_mistakes import PROGRAMS, found
from tests.support.programs import UNKNOWN

ELSEWHERE = "urn:pulumi:test::orders::shop:index:Config::config"
IDENTITY = frozenset({"arn", "id", "name", "streamArn", "url", "uuid", "keyId"})
"""Whoever has these of a resource has them from that resource: they are not known to others and unknown to itself."""


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """The ways to a value and to each one inside it."""
    yield ()
    inside: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inside = list(cast("dict[str, Any]", value).items())
    elif isinstance(value, list):
        inside = list(enumerate(cast("list[Any]", value)))
    for key, item in inside:
        yield from ((key, *way) for way in places(item))


def without(resource: Resource, name: str, way: Sequence[str | int]) -> Resource:
    """The resource, of which it is not known yet what is there."""
    properties = deepcopy(dict(resource.properties))
    content: Any = properties
    *parents, last = (name, *way)
    for key in parents:
        content = content[key]
    content[last] = UNKNOWN
    sources = [*resource.dependencies.get(name, ()), ELSEWHERE]
    return replace(resource, properties=properties, dependencies={**resource.dependencies, name: sources})


@pytest.mark.parametrize("when", ["deployed", "preview"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_broken_because_something_is_not_known(name: str, when: str) -> None:
    program: list[Resource] = getattr(PROGRAMS[name], when)()
    wrong = {
        (resource.name, key, *way): said
        for number, resource in enumerate(program)
        for key in resource.properties.keys() - IDENTITY
        for way in places(resource.properties[key])
        if (
            said := found(
                [*program[:number], without(resource, key, way), *program[number + 1 :]],
                Verdict.BROKEN,
                Verdict.FAILED,
            )
        )
    }

    assert wrong == {}
