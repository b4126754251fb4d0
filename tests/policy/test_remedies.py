"""Remedies: each mends what its rule finds in one resource, and nothing is changed where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from policy.engine.remedies import remedies, remedy
from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Rule, Verdict
from policy.rules import RULES
from policy.settings import Settings
from tests.policy.test_rules import FIXTURES
from tests.support.programs import YamlProgram

WITH_REMEDY = [found for found in RULES if found.remedy]


def resources(rule: Rule, kind: str) -> list[Resource]:
    content = yaml.safe_load((FIXTURES / rule.id / f"{kind}.yaml").read_text())
    return YamlProgram(content["resources"]).deployed()


def test_these_rules_have_a_remedy() -> None:
    assert {found.id: found.remedy for found in WITH_REMEDY} == {
        "ORD-KMS-006": {"enableKeyRotation": True},
        "ORD-SQS-015": {"sqsManagedSseEnabled": True},
        "ORD-STR-003": {"bisectBatchOnFunctionError": True},
    }


@pytest.mark.parametrize("rule", WITH_REMEDY, ids=lambda rule: rule.id)
def test_a_remedy_mends_what_its_rule_finds_and_leaves_the_rest_alone(rule: Rule) -> None:
    before = resources(rule, "fail")
    changes = {resource.urn: remedy(resource, [rule]) for resource in before}
    after = [replace(found, properties={**found.properties, **changes[found.urn]}) for found in before]
    broken = {found.urn for found in rule.findings(Graph(before)) if found.verdict is Verdict.BROKEN}

    assert {urn for urn, change in changes.items() if change} == broken != set()
    assert [change for change in changes.values() if change] == [rule.remedy] * len(broken)
    assert rule.findings(Graph(after)) == []


@pytest.mark.parametrize("rule", WITH_REMEDY, ids=lambda rule: rule.id)
def test_nothing_is_changed_where_nothing_is_wrong(rule: Rule) -> None:
    assert [remedy(resource, [rule]) for resource in resources(rule, "pass") if remedy(resource, [rule])] == []


def test_there_is_a_policy_that_mends_only_when_the_settings_say_so() -> None:
    assert remedies(RULES, Settings()) == []
    assert [policy.name for policy in remedies(RULES, Settings(remediate=True))] == ["remedies"]
