"""IAM statements: each says what may be done, and to what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.json_text import json_text

Statement = Mapping[str, Any] | pulumi.Output[dict[str, Any]]
"""One statement of a policy; it, or a value in it, may be known later."""


def allow(sid: str, actions: str | Sequence[str], resource: pulumi.Input[str], **more: Any) -> Statement:
    """A statement that allows actions on a resource.

    Args:
        sid: Its name in the policy.
        actions: What it allows.
        resource: ARN of what it is allowed on, or `*`.
        more: `Principal` and `Condition`.
    """
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource, **more}


def only_tls(action: str, resource: pulumi.Input[str] | Sequence[pulumi.Input[str]]) -> Statement:
    """A statement of a resource's policy that denies everybody what does not come over TLS.

    Args:
        action: Every action of the service: `sqs:*`.
        resource: What the policy is of.
    """
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(statements: Sequence[Statement]) -> pulumi.Input[str]:
    """A policy as JSON."""
    return json_text({"Version": "2012-10-17", "Statement": statements})


def role_of(service: str) -> dict[str, Any]:
    """The inputs of a role that an AWS service takes on.

    An update that is cut off can leave a policy of the role that Pulumi does not know of, and AWS deletes no role that
    has one: so all are taken off it first. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html
    """
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {
        "assume_role_policy": json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        "force_detach_policies": True,
    }


def send(queue_arn: pulumi.Input[str], key_arn: pulumi.Input[str] | None) -> list[Statement]:
    """What a role needs to send to a queue, and to use the key that encrypts it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    statements = [allow("SendOrders", "sqs:SendMessage", queue_arn)]
    if key_arn is not None:
        statements.append(allow("EncryptOrders", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn))
    return statements


def consume(queue_arn: pulumi.Input[str], key_arn: pulumi.Input[str] | None) -> list[Statement]:
    """What a function's role needs so that Lambda can read a queue for it.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    statements = [allow("ConsumeOrders", actions, queue_arn)]
    if key_arn is not None:
        statements.append(allow("DecryptOrders", "kms:Decrypt", key_arn))
    return statements
