"""Good programs are silent, and each single mistake in one is caught by exactly the rule that is about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.settings import Settings
from tests.support.programs import YamlProgram

FOLDER = Path(__file__).parent
PROGRAMS = {
    path.stem: YamlProgram(yaml.safe_load(path.read_text())["resources"])
    for path in sorted(FOLDER.glob("programs/*.yaml"))
}
MISTAKES: list[dict[str, Any]] = [
    mistake for path in sorted(FOLDER.glob("mistakes/*.yaml")) for mistake in yaml.safe_load(path.read_text())
]
STRICT = Settings(profile=Profile.STRICT)


def found(resources: list[Resource], *verdicts: Verdict) -> dict[str, list[str]]:
    """What is said, by the rule that says it."""
    said: dict[str, list[str]] = {}
    for judgement in judge(Graph(resources), settings=STRICT):
        if judgement.finding.verdict in verdicts:
            said.setdefault(judgement.rule.id, []).append(judgement.text)
    return said


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_good_program_is_silent(name: str) -> None:
    assert found(PROGRAMS[name].deployed(), *Verdict) == {}
    assert found(PROGRAMS[name].preview(), *(verdict for verdict in Verdict if verdict is not Verdict.UNDECIDED)) == {}


@pytest.mark.parametrize("mistake", [pytest.param(mistake, id=mistake["name"]) for mistake in MISTAKES])
def test_a_mistake_is_caught_by_exactly_its_rule(mistake: dict[str, Any]) -> None:
    program = PROGRAMS[mistake["program"]].changed(mistake)
    speaking = (Verdict.BROKEN, Verdict.FAILED)

    assert {*found(program.deployed(), *speaking)} == {mistake["rule"]}
    before = found(program.preview(), *speaking)
    assert {*before} == (set() if mistake.get("decided") == "up" else {mistake["rule"]}), before


def test_no_two_mistakes_have_one_name() -> None:
    names = [mistake["name"] for mistake in MISTAKES]
    assert len({*names}) == len(names)
