"""What a rule is: a pure function from the graph to findings, with the words around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from policy.graph import Graph


class Verdict(Enum):
    """What a finding says of its resource."""

    BROKEN = "it breaks the rule"
    UNDECIDED = "what the rule needs is not known yet, or is outside this program"
    ACCEPTED = "it departs from the rule, and a reason for that is stated on it"


@dataclass(frozen=True)
class Finding:
    """One resource that does not simply satisfy a rule."""

    urn: str
    message: str
    """What is wrong, with the numbers, and how to mend it, or the stated reason.

    Never a value that may be secret; a reason is stated to be read.
    """
    verdict: Verdict = Verdict.BROKEN


@dataclass(frozen=True)
class Rule:
    """One rule."""

    id: str
    """Stable and never used again for another rule: `ORD-SQS-001`."""
    name: str
    title: str
    """The rule in one sentence."""
    url: str
    """The AWS page behind it."""
    check: Callable[[Graph], Iterator[Finding]]
