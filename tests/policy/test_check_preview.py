"""`python -m policy check` on a program: it says what the pack says in the engine, with an account or without."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.engine import POLICY_PACK
from policy.engine.recording import VARIABLE
from policy.state import decode
from tests.policy.test_real_engine import REASON_FROM_ANOTHER_RESOURCE, TIMEOUT_FROM_ANOTHER_RESOURCE
from tests.support.command import LocalCommand
from tests.support.program import STACK, NewProgram, Program

# A mistake, one that only the deployment can tell, a secret, and code.
PROGRAM = (
    TIMEOUT_FROM_ANOTHER_RESOURCE
    + """
aws.sqs.Queue("plain", tags={"secret": pulumi.Output.secret("canary-7f3a")}, visibility_timeout_seconds=10)
pulumi.export("secret", pulumi.Output.secret("canary-7f3a"))
"""
)
NEEDS_CONFIGURATION = """
config = pulumi.Config()
aws.sqs.Queue(config.require("name"), tags={"token": config.require_secret("token")})
"""
CONFIGURATION = """\
encryptionsalt: v1:UQED1BATYDs=:v1:8EBiEVloh1RXWNqf:KX9UYN3zdYAaB+/6UNzqeu4j04WFBg==
config:
  aws:profile: nobody
  aws:region: eu-central-1
  {name}:name: orders
  {name}:token: {{secure: v1:aaaaaaaaaaaaaaaa:bbbb}}
"""


@dataclass(frozen=True)
class Checked:
    code: int
    out: str
    err: str
    results: list[dict[str, Any]]
    """As in SARIF."""


def check(program: Program, *options: str, **variables: str) -> Checked:
    """The command in the folder of a program."""
    report = program.folder / "report.sarif"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "policy", "check", f"--report=sarif={report}", *options],
        cwd=program.folder,
        env={**program.engine.environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    content = report.read_text() if report.exists() else '{"runs": [{"results": []}]}'
    return Checked(done.returncode, done.stdout, done.stderr, json.loads(content)["runs"][0]["results"])


def said_by_the_pack(program: Program) -> list[tuple[str, str, str]]:
    """Level, name of the resource and line of each finding in a preview with the pack; if undecided, only the rule."""
    found = program.check().violations
    assert found
    said: list[tuple[str, str, str]] = []
    for _, level, name, message in found:
        about, *lines = message.rstrip("\n").splitlines()[1:]
        if about.startswith("[undecided]"):
            of_names = [line.strip().split(": ") for line in lines]
            said += [("undecided", name, rule_id) for name, ids in of_names for rule_id in ids.split(", ")]
        else:
            said.append((level, name, short(about)))
    return sorted(said)


def said_by_the_check(checked: Checked) -> list[tuple[str, str, str]]:
    """The same of a run of `check`: what it does not show is not compared."""
    return sorted({_said(result) for result in checked.results})


def _said(result: dict[str, Any]) -> tuple[str, str, str]:
    name = result["locations"][0]["logicalLocations"][0]["name"]
    if result["level"] == "note" and "suppressions" not in result:
        return "undecided", name, result["ruleId"]
    level = {"error": "mandatory", "warning": "advisory", "note": "advisory"}[result["level"]]
    return level, name, f"[{result['ruleId']}] {result['message']['text']}"


def short(line: str) -> str:
    """A finding of the pack without the rule's name, what it begins with and the links at its end."""
    label = re.sub(r"^\[(\S+) \S+\] (?:undecided: |accepted: |AWS refuses this: )?", r"[\1] ", line)
    return label.partition(". See ")[0]


@pytest.mark.parametrize("source", [PROGRAM, REASON_FROM_ANOTHER_RESOURCE])
def test_a_check_says_what_the_pack_says_in_the_engine(source: str, program: Program) -> None:
    program.write(source)
    in_engine = said_by_the_pack(program)

    checked = check(program, "--stack", STACK)

    assert said_by_the_check(checked) == in_engine
    assert (checked.code, checked.err) == (1, "")
    assert "canary-7f3a" not in checked.out


def test_a_deployed_stack_is_judged_alike_by_preview_and_by_its_export(new_program: NewProgram) -> None:
    program = new_program()
    program.write(PROGRAM)
    assert program.up().code == 0
    state = program.folder / "state.json"
    program.engine.output("stack", "export", "--stack", STACK, "--file", str(state)).check_returncode()
    [kept] = program.folder.parent.glob(f"workspace/pulumi/backend/.pulumi/stacks/*/{STACK}.json")

    previewed = check(program, "--stack", STACK)
    exported = check(program, str(state), PATH="/nowhere")
    saved = check(program, str(kept), PATH="/nowhere")

    assert "canary-7f3a" not in exported.out
    assert said_by_the_check(previewed) == said_by_the_check(exported) == said_by_the_check(saved)
    assert "ORD-SQS-001" in {result["ruleId"] for result in exported.results}
    assert previewed.out == exported.out == saved.out


def test_what_pulumi_would_mend_by_the_settings_is_mended_in_a_check_too(program: Program) -> None:
    program.write('aws.sqs.Queue("orders", sqs_managed_sse_enabled=False)')
    program.engine.ensure_stack(STACK)
    settings = program.folder.parent / "settings.yaml"

    def found(remediate: str) -> bool:
        settings.write_text(f"remediate: {remediate}\n")
        checked = check(program, "--stack", STACK, "--settings", str(settings))
        assert checked.err == ""
        return "ORD-SQS-015" in {result["ruleId"] for result in checked.results}

    assert found("false")
    assert not found("true")


def test_a_stack_may_be_named_in_full_and_its_profile_is_that_of_its_name(program: Program) -> None:
    program.write('aws.sqs.Queue("orders")')
    program.engine.ensure_stack(STACK)
    program.folder.joinpath("order-policy.yaml").write_text(f"profile: {{{STACK}: dev}}\n")

    for options in ([], ["--offline"]):
        checked = check(program, "--stack", f"organization/{program.name}/{STACK}", *options)
        assert checked.err == ""
        assert checked.out.endswith(f"in 1 resource (stack {STACK}, profile dev)\n")


def test_the_projects_own_program_is_judged_on_the_embedded_aws(tmp_path: Path) -> None:
    command = LocalCommand(tmp_path)
    try:
        code, text = command.run("check", "--format", "markdown")
    finally:
        command.run("stop")

    assert text.startswith("### Order policy: passed\n")
    assert code == 0


def test_without_an_account_a_new_stack_is_judged_and_nothing_of_the_project_changes(program: Program) -> None:
    program.write(NEEDS_CONFIGURATION)
    configuration = program.folder / "Pulumi.prod.yaml"
    configuration.write_text(CONFIGURATION.format(name=program.name))
    before = {path: path.read_bytes() for path in program.folder.iterdir()}

    # The credentials of the environment would be refused, and so would its backend.
    checked = check(
        program,
        "--offline",
        AWS_ACCESS_KEY_ID="",
        AWS_ENDPOINT_URL="http://192.0.2.1",
        AWS_PROFILE="nobody",
        PULUMI_BACKEND_URL="https://192.0.2.1",
        PULUMI_CONFIG_PASSPHRASE="wrong",
    )

    assert (checked.code, checked.err) == (1, "")
    assert "(stack prod, profile standard)" in checked.out
    assert "ORD-SQS-002 sqs-dead-letter-queue: queue orders has no dead-letter queue" in checked.out
    after = {
        path: path.read_bytes() for path in program.folder.iterdir() if path.name not in {"report.sarif", "__pycache__"}
    }
    assert after == before


def test_without_an_account_the_stack_is_named_when_there_are_several(program: Program) -> None:
    program.write(NEEDS_CONFIGURATION)
    for stack in ("dev", "prod"):
        program.folder.joinpath(f"Pulumi.{stack}.yaml").write_text(CONFIGURATION.format(name=program.name))

    checked = check(program, "--offline")

    assert (checked.code, checked.err) == (
        2,
        "error: without an account no stack is selected: name one with --stack (dev, prod)\n",
    )
    assert check(program, "--offline", "--stack", "dev").code == 1


def test_a_program_that_fails_is_not_judged_and_its_error_is_shown(program: Program) -> None:
    program.write('raise ValueError("no such order")')
    program.engine.ensure_stack(STACK)

    checked = check(program, "--stack", STACK)

    assert (checked.code, checked.out, checked.results) == (2, "", [])
    assert checked.err.startswith("error: pulumi preview ended with exit code ")
    assert "ValueError: no such order" in checked.err


def test_without_an_engine_it_says_what_else_can_be_judged(program: Program) -> None:
    checked = check(program, PATH="/nowhere")

    assert (checked.code, checked.err) == (
        2,
        "error: pulumi is not on PATH: install it, or name a file that `pulumi stack export` wrote\n",
    )


def test_a_pack_that_records_says_so_and_keeps_secrets_to_the_owner(program: Program) -> None:
    program.write(PROGRAM)
    recording = program.folder / "recording.json"
    environment = {**program.engine.environment, VARIABLE: str(recording)}

    program.engine.ensure_stack(STACK)
    done = subprocess.run(
        ["pulumi", "preview", "--stack", STACK, "--policy-pack", str(POLICY_PACK)],
        cwd=program.folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert (
        f"{VARIABLE} is set: the resources are written to the file that it names, and nothing is judged" in done.stdout
    )
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600
    assert "plain" in {resource.name for resource in decode(recording.read_bytes()).resources}
