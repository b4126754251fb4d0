"""Names, tags, protection, renames, and numbers that are only known later."""

from __future__ import annotations

import json
import re

import pytest

from tests.features.deployed import Deployed, Pipeline, deploy, lay_out
from tests.support.program import STACK, NewProgram, Program


@pytest.fixture
def renamed(new_program: NewProgram) -> Program:
    """A program that deployed the pipeline `orders` and now calls it `sales`."""
    program = new_program()
    lay_out(program, "protected")
    deploy(program)
    main = program.folder / "__main__.py"
    text = main.read_text().replace('"orders", list[pulumi.Alias]()', '"sales", [pulumi.Alias("orders")]')
    main.write_text(text)
    return program


def test_a_child_has_the_name_that_transform_gives_it(hurried: Pipeline) -> None:
    assert hurried.arn == hurried.aws.arn("sqs", "the-hurried-queue")


def test_every_child_that_can_have_tags_has_those_of_its_stack_its_pipeline_and_the_user(store: Deployed) -> None:
    children = {name: it["outputs"] for name, it in store.resources.items() if name.startswith("hurried-")}
    tags = {"pulumi:project": store.program.name, "pulumi:stack": STACK, "pipeline": "hurried", "team": "checkout"}
    reason = {"visibility-timeout-reason": "a failed order must be retried within 3 s"}

    tagged = {name.removeprefix("hurried-"): found["tags"] for name, found in children.items() if "tags" in found}

    assert tagged == {
        **dict.fromkeys(("role", "logs", "function", "mapping", "dead-letters"), tags),
        "queue": {**tags, **reason},
    }
    aws, hurried = store.aws, store.pipeline("hurried")
    assert aws.sqs.list_queue_tags(QueueUrl=hurried.url).get("Tags") == {**tags, **reason}
    assert aws.lambda_.list_tags(Resource=hurried.child("function")["arn"])["Tags"] == tags


def test_a_protected_pipeline_is_renamed_without_a_new_queue_refuses_to_be_destroyed_and_leaves_its_orders(
    renamed: Program,
) -> None:
    aws, before = renamed.aws, renamed.state()
    url, key, bucket = (before[f"orders-{role}"]["id"] for role in ("queue", "key", "bodies"))
    aws.s3.put_object(Bucket=bucket, Key="orders/1", Body=b"kept")
    aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"orderId": "kept"}))

    result = renamed.up()

    assert result.code == 0, result.text
    after = renamed.state()
    # These have the component's name in a name that AWS cannot change.
    replaced = {name for name, operation in result.operations.items() if operation == "replace"}
    assert {name.partition("-")[2] for name in replaced} == {"key-alias", "critical-alarm", "dashboard"}
    ids = {name: it["id"] for name, it in before.items() if name.startswith("orders-") and name not in replaced}
    assert {name: after[name.replace("orders", "sales", 1)]["id"] for name in ids} == ids

    refused = renamed.engine.output("destroy", "--preview-only", "--stack", STACK)
    assert refused.returncode != 0
    assert "cannot be deleted\nbecause it is protected" in (refused.stdout + refused.stderr).replace("    ", "")

    renamed.engine.output("state", "unprotect", "--all", "--yes", "--stack", STACK)
    destroyed = renamed.destroy()

    assert destroyed.code == 0, destroyed.text
    assert sorted(aws.sqs.list_queues().get("QueueUrls", [])) == sorted([url, before["orders-dead-letters"]["id"]])
    assert aws.kms.describe_key(KeyId=key)["KeyMetadata"].get("KeyState") == "Enabled"
    messages = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    assert '{"orderId": "kept"}' in [message.get("Body") for message in messages]
    assert aws.s3.get_object(Bucket=bucket, Key="orders/1")["Body"].read() == b"kept"
    assert aws.lambda_.list_functions()["Functions"] == []


def test_the_strict_policy_pack_has_nothing_against_any_of_the_features(store: Deployed) -> None:
    found = [(level, message, name) for _, level, name, message in store.result.violations]

    assert [level for level, _, _ in found if level != "advisory"] == []
    accepted = [
        (match[1], name) for _, message, name in found if (match := re.search(r"\[(\S+) \S+\] accepted: ", message))
    ]
    assert len(accepted) == len(found), found
    two_attempts = ("filtered", "fifo", "locked", "paused", "standard")
    assert sorted(accepted) == [
        ("ORD-FUN-009", "boxed-function"),
        ("ORD-MAP-014", "filtered-mapping"),
        ("ORD-MAP-017", "boxed-mapping"),
        ("ORD-MAP-017", "paused-mapping"),
        ("ORD-SQS-001", "hurried-queue"),
        *(("ORD-SQS-005", f"{name}-queue") for name in sorted(two_attempts)),
    ]


def test_a_reason_for_a_short_visibility_timeout_is_in_the_report_of_the_policy_pack(program: Program) -> None:
    lay_out(program, "reasoned")

    result = program.check()

    assert result.code == 0, result.text
    assert [found for found in result.violations if "[undecided]" not in found[3]] == [
        (
            "advice",
            "advisory",
            "hasty-queue",
            "Advice, or not decided yet, or accepted for a reason.\n"
            "[ORD-SQS-001 sqs-visibility-timeout] accepted: visibility 20 s < 6 x 10 s + 0 s = 60 s (queue "
            "hasty-queue, function hasty-function via alias hasty-live): "
            "orders of the till must be retried within 20 s\n",
        )
    ]


def test_a_number_that_a_resource_gives_and_that_does_not_fit_is_one_error(program: Program) -> None:
    lay_out(program, "store")  # for its code
    program.write(
        """
        from components import OrderPipeline

        pace = aws.sqs.Queue("pace", visibility_timeout_seconds=31)
        OrderPipeline(
            "late",
            {"code": "recorder", "visibility_timeout": 60, "timeout": pace.arn.apply(lambda arn: 31)},
        )
        """
    )
    assert program.preview().code == 0

    result = program.up()

    assert result.code != 0
    assert (
        "error: late: visibility 60 s < 6 x 31 s + 0 s = 186 s: set visibility_timeout >= 186 or lower timeout to 10\n"
    ) in result.text
    assert "Traceback" not in result.text
    assert [name for name in program.state() if name.startswith("late-queue")] == []
