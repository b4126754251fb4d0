"""What is right is silent, in whatever style it is written: wrong findings are what teaches a team to look away.

A style is a change of a good program that keeps it good, in the format of mistakes. `says` names the rules that speak
of the deployed program all the same, each with why: `undecided` for what is outside the program, `accepted` for what
has a stated reason. Nothing is ever broken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.rules import RULES
from policy.settings import Settings, read
from tests.policy.test_mistakes import PROGRAMS
from tests.support.forms import FORMS, not_known, strangest
from tests.support.programs import YamlProgram

STYLES: list[dict[str, Any]] = [
    style for path in sorted(Path(__file__).parent.glob("styles/*.yaml")) for style in yaml.safe_load(path.read_text())
]


EXCUSED = {Verdict.UNDECIDED.name.lower(), Verdict.ACCEPTED.name.lower()}


def said(resources: list[Resource], settings: Settings) -> dict[str, set[str]]:
    """Verdicts by the id of the rule, in small letters."""
    found: dict[str, set[str]] = {}
    for judgement in judge(Graph(resources), settings=settings):
        found.setdefault(judgement.rule.id, set()).add(judgement.finding.verdict.name.lower())
    return found


def made(style: dict[str, Any]) -> tuple[YamlProgram, Settings]:
    settings = read({"profile": "strict", **style.get("settings", {})}, RULES)
    assert settings.problems == ()
    return PROGRAMS[style["program"]].changed(style), settings


EACH_STYLE = pytest.mark.parametrize("style", [pytest.param(style, id=style["name"]) for style in STYLES])


@EACH_STYLE
def test_another_style_of_what_is_right_is_silent(style: dict[str, Any]) -> None:
    program, settings = made(style)
    speaks = {rule: {verdict} for rule, verdict in style.get("says", {}).items()}

    assert {verdict for verdicts in speaks.values() for verdict in verdicts} <= EXCUSED
    assert said(program.deployed(), settings) == speaks
    before = said(program.preview(), settings)
    assert {rule: verdicts for rule, verdicts in before.items() if not verdicts <= EXCUSED} == {}


@EACH_STYLE
def test_what_is_said_of_it_does_not_depend_on_how_values_are_written(style: dict[str, Any]) -> None:
    program, settings = made(style)

    assert said([*map(strangest, program.deployed())], settings) == said(program.deployed(), settings)
    assert said([*map(not_known, program.preview())], settings) == said(program.preview(), settings)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_good_program_is_silent_in_whatever_form_a_state_has_it(name: str, form: str) -> None:
    assert said([*map(FORMS[form], PROGRAMS[name].deployed())], Settings(profile=Profile.STRICT)) == {}


def test_each_style_changes_its_program_and_has_a_name_of_its_own() -> None:
    assert [style["name"] for style in STYLES if not {"set", "remove", "add"} & style.keys()] == []
    assert len({style["name"] for style in STYLES}) == len(STYLES)
    assert {style["program"] for style in STYLES} == {*PROGRAMS}
