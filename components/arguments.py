"""Arguments of a component as a program, or another language, gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from components.errors import did_you_mean

Default = TypeVar("Default")


class Arguments:
    """Typed reading of a component's arguments that collects every mistake instead of stopping at the first.

    An argument that is `None` is not given.

    Attributes:
        problems: Every mistake so far, in words.
    """

    def __init__(self, declared: type, given: Mapping[str, Any]) -> None:
        """Look at the names.

        Args:
            declared: The component's `TypedDict` of arguments.
            given: The arguments of the program.
        """
        self._given = {name: value for name, value in given.items() if value is not None}
        known = sorted(declared.__annotations__)
        self.problems = [
            f"unknown argument {name!r}{did_you_mean(name, known)}" for name in sorted(set(self._given) - set(known))
        ]
        required: frozenset[str] = vars(declared)["__required_keys__"]
        self.problems += [f"argument {name!r} is missing" for name in sorted(required - set(self._given))]

    def integer(self, name: str, default: Default) -> int | Default:
        """A whole number. Another language sends each number as a float."""
        value = self._given.get(name, default)
        if value is default or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        self._refuse(name, "a whole number", value)
        return default

    def text(self, name: str, default: str = "") -> str:
        """A text that is known when the program runs."""
        value = self._given.get(name, default)
        if isinstance(value, str):
            return value
        self._refuse(name, "a text", value)
        return default

    def _refuse(self, name: str, wanted: str, value: object) -> None:
        got = repr(value) if isinstance(value, (bool, float, int, str)) else f"a value of type {type(value).__name__}"
        self.problems.append(f"{name} must be {wanted}, got {got}")
