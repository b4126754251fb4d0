"""Policy documents of IAM: what their statements say of a request, as far as it is known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from policy.facts import Fact, Object, Resource, State
from policy.graph.patterns import Name, Truth, either, every, name_of, opposite

ANYONE = "*"
ACCOUNT = "the account"
"""The account itself, which leaves it to the policies of its roles what each may do."""

_ACCOUNT = re.compile(r"\d{12}|arn:[\w-]+:iam::\d{12}:root")
_OPERATORS: Mapping[str, tuple[bool, bool]] = {
    "ArnEquals": (True, False),
    "ArnLike": (True, False),
    "Bool": (False, True),
    "StringEquals": (False, False),
    "StringEqualsIgnoreCase": (False, True),
    "StringLike": (True, False),
}
"""Operators of conditions: whether `*` and `?` stand for other characters, and whether case does not count; each also
with `Not`. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
_SETS = ("ForAllValues:", "ForAnyValue:")
_NARROWING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "kms:calleraccount",
    }
)
"""Condition keys that say who asks, or for whom; in small letters, because case does not count."""


Context = Mapping[str, Name | Truth]
"""What conditions ask for, by their keys in small letters: a value; `UNSET` when the request has none; `True` when any
value is believed. What is not here is not known."""
OVER_TLS: Context = {"aws:securetransport": Name("true")}
"""What every request says at least."""


@dataclass(frozen=True)
class Request:
    """Somebody does something to a resource."""

    action: str
    target: Name
    by: Resource | str
    """A role, the name of a service such as `sns.amazonaws.com`, `ANYONE` or `ACCOUNT`."""
    context: Context = field(default_factory=lambda: OVER_TLS)


@dataclass(frozen=True)
class Statement:
    """One statement of a document; one without content stands for all that is not known yet."""

    content: Object

    @cached_property
    def effect(self) -> str | State:
        """`Allow`, `Deny`, or not known."""
        return self.content.text("Effect")

    @cached_property
    def actions(self) -> list[Fact]:
        """The patterns of actions that it is about; none when it names those that it is not about."""
        return self.content.listed("Action")

    @cached_property
    def _other_actions(self) -> list[Fact] | None:
        """The patterns of those that it is not about; none at all when it says what it is about."""
        return self.content.listed("NotAction") if self.content.fact("Action") is State.UNSET else None

    @cached_property
    def resources(self) -> list[Fact]:
        """The patterns of what it is about; none when it names what it is not about."""
        return self.content.listed("Resource")

    @cached_property
    def _other_resources(self) -> list[Fact] | None:
        """The patterns of those that it is not about; none at all when it says what it is about."""
        return self.content.listed("NotResource") if self.content.fact("Resource") is State.UNSET else None

    @cached_property
    def principals(self) -> list[tuple[str, Fact]]:
        """Whom it is about, each with its kind: `AWS`, `Service`, ..."""
        principal = self.content.fact("Principal")
        if isinstance(principal, Mapping):
            kinds = self.content.object("Principal")
            return [(kind, item) for kind in cast("Mapping[str, Fact]", principal) for item in kinds.listed(kind)]
        return [] if principal is State.UNSET else [("AWS", principal)]

    @cached_property
    def is_for_anyone(self) -> Truth:
        """Whether it is about everybody, in whatever account, unless a condition says otherwise."""
        return either(Name("*").matches(who, wildcards=False) for kind, who in self.principals if kind == "AWS")

    @cached_property
    def is_allowing(self) -> Truth:
        """Whether it allows what it is about."""
        return State.UNKNOWN if self.effect is State.UNKNOWN else self.effect == "Allow"

    @cached_property
    def is_public(self) -> Truth:
        """Whether it allows something to everybody."""
        return every((self.is_allowing, self.is_for_anyone, opposite(self.narrowed_by())))

    @cached_property
    def _conditions(self) -> list[tuple[str, str, list[Fact]]]:
        """Operator, key in small letters and values of each condition; the key is empty of what is not known."""
        found = self.content.object("Condition")
        if isinstance(found.content, State):
            return [("", "", [found.content])] if found.content is State.UNKNOWN else []
        return [
            (operator, key.lower(), tests.listed(key))
            for operator in found.content
            for tests in [found.object(operator)]
            for key in (tests.content if isinstance(tests.content, Mapping) else [""])
        ]

    def narrowed_by(self, keys: Collection[str] = _NARROWING) -> Truth:
        """Whether a condition names who asks or for whom, so that `*` in place of a principal is not everybody."""
        return either(
            key in keys and _is_narrow(values) if key else State.UNKNOWN
            for operator, key, values in self._conditions
            if "Not" not in operator and not operator.endswith("IfExists") and operator != "Null"
        )

    def is_about(self, request: Request) -> Truth:
        """Whether it is about a request, whatever its effect."""
        parts = (
            lambda: _is_among(Name(request.action), self.actions, self._other_actions, ignore_case=True),
            lambda: self._is_for(request.by),
            lambda: _is_among(request.target, self.resources, self._other_resources),
            lambda: self._holds(request.context),
        )
        return every(part() for part in parts)

    def _is_for(self, who: Resource | str) -> Truth:
        if self.content.fact("NotPrincipal") is not State.UNSET:
            return State.UNKNOWN
        if self.content.fact("Principal") is State.UNSET:
            return True  # the policy of a role is for the role
        return either((self.is_for_anyone, *(_is(kind, named, who) for kind, named in self.principals)))

    def _holds(self, context: Context) -> Truth:
        return every(
            _condition(operator, values, context.get(key, State.UNKNOWN)) for operator, key, values in self._conditions
        )


UNKNOWN_STATEMENT = Statement(Object(State.UNKNOWN))


def statements(document: Object) -> list[Statement]:
    """The statements of a document."""
    found = document.items("Statement")
    if isinstance(found, State):
        return [UNKNOWN_STATEMENT]
    return [Statement(item if isinstance(item, Object) else Object(State.UNKNOWN)) for item in found]


def allows(found: Iterable[Statement], request: Request) -> Truth:
    """Whether one of the statements allows a request; what is not known yet may."""
    return either(
        every((statement.is_allowing, statement.is_about(request))) for statement in found if statement.effect != "Deny"
    )


def denies(found: Iterable[Statement], request: Request) -> Truth:
    """Whether one of the statements denies it: not taken for granted of a document that is not known yet."""
    return either(statement.is_about(request) for statement in found if statement.effect == "Deny")


def is_account(principal: Fact) -> Truth:
    """Whether a principal is an account, and not somebody in it."""
    return principal if isinstance(principal, State) else bool(_ACCOUNT.fullmatch(str(principal)))


def is_every_action(pattern: Fact) -> Truth:
    """Whether a pattern stands for all actions, or all of a service: `*` or `sqs:*`."""
    return pattern if isinstance(pattern, State) else not str(pattern).rpartition(":")[2].strip("*")


def _is(kind: str, named: Fact, who: Resource | str) -> Truth:
    """Whether a principal of a statement is somebody."""
    if isinstance(who, Resource):
        return kind == "AWS" and name_of(who).matches(named, wildcards=False)
    if who == ACCOUNT:
        return kind == "AWS" and is_account(named)
    if who == ANYONE or kind != "Service":
        return False
    # The name of a service may have a region in it, which stands for some of what the service does.
    if isinstance(named, State) or (named != who and named.partition(".")[0] == who.partition(".")[0]):
        return State.UNKNOWN
    return named == who


def _condition(operator: str, values: list[Fact], given: Name | Truth) -> Truth:
    for prefix in _SETS:
        operator = operator.removeprefix(prefix)
    name = operator.removesuffix("IfExists")
    positive = name.replace("Not", "", 1)
    if given is True:
        return True
    if positive not in _OPERATORS or given is State.UNKNOWN:
        return State.UNKNOWN
    negated = positive != name
    if not isinstance(given, Name):
        return negated or name != operator
    wildcards, ignore_case = _OPERATORS[positive]
    found = either(given.matches(value, wildcards=wildcards, ignore_case=ignore_case) for value in values)
    return opposite(found) if negated else found


def _is_narrow(values: list[Fact]) -> bool:
    """Whether not just any value will do."""
    return any(isinstance(value, State) or str(value).strip("*") for value in values)


def _is_among(name: Name, patterns: list[Fact], others: list[Fact] | None, *, ignore_case: bool = False) -> Truth:
    """Whether patterns name something, or else the others do not; who leaves out both means all."""
    if others is None:
        return either(name.matches(pattern, ignore_case=ignore_case) for pattern in patterns)
    return opposite(either(name.matches(pattern, ignore_case=ignore_case) for pattern in others))
