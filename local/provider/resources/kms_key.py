"""`aws.kms.Key`. Its id is its key id; one that waits for its deletion counts as gone."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import Fields, parsed_json, sync_tags, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
    "customerMasterKeySpec": "KeySpec",
    "description": "Description",
    "keyUsage": "KeyUsage",
    "multiRegion": "MultiRegion",
    "policy": "Policy",
}
_DELETED = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


def create(aws: Aws, news: Properties) -> str:
    key_id = aws.kms.create_key(**to_aws(_FIELDS, news), Tags=_tag_list(news.get("tags")))["KeyMetadata"]["KeyId"]
    try:
        if news["enableKeyRotation"]:
            _rotate(aws, key_id, news)
        if not news["isEnabled"]:
            aws.kms.disable_key(KeyId=key_id)
    except (BotoCoreError, ClientError):
        delete(aws, key_id, news)  # the engine knows nothing of it
        raise
    return key_id


def read(aws: Aws, key_id: str) -> Properties | None:
    key: dict[str, Any] = dict(aws.kms.describe_key(KeyId=key_id)["KeyMetadata"])
    if key["KeyState"] in _DELETED:
        return None
    rotation: dict[str, Any] = dict(aws.kms.get_key_rotation_status(KeyId=key_id))
    tags = aws.kms.list_resource_tags(KeyId=key_id)["Tags"]
    return {
        "arn": key["Arn"],
        "customerMasterKeySpec": key["KeySpec"],
        "description": key["Description"],
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        "isEnabled": key["Enabled"],
        "keyId": key["KeyId"],
        "keyUsage": key["KeyUsage"],
        "multiRegion": key["MultiRegion"],
        "policy": aws.kms.get_key_policy(KeyId=key_id)["Policy"],
        "rotationPeriodInDays": rotation["RotationPeriodInDays"] if rotation["KeyRotationEnabled"] else None,
        "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags} or None,
    }


def update(aws: Aws, key_id: str, olds: Properties, news: Properties) -> None:
    if news["isEnabled"]:
        aws.kms.enable_key(KeyId=key_id)  # first, and disabled last: AWS changes nothing of a disabled key
    if any(news.get(name) not in (None, olds.get(name)) for name in ("enableKeyRotation", "rotationPeriodInDays")):
        _rotate(aws, key_id, news)
    if news.get("description", olds["description"]) != olds["description"]:
        aws.kms.update_key_description(KeyId=key_id, Description=news["description"])
    if parsed_json(news.get("policy", olds["policy"])) != parsed_json(olds["policy"]):
        aws.kms.put_key_policy(
            KeyId=key_id,
            Policy=news["policy"],
            BypassPolicyLockoutSafetyCheck=news["bypassPolicyLockoutSafetyCheck"],
        )
    sync_tags(
        olds,
        news,
        lambda keys: aws.kms.untag_resource(KeyId=key_id, TagKeys=keys),
        lambda tags: aws.kms.tag_resource(KeyId=key_id, Tags=_tag_list(tags)),
    )
    if not news["isEnabled"]:
        aws.kms.disable_key(KeyId=key_id)


def delete(aws: Aws, key_id: str, olds: Properties) -> None:
    window = {"PendingWindowInDays": olds["deletionWindowInDays"]} if olds.get("deletionWindowInDays") else {}
    aws.kms.schedule_key_deletion(KeyId=key_id, **window)


def _rotate(aws: Aws, key_id: str, news: Properties) -> None:
    if news["enableKeyRotation"]:
        aws.kms.enable_key_rotation(KeyId=key_id, **to_aws({"rotationPeriodInDays": "RotationPeriodInDays"}, news))
    else:
        aws.kms.disable_key_rotation(KeyId=key_id)


def _tag_list(tags: dict[str, str] | None) -> Any:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted((tags or {}).items())]


TYPE = ResourceType(
    sdk=aws.kms.Key,
    inputs=frozenset(
        {*_FIELDS, "deletionWindowInDays", "enableKeyRotation", "isEnabled", "rotationPeriodInDays", "tags"}
    ),
    create=create,
    read=read,
    update=update,
    delete=delete,
    defaults={
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    },
    replace_on=frozenset({"customerMasterKeySpec", "keyUsage", "multiRegion"}),
    compare_as={"policy": parsed_json},
    write_only=frozenset({"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"}),
)
