"""What a rule is: a pure function from the graph to findings, with the words around it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from policy.facts import Resource
from policy.graph import Graph


class Kind(Enum):
    """What stands behind a rule."""

    LIMIT = "limit"
    """AWS refuses what breaks it, so nothing can excuse that."""
    PRACTICE = "practice"
    """AWS accepts what breaks it; there may be a reason to."""


class Verdict(Enum):
    """What a finding says of its resource."""

    BROKEN = "it breaks the rule"
    UNDECIDED = "what the rule needs is not known yet, or is outside this program"
    ACCEPTED = "it departs from the rule, and a reason for that is stated on it"
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


Check = Callable[[Graph], Iterator[Finding]]


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

    @property
    def why(self) -> str:
        """What the rule asks for and why, as its page has it: the docstring of its check."""
        return inspect.getdoc(self.check) or ""


def rule(rule_id: str, name: str, *, title: str, kind: Kind, url: str) -> Callable[[Check], Rule]:
    """Make a rule of the check below it, whose docstring says why."""
    return lambda check: Rule(rule_id, name, title, kind, url, check)
