"""What the rules about event source mappings share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policy.facts import Facts, Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source
from policy.rule import Finding, undecided


def of_kind(graph: Graph, *kinds: Source) -> Iterator[Consumer]:
    """The mappings that read one of these, in the order of their URNs."""
    return (consumer for consumer in graph.consumers if consumer.kind in kinds)


def in_python(name: str) -> str:
    """A property as a Python program names it: `batchSize` is `batch_size`."""
    return re.sub("(?=[A-Z])", "_", name).lower()


@dataclass(frozen=True)
class Range:
    """The numbers that AWS takes for one option."""

    name: str
    low: int
    high: int
    forever: bool = False
    """Whether -1 stands for no end."""

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{' or -1' if self.forever else ''}"

    def has(self, number: float) -> bool:
        """Whether AWS takes a number.

        Nobody sends a 0: the provider leaves it out, and a saved state has it for an option that is not there.
        """
        return self.low <= number <= self.high or number == 0 or (self.forever and number == -1)

    def of(self, facts: Facts) -> float | State:
        """The number that is given; 0 when there is none."""
        return facts.number(self.name, 0)


def outside(mapping: Resource, facts: Facts, limits: Range) -> Iterator[Finding]:
    """What there is to say of one number of a mapping."""
    value = limits.of(facts)
    if isinstance(value, State):
        name = in_python(limits.name)
        yield undecided(mapping, f"whether {name} of mapping {mapping.name} is {limits} is not known yet")
    elif not limits.has(value):
        name = in_python(limits.name)
        yield Finding(mapping.urn, f"{name} {value} of mapping {mapping.name} is not {limits}: set it to one of these")
