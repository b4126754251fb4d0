"""Names and the patterns of policies that they are compared with, in three values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from policy.facts import Fact, Resource, State
from policy.graph.references import Reference, names_of, names_to_look_for

Truth = bool | State
"""`True`, `False` or `State.UNKNOWN`."""


@dataclass(frozen=True)
class Name:
    """What a pattern is compared with: mostly an ARN."""

    text: Fact
    resource: Resource | None = None
    """The resource that it names, which a pattern may name too while its ARN is not known."""

    def matches(self, pattern: Fact, *, wildcards: bool = True, ignore_case: bool = False) -> Truth:
        """Whether it is what a pattern says."""
        if isinstance(pattern, State) or "${" in str(pattern):
            return State.UNKNOWN
        pattern = str(pattern)
        if wildcards and pattern and not pattern.strip("*"):
            return True
        if not isinstance(self.text, State):
            return bool(_compiled(pattern, wildcards, ignore_case).fullmatch(self.text))
        if not self.resource or not pattern.startswith("arn:"):
            return State.UNKNOWN
        own = _in_arn(names_of(self.resource))
        asked = _in_arn(names_to_look_for(self.resource.type, pattern))
        if own & asked:
            return True
        # The ARN of a queue of another name is not that of this one; which account and region it is in is not known.
        literal = not (wildcards and {"*", "?"} & {*pattern})
        return False if literal and own and asked else State.UNKNOWN


def name_of(reference: Reference, output: str = "arn") -> Name:
    """The name of a resource, by its ARN or another output; of one outside this program its ARN."""
    if isinstance(reference, Resource):
        text = reference.fact(output)
        return Name(State.UNKNOWN if text is State.UNSET else text, reference if output == "arn" else None)
    return Name(reference if isinstance(reference, str) and reference.startswith("arn:") else State.UNKNOWN)


def either(truths: Iterable[Truth]) -> Truth:
    """Whether one of them is true; no more of them are looked at than needed."""
    return _until(True, truths)


def every(truths: Iterable[Truth]) -> Truth:
    """Whether all of them are true; no more of them are looked at than needed."""
    return _until(False, truths)


def _until(decisive: bool, truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth is decisive:
            return decisive
        unknown = unknown or truth is State.UNKNOWN
    return State.UNKNOWN if unknown else not decisive


def opposite(truth: Truth) -> Truth:
    """True for false, false for true."""
    return truth if isinstance(truth, State) else not truth


def _in_arn(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("name:")}


@lru_cache(maxsize=4096)
def _compiled(pattern: str, wildcards: bool, ignore_case: bool) -> re.Pattern[str]:
    escaped = re.escape(pattern)
    if wildcards:
        escaped = escaped.replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
