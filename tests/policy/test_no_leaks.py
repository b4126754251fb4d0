"""No rule ever shows what a program keeps for itself: texts of policies, environments and tags, ARNs and accounts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from policy.facts import Resource, State
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.rules import RULES
from policy.settings import Settings
from policy.tokens import FUNCTION
from tests.policy.test_rules import FIXTURES
from tests.support.programs import YamlProgram

CANARY = "canary-4111111111111111"
ACCOUNT = "000000000001"
SEEN = [
    pytest.param(path, deployed, id=f"{path.parent.name}-{path.stem}-{'deployed' if deployed else 'first preview'}")
    for kind, times in (("fail", (True, False)), ("unknown", (False,)))
    for path in sorted(FIXTURES.glob(f"*/{kind}*.yaml"))
    for deployed in times
]


def with_canaries(resource: Resource) -> Resource:
    """The same resource, which holds a secret wherever it means nothing to a rule."""
    properties: dict[str, Any] = {
        **{name: planted(value) for name, value in resource.properties.items()},
        "description": CANARY,
        "tags": {**(resource.properties.get("tags") or {}), "note": CANARY},
    }
    if resource.type == FUNCTION:
        known = resource.object("environment").object("variables").content
        if not isinstance(known, State):
            properties["environment"] = {"variables": {**known, "TOKEN": CANARY}}
    return replace(resource, properties=properties)


def planted(value: Any) -> Any:
    """A value in which each statement of a policy has a secret id."""
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(planted(json.loads(value)))
    if isinstance(value, dict):
        content = {name: planted(item) for name, item in cast("dict[str, Any]", value).items()}
        return {**content, "Sid": CANARY} if "Effect" in content else content
    return [planted(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


@pytest.mark.parametrize(("path", "deployed"), SEEN)
def test_no_message_holds_a_secret_or_an_account(path: Path, deployed: bool) -> None:
    content = yaml.safe_load(path.read_text())
    program = YamlProgram(content["resources"])
    resources = [with_canaries(resource) for resource in (program.deployed() if deployed else program.preview())]
    found = judge(Graph(resources), RULES, Settings(profile=Profile.STRICT))

    assert [judgement.rule.id for judgement in found if judgement.finding.verdict is Verdict.FAILED] == []
    assert [judgement.text for judgement in found if CANARY in judgement.text or ACCOUNT in judgement.text] == []


def test_a_canary_in_a_message_would_be_seen() -> None:
    [resource] = YamlProgram({"orders": {"type": "aws:sqs:Queue", "properties": {"policy": "{}"}}}).deployed()
    kept = with_canaries(replace(resource, properties={"policy": '{"Statement": [{"Effect": "Allow"}]}'}))

    assert CANARY in kept.properties["policy"]
    assert kept.tag("note") == CANARY
