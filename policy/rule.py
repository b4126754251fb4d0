"""What a rule is: a pure function from the graph to findings, with the words around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from policy.facts import Resource
from policy.graph import Graph


class Kind(Enum):
    """What stands behind a rule."""

    LIMIT = "limit"
    """AWS refuses what breaks it, so nothing can excuse that."""
    PRACTICE = "practice"
    """AWS accepts what breaks it; there may be a reason to."""


class Level(StrEnum):
    """What a broken rule does to a deployment."""

    OFF = "off"
    ADVISORY = "advisory"
    """It is said."""
    MANDATORY = "mandatory"
    """It is said, and `pulumi preview` and `pulumi up` fail."""


class Profile(StrEnum):
    """A choice of levels for all rules."""

    DEV = "dev"
    """What loses orders or is refused by AWS fails; the rest is advice, or silent."""
    STANDARD = "standard"
    STRICT = "strict"
    """Every rule counts."""


class Verdict(Enum):
    """What a finding says of its resource."""

    BROKEN = "it breaks the rule"
    UNDECIDED = "what the rule needs is not known yet, or is outside this program"
    ACCEPTED = "it departs from the rule, and a reason for that is stated"
    FAILED = "the rule itself failed, so that nothing is known"


@dataclass(frozen=True)
class Finding:
    """One resource that does not simply satisfy a rule."""

    urn: str
    message: str
    """What is wrong, with the numbers, and how to mend it, or the stated reason.

    Never a value that may be secret; a reason is stated to be read.
    """
    verdict: Verdict = Verdict.BROKEN


def undecided(resource: Resource, why: str) -> Finding:
    """The finding that a resource cannot be judged yet."""
    return Finding(resource.urn, why, Verdict.UNDECIDED)


Check = Callable[..., Iterator[Finding]]
"""Takes the graph, and the rule's parameters by name."""


@dataclass(frozen=True)
class Parameter:
    """A whole number of a rule that a team may set otherwise."""

    name: str
    default: int
    low: int
    high: int
    what: str
    """What it is and its unit, for the page of the rule."""


@dataclass(frozen=True)
class Rule:
    """One rule."""

    id: str
    """Stable and never used again for another rule: `ORD-SQS-001`."""
    name: str
    """For people: `sqs-visibility-timeout`."""
    title: str
    """The rule in one sentence."""
    kind: Kind
    url: str
    """The AWS page behind it."""
    check: Check
    levels: Mapping[Profile, Level]
    parameters: tuple[Parameter, ...] = ()
    remedy: Mapping[str, Any] | None = None
    """Properties of the resource that mend it and change nothing for anybody else; none if there is no such remedy.

    Only for a rule that looks at nothing but the resource itself.
    """

    @property
    def why(self) -> str:
        """What the rule asks for and why, as its page has it: the docstring of its check."""
        return inspect.getdoc(self.check) or ""

    def findings(self, graph: Graph, parameters: Mapping[str, int] | None = None) -> list[Finding]:
        """What the rule finds, with its default parameters or others."""
        defaults = {parameter.name: parameter.default for parameter in self.parameters}
        return list(self.check(graph, **{**defaults, **(parameters or {})}))


def rule(
    rule_id: str,
    name: str,
    *,
    title: str,
    kind: Kind,
    url: str,
    dev: Level = Level.MANDATORY,
    standard: Level = Level.MANDATORY,
    strict: Level = Level.MANDATORY,
    parameters: tuple[Parameter, ...] = (),
    remedy: Mapping[str, Any] | None = None,
) -> Callable[[Check], Rule]:
    """Make a rule of the check below it, whose docstring says why."""
    levels = {Profile.DEV: dev, Profile.STANDARD: standard, Profile.STRICT: strict}
    return lambda check: Rule(rule_id, name, title, kind, url, check, levels, parameters, remedy)
