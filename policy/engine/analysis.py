"""The rules as Pulumi policies: a few, however many rules there are.

Pulumi's SDK reads the whole program anew for each policy, which takes longer than many rules take together. So a policy
stands for a level of enforcement, and the rule's id and name are in the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.engine.plain import plain
from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import Judgement, judge
from policy.rule import Level, Rule, Verdict
from policy.rules import RULES
from policy.settings import FILE, Settings, find, load
from policy.waivers import SETTINGS_RULES

_POLICIES = (
    (Level.MANDATORY, "rules", EnforcementLevel.MANDATORY, f"Mend it, or waive it with a reason in {FILE}."),
    (Level.ADVISORY, "advice", EnforcementLevel.ADVISORY, "Advice, or not decided yet, or accepted for a reason."),
)

_WAITS = "these rules need what only the deployment knows, and judge it then (`order-policy check` says more):"


def policies(rules: Sequence[Rule] = RULES, settings: Settings | None = None) -> list[StackValidationPolicy]:
    """The policies of the pack, which share what the rules find.

    Args:
        rules: The rules to apply.
        settings: The team's choices; by default those in the file that is found when a program is judged.
    """
    judged = _Judged(rules, settings)
    return [_policy(level, name, enforcement, about, judged) for level, name, enforcement, about in _POLICIES]


def read(resources: list[PolicyResource]) -> Graph:
    """The graph of the resources that Pulumi hands to a stack policy."""
    return Graph(
        Resource(
            urn=resource.urn,
            type=resource.resource_type,
            name=resource.name,
            properties=plain(resource.props),
            dependencies={
                name: [dependency.urn for dependency in dependencies]
                for name, dependencies in resource.property_dependencies.items()
            },
        )
        for resource in resources
    )


class _Judged:
    """The judgements of a program, for the policies that get it one after the other."""

    def __init__(self, rules: Sequence[Rule], settings: Settings | None) -> None:
        self._rules = rules
        self._settings = settings
        self._last: _Program | None = None

    def of(self, resources: list[PolicyResource]) -> list[Judgement]:
        graph, last = read(resources), self._last
        # By value, because nothing says which policies get the same program.
        if last is None or last.resources != graph.resources:
            settings = self._settings or load(find(), (*self._rules, *SETTINGS_RULES), graph.stack)
            self._last = last = _Program(graph.resources, judge(graph, self._rules, settings))
        return last.judgements


@dataclass(frozen=True)
class _Program:
    resources: list[Resource]
    judgements: list[Judgement]


def _policy(
    level: Level, name: str, enforcement: EnforcementLevel, description: str, judged: _Judged
) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        found = [judgement for judgement in judged.of(args.resources) if judgement.level is level]
        for judgement in found:
            if judgement.finding.verdict is not Verdict.UNDECIDED:
                report(judgement.text, judgement.finding.urn or None)
        if undecided := [judgement for judgement in found if judgement.finding.verdict is Verdict.UNDECIDED]:
            report(_undecided(undecided), None)

    return StackValidationPolicy(name=name, description=description, validate=validate, enforcement_level=enforcement)


def _undecided(judgements: Sequence[Judgement]) -> str:
    """All that is not decided yet, in few lines: before the first deployment it may be much, and nobody can mend it."""
    rules: dict[str, list[str]] = {}
    for judgement in judgements:
        rules.setdefault(judgement.finding.urn.rpartition("::")[2], []).append(judgement.rule.id)
    lines = [f"  {name}: {', '.join(dict.fromkeys(ids))}" for name, ids in rules.items()]
    return "\n".join([f"[undecided] {_WAITS}", *lines])
