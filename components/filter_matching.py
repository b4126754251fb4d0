"""Whether a message gets past the filters of an event source mapping on an SQS queue, as Lambda decides it.

Sources:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (rules)
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html (a body that is not JSON)
    https://github.com/aws/event-ruler (arrays, `null`, absent fields: the matching that AWS has published)
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from components.filters import patterns

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_RULES: dict[str, Callable[[str, str], bool]] = {
    "equals-ignore-case": lambda value, wanted: value.lower() == wanted.lower(),
    "prefix": str.startswith,
    "suffix": str.endswith,
}


def matches(filters: Sequence[Mapping[str, Any]], body: str) -> bool:
    """Whether the function gets a message with this body; without filters it gets every message.

    The filters have no problems. An array in the body stands for each of its elements, and two fields of a pattern are
    never met by different elements of one array.
    """
    if not filters:
        return True
    try:
        content = _parse(body)
        leaves = list(_leaves(content))
    except (ValueError, RecursionError):
        return False
    if not isinstance(content, dict):
        return False
    return any(
        _holds(sorted(branch.items(), key=operator.itemgetter(0)), leaves, {})
        for text in patterns(filters)
        for branch in _branches(_parse(text)["body"])
    )


class _Number(str):
    """A number as its JSON text: Lambda compares numbers as they are written."""

    __slots__ = ()


class _Leaf(NamedTuple):
    path: tuple[str, ...]
    value: Any
    places: dict[int, int]
    """Array -> the element that the leaf is in."""


def _parse(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)  # NaN and Infinity are not JSON

    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=refuse)


def _leaves(value: Any, path: tuple[str, ...] = (), places: Mapping[int, int] = {}) -> Iterator[_Leaf]:
    if isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*path, name), places)
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, path, {**places, id(cast("Any", value)): number})
    else:
        yield _Leaf(path, value, dict(places))


def _branches(pattern: Mapping[str, Any], path: tuple[str, ...] = ()) -> list[dict[tuple[str, ...], list[Any]]]:
    """The pattern without `$or`: in each branch all fields must match."""
    found: list[dict[tuple[str, ...], list[Any]]] = [{}]
    for name, rules in pattern.items():
        if name == "$or":
            options = [branch for alternative in rules for branch in _branches(alternative, path)]
        elif isinstance(rules, dict):
            options = _branches(cast("dict[str, Any]", rules), (*path, name))
        else:
            options = [{(*path, name): rules}]
        found = [{**branch, **option} for branch in found for option in options]
    return found


def _holds(fields: list[tuple[tuple[str, ...], list[Any]]], leaves: list[_Leaf], places: dict[int, int]) -> bool:
    if not fields:
        return True
    (path, rules), *rest = fields
    here = [
        leaf
        for leaf in leaves
        if leaf.path == path and all(places.get(array, number) == number for array, number in leaf.places.items())
    ]
    if not here:
        return {"exists": False} in rules and _holds(rest, leaves, places)
    return any(
        any(_fits(rule, leaf.value) for rule in rules) and _holds(rest, leaves, {**places, **leaf.places})
        for leaf in here
    )


def _fits(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return type(rule) is type(value) and rule == value
    [(name, operand)] = cast("dict[str, Any]", rule).items()
    if name == "exists":
        return operand
    if name == "anything-but":
        refused = cast("list[Any]", operand if isinstance(operand, list) else [operand])
        return not any(_fits(one, value) for one in refused)
    if name == "numeric":
        compared = zip(operand[::2], operand[1::2], strict=True)
        return isinstance(value, _Number) and all(_SIGNS[sign](float(value), float(bound)) for sign, bound in compared)
    return type(value) is str and _TEXT_RULES[name](value, operand)
