"""What a rule is: a pure function from the graph to findings, with the words around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policy.graph import Graph


@dataclass(frozen=True)
class Finding:
    """One resource that breaks a rule, or about which the rule cannot tell yet."""

    urn: str
    message: str
    """What is wrong, with the numbers, and how to mend it. Never a value that may be secret."""
    decided: bool = True
    """False: what the rule needs is not known yet, or is outside this program."""


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
