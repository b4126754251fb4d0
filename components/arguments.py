"""Arguments of a component as a program, or another language, gives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

import pulumi

from components.errors import did_you_mean

Default = TypeVar("Default")

ANYTHING = ("anything", (object,))
"""What each entry of a list or of a dictionary must be: in words, and its types."""
TEXTS = ("a text", (str, pulumi.Output))
DICTIONARIES = ("a dictionary", (Mapping, pulumi.Output))


class Arguments:
    """Typed reading of arguments that collects every mistake instead of stopping at the first.

    An argument that is `None` is not given.

    Attributes:
        problems: Every mistake so far, in words.
    """

    def __init__(self, declared: type, given: Mapping[str, Any], where: str = "") -> None:
        """Look at the names.

        Args:
            declared: The `TypedDict` of the arguments.
            given: The arguments of the program.
            where: The argument that holds these, for messages: `front_door.`.
        """
        self._given = {name: value for name, value in given.items() if value is not None}
        self._where = where
        known = sorted(declared.__annotations__)
        self.problems = [
            f"unknown argument {f'{where}{name}'!r}{did_you_mean(str(name), known)}"
            for name in sorted(set(self._given) - set(known), key=str)
        ]
        required: frozenset[str] = vars(declared)["__required_keys__"]
        self.problems += [f"argument {where + name!r} is missing" for name in sorted(required - set(self._given))]

    def has(self, name: str) -> bool:
        """Whether an argument is given."""
        return name in self._given

    def number(self, name: str, default: Default = None) -> int | pulumi.Output[Any] | Default:
        """A whole number, known now or later. Another language sends each number as a float."""
        value = self._given.get(name, default)
        if value is default or isinstance(value, pulumi.Output):
            return cast("Any", value)
        number = whole(value)
        if number is None:
            self._refuse(name, "a whole number", value)
            return default
        return number

    def text(self, name: str, default: str = "", choices: Sequence[str] = ()) -> str:
        """A text that is known when the program runs: any, or one of some."""
        value = self._given.get(name, default)
        if isinstance(value, str) and (not choices or value in choices):
            return value
        self._refuse(name, f"one of {', '.join(choices)}" if choices else "a text", value)
        return default

    def flag(self, name: str, default: bool) -> bool:
        """A truth value that is known when the program runs."""
        value = self._given.get(name, default)
        if isinstance(value, bool):
            return value
        self._refuse(name, "true or false", value)
        return default

    def value(self, name: str) -> pulumi.Input[str] | None:
        """A text that may be known later; `None` when it is not given."""
        value = self._given.get(name)
        if value is None or isinstance(value, (str, pulumi.Output)):
            return cast("Any", value)
        self._refuse(name, "a text", value)
        return None

    def items(self, name: str, each: tuple[str, tuple[type, ...]] = ANYTHING) -> Sequence[Any]:
        """A list; empty when it is not given."""
        value = self._given.get(name, ())
        if not isinstance(value, Sequence) or isinstance(value, str):
            self._refuse(name, "a list", value)
            return ()
        found = cast("Sequence[Any]", value)
        named = {f"{name}[{number}]": item for number, item in enumerate(found)}
        return found if self._all_are(each, named) and self._is_data(name, found) else ()

    def entries(
        self, name: str, each: tuple[str, tuple[type, ...]] = ANYTHING, *, data: bool = True
    ) -> Mapping[str, Any]:
        """A dictionary by texts, without what is `None`; empty when it is not given.

        Args:
            name: The argument.
            each: What each of its values has to be.
            data: Whether all that is in them has to be data, and not assets or the like.
        """
        value = self._given.get(name, {})
        if not isinstance(value, Mapping):
            self._refuse(name, "a dictionary", value)
            return {}
        found = {key: item for key, item in cast("Mapping[Any, Any]", value).items() if item is not None}
        if wrong := [key for key in found if not isinstance(key, str)]:
            self.problems.append(f"{self._where}{name} must have texts as its keys, got {wrong[0]!r}")
            return {}
        is_right = self._all_are(each, {f"{name}.{key}": item for key, item in found.items()})
        return found if is_right and (not data or self._is_data(name, found)) else {}

    def _all_are(self, each: tuple[str, tuple[type, ...]], named: Mapping[str, object]) -> bool:
        words, types = each
        wrong = {name: value for name, value in named.items() if not isinstance(value, types)}
        # Only its type: the value could be a secret of the environment.
        self.problems += [
            f"{self._where}{name} must be {words}, got a value of type {type(value).__name__}"
            for name, value in wrong.items()
        ]
        return not wrong

    def _is_data(self, name: str, value: object) -> bool:
        strange = _strange(value)
        if strange is not None:
            self.problems.append(
                f"{self._where}{name} must hold texts, numbers, lists and dictionaries, got a {strange}"
            )
        return strange is None

    def _refuse(self, name: str, wanted: str, value: object) -> None:
        got = repr(value) if isinstance(value, (bool, float, int, str)) else f"a value of type {type(value).__name__}"
        problem = f"{self._where}{name} must be {wanted}, got {got}"
        if problem not in self.problems:  # an argument can be read twice
            self.problems.append(problem)


def _strange(value: object) -> str | None:
    """The first thing inside a value that is neither data nor an `Output`, without its own value."""
    if value is None or isinstance(value, (bool, int, str, pulumi.Output)):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else f"number {value}"
    if isinstance(value, Mapping):
        content = cast("Mapping[object, object]", value)
        if wrong := [type(key).__name__ for key in content if not isinstance(key, str)]:
            return f"key of type {wrong[0]}"
        inside: Iterable[object] = content.values()
    elif isinstance(value, (list, tuple)):
        inside = cast("Sequence[object]", value)
    else:
        return f"value of type {type(value).__name__}"
    return next(filter(None, map(_strange, inside)), None)


def whole(value: object) -> int | None:
    """A number as a whole one; `None` when it is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
