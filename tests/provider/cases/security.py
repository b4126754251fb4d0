"""Keys and their aliases."""

from __future__ import annotations

import json
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, allowed, shown

_KEY: dict[str, Any] = {
    "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "Description": "",
    "Enabled": True,
    "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    "KeyManager": "CUSTOMER",
    "KeyRotationEnabled": False,
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyState": "Enabled",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": False,
    "Origin": "AWS_KMS",
    "Policy": {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    },
    "RotationPeriodInDays": 365,
    "SigningAlgorithms": [],
    "Tags": {},
}
_CHANGED = {"Description": "second", "Policy": allowed("kms:Decrypt"), "RotationPeriodInDays": 200}


def _look_at_key(aws: Aws, key_id: str) -> dict[str, Any] | None:
    key = aws.kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if key.get("KeyState") == "PendingDeletion":
        return None
    rotation = aws.kms.get_key_rotation_status(KeyId=key_id)
    tags = aws.kms.list_resource_tags(KeyId=key_id)["Tags"]
    more = {
        "Policy": json.loads(aws.kms.get_key_policy(KeyId=key_id)["Policy"]),
        "Tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
    }
    return shown(aws, {**key, **rotation, **more}, "Arn", "CreationDate", "CurrentKeyMaterialId", "KeyId")


def _look_at_alias(aws: Aws, name: str) -> dict[str, Any] | None:
    found = [alias for alias in aws.kms.list_aliases()["Aliases"] if alias.get("AliasName") == name]
    if not found:
        return None
    key = aws.kms.describe_key(KeyId=found[0].get("TargetKeyId", ""))["KeyMetadata"].get("Description")
    return shown(aws, {**found[0], "TargetKeyId": key}, "CreationDate", "LastUpdatedDate")


def _retarget(aws: Aws, name: str, description: str) -> None:
    keys = [aws.kms.describe_key(KeyId=key.get("KeyId", ""))["KeyMetadata"] for key in aws.kms.list_keys()["Keys"]]
    (wanted,) = (key["KeyId"] for key in keys if key.get("Description") == description)
    aws.kms.update_alias(AliasName=name, TargetKeyId=wanted)


_ALIAS = {"AliasArn": "arn:aws:kms:eu-central-1:ACCOUNT:alias/key-*", "AliasName": "alias/key-*"}

SECURITY = {
    "key": Case(
        sdk="kms.Key",
        created="""
            bypass_policy_lockout_safety_check=True,
            deletion_window_in_days=7,
            description="first",
            enable_key_rotation=True,
            is_enabled=False,
            policy=document("kms:Encrypt"),
            rotation_period_in_days=100,
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            deletion_window_in_days=8,
            description="second",
            enable_key_rotation=True,
            policy=document("kms:Decrypt"),
            rotation_period_in_days=200,
            tags={"stays": "same", "changes": "second"},
        """,
        bare="",
        seen={
            "created": _KEY
            | {
                "Description": "first",
                "Enabled": False,
                "KeyRotationEnabled": True,
                "KeyState": "Disabled",
                "Policy": allowed("kms:Encrypt"),
                "RotationPeriodInDays": 100,
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
            },
            "changed": _KEY | _CHANGED | {"KeyRotationEnabled": True, "Tags": {"stays": "same", "changes": "second"}},
            "bare": _KEY,
        },
        keeps=_CHANGED,
        look=_look_at_key,
        drift=lambda aws, key_id: aws.kms.disable_key(KeyId=key_id),
        drifted={"isEnabled"},
        remove=lambda aws, key_id: aws.kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7),
    ),
    "alias/key": Case(
        sdk="kms.Alias",
        created="target_key_id=lock.arn",
        changed="target_key_id=lock2.key_id",
        bare="target_key_id=lock.key_id",
        seen={
            "created": _ALIAS | {"TargetKeyId": "lock"},
            "changed": _ALIAS | {"TargetKeyId": "lock2"},
            "bare": _ALIAS | {"TargetKeyId": "lock"},
        },
        look=_look_at_alias,
        drift=lambda aws, name: _retarget(aws, name, "lock2"),
        drifted={"targetKeyId"},
        remove=lambda aws, name: aws.kms.delete_alias(AliasName=name),
    ),
}
