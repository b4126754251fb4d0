"""An order's way through a queue with a redrive policy and the order handler, on moto's SQS in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from functions.orders.handler import lambda_handler

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_RECEIVE_COUNT = 3


@pytest.fixture
def sqs() -> Iterator[SQSClient]:
    with mock_aws():
        session: Any = boto3.Session(region_name="eu-central-1")  # the stubs have one overload for each service name
        yield session.client("sqs")


def consume(sqs: SQSClient, queue: str) -> list[str]:
    """One poll as the event source mapping does it: what the handler does not report is deleted; the received bodies.

    The visibility timeout is over at once.
    """
    messages: list[Any] = sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageSystemAttributeNames=["All"]
    ).get("Messages", [])
    records = [
        {"messageId": found["MessageId"], "body": found["Body"], "attributes": found["Attributes"]}
        for found in messages
    ]
    failed = {failure["itemIdentifier"] for failure in lambda_handler({"Records": records}, None)["batchItemFailures"]}
    for found in messages:
        if found["MessageId"] not in failed:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=found["ReceiptHandle"])
    return sorted(found["Body"] for found in messages)


def test_a_failing_order_ends_in_the_dead_letter_queue_and_the_others_are_done_once(sqs: SQSClient) -> None:
    dead_letters = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVE_COUNT}
    queue = sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": json.dumps(redrive)})["QueueUrl"]
    good = [json.dumps({"orderId": f"A{number}"}) for number in range(4)]
    bad = json.dumps({"orderId": "B", "fail": True})
    for body in [*good[:2], bad, *good[2:]]:
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    polls = [consume(sqs, queue) for _ in range(MAX_RECEIVE_COUNT + 1)]

    assert polls == [[*good, bad], *[[bad]] * (MAX_RECEIVE_COUNT - 1), []]
    dead = sqs.receive_message(QueueUrl=dead_letters)["Messages"]
    assert [message.get("Body") for message in dead] == [bad]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead_letters)["queueUrls"] == [queue]
