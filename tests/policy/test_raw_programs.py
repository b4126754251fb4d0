"""Programs of raw pulumi-aws, each in another hand, in the real engine: no wrong finding, and each advice is true.

Each is right for the profile `standard`, before and after it is deployed: nothing mandatory is found. What is found is
advice, and listed here with why it is so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.environment import Workspace
from local.supervisor import Instance
from tests.support.program import STACK, Program, Result

RAW = Path(__file__).parent / "raw"
ACCOUNT = "000000000042"
BASE = """
import pulumi_aws as aws

pulumi.export("orders_arn", aws.sqs.Queue("orders", visibility_timeout_seconds=180).arn)
pulumi.export("oncall_arn", aws.sns.Topic("oncall").arn)
"""
JSON_LATER = {
    # The text of the redrive policy comes from an ARN, so none of it is known, nor its count of receives. Whether a
    # message may expire first (ORD-SQS-008) depends on the count only for a visibility timeout above 345 s.
    "ORD-SQS-005": "undecided",
    "ORD-SQS-006": "undecided",
}
ROLE_LATER = {
    # The text of the role's policy comes from an ARN, so none of it is known.
    "ORD-IAM-001": "undecided",
    "ORD-IAM-003": "undecided",
    "ORD-IAM-005": "undecided",
}


@dataclass(frozen=True)
class Says:
    """What is said of a program: by the id of the rule the verdict, and of which resources."""

    always: Mapping[str, str]
    """Before and after it is deployed."""
    before: Mapping[str, str] = field(default_factory=dict[str, str])
    """Besides, in the first preview only."""
    after: Mapping[str, str] = field(default_factory=dict[str, str])
    """Besides, once it is deployed."""


def later(rules: Mapping[str, str], *names: str) -> dict[str, str]:
    return {rule: f"{verdict}: {', '.join(names)}" for rule, verdict in rules.items()}


PROGRAMS = {
    "script": Says(
        {
            "ORD-ALM-001": "advised: dlq",  # there is no alarm at all
            "ORD-ALM-002": "advised: queue",
            "ORD-FUN-010": "advised: fn",  # Lambda makes the log group, which keeps all for ever
            "ORD-SQS-009": "advised: dlq",  # it has no redrive allow policy
            "ORD-SQS-016": "advised: dlq, queue",  # neither has a policy
        },
        before=later(JSON_LATER, "queue"),
    ),
    "fleet": Says(
        {
            "ORD-ALM-002": "advised: mails, orders, returns",  # the one alarm is on the dead-letter queue
            "ORD-ALM-004": "advised: failed",  # its list of actions is empty
            "ORD-SQS-016": "advised: failed, mails, orders, returns",
        },
        before={
            **later(JSON_LATER, "mails", "orders", "returns"),
            **later(ROLE_LATER, "mails", "orders", "returns"),
            "ORD-SQS-008": "undecided: mails",  # 5402 s of visibility: 64 receives are as long as the retention
        },
    ),
    "strict_order": Says(
        {
            "ORD-ALM-001": "advised: failed",
            "ORD-ALM-002": "advised: payments",
            "ORD-FUN-010": "advised: worker",
            "ORD-SQS-009": "advised: failed",
            "ORD-SQS-016": "advised: failed, payments",
        },
        before={
            **later(JSON_LATER, "payments"),
            **later(ROLE_LATER, "payments"),
            "ORD-IAM-003": "undecided: worker",
            "ORD-KMS-003": "undecided: payments",
        },
        after={"ORD-IAM-005": "advised: worker"},  # `sqs:*Message*` on its own queue has SendMessage in it
    ),
    "fan_in": Says(
        {
            "ORD-ALM-001": "advised: lost",
            "ORD-ALM-002": "advised: events",
            "ORD-FUN-010": "advised: reader",
            "ORD-SQS-009": "advised: lost",
        },
        before={
            **later(JSON_LATER, "events"),
            "ORD-SQS-008": "undecided: events",  # 360 s of visibility: 960 receives are as long as the retention
            # The texts of the policies of both queues and of the key come from ARNs and from the account.
            "ORD-KMS-001": "undecided: events, lost",
            "ORD-SQS-016": "undecided: events, lost",
            "ORD-SQS-017": "undecided: events, lost",
            "ORD-SQS-018": "undecided: events, lost",
            "ORD-SQS-019": "undecided: events, lost",
            "ORD-SQS-022": "undecided: events, lost",
        },
        after={"ORD-SQS-016": "advised: events, lost"},  # both have a policy, which denies nothing
    ),
    "existing": Says(
        {
            "ORD-ALM-001": "advised: rejected",
            "ORD-ALM-002": "advised: jobs",  # and not inbox, which is only read, so that the engine does not show it
            "ORD-FUN-010": "advised: read-inbox, read-jobs",
            "ORD-SQS-001": "undecided: read-inbox",  # for the same reason
            "ORD-SQS-009": "advised: rejected",
            "ORD-SQS-016": "advised: jobs, rejected",
        },
    ),
    "neighbour": Says(
        {
            "ORD-FUN-010": "advised: worker",
            "ORD-IAM-003": "advised: worker",  # sqs:* is more than it needs
            "ORD-SQS-001": "undecided: worker",  # the queue is in another stack
        },
    ),
}


def said(result: Result) -> dict[str, str]:
    """What each rule says, of which resources, in the form of `Says`."""
    found: dict[str, dict[str, list[str]]] = {}
    for _, level, name, message in result.violations:
        _, first, *lines = message.rstrip("\n").split("\n")
        if first.startswith("[undecided] "):
            every = [("undecided", rule, of) for of, _, ids in _parted(lines) for rule in ids.split(", ")]
        else:
            label, _, text = first.removeprefix("[").partition("] ")
            verdict = "accepted" if text.startswith("accepted: ") else {"advisory": "advised"}.get(level, level)
            every = [(verdict, label.split()[0], name)]
        for verdict, rule, of in every:
            found.setdefault(rule, {}).setdefault(verdict, []).append(of)
    return {
        rule: "; ".join(f"{verdict}: {', '.join(sorted(names))}" for verdict, names in sorted(verdicts.items()))
        for rule, verdicts in found.items()
    }


def _parted(lines: list[str]) -> list[tuple[str, str, str]]:
    return [line.strip().partition(": ") for line in lines]


@pytest.fixture
def made(program: Program, tmp_path: Path, embedded_aws: Instance, request: pytest.FixtureRequest) -> Program:
    """A program of a file, with the settings, the configuration and the surroundings that it needs."""
    config: dict[str, str] = {}
    if request.param == "existing":
        kept = {"inbox": "345600", "rejected": "1209600"}
        for name, seconds in kept.items():
            made = program.aws.sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": seconds})
            config[name] = made["QueueUrl"]
    if request.param == "neighbour":
        program, base = (_in_one_backend(tmp_path, embedded_aws, name) for name in ("mine", "base"))
        base.write(BASE)
        deployed = base.up()
        assert deployed.code == 0, deployed.text
        config["base"] = f"organization/base/{STACK}"
    program.folder.joinpath("order-policy.yaml").write_text("profile: standard\n")
    program.folder.joinpath("__main__.py").write_text((RAW / f"{request.param}.py").read_text())
    program.engine.ensure_stack(STACK)
    for key, value in config.items():
        program.engine.output("config", "set", "--stack", STACK, key, value).check_returncode()
    return program


def _in_one_backend(root: Path, instance: Instance, name: str) -> Program:
    """A program that can read the stacks of others in the same folder."""
    folder = root / name
    folder.mkdir()
    program = Program(folder, Workspace(root / "workspace"), instance, ACCOUNT)
    folder.joinpath("Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    return program


@pytest.mark.parametrize(
    ("made", "says"), [pytest.param(name, says, id=name) for name, says in PROGRAMS.items()], indirect=["made"]
)
def test_what_is_said_of_a_program_of_another_hand_is_true(made: Program, says: Says) -> None:
    before = made.check()
    assert said(before) == {**says.always, **says.before}
    assert before.code == 0, before.text

    deployed = made.up()
    assert deployed.code == 0, deployed.text
    after = made.check()
    assert said(after) == {**says.always, **says.after}
    assert after.code == 0, after.text


def test_every_program_is_run() -> None:
    assert {path.stem for path in RAW.glob("*.py")} == {*PROGRAMS}
