"""The rules as Pulumi policies."""

from __future__ import annotations

from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Finding, Rule, Verdict
from policy.rules import RULES


def policies() -> list[StackValidationPolicy]:
    """One mandatory policy for each rule, and advisory ones for what is not decided yet and for what is accepted."""
    return [
        *(_policy(rule) for rule in RULES),
        _advisory_policy("undecided", Verdict.UNDECIDED, "What a rule cannot decide yet is not a pass."),
        _advisory_policy("accepted", Verdict.ACCEPTED, "What departs from a rule for a stated reason stays in sight."),
    ]


def evaluate(rule: Rule, graph: Graph) -> list[Finding]:
    """What a rule finds; a rule that fails is a finding itself, and the other rules still run."""
    try:
        return list(rule.check(graph))
    except Exception as error:
        # Only the kind of error: its text could hold a value of the program.
        return [
            Finding(
                "",
                f"the rule itself failed ({type(error).__name__}): report this as a defect of the policy pack",
            )
        ]


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


def _policy(rule: Rule) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for finding in evaluate(rule, read(args.resources)):
            if finding.verdict is Verdict.BROKEN:
                report(f"[{rule.id}] {finding.message}. See {rule.url}", finding.urn or None)

    return StackValidationPolicy(
        name=rule.name,
        description=f"{rule.title}.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        url=rule.url,
    )


def _advisory_policy(name: str, verdict: Verdict, description: str) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        graph = read(args.resources)
        for rule in RULES:
            for finding in evaluate(rule, graph):
                if finding.verdict is verdict:
                    report(f"[{rule.id}] {name}: {finding.message}", finding.urn or None)

    return StackValidationPolicy(
        name=name,
        description=description,
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def _plain(value: Any) -> Any:
    """Pulumi's guarded properties as plain data: its guards raise on every touch of an unknown value."""
    target = getattr(value, "_DictProxy__target", None)
    if target is not None:
        return {name: _plain(item) for name, item in target.items()}
    target = getattr(value, "_ListProxy__target", None)
    if target is not None:
        return [_plain(item) for item in target]
    return value
