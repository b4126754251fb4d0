"""The rules of composite alarms.

AWS does not say whether `AND` binds closer than `OR`; here it does, as everywhere.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local.alarms.evaluation import ALARM, INSUFFICIENT_DATA, OK, State
from local.alarms.tokens import Tokens

_TOKEN = re.compile(r"\s*(?:(?P<quoted>\"(?:[^\"\\]|\\.)*\")|(?P<sign>[(),])|(?P<word>[^\s(),\"]+)|(?P<end>$))")
_STATES: Mapping[str, State] = {ALARM: ALARM, INSUFFICIENT_DATA: INSUFFICIENT_DATA, OK: OK}
_ALL_PERCENT = 100


@dataclass(frozen=True)
class Constant:
    """`TRUE` or `FALSE`."""

    value: bool


@dataclass(frozen=True)
class Enough:
    """`AT_LEAST(2, NOT OK, (a, b, c))`; `ALARM(a)` is at least 1 of 1."""

    amount: float
    is_percent: bool
    state: State
    is_negated: bool
    names: tuple[str, ...]
    """Of alarms; an ARN is read as the name in it."""


@dataclass(frozen=True)
class Not:
    """`NOT a`."""

    rule: AlarmRule


@dataclass(frozen=True)
class All:
    """`a AND b`."""

    rules: tuple[AlarmRule, ...]


@dataclass(frozen=True)
class Some:
    """`a OR b`."""

    rules: tuple[AlarmRule, ...]


AlarmRule = Constant | Enough | Not | All | Some


def parse_rule(text: str) -> AlarmRule:
    """Read an `AlarmRule`.

    Raises:
        NotKnown: It is none, with the place where it stops being so.
    """
    tokens = Tokens(text, _TOKEN, "alarm rule")
    rule = _some(tokens)
    tokens.expect("")
    return rule


def holds(rule: AlarmRule, states: Mapping[str, State]) -> bool:
    """Whether a rule is true while alarms are in these states, by their names."""
    match rule:
        case Constant(value):
            return value
        case Not(inner):
            return not holds(inner, states)
        case All(rules):
            return all(holds(inner, states) for inner in rules)
        case Some(rules):
            return any(holds(inner, states) for inner in rules)
        case Enough(amount, is_percent, state, is_negated, names):
            found = sum((states[name] == state) != is_negated for name in names)
            return found * _ALL_PERCENT >= amount * len(names) if is_percent else found >= amount


def children(rule: AlarmRule) -> list[str]:
    """The names of the alarms in a rule, in their order, each once."""
    match rule:
        case Constant():
            return []
        case Enough():
            return list(dict.fromkeys(rule.names))
        case Not(inner):
            return children(inner)
        case All(rules) | Some(rules):
            return list(dict.fromkeys(name for inner in rules for name in children(inner)))


def _some(tokens: Tokens) -> AlarmRule:
    rules = [_all(tokens)]
    while tokens.word == "OR":
        tokens.advance()
        rules.append(_all(tokens))
    return Some(tuple(rules)) if len(rules) > 1 else rules[0]


def _all(tokens: Tokens) -> AlarmRule:
    rules = [_one(tokens)]
    while tokens.word == "AND":
        tokens.advance()
        rules.append(_one(tokens))
    return All(tuple(rules)) if len(rules) > 1 else rules[0]


def _one(tokens: Tokens) -> AlarmRule:
    if tokens.word in _STATES:
        state = _state(tokens)
        tokens.expect("(")
        names = (_alarm(tokens),)
        tokens.expect(")")
        return Enough(1, False, state, False, names)
    word = tokens.word.upper()  # AWS itself writes False as well
    if word not in ("TRUE", "FALSE", "NOT", "AT_LEAST", "("):
        raise tokens.unexpected()
    tokens.advance()
    match word:
        case "NOT":
            return Not(_one(tokens))
        case "AT_LEAST":
            return _at_least(tokens)
        case "(":
            rule = _some(tokens)
            tokens.expect(")")
            return rule
        case _:
            return Constant(word == "TRUE")


def _at_least(tokens: Tokens) -> AlarmRule:
    tokens.expect("(")
    amount = re.fullmatch(r"(\d+)(%?)", tokens.word)
    if not amount:
        raise tokens.unexpected()
    tokens.advance()
    tokens.expect(",")
    is_negated = tokens.word == "NOT"
    if is_negated:
        tokens.advance()
    state = _state(tokens)
    tokens.expect(",")
    tokens.expect("(")
    names = [_alarm(tokens)]
    while tokens.word == ",":
        tokens.advance()
        names.append(_alarm(tokens))
    tokens.expect(")")
    tokens.expect(")")
    return Enough(float(amount[1]), bool(amount[2]), state, is_negated, tuple(names))


def _state(tokens: Tokens) -> State:
    state = _STATES.get(tokens.word)
    if state is None:
        raise tokens.unexpected()
    tokens.advance()
    return state


def _alarm(tokens: Tokens) -> str:
    """An alarm by its name or ARN, in quotes or not; in quotes a backslash stands before a quote.

    "Alarm references" of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
    """
    name = tokens.word
    if tokens.kind not in ("quoted", "word"):
        raise tokens.unexpected()
    if tokens.kind == "quoted":
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    tokens.advance()
    return name.partition(":alarm:")[2] if name.startswith("arn:") else name
