"""Queues made by hand, their policies, and what is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from local.aws import Aws

Statement = dict[str, Any]
OVER_TLS: Statement = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
"""Only requests over TLS."""


def allow(principal: Any, action: str | list[str], source: str = "", account: str = "") -> Statement:
    """A statement that allows an action, in a service's case on behalf of a resource, or of an account."""
    conditions = {
        "ArnEquals": {"aws:SourceArn": source} if source else {},
        "StringEquals": {"aws:SourceAccount": account} if account else {},
    }
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
        "Condition": {test: keys for test, keys in conditions.items() if keys},
    }


def service(name: str) -> dict[str, str]:
    """A service as the principal of a statement."""
    return {"Service": f"{name}.amazonaws.com"}


def document(statements: Sequence[Statement]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def new_queue(
    aws: Aws, name: str, statements: Sequence[Statement] = (), attributes: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """URL and ARN of a new queue; without statements it has no policy."""
    policy = {"Policy": document(statements)} if statements else {}
    given = cast("Any", {**policy, **(attributes or {})})
    return aws.sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"], aws.arn("sqs", name)


def bodies(aws: Aws, url: str) -> list[str]:
    """What is in a queue, and stays there."""
    found = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
    return [message.get("Body", "") for message in found]


def subscribe(aws: Aws, topic: str, queue_arn: str) -> None:
    """Have a topic send its messages to a queue as they are."""
    attributes = {"RawMessageDelivery": "true"}
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)


def notify(aws: Aws, bucket: str, queue_arn: str) -> None:
    """Have a bucket tell a queue of new objects; AWS refuses it when the queue would not take that."""
    configuration: Any = {"QueueConfigurations": [{"QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}]}
    aws.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
