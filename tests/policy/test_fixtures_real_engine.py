"""Fixtures of the rules in the real engine, which says what the servicer said.

In `pulumi preview` of a new stack, and in `pulumi policy analyze` of the state of a deployed one.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from local.engine import POLICY_PACK
from policy.rule import Level, Profile
from policy.rules import RULES
from policy.state import encode
from tests.policy.test_rules import BY_ID, FIXTURES, expected
from tests.support.program import NewProgram, Program, Result
from tests.support.programs import YamlProgram
from tests.support.states import saved
from tests.support.yaml_program import SOURCE

SUBJECTS = {found.id.split("-")[1] for found in RULES}
RUN = [
    "ORD-ALM-001/fail",
    "ORD-EVT-001/fail",
    "ORD-FUN-003/fail",
    "ORD-IAM-004/fail",
    "ORD-IAM-004/unknown",
    "ORD-KMS-001/unknown",
    "ORD-KMS-002/fail",
    "ORD-MAP-001/fail",
    "ORD-MAP-003/fail",
    "ORD-SNS-003/fail",
    "ORD-SQS-001/fail",
    "ORD-SQS-002/fail",
    "ORD-SQS-002/pass",
    "ORD-SQS-006/unknown",
    "ORD-STR-002/fail",
    "ORD-STR-007/fail-registered-consumer",
    "ORD-STR-012/fail-old-image",
]
"""Of each subject some, of types that the embedded AWS serves."""


def preview(new_program: NewProgram, path: Path) -> Result:
    program = new_program()
    program.write(SOURCE)
    program.folder.joinpath("program.yaml").write_text(path.read_text())
    program.folder.joinpath("order-policy.yaml").write_text("profile: strict\n")
    return program.check()


@pytest.mark.parametrize("name", RUN)
def test_the_engine_says_what_the_fixture_says(name: str, new_program: NewProgram) -> None:
    path = FIXTURES / f"{name}.yaml"
    rule, content = BY_ID[path.parent.name], yaml.safe_load(path.read_text())

    result = preview(new_program, path)

    said = {
        found: (policy, message.rstrip("\n"))
        for policy, _, found, message in result.violations
        if f"[{rule.id} " in message
    }
    waiting = [line for *_, message in result.violations for line in message.splitlines() if line.startswith("  ")]
    undecided = [line.split(":")[0].strip() for line in waiting if rule.id in line]
    kind = path.stem.split("-")[0]
    assert said == (expected(rule, content) if kind == "fail" else {}), result.text
    assert undecided == ([*content["finds"]] if kind == "unknown" else []), result.text
    if kind == "fail" and rule.levels[Profile.STRICT] is Level.MANDATORY:
        assert result.code != 0


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
@pytest.mark.parametrize("kind", ["pass", "fail"])
def test_the_engine_says_the_same_of_a_saved_state(subject: str, kind: str, program: Program) -> None:
    path = FIXTURES / f"ORD-{subject}-001" / f"{kind}.yaml"
    rule, content = BY_ID[path.parent.name], yaml.safe_load(path.read_text())
    resources = YamlProgram(content["resources"]).deployed()
    entries = [
        entry | {"custom": True, "id": entry["outputs"]["id"]} for entry in encode(resources)["deployment"]["resources"]
    ]
    state = saved(program.folder, *entries)
    program.folder.joinpath("order-policy.yaml").write_text("profile: strict\n")

    done = program.engine.output("policy", "analyze", "--file", state, "--policy-pack", str(POLICY_PACK), "--json")

    result = Result(done.returncode, done.stderr, [json.loads(line) for line in done.stdout.splitlines()])
    said = {
        found: (policy, message.rstrip("\n"))
        for policy, _, found, message in result.violations
        if f"[{rule.id} " in message
    }
    assert said == (expected(rule, content) if kind == "fail" else {}), done.stdout + done.stderr


def test_some_fixture_of_each_subject_is_run() -> None:
    assert {name.split("-")[1] for name in RUN} == SUBJECTS
