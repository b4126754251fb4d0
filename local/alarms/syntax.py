"""The text of metric math, read.

AWS shows that comparisons bind closer than `AND`; of the rest it says nothing, and it is read as everywhere: `^`, then
a minus sign, `*` and `/`, `+` and `-`, comparisons, `AND`, `OR`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local.alarms.tokens import Tokens

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>()\[\],])|(?P<end>$))"
)
_SAME = {"&&": "AND", "||": "OR"}
_LEVELS = (("OR",), ("AND",), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
"""What binds least comes first."""


@dataclass(frozen=True)
class Number:
    """A scalar."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class Name:
    """The id of a metric or of another expression, or a word such as `REPEAT`."""

    name: str


@dataclass(frozen=True)
class Array:
    """`[m1, m2]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """`FILL(m1, 0)`."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    """`m1 + m2`; `-m1` is `0 - m1`."""

    sign: str
    left: Node
    right: Node


Node = Number | Text | Name | Array | Call | Operation


def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        NotKnown: It is not metric math, with the place where it stops being so.
    """
    tokens = Tokens(text, _TOKEN, "metric math")
    node = _level(tokens, 0)
    tokens.expect("")
    return node


def walk(node: Node) -> Iterator[Node]:
    """A part and all that it is made of."""
    yield node
    for part in _parts(node):
        yield from walk(part)


def _parts(node: Node) -> Sequence[Node]:
    match node:
        case Array(items):
            return items
        case Call(_, arguments):
            return arguments
        case Operation(_, left, right):
            return (left, right)
        case _:
            return ()


def _level(tokens: Tokens, level: int) -> Node:
    """Operations of this level, from left to right."""
    if level == len(_LEVELS):
        return _minus(tokens)
    node = _level(tokens, level + 1)
    while (sign := _SAME.get(tokens.word, tokens.word)) in _LEVELS[level]:
        tokens.advance()
        node = Operation(sign, node, _level(tokens, level + 1))
    return node


def _minus(tokens: Tokens) -> Node:
    if tokens.word != "-":
        return _power(tokens)
    tokens.advance()
    return Operation("-", Number(0), _minus(tokens))


def _power(tokens: Tokens) -> Node:
    node = _value(tokens)
    if tokens.word != "^":
        return node
    tokens.advance()
    return Operation("^", node, _minus(tokens))


def _value(tokens: Tokens) -> Node:
    kind, word = tokens.kind, tokens.word
    if (kind == "sign" and word not in ("[", "(")) or word in ("", "AND", "OR"):
        raise tokens.unexpected()
    tokens.advance()
    match kind, word:
        case "number", _:
            return Number(float(word))
        case "text", _:
            return Text(word[1:-1])
        case "sign", "[":
            return Array(_list(tokens, "]"))
        case "sign", _:
            node = _level(tokens, 0)
            tokens.expect(")")
            return node
        case _:
            if tokens.word != "(":
                return Name(word)
            tokens.advance()
            return Call(word, _list(tokens, ")"))


def _list(tokens: Tokens, end: str) -> tuple[Node, ...]:
    items: list[Node] = []
    while tokens.word != end:
        if items:
            tokens.expect(",")
        items.append(_level(tokens, 0))
    tokens.advance()
    return tuple(items)
