"""Every rule over its fixtures, through the servicer that the engine talks to.

`rules/ORD-SQS-001/fail.yaml` breaks ORD-SQS-001: the name of the file is what is asserted, also with words behind it,
as in `fail-fifo.yaml`. `finds` names the resources that are found, each with the message. What the first preview
cannot decide says `decided: up`. `waived.yaml` holds settings under which the findings of `fail.yaml` are accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import Judgement, judge
from policy.rule import Kind, Level, Profile, Rule, Verdict
from policy.rules import RULES
from policy.settings import Settings, read
from tests.support.analyzer import analyze
from tests.support.programs import YamlProgram

FIXTURES = Path(__file__).parent / "rules"
BY_ID = {found.id: found for found in RULES}


def fixtures(kind: str) -> list[Any]:
    """The fixtures of one kind, as parameters of a test."""
    paths = sorted(FIXTURES.glob(f"*/{kind}*.yaml"))
    return [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in paths]


def content(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())


def strict(rule: Rule, content: Mapping[str, Any] | None = None) -> Settings:
    """Settings under which the rule speaks, and with what a fixture has besides."""
    return read({"profile": "strict", **(content or {})}, RULES)


def said(rule: Rule, resources: list[Resource], settings: Settings) -> dict[str, tuple[str, str]]:
    """Policy and message by the name of the resource."""
    return {found.name: (found.policy, found.message) for found in analyze(resources, [rule], settings)}


def expected(rule: Rule, content: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What is to be said of a program that breaks the rule: each resource once, with the policy that it belongs to."""
    refused = "AWS refuses this: " if rule.kind is Kind.LIMIT else ""
    policy, about = {
        Level.MANDATORY: ("rules", "Mend it, or waive it with a reason in order-policy.yaml."),
        Level.ADVISORY: ("advice", "Advice, or not decided yet, or accepted for a reason."),
    }[rule.levels[Profile.STRICT]]
    ends = f". See {rule.url} and `order-policy explain {rule.id}`"
    return {
        name: (policy, f"{about}\n[{rule.id} {rule.name}] {refused}{message}{ends}")
        for name, message in content["finds"].items()
    }


@pytest.mark.parametrize("path", fixtures("pass"))
def test_a_program_that_keeps_the_rule_is_silent(path: Path) -> None:
    rule, given = BY_ID[path.parent.name], content(path)
    program, settings = YamlProgram(given["resources"]), strict(rule, given.get("settings"))

    assert said(rule, program.deployed(), settings) == {}
    before = judge(Graph(program.preview()), [rule], settings)
    assert [found.finding.verdict for found in before if given.get("decided") != "up"] == []
    assert {found.finding.verdict for found in before} <= {Verdict.UNDECIDED}


@pytest.mark.parametrize("path", fixtures("fail"))
def test_a_program_that_breaks_the_rule_is_found_with_these_words(path: Path) -> None:
    rule, given = BY_ID[path.parent.name], content(path)
    program, settings = YamlProgram(given["resources"]), strict(rule, given.get("settings"))
    broken = expected(rule, given)

    assert broken
    assert said(rule, program.deployed(), settings) == broken
    if given.get("decided") == "up":
        before = judge(Graph(program.preview()), [rule], settings)
        assert {found.finding.verdict for found in before} == {Verdict.UNDECIDED}
    else:
        assert said(rule, program.preview(), settings) == broken


@pytest.mark.parametrize("path", fixtures("unknown"))
def test_what_is_not_known_is_undecided_and_not_passed(path: Path) -> None:
    rule, given = BY_ID[path.parent.name], content(path)
    resources, settings = YamlProgram(given["resources"]).preview(), strict(rule, given.get("settings"))
    found = judge(Graph(resources), [rule], settings)

    assert given["finds"]
    assert {name(judgement): judgement.text for judgement in found} == {
        resource: f"[{rule.id} {rule.name}] undecided: {message}" for resource, message in given["finds"].items()
    }
    assert said(rule, resources, settings) == {
        "": ("advice", undecided(rule, [name(judgement) for judgement in found]))
    }


def undecided(rule: Rule, names: Iterable[str]) -> str:
    """What the pack says of all that is undecided together."""
    return "\n".join(
        [
            "Advice, or not decided yet, or accepted for a reason.",
            "[undecided] these rules need what only the deployment knows, and judge it then (`order-policy check` says "
            "more):",
            *(f"  {name}: {rule.id}" for name in dict.fromkeys(names)),
        ]
    )


@pytest.mark.parametrize("path", fixtures("waived"))
def test_a_waiver_accepts_a_practice_and_never_a_limit(path: Path) -> None:
    rule, given = BY_ID[path.parent.name], content(path)
    fail = content(path.with_name("fail.yaml"))
    resources = YamlProgram(fail["resources"]).deployed()
    settings = strict(rule, {**fail.get("settings", {}), **given})
    found = judge(Graph(resources), [rule], settings)

    if rule.kind is Kind.LIMIT:
        assert settings.problems == (
            f"order-policy.yaml: waiver 1: {rule.id} is a limit of AWS, which nothing waives: mend the resource",
        )
        assert [found for found in found if found.finding.verdict is Verdict.ACCEPTED] == []
        assert {found.rule.id for found in found} == {rule.id, "ORD-SET-001"}
    else:
        [waiver] = given["waivers"]
        words = f"(waived until {waiver['expires']} by {waiver['owner']}: {waiver['reason']})"
        assert settings.problems == ()
        assert {name(found): found.finding.message for found in found} == {
            named: f"{message} {words}" for named, message in fail["finds"].items()
        }
        assert {(found.finding.verdict, found.level) for found in found} == {(Verdict.ACCEPTED, Level.ADVISORY)}


def name(judgement: Judgement) -> str:
    return judgement.finding.urn.rpartition("::")[2]


@pytest.mark.parametrize("kind", ["pass", "fail", "unknown", "waived"])
def test_each_rule_has_a_fixture_of_each_kind(kind: str) -> None:
    assert {path.parent.name for path in FIXTURES.glob(f"*/{kind}*.yaml")} == {*BY_ID}


def test_there_is_nothing_among_the_fixtures_that_is_not_run() -> None:
    kinds = ("pass", "fail", "unknown", "waived")
    strays = [path for path in FIXTURES.rglob("*") if path.is_file() and path.stem.split("-")[0] not in kinds]
    assert strays == []
