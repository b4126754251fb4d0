"""Remedies: what Pulumi may mend by itself, because it changes nothing for anybody but the resource.

Off unless the settings say `remediate: true`. A remedy sets properties of one resource that break a rule by themselves,
such as encryption that is switched off; nothing that a handler or a sender could notice is ever one.
https://www.pulumi.com/docs/insights/policy/policy-packs/authoring/#remediation-policies
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pulumi_policy import EnforcementLevel, ResourceValidationArgs, ResourceValidationPolicy

from policy.engine.plain import plain
from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Level, Rule, Verdict
from policy.settings import Settings, find, load
from policy.waivers import SETTINGS_RULES


def remedies(rules: Sequence[Rule], settings: Settings | None = None) -> list[ResourceValidationPolicy]:
    """The policy that mends, or none while the settings do not allow it.

    Args:
        rules: The rules, of which those with a remedy count.
        settings: The team's choices; by default those in the file that is found.
    """

    @functools.cache  # a program has many resources in one stack
    def chosen(stack: str) -> Settings:
        return settings or load(find(), (*rules, *SETTINGS_RULES), stack)

    if not chosen("").remediate:
        return []
    mended = [rule for rule in rules if rule.remedy]

    def mend(args: ResourceValidationArgs) -> Mapping[str, Any] | None:
        resource = Resource(args.urn, args.resource_type, args.name, plain(args.props))
        levels = chosen(Graph([resource]).stack)
        change = remedy(resource, [rule for rule in mended if levels.level(rule) is not Level.OFF])
        for name, value in change.items():
            # The SDK's guarded properties: a copy of them would lose what is unknown or secret.
            cast("dict[str, Any]", args.props)[name] = value
        return args.props if change else None

    return [
        ResourceValidationPolicy(
            name="remedies",
            description="Mends what changes nothing for anybody but the resource.",
            remediate=cast("Any", mend),  # the SDK's type leaves out what is not awaitable
            enforcement_level=EnforcementLevel.REMEDIATE,
        )
    ]


def remedy(resource: Resource, rules: Sequence[Rule]) -> dict[str, Any]:
    """The properties that mend what a resource breaks by itself."""
    change: dict[str, Any] = {}
    for rule in rules:
        if any(found.verdict is Verdict.BROKEN for found in rule.findings(Graph([resource]))):
            change |= rule.remedy or {}
    return change
