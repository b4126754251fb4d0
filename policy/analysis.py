"""The rules as Pulumi policies: a few, however many rules there are.

Pulumi's SDK reads the whole program anew for each policy, which takes longer than many rules take together. So a policy
stands for a level of enforcement, and the rule's id and name are in the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import Judgement, judge
from policy.rule import Kind, Rule, Verdict
from policy.rules import RULES

_POLICIES = (
    ("limits", EnforcementLevel.MANDATORY, "AWS refuses this."),
    ("practices", EnforcementLevel.MANDATORY, "AWS accepts this, but it is not good practice."),
    ("advice", EnforcementLevel.ADVISORY, "This is not decided yet, or it is accepted for a stated reason."),
)
_SCALARS = (str, float, bool, type(None))
"""What most properties are, and so looked at first."""
_POLICY_OF = {Kind.LIMIT: "limits", Kind.PRACTICE: "practices"}
_ADVICE = frozenset({Verdict.UNDECIDED, Verdict.ACCEPTED})


def policies(rules: Sequence[Rule] = RULES) -> list[StackValidationPolicy]:
    """The policies of the pack, which share what the rules find."""
    judged = _Judged(rules)
    return [_policy(name, level, description, judged) for name, level, description in _POLICIES]


def read(resources: list[PolicyResource]) -> Graph:
    """The graph of the resources that Pulumi hands to a stack policy."""
    return Graph(
        Resource(
            urn=resource.urn,
            type=resource.resource_type,
            name=resource.name,
            properties=_plain(resource.props),
            dependencies={
                name: [dependency.urn for dependency in dependencies]
                for name, dependencies in resource.property_dependencies.items()
            },
        )
        for resource in resources
    )


class _Judged:
    """The judgements of a program, for the policies that get it one after the other."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._last: _Program | None = None

    def of(self, resources: list[PolicyResource]) -> list[Judgement]:
        graph, last = read(resources), self._last
        # By value, because nothing says which policies get the same program.
        if last is None or last.resources != graph.resources:
            self._last = last = _Program(graph.resources, judge(graph, self._rules))
        return last.judgements


@dataclass(frozen=True)
class _Program:
    resources: list[Resource]
    judgements: list[Judgement]


def _policy(name: str, level: EnforcementLevel, description: str, judged: _Judged) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for judgement in judged.of(args.resources):
            if _policy_of(judgement) == name:
                report(judgement.text, judgement.finding.urn or None)

    return StackValidationPolicy(name=name, description=description, validate=validate, enforcement_level=level)


def _policy_of(judgement: Judgement) -> str:
    return "advice" if judgement.finding.verdict in _ADVICE else _POLICY_OF[judgement.rule.kind]


def _plain(value: Any) -> Any:
    """Pulumi's guarded properties as plain data: its guards raise on every touch of an unknown value."""
    if isinstance(value, _SCALARS):
        return value
    target = getattr(value, "_DictProxy__target", None)
    if target is not None:
        return {name: _plain(item) for name, item in target.items()}
    target = getattr(value, "_ListProxy__target", None)
    if target is not None:
        return [_plain(item) for item in target]
    # Code and other assets, of which one that is read twice is not equal to itself: no rule looks into them.
    return cast("type[object]", type(value))
