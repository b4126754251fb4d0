"""The mistakes of `tests/policy`, as our rules and the peers see them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.peers import tools
from bench.peers.cloudformation import Style, Template, translate
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.settings import Settings
from tests.support.programs import YamlProgram

PROJECT = Path(__file__).parent.parent.parent
RESULTS = Path(__file__).parent / "results" / "peers.json"
_CASES = PROJECT / "tests" / "policy"
_TEMPLATES = PROJECT / ".local" / "peers" / "templates"
_STRICT = Settings(profile=Profile.STRICT)
_DETAIL = re.compile(r"\[.*$")
"""What a rule of cdk-nag is about in one case: `AwsSolutions-IAM5[Action::sqs:*]`."""

Tree = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A good program, or one with a mistake."""

    key: str
    """The name of its template."""
    base: str
    """The key of the good program."""
    program: YamlProgram
    mistake: Mapping[str, Any] | None = None

    @property
    def templates(self) -> dict[str, Template]:
        """The program in CloudFormation, in each style: not every peer reads all of them."""
        return {self.key + style.value: translate(self.program.resources, style) for style in Style}


def cases() -> Iterator[Case]:
    """All programs and mistakes: the good program first, then what is wrong in it."""
    mistakes = [mistake for path in _files("mistakes") for mistake in yaml.safe_load(path.read_text())]
    for path in _files("programs"):
        good = YamlProgram(yaml.safe_load(path.read_text())["resources"])
        yield Case(path.stem, path.stem, good)
        own = [mistake for mistake in mistakes if mistake["program"] == path.stem]
        for number, mistake in enumerate(own, 1):
            yield Case(f"{path.stem}-{number}", path.stem, good.changed(mistake), mistake)


def digest() -> str:
    """What the results depend on besides our own rules: the cases, the translation and the versions of the peers."""
    digest = hashlib.sha256(json.dumps(tools.versions()).encode())
    for path in (*_files("programs"), *_files("mistakes"), Path(__file__).with_name("types.yaml")):
        digest.update(hashlib.sha256(path.name.encode() + path.read_bytes()).digest())
    return digest.hexdigest()


def compare() -> Tree:
    """Run the peers, and ours, over all cases."""
    every = list(cases())
    templates = {key: template for case in every for key, template in case.templates.items()}
    shutil.rmtree(_TEMPLATES, ignore_errors=True)
    _TEMPLATES.mkdir(parents=True)
    for key, template in templates.items():
        (_TEMPLATES / f"{key}.json").write_text(json.dumps(template.body, indent=2) + "\n")
    found = tools.run(_TEMPLATES)
    return {
        "digest": digest(),
        "versions": tools.versions(),
        "programs": {
            case.key: {peer: dict(sorted(_count(found[peer].get(case.key, set())).items())) for peer in tools.PEERS}
            for case in every
            if not case.mistake
        },
        "mistakes": [
            {
                "name": case.mistake["name"],
                "rule": case.mistake["rule"],
                "program": case.base,
                "unsaid": unsaid(templates[case.key], templates[case.base]),
                "found": {peer: caught(found[peer], case, templates) for peer in tools.PEERS},
            }
            for case in every
            if case.mistake
        ],
    }


@dataclass(frozen=True)
class Ours:
    """What our rules say."""

    good: Mapping[str, list[str]]
    """By good program, the rules that it breaks."""
    caught: Mapping[str, str]
    """By mistake, when its rule speaks: at the first `preview`, only after `up`, or `never`."""


def ours() -> Ours:
    """Judge all cases, which takes no peer."""
    good: dict[str, list[str]] = {}
    caught: dict[str, str] = {}
    for case in cases():
        before, after = _broken(case.program.preview()), _broken(case.program.deployed())
        if case.mistake:
            rule = case.mistake["rule"]
            caught[case.mistake["name"]] = "preview" if rule in before else "up" if rule in after else "never"
        else:
            good[case.key] = sorted(before | after)
    return Ours(good, caught)


def unsaid(template: Template, good: Template) -> list[str]:
    """Why CloudFormation cannot say a mistake: nothing when it can."""
    more = [text for text in template.unsaid if text not in good.unsaid]
    return more or (["it makes no difference there"] if template.body == good.body else [])


def caught(found: tools.Findings, case: Case, templates: Mapping[str, Template]) -> Tree:
    """The rules of a peer that speak of a mistake, and those that do so only when it is said in another style."""
    new = {style: _new(found, templates, case.key + style.value, case.base + style.value) for style in Style}
    as_is = new.pop(Style.PROGRAM)
    return {"rules": sorted(as_is), "in another style": sorted(set[str]().union(*new.values()) - as_is)}


def _new(found: tools.Findings, templates: Mapping[str, Template], key: str, base: str) -> set[str]:
    """The rules that a peer says of a template and not of the good one.

    Of a resource that the mistake adds only those count that the peer does not say of others of its type.
    """
    good, here = templates[base].body["Resources"], templates[key].body["Resources"]
    baseline = found.get(base, set())
    habits = {(rule, good[resource]["Type"]) for rule, resource in baseline if resource in good}
    return {
        *_count(
            (rule, resource)
            for rule, resource in found.get(key, set()) - baseline
            if resource in good or resource not in here or (rule, here[resource]["Type"]) not in habits
        )
    }


def _count(found: Iterable[tools.Finding]) -> Counter[str]:
    return Counter(_DETAIL.sub("", rule) for rule, _ in found)


def _broken(resources: list[Any]) -> set[str]:
    judged = judge(Graph(resources), settings=_STRICT)
    return {judgement.rule.id for judgement in judged if judgement.finding.verdict in (Verdict.BROKEN, Verdict.FAILED)}


def _files(folder: str) -> list[Path]:
    return sorted((_CASES / folder).glob("*.yaml"))
