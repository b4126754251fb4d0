"""The KMS key of a pipeline, which lets in exactly those who need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.children import Children
from components.queue import Sender

TYPES = {"key": "kms.Key", "key-alias": "kms.Alias"}
"""The children that are made here."""
_DELETION_DAYS = 30
"""The longest wait before a deleted key is gone, and with it every order that it encrypted."""
_LOGS = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""


def create_key(children: Children, role_arn: pulumi.Output[str], senders: Sequence[Sender]) -> aws.kms.Key:
    """Create the key, with an alias by which a person finds it.

    Args:
        children: Makes the resources.
        role_arn: ARN of the function's role, which tells partition and account.
        senders: Services that send to the queue.
    """
    account = role_arn.apply(lambda arn: arn.split(":")[4])
    key: aws.kms.Key = children.create(
        "key",
        deletion_window_in_days=_DELETION_DAYS,
        description=f"Orders of the pipeline {children.name}, their logs and the function's environment",
        enable_key_rotation=True,
        policy=iam.document(
            [
                role_arn.apply(_account_may_delegate),
                pulumi.Output.all(role_arn, _region(children)).apply(_logs_may_encrypt),
                *(sender.encrypt_statement(account) for sender in senders),
            ]
        ),
        holds_data=True,
    )
    children.create("key-alias", name_prefix=f"alias/{children.name}-", target_key_id=key.id)
    return key


def _account_may_delegate(role_arn: str) -> dict[str, Any]:
    """Without it nobody could use or mend the key: IAM policies count only where the key's own policy says so."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    root = f"arn:{partition}:iam::{account}:root"
    return {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}


def _logs_may_encrypt(found: list[str]) -> dict[str, Any]:
    role_arn, region = found
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    logs = f"arn:{partition}:logs:{region}:{account}:log-group:*"
    return {
        "Sid": "Logs",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{region}.amazonaws.com"},
        "Action": _LOGS,
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
    }


def _region(children: Children) -> pulumi.Output[str]:
    return aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=children.component)).region
