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
    "AWS accepts this, but it is not good practice.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function worker{}): "
    "set visibility_timeout_seconds >= 180. "
    "See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
)
NO_DEAD_LETTERS = (
    "AWS accepts this, but it is not good practice.\n"
    "[ORD-SQS-002 sqs-dead-letter-queue] queue orders has no dead-letter queue: set redrive_policy with "
    "deadLetterTargetArn and maxReceiveCount. "
    "See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
)
NOT_KNOWN = (
    "This is not decided yet, or it is accepted for a stated reason.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] undecided: a timeout of queue orders or function worker is not known yet: "
    "the visibility timeout cannot be judged"
)
REASON_NOT_KNOWN = (
    "This is not decided yet, or it is accepted for a stated reason.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] undecided: visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function "
    "worker): whether its tag visibility-timeout-reason says why is not known yet"
)
TWO_MAPPINGS = (
    "AWS accepts this, but it is not good practice.\n"
    "[ORD-SQS-003 sqs-one-mapping] 2 mappings (live, worker) read one queue, so that each order reaches only one of "
    "them, and is lost if that one filters it out: keep one, or give each consumer a queue of its own behind an SNS "
    "topic. See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"
)
ACCEPTED = (
    "This is not decided yet, or it is accepted for a stated reason.\n"
    "[ORD-SQS-001 sqs-visibility-timeout] accepted: visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, "
    "function {}): retried by the caller"
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
    program.write(TIMEOUT_FROM_ANOTHER_RESOURCE)
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


def violations(result: Result) -> list[tuple[str, str, str, str]]:
    return [(*found, message.rstrip("\n")) for *found, message in result.violations]  # pyright: ignore[reportReturnType]


def test_a_new_stack_with_two_mistakes_is_refused_before_anything_exists(program: Program) -> None:
    program.write(PROJECT.joinpath("local", "broken", "__main__.py").read_text())

    result = program.check()

    assert violations(result) == [
        ("practices", "mandatory", "orders", TOO_SHORT.format(" via alias live")),
        ("practices", "mandatory", "orders", NO_DEAD_LETTERS),
    ]
    assert result.code != 0
    assert program.aws.sqs.list_queues().get("QueueUrls", []) == []


def test_a_new_stack_with_a_reason_and_two_mappings_is_refused_for_the_mappings_alone(program: Program) -> None:
    program.write(REASON_AND_TWO_MAPPINGS)

    result = program.check()

    assert violations(result) == [
        ("advice", "advisory", "orders", ACCEPTED.format("worker via alias live")),
        ("advice", "advisory", "orders", ACCEPTED.format("worker")),
        ("practices", "mandatory", "orders", TWO_MAPPINGS),
    ]
    assert result.code != 0


def test_a_new_stack_with_a_reason_passes_and_the_reason_is_shown(program: Program) -> None:
    program.write(REASON_AND_TWO_MAPPINGS.replace("function_name=live.arn", "function_name=live.arn, enabled=False"))

    result = program.check()

    assert violations(result) == [
        ("advice", "advisory", "orders", ACCEPTED.format("worker via alias live")),
        ("advice", "advisory", "orders", ACCEPTED.format("worker")),
    ]
    assert result.code == 0


def test_a_new_stack_whose_reason_only_the_deployment_knows_is_undecided(program: Program) -> None:
    program.write(REASON_FROM_ANOTHER_RESOURCE)

    result = program.check()

    assert violations(result) == [("advice", "advisory", "orders", REASON_NOT_KNOWN)]
    assert result.code == 0


def test_what_only_the_deployment_knows_is_undecided_in_the_first_preview(course: Course) -> None:
    assert violations(course.before) == [("advice", "advisory", "orders", NOT_KNOWN)]
    assert course.before.code == 0


def test_and_it_is_decided_once_it_is_deployed(course: Course) -> None:
    assert violations(course.after) == [("practices", "mandatory", "orders", TOO_SHORT.format(""))]
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
    assert Result(done.returncode, "", events).violations == []
    assert [
        event["policyAnalyzeStackSummaryEvent"] for event in events if "policyAnalyzeStackSummaryEvent" in event
    ] == [
        {
            "policyPackName": "order-pipelines",
            "policyPackVersion": "0.1.0",
            "policyPackVersionTag": "0.1.0",
            "passed": ["advice", "limits", "practices"],
        }
    ]
