"""The table of `types.yaml`: how a resource of pulumi-aws is said in CloudFormation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("types.yaml")
_LISTS = ("same", "json", "verbatim", "pairs", "refer", "seconds", "sources")
_SHORT_TYPE = re.compile(r"^aws:(\w+):(\w+)$")


class UnknownTypeError(Exception):
    """The program has a type, a property or an output that the table does not know."""


@dataclass(frozen=True)
class Type:
    """How the table says a type; the fields are described there."""

    token: str
    is_: str = ""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    json: frozenset[str] = frozenset()
    verbatim: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    refer: frozenset[str] = frozenset()
    seconds: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict[str, Mapping[Any, Any]])
    with_: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    absent: Mapping[str, tuple[Any, str]] = field(default_factory=dict[str, tuple[Any, str]])
    always: Mapping[str, Any] = field(default_factory=dict[str, Any])
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    into: str = ""
    arn: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict[str, str])
    unsaid: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def read(cls, token: str, entry: Mapping[str, Any], every: Mapping[str, Any]) -> Type:
        """A type as the table has it."""
        words = {name: entry.get(name, "").split() for name in _LISTS}
        plain = {
            name: entry[name]
            for name in ("values", "absent", "always", "apart", "into", "arn", "outputs")
            if name in entry
        }
        return cls(
            token,
            is_=entry.get("is", ""),
            names={name: pascal(name) for name in words.pop("same")} | entry.get("named", {}),
            with_=entry.get("with", {}),
            unsaid=every["unsaid"] | entry.get("unsaid", {}),
            **{name: frozenset(found) for name, found in words.items()},
            **plain,
        )


def type_of(token: str) -> Type:
    """The type of a token, also of its short form.

    Raises:
        UnknownTypeError: The table has no such type.
    """
    if short := _SHORT_TYPE.match(token):
        module, name = short.groups()
        token = f"aws:{module}/{name[0].lower()}{name[1:]}:{name}"
    if token not in _types():
        raise UnknownTypeError(f"{FILE.name} does not know the type {token}")
    return _types()[token]


def pascal(name: str) -> str:
    """A name of pulumi-aws as CloudFormation writes it."""
    return name[0].upper() + name[1:]


@cache
def _types() -> Mapping[str, Type]:
    table = yaml.safe_load(FILE.read_text())
    every = table.pop("every")
    return {token: Type.read(token, entry, every) for token, entry in table.items()}
