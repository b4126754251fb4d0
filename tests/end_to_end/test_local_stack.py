"""The stack `local`: orders go in, effects and dead letters come out, and nothing is left behind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from local import supervisor
from local.environment import Workspace
from tests.end_to_end.conftest import Deployment, deploy, embedded_aws
from tests.provider.inventory import inventory
from tests.support.command import LocalCommand
from tests.support.front_door import post
from tests.support.waiting import eventually


def _log(deployment: Deployment, output: str = "logGroupName") -> list[dict[str, Any]]:
    """Every line that the handler logged."""
    pages = deployment.aws.logs.get_paginator("filter_log_events").paginate(logGroupName=deployment.outputs[output])
    messages = [event.get("message", "") for page in pages for event in page["events"]]
    return [json.loads(message) for message in messages if message.startswith("{")]


def _dead_letters(deployment: Deployment) -> list[tuple[str, ...]]:
    """Body, kind and reason of every message in the dead-letter queue; they stay there."""
    answer = deployment.aws.sqs.receive_message(
        QueueUrl=deployment.outputs["deadLetterQueueUrl"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["failureKind", "failureReason"],
        VisibilityTimeout=0,
        WaitTimeSeconds=0,
    )
    messages: list[Any] = answer.get("Messages", [])
    found = [
        (message["Body"], *(said["StringValue"] for _, said in sorted(message.get("MessageAttributes", {}).items())))
        for message in messages
    ]
    return sorted(found)


def _applied(deployment: Deployment) -> list[str]:
    """The orders in the table whose event was published."""
    items: list[Any] = deployment.aws.dynamodb.scan(TableName=deployment.outputs["ordersTableName"])["Items"]
    return sorted(item["orderId"]["S"] for item in items if "published" in item)


def test_every_order_is_processed_once_or_lies_in_the_dead_letter_queue(deployment: Deployment) -> None:
    sqs, url = deployment.aws.sqs, deployment.outputs["queueUrl"]
    good = [f"ORD-{number:03}" for number in range(20)]
    bad = ['{"orderId": "ORD-900", "fail": true}', "not an order"]

    for body in [*(json.dumps({"orderId": order}) for order in good), *bad]:
        sqs.send_message(QueueUrl=url, MessageBody=body)

    eventually(lambda: len(_dead_letters(deployment)) == len(bad))
    assert _dead_letters(deployment) == [
        (bad[1], "poison", "the message is not JSON"),
        (bad[0], "exhausted", "RetryAfterError: order ORD-900 asks to fail"),
    ]
    eventually(lambda: _applied(deployment) == good)
    log = _log(deployment)
    assert {entry["orderId"] for entry in log if entry["message"] == "order processed"} == set(good)
    failed = sorted((entry["reason"], entry["attempt"]) for entry in log if entry["message"] == "order failed")
    assert failed == [
        ("PoisonError: the message is not JSON", 1),
        *(("RetryAfterError: order ORD-900 asks to fail", attempt) for attempt in (1, 2, 3)),
    ]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_an_order_that_is_placed_by_http_is_processed(deployment: Deployment) -> None:
    url = deployment.outputs["frontDoorUrl"]

    assert post(url, '{"orderId": "ORD-HTTP"}') == 200
    assert post(url, '{"item": "nameless"}') == 400

    eventually(lambda: "ORD-HTTP" in [entry.get("orderId") for entry in _log(deployment)])


def test_a_payment_that_is_received_as_an_event_is_processed(deployment: Deployment) -> None:
    detail = json.dumps({"orderId": "ORD-PAID"})
    deployment.aws.events.put_events(
        Entries=[{"Source": "bank", "DetailType": "PaymentReceived", "Detail": detail, "EventBusName": "default"}]
    )

    eventually(lambda: [entry.get("orderId") for entry in _log(deployment, "paymentsLogGroupName")] == ["ORD-PAID"])


def test_a_second_up_changes_nothing(deployment: Deployment) -> None:
    code, text = deployment.command.run("up", "--expect-no-changes")

    assert code == 0, text
    assert re.search(r"^ +\d+ unchanged$", text, re.MULTILINE)


def test_handlers_see_nothing_of_the_hosts_environment(deployment: Deployment) -> None:
    emulator = supervisor.running(Workspace(deployment.command.workspace).emulator)
    assert emulator is not None
    environment = Path(f"/proc/{emulator.pid}/environ").read_text()
    names = {entry.partition("=")[0] for entry in environment.split("\0") if entry}

    assert names == {
        "AUTH",
        "BIND_HOST",
        "HOME",
        "IOT_MTLS_ENABLED",
        "LANG",
        "LOG_LEVEL",
        "MINISTACK_HOST",
        "PATH",
        "PERSIST_STATE",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "STATE_DIR",
        "TMPDIR",
    }


def test_destroy_leaves_nothing_and_the_next_up_works(local_command: LocalCommand) -> None:
    deploy(local_command)
    code, text = local_command.run("destroy")
    assert code == 0, text

    aws = embedded_aws(local_command)
    assert inventory(aws) == {}

    assert deploy(local_command).outputs["queueUrl"] in aws.sqs.list_queues().get("QueueUrls", [])
