"""Whether a message or a record gets past the filters of an event source mapping, as Lambda decides it.

Sources:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (rules)
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html (the key `body`; a body that is not JSON)
    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html (the key `data`)
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html (the key `dynamodb`)
    https://github.com/aws/event-ruler (arrays, `null`, absent fields: the matching that AWS has published)

AWS's page of DynamoDB knows no other key than `dynamodb`; AWS takes `eventName` all the same, and so does this.
"""

from __future__ import annotations

import json
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

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
_Path = tuple[str, ...]
_Fields = list[tuple[_Path, list[Any]]]
"""A pattern without `$or`: what the leaf at each path must be."""


def filter_of(mapping: Mapping[str, Any]) -> Callable[[Any], bool] | None:
    """What says whether the function gets a message or a record; `None` where the mapping has no filters.

    It is called with the body of a message, the data of a Kinesis record as text or bytes, or a record of a DynamoDB
    stream as the function gets it.

    Args:
        mapping: As Lambda's API describes it; of interest are `EventSourceArn` and the patterns of `FilterCriteria`.
    """
    criteria: Mapping[str, Any] = mapping.get("FilterCriteria") or {}
    filters: list[_Fields] = []
    for one in criteria.get("Filters") or ():
        filters += _compiled(_parse(one["Pattern"]))
    if not filters:
        return None
    source: str = mapping["EventSourceArn"]
    if ":dynamodb:" in source:
        return lambda record: _any_holds(filters, _parse(json.dumps(record)))
    key = "data" if ":kinesis:" in source else "body"
    return lambda text: _passes(filters, key, text)


def matches(filters: Sequence[Mapping[str, Any]], body: str) -> bool:
    """Whether the function gets a message with this body; without filters it gets every message.

    The filters have no problems, and are what a program says: 300.0 is 300. An array in the body stands for each of its
    elements, and two fields of a pattern are never met by different elements of one array.
    """
    patterns = (_parse(json.dumps(one), parse_float=_whole) for one in filters)
    compiled = [fields for pattern in patterns for fields in _compiled(pattern)]
    return not filters or _passes(compiled, "body", body)


class _Number(str):
    """A number as its JSON text: Lambda compares numbers as they are written."""

    __slots__ = ()


class _Leaf(NamedTuple):
    path: _Path
    value: Any
    places: dict[int, int]
    """Array -> the element that the leaf is in."""


def _passes(filters: Iterable[_Fields], key: str, text: str | bytes) -> bool:
    """Text that is no JSON object is met by no pattern of one, and an object by no pattern of a text.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    try:
        content = _parse(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        content = text if isinstance(text, str) else text.decode(errors="replace")
        filters = [fields for fields in filters if any(path == (key,) for path, _ in fields)]
    return _any_holds(filters, {key: content})


def _any_holds(filters: Iterable[_Fields], content: Any) -> bool:
    leaves: defaultdict[_Path, list[_Leaf]] = defaultdict(list)
    try:
        for leaf in _leaves(content):
            leaves[leaf.path].append(leaf)
    except RecursionError:
        return False
    return any(_holds(fields, leaves, {}) for fields in filters)


def _whole(number: str) -> _Number:
    return _Number(int(float(number)) if float(number).is_integer() else number)


def _parse(text: str | bytes, parse_float: Callable[[str], _Number] = _Number) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(constant)  # NaN and Infinity are not JSON

    return json.loads(text, parse_int=_Number, parse_float=parse_float, parse_constant=refuse)


def _leaves(value: Any, path: _Path = (), places: Mapping[int, int] = {}) -> Iterator[_Leaf]:
    if isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*path, name), places)
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, path, {**places, id(cast("Any", value)): number})
    else:
        yield _Leaf(path, value, dict(places))


def _compiled(pattern: Mapping[str, Any]) -> list[_Fields]:
    return [sorted(branch.items(), key=operator.itemgetter(0)) for branch in _branches(pattern)]


def _branches(pattern: Mapping[str, Any], path: _Path = ()) -> list[dict[_Path, list[Any]]]:
    """The pattern without `$or`: in each branch all fields must match."""
    found: list[dict[_Path, list[Any]]] = [{}]
    for name, rules in pattern.items():
        if name == "$or":
            options = [branch for alternative in rules for branch in _branches(alternative, path)]
        elif isinstance(rules, dict):
            options = _branches(cast("dict[str, Any]", rules), (*path, name))
        else:
            options = [{(*path, name): rules}]
        found = [{**branch, **option} for branch in found for option in options]
    return found


def _holds(fields: _Fields, leaves: Mapping[_Path, list[_Leaf]], places: Mapping[int, int]) -> bool:
    if not fields:
        return True
    (path, rules), *rest = fields
    here = [
        leaf
        for leaf in leaves.get(path, ())
        if all(places.get(array, number) == number for array, number in leaf.places.items())
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
