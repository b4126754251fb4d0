"""A queue and a function that another program deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.features.deployed import Deployed, deploy, lay_out
from tests.support.program import NewProgram, Program
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def elsewhere(new_program: NewProgram) -> Deployed:
    program = new_program()
    lay_out(program, "elsewhere")
    return deploy(program)


@pytest.fixture(scope="module")
def taken(new_program: NewProgram, elsewhere: Deployed) -> Deployed:
    """A program in the same account that adopts both; an order that fails is sent at once, since that takes long."""
    program = new_program(elsewhere.aws.account)
    url = elsewhere.output("queue")["url"]
    _adopt(program, existing_queue=url, existing_function="worker:blue", alarm_actions=[])
    deployed = deploy(program)
    for order in ({"orderId": "good"}, {"orderId": "failing", "fail": True}):
        deployed.aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(order))
    return deployed


@pytest.fixture
def program(new_program: NewProgram, elsewhere: Deployed) -> Program:
    """A program in the same account."""
    return new_program(elsewhere.aws.account)


def _adopt(program: Program, **arguments: Any) -> None:
    lay_out(program, "elsewhere")  # for its code
    program.write(f"from components import OrderPipeline\n\nOrderPipeline('taken', {arguments})\n")


def _attributes(elsewhere: Deployed, queue: str) -> dict[str, str]:
    url = elsewhere.output(queue)["url"]
    found: dict[Any, str] = elsewhere.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {name: found[name] for name in found if not name.startswith("Approximate")}


def test_a_pipeline_of_an_existing_queue_and_an_existing_function_is_the_mapping_between_them(
    elsewhere: Deployed, taken: Deployed
) -> None:
    outputs, dead_letters = taken.output("taken"), elsewhere.output("dead-letters")

    assert {name: outputs[name] for name in outputs if "alarm" not in name and name != "mappingId"} == {
        "claimCheckBucket": "",
        "dashboardName": f"{taken.program.name}-test-taken",
        "deadLetterQueueArn": dead_letters["arn"],
        "deadLetterQueueUrl": dead_letters["url"],
        "frontDoorUrl": "",
        "functionName": "worker",
        "logGroupName": elsewhere.output("logs")["name"],
        "queueArn": elsewhere.output("queue")["arn"],
        "queueUrl": elsewhere.output("queue")["url"],
        "undeliveredQueueUrl": "",
    }
    mapping = taken.aws.lambda_.get_event_source_mapping(UUID=outputs["mappingId"])
    assert mapping.get("FunctionArn") == f"{elsewhere.output('function')['arn']}:blue"


def test_numbers_of_an_existing_queue_that_do_not_fit_are_one_error_at_the_preview(
    elsewhere: Deployed, program: Program
) -> None:
    url = elsewhere.output("queue")["url"]
    _adopt(program, existing_queue=url, code="recorder", timeout=30, reserved_concurrency=4, max_concurrency=9)

    result = program.preview()

    assert result.code != 0
    (error,) = [line for line in set(result.text.splitlines()) if line.startswith("    error: taken (")]
    assert (
        "(the settings of existing_queue are changed where it is deployed): visibility 6 s < 6 x 30 s + 0 s = 180 s"
        in error
    )
    assert "max_receive_count 2 < 5 with reserved_concurrency 4" in error
    assert "max_concurrency 9 > reserved_concurrency 4" in error
    assert "Traceback" not in result.text


def test_an_existing_queue_without_a_dead_letter_queue_is_refused_at_the_preview(
    elsewhere: Deployed, program: Program
) -> None:
    url = elsewhere.output("bare")["url"]
    _adopt(program, existing_queue=url, existing_function="worker:blue")

    result = program.preview()

    assert result.code != 0
    assert (
        f"error: taken: queue {url} has no dead-letter queue: give it a redrive policy, or leave existing_queue out"
    ) in result.text
    assert "Traceback" not in result.text


def test_a_queue_that_does_not_exist_is_refused_at_the_preview(elsewhere: Deployed, program: Program) -> None:
    url = f"{elsewhere.output('queue')['url']}-gone"
    _adopt(program, existing_queue=url, existing_function="worker:blue")

    result = program.preview()

    assert result.code != 0
    assert f"resource '{url}' does not exist" in result.text


def test_orders_of_an_existing_queue_are_processed_and_it_outlives_the_pipeline_with_the_function(
    elsewhere: Deployed, taken: Deployed
) -> None:
    aws = elsewhere.aws
    eventually(lambda: _dead_letters(elsewhere) == ['{"orderId": "failing", "fail": true}'])
    assert _history(elsewhere) == [("failed", "failing", 1), ("failed", "failing", 2), ("processed", "good", 1)]
    before = _attributes(elsewhere, "queue")

    destroyed = taken.program.destroy()

    assert destroyed.code == 0, destroyed.text
    assert _attributes(elsewhere, "queue") == before
    assert aws.lambda_.list_event_source_mappings()["EventSourceMappings"] == []
    (function,) = aws.lambda_.list_functions()["Functions"]
    assert function.get("FunctionName") == "worker"
    policies = aws.iam.list_role_policies(RoleName=elsewhere.output("role")["name"])["PolicyNames"]
    assert policies == [elsewhere.output("policy")["name"]]


def _dead_letters(elsewhere: Deployed) -> list[str]:
    """Their bodies; they stay where they are."""
    url = elsewhere.output("dead-letters")["url"]
    answer = elsewhere.aws.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    return [message.get("Body", "") for message in answer.get("Messages", [])]


def _history(elsewhere: Deployed) -> list[tuple[str, str, int]]:
    events = elsewhere.aws.logs.filter_log_events(logGroupName=elsewhere.output("logs")["name"])["events"]
    lines = [event.get("message", "") for event in events]
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return sorted((entry["outcome"], entry["order"]["orderId"], entry["attempt"]) for entry in entries)
