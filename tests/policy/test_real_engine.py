"""The policy pack in the real engine: previews of new stacks, a deployed stack, and an exported state."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.engine import POLICY_PACK, Engine
from local.environment import PROJECT, Workspace, pulumi_environment
from local.supervisor import Instance
from tests.support.program import STACK, NewProgram, Program, Result

TOO_SHORT = (
    "Mend it, or waive it with a reason in order-policy.yaml.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function worker{}): "
    "set visibility_timeout_seconds >= 180. "
    "See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html and "
    "`order-policy explain ORD-SQS-001`"
)
THREE = ("ORD-SQS-001", "ORD-SQS-002", "ORD-SQS-003")
NO_DEAD_LETTERS = (
    "Mend it, or waive it with a reason in order-policy.yaml.\n"
    "[ORD-SQS-002 sqs-dead-letter-queue] queue orders has no dead-letter queue: set redrive_policy with "
    "deadLetterTargetArn and maxReceiveCount. "
    "See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html and "
    "`order-policy explain ORD-SQS-002`"
)
NOT_KNOWN = (
    "Advice, or not decided yet, or accepted for a reason.\n"
    "[undecided] these rules need what only the deployment knows, and judge it then (`order-policy check` says more):\n"
    "  orders: ORD-SQS-001"
)
TWO_MAPPINGS = (
    "Mend it, or waive it with a reason in order-policy.yaml.\n"
    "[ORD-SQS-003 sqs-one-mapping] 2 consumers (live, worker) read one queue, so that each order reaches only one of "
    "them, and is lost if that one filters it out: keep one, or give each consumer a queue of its own behind an SNS "
    "topic. See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and "
    "`order-policy explain ORD-SQS-003`"
)
ACCEPTED = (
    "Advice, or not decided yet, or accepted for a reason.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] accepted: visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, "
    "function worker via alias live): retried by the caller"
)
# Its visibility timeout is known only when the dead-letter queue has an ARN.
TIMEOUT_FROM_ANOTHER_RESOURCE = """
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("worker", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
failed = aws.sqs.Queue("failed")
orders = aws.sqs.Queue(
    "orders",
    redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 3}),
    visibility_timeout_seconds=failed.arn.apply(lambda _: 60),
)
reading = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
allow = orders.arn.apply(lambda arn: {"Effect": "Allow", "Action": reading, "Resource": arn})
allowed = aws.iam.RolePolicy(
    "worker", role=role.id, policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [allow]})
)
worker = aws.lambda_.Function(
    "worker",
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def lambda_handler(event, context): ...")}),
    handler="handler.lambda_handler",
    role=role.arn,
    runtime="python3.13",
    timeout=30,
)
aws.lambda_.EventSourceMapping(
    "worker",
    event_source_arn=orders.arn,
    function_name=worker.arn,
    opts=pulumi.ResourceOptions(depends_on=[allowed]),
)
"""
# A reason for its visibility timeout is stated, and a second mapping reads its queue through an alias.
REASON_AND_TWO_MAPPINGS = (
    TIMEOUT_FROM_ANOTHER_RESOURCE.replace(
        "failed.arn.apply(lambda _: 60)", '60,\n    tags={"visibility-timeout-reason": "retried by the caller"}'
    )
    + """
live = aws.lambda_.Alias("live", function_name=worker.name, function_version="$LATEST")
aws.lambda_.EventSourceMapping("live", event_source_arn=orders.arn, function_name=live.arn)
"""
)
REASON_FROM_ANOTHER_RESOURCE = TIMEOUT_FROM_ANOTHER_RESOURCE.replace(
    "failed.arn.apply(lambda _: 60)", '60,\n    tags={"visibility-timeout-reason": failed.arn.apply(lambda _: "why")}'
)


@dataclass(frozen=True)
class Course:
    """One program before it is deployed, after, as an exported state, and when its mapping is replaced."""

    before: Result
    after: Result
    exported: Result
    replacing: Result


@pytest.fixture(scope="module")
def course(new_program: NewProgram) -> Course:
    program = new_program()
    write(program, TIMEOUT_FROM_ANOTHER_RESOURCE)
    before = program.check()
    deployed = program.up()
    assert deployed.code == 0, deployed.text
    state = str(program.folder / "state.json")
    program.engine.output("stack", "export", "--stack", STACK, "--file", state).check_returncode()
    done = program.engine.output("policy", "analyze", "--file", state, "--policy-pack", str(POLICY_PACK), "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    exported = Result(done.returncode, done.stderr, events)
    mapping = f"urn:pulumi:{STACK}::{program.name}::aws:lambda/eventSourceMapping:EventSourceMapping::worker"
    replacing = program.preview("--policy-pack", str(POLICY_PACK), "--replace", mapping)
    return Course(before, program.check(), exported, replacing)


def write(program: Program, source: str) -> None:
    """Set the program's text, and the three rules to be mandatory and others to be advice."""
    program.write(source)
    levels = "".join(f"  {rule_id}: {{level: mandatory}}\n" for rule_id in THREE)
    program.folder.joinpath("order-policy.yaml").write_text(f"profile: dev\nrules:\n{levels}")


def violations(result: Result) -> list[tuple[str, str, str, str]]:
    """What three rules say, and what is undecided of theirs; the programs here are not about the others."""
    found: list[tuple[str, str, str, str]] = []
    for policy, level, name, message in result.violations:
        lines = _about_three(message.rstrip("\n").splitlines())
        if lines:
            found.append((policy, level, "" if "[undecided]" in lines[1] else name, "\n".join(lines)))
    return found


def _about_three(lines: list[str]) -> list[str]:
    if "[undecided]" not in lines[1]:
        return lines if any(f"[{rule_id} " in lines[1] for rule_id in THREE) else []
    undecided = [(line.split(":")[0], [found for found in THREE if found in line]) for line in lines[2:]]
    of_three = [f"{name}: {', '.join(ids)}" for name, ids in undecided if ids]
    return [*lines[:2], *of_three] if of_three else []


def test_a_new_stack_with_two_mistakes_is_refused_before_anything_exists(program: Program) -> None:
    write(program, PROJECT.joinpath("local", "broken", "__main__.py").read_text())

    result = program.check()

    assert violations(result) == [
        ("rules", "mandatory", "orders", TOO_SHORT.format(" via alias live")),
        ("rules", "mandatory", "orders", NO_DEAD_LETTERS),
    ]
    assert result.code != 0
    assert program.aws.sqs.list_queues().get("QueueUrls", []) == []


def test_a_new_stack_with_a_reason_and_two_mappings_is_refused_for_the_mappings_alone(program: Program) -> None:
    write(program, REASON_AND_TWO_MAPPINGS)

    result = program.check()

    assert violations(result) == [
        ("advice", "advisory", "orders", ACCEPTED),
        ("rules", "mandatory", "orders", TWO_MAPPINGS),
    ]
    assert result.code != 0


def test_a_new_stack_with_a_reason_passes_and_the_reason_is_shown(program: Program) -> None:
    write(program, REASON_AND_TWO_MAPPINGS.replace("function_name=live.arn", "function_name=live.arn, enabled=False"))

    result = program.check()

    assert violations(result) == [
        ("advice", "advisory", "orders", ACCEPTED),
    ]
    assert result.code == 0


def test_a_new_stack_whose_reason_only_the_deployment_knows_is_undecided(program: Program) -> None:
    write(program, REASON_FROM_ANOTHER_RESOURCE)

    result = program.check()

    assert violations(result) == [("advice", "advisory", "", NOT_KNOWN)]
    assert result.code == 0


def test_what_only_the_deployment_knows_is_undecided_in_the_first_preview(course: Course) -> None:
    assert violations(course.before) == [("advice", "advisory", "", NOT_KNOWN)]
    assert course.before.code == 0


def test_and_it_is_decided_once_it_is_deployed(course: Course) -> None:
    assert violations(course.after) == [("rules", "mandatory", "orders", TOO_SHORT.format(""))]
    assert course.after.code != 0


def test_an_exported_state_is_judged_like_the_stack(course: Course) -> None:
    assert violations(course.exported) == violations(course.after)
    assert course.exported.code != 0


def test_a_mapping_that_is_replaced_reads_its_queue_once(course: Course) -> None:
    assert course.replacing.changed() == {"worker": "replace"}
    assert violations(course.replacing) == violations(course.after)


def test_the_projects_own_program_keeps_the_rules(tmp_path: Path, embedded_aws: Instance) -> None:
    environment = pulumi_environment(Workspace(tmp_path / "workspace"), embedded_aws, os.environ)
    engine = Engine({**environment, "PULUMI_DEBUG_COMMANDS": "1"}, PROJECT)
    config = shutil.copy(PROJECT / "Pulumi.local.yaml", tmp_path)
    log = tmp_path / "events.json"
    engine.ensure_stack("local")

    done = engine.output(
        "preview", "--stack", "local", "--config-file", str(config), "--policy-pack", str(POLICY_PACK),
        "--event-log", str(log),
    )  # fmt: skip

    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert done.returncode == 0, done.stdout + done.stderr
    said = Result(done.returncode, "", events).violations
    assert [message for *_, message in said if "[undecided]" not in message] == []
    assert [
        event["policyAnalyzeStackSummaryEvent"] for event in events if "policyAnalyzeStackSummaryEvent" in event
    ] == [
        {
            "policyPackName": "order-pipelines",
            "policyPackVersion": "0.1.0",
            "policyPackVersionTag": "0.1.0",
            "passed": ["rules"],
            "failed": ["advice"],
        }
    ]
