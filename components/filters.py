"""Filter criteria of an event source mapping on an SQS queue: which orders the function gets.

Sources:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (syntax, number, what does not match)
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html (the key `body`, text and JSON)
    https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html (length)
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (numbers, anything-but)
    https://github.com/aws/event-ruler (`$or`, ranges, what is refused)
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, cast

from components.errors import did_you_mean

# No `from __future__ import annotations` here: Pulumi reads the annotations of `Filter`, and it cannot read strings.

DEFAULT_QUOTA = 5
"""Filters of one mapping in an account that asked for nothing; above it AWS refuses the mapping."""
MAX_FILTERS = 10
"""Filters of one mapping at most, once AWS has raised the account's quota."""
MAX_PATTERN_LENGTH = 4096
"""Characters of one filter as JSON."""
MAX_NUMBER = 5e9
"""The farthest from zero that `numeric` compares, with six digits after the point."""


class Filter(TypedDict):
    """One filter: a message passes if its body matches.

    A field of the pattern is a list: the message's field must match one entry. All fields of a pattern must match.
    Entries are values (`"paid"`, `100`, `true`, `null`, `""`) or rules:

    `{"anything-but": ["test"]}`, `{"numeric": [">", 10, "<=", 20]}`, `{"exists": true}`, `{"exists": false}`,
    `{"prefix": "ORD-"}`, `{"suffix": "-EU"}`, `{"equals-ignore-case": "paid"}`.

    `"$or": [{...}, {...}]` in place of a field is met by any of its patterns. Values compare as they are written: 300
    is not 300.0, `{"numeric": ["=", 300]}` is both. A message whose body is not a JSON object matches no filter.
    """

    body: dict[str, Any]
    """Pattern of the message's body, the only part of an SQS message that filters see:
    `{"type": ["sale"], "total": [{"numeric": [">=", 100]}]}`. At most 4096 characters as JSON."""


def filter_problems(filters: Sequence[Mapping[str, Any]], reason: str) -> list[str]:
    """What is wrong with the filters of a mapping, in words.

    Args:
        filters: At most 10; AWS takes 5 until the account's quota is raised, and says so when the mapping is created.
        reason: Why the other messages may be deleted; without one filters are refused.
    """
    problems: list[str] = []
    if filters and not reason:
        problems.append(
            "filters lose orders: Lambda deletes from the queue what matches none of them, and it reaches neither the "
            "function nor the dead-letter queue: say in filter_reason why that is right, or take all orders and let "
            "the function decide"
        )
    if len(filters) > MAX_FILTERS:
        problems.append(
            f"filters must be at most {MAX_FILTERS} (above {DEFAULT_QUOTA} needs a higher quota of the account), "
            f"got {len(filters)}: put several values into the list of one field, or use '$or'"
        )
    for number, one in enumerate(filters):
        problems += _one(f"filters[{number}]", one)
    return problems


def patterns(filters: Sequence[Mapping[str, Any]]) -> list[str]:
    """The filters as a mapping takes them: JSON, always the same text for the same filter."""
    return [
        json.dumps(_whole(one), ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
        for one in filters
    ]


_SIGNS = ("=", "<", "<=", ">", ">=")
_ONLY_EVENTBRIDGE = ("cidr", "wildcard")


def _one(path: str, one: Any) -> list[str]:
    if not isinstance(one, Mapping):
        return [f"{path} must be an object with the key 'body', got {_shown(one)}"]
    content = cast("Mapping[str, Any]", one)
    problems = [
        f"{path}.{key}: filters of an SQS queue know only the key 'body': move the pattern into it, or leave it out"
        for key in content
        if key != "body"
    ]
    if "body" not in content:
        return [*problems, f"{path} has no 'body': give it the pattern of the message's body"]
    problems += _object(f"{path}.body", content["body"])
    if not problems and (length := len(patterns([content])[0])) > MAX_PATTERN_LENGTH:
        problems.append(
            f"{path} has {length} characters as JSON, more than {MAX_PATTERN_LENGTH}: shorten it, or split it into two"
        )
    return problems


def _object(path: str, pattern: Any, *, in_or: bool = False) -> list[str]:
    if not isinstance(pattern, Mapping):
        return [f"{path} must be an object with a list for each field, got {_shown(pattern)}"]
    fields = cast("Mapping[Any, Any]", pattern)
    if not fields:
        return [f"{path} is empty, which AWS refuses: name a field, such as {{'type': ['sale']}}"]
    problems: list[str] = []
    for name, rules in fields.items():
        at = f"{path}.{name}"
        if not isinstance(name, str):
            problems.append(f"{at}: the name of a field must be a text, got {_shown(name)}")
        elif in_or and name in (*_OPERANDS, *_ONLY_EVENTBRIDGE, *_SIGNS):
            problems.append(f"{at}: '$or' takes patterns, not rules: write {{<field>: [{{{name!r}: ...}}]}}")
        elif name == "$or":
            problems += _or(at, rules)
        elif isinstance(rules, Mapping):
            problems += _object(at, rules, in_or=in_or)
        elif not isinstance(rules, (list, tuple)):
            problems.append(f"{at} must be a list, got {_shown(rules)}: put brackets around it")
        elif not rules:
            problems.append(f"{at} is an empty list, which AWS refuses: use [{{'exists': true}}] for any value")
        else:
            entries = cast("Sequence[Any]", rules)
            problems += [problem for number, rule in enumerate(entries) for problem in _rule(f"{at}[{number}]", rule)]
    return problems


def _or(path: str, alternatives: Any) -> list[str]:
    if not isinstance(alternatives, (list, tuple)) or len(cast("Sequence[Any]", alternatives)) < 2:  # noqa: PLR2004
        return [f"{path} must be a list of at least 2 patterns, got {_shown(alternatives)}"]
    entries = cast("Sequence[Any]", alternatives)
    return [
        problem for number, entry in enumerate(entries) for problem in _object(f"{path}[{number}]", entry, in_or=True)
    ]


def _rule(path: str, rule: Any) -> list[str]:
    if rule is None or isinstance(rule, (bool, str)) or _is_number(rule):
        return []
    if not isinstance(rule, Mapping):
        return [f"{path} must be a text, a finite number, true, false, null or a rule, got {_shown(rule)}"]
    content = cast("Mapping[str, Any]", rule)
    if len(content) != 1:
        return [f"{path} must have exactly one rule, got {len(content)}: give each rule braces of its own"]
    [(name, operand)] = content.items()
    if name in _ONLY_EVENTBRIDGE:
        return [f"{path}: {name!r} is a rule of EventBridge, not of Lambda's filters: use 'prefix', 'suffix' or values"]
    if name not in _OPERANDS:
        return [f"{path}: unknown rule {name!r}{did_you_mean(str(name), list(_OPERANDS))}"]
    wanted = _OPERANDS[name](operand)
    return [f"{path}.{name} must be {wanted}, got {_shown(operand)}"] if wanted else []


def _text(operand: Any) -> str:
    return "" if isinstance(operand, str) else "a text"


def _switch(operand: Any) -> str:
    return "" if isinstance(operand, bool) else "true or false"


def _values(operand: Any) -> str:
    values = cast("Sequence[Any]", operand if isinstance(operand, (list, tuple)) else [operand])
    alike = all(isinstance(value, str) for value in values) or all(map(_is_number, values))
    return "" if values and alike else "texts only or numbers only (Lambda's filters nest no other rule here)"


def _comparison(operand: Any) -> str:
    form = "[<sign>, <number>] with the sign =, <, <=, > or >=, or [> or >=, <number>, < or <=, <number>]"
    if not isinstance(operand, (list, tuple)):
        return form
    signs, numbers = cast("Sequence[Any]", operand[::2]), cast("Sequence[Any]", operand[1::2])
    single = len(signs) == 1 and signs[0] in _SIGNS
    ranged = len(signs) == 2 and signs[0] in (">", ">=") and signs[1] in ("<", "<=")  # noqa: PLR2004
    if not (single or ranged) or len(numbers) != len(signs) or not all(map(_is_number, numbers)):
        return form
    if any(abs(number) > MAX_NUMBER for number in numbers):
        return f"numbers from {-MAX_NUMBER:.0f} to {MAX_NUMBER:.0f}"
    if ranged and numbers[0] >= numbers[1]:
        return "a range whose first number is below its second (one number is ['=', <number>])"
    return ""


_OPERANDS: dict[str, Callable[[Any], str]] = {
    "anything-but": _values,
    "equals-ignore-case": _text,
    "exists": _switch,
    "numeric": _comparison,
    "prefix": _text,
    "suffix": _text,
}
"""Every rule of Lambda's table -> what its operand must be, or nothing if it is."""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, (bool, float, int, str)) else f"a {type(value).__name__}"


def _whole(value: Any) -> Any:
    """The value with 300 for 300.0, which is how other languages send 300 and is something else to Lambda."""
    if isinstance(value, Mapping):
        return {name: _whole(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_whole(item) for item in cast("Sequence[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
