"""What a rule finds in a program, as tests read it."""

from __future__ import annotations

from collections.abc import Iterable

from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Rule, Verdict

_MARKS = {Verdict.BROKEN: "", Verdict.UNDECIDED: "? ", Verdict.ACCEPTED: "~ "}


def found(rule: Rule, resources: Iterable[Resource]) -> list[tuple[str, str]]:
    """Name of the resource and message of each finding: `? ` before what is undecided, `~ ` before what is accepted."""
    return [
        (finding.urn.rpartition("::")[2], _MARKS[finding.verdict] + finding.message)
        for finding in rule.findings(Graph(resources))
    ]
