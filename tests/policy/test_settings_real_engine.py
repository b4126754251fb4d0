"""The settings file and the remedies in the real engine."""

from __future__ import annotations

import pytest

from local.engine import POLICY_PACK
from tests.support.program import Program, Result

PROGRAM = 'aws.sqs.Queue("metrics", sqs_managed_sse_enabled=False)'
WAIVER = """
waivers:
  - {rule: ORD-SQS-002, scope: {name: metrics}, reason: may be lost, owner: insight, expires: 2999-12-31}
"""
ENCRYPTED, DEAD_LETTERS = "ORD-SQS-015", "ORD-SQS-002"


def said(result: Result) -> list[tuple[str, str]]:
    """Level and rule of each finding about the queue's encryption, its dead letters, and the settings."""
    found = [(level, message.split("[")[1].split()[0]) for _, level, _, message in result.violations]
    return [each for each in found if each[1] in {ENCRYPTED, DEAD_LETTERS} or each[1].startswith("ORD-SET")]


@pytest.mark.parametrize(
    ("settings", "findings", "passes"),
    [
        ("", [("mandatory", DEAD_LETTERS), ("mandatory", ENCRYPTED)], False),
        ("profile: dev", [("advisory", DEAD_LETTERS), ("advisory", ENCRYPTED)], True),
        ("profile: {test: dev, '*': strict}", [("advisory", DEAD_LETTERS), ("advisory", ENCRYPTED)], True),
        (WAIVER, [("advisory", DEAD_LETTERS), ("mandatory", ENCRYPTED)], False),
        (f"remediate: true{WAIVER}", [("advisory", DEAD_LETTERS)], True),
        (
            "profile: dve",
            [("mandatory", "ORD-SET-001"), ("mandatory", DEAD_LETTERS), ("mandatory", ENCRYPTED)],
            False,
        ),
    ],
)
def test_the_file_beside_the_program_holds(
    program: Program, settings: str, findings: list[tuple[str, str]], passes: bool
) -> None:
    program.write(PROGRAM)
    program.folder.joinpath("order-policy.yaml").write_text(settings)

    result = program.check()

    assert sorted(said(result)) == sorted(findings), result.text
    assert (result.code == 0) is passes, result.text


def test_what_is_remedied_is_deployed_so(program: Program) -> None:
    program.write(PROGRAM)
    program.folder.joinpath("order-policy.yaml").write_text(f"profile: dev\nremediate: true{WAIVER}")

    result = program.up("--policy-pack", str(POLICY_PACK))

    assert result.code == 0, result.text
    assert program.state()["metrics"]["inputs"]["sqsManagedSseEnabled"] is True
