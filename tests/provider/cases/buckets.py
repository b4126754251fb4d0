"""What a bucket has besides: who may use it, how it encrypts, and what becomes of its objects."""

from __future__ import annotations

import json
import re
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown

_ON = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
_OFF = dict.fromkeys(_ON, False)
_AWS_OWN = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}],
}
"""What every bucket has that says nothing of it."""


def _statement(action: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::ACCOUNT:role/owner-*"},
        "Action": action,
        "Resource": "arn:aws:s3:::shut-*/*",
    }


def _policy(action: str) -> str:
    return f"""
        bucket=shut.bucket,
        policy=pulumi.Output.json_dumps(
            {{
                "Version": "2012-10-17",
                "Statement": {{
                    "Effect": "Allow",
                    "Principal": {{"AWS": owner.arn}},
                    "Action": "{action}",
                    "Resource": pulumi.Output.concat(shut.arn, "/*"),
                }},
            }}
        ),
    """


def _look_at_policy(aws: Aws, bucket: str) -> dict[str, Any]:
    return shown(aws, json.loads(aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]))


def _change_policy(aws: Aws, bucket: str) -> None:
    policy = aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=policy.replace("s3:GetObject", "s3:*"))


def _look_at_block(aws: Aws, bucket: str) -> dict[str, Any]:
    return shown(aws, aws.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"])


def _look_at_encryption(aws: Aws, bucket: str) -> dict[str, Any] | None:
    found = shown(aws, aws.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"])
    if found == _AWS_OWN:
        return None
    return json.loads(re.sub("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "KEY", json.dumps(found)))


def _encrypted(**rule: Any) -> dict[str, Any]:
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **rule.pop("by")}, **rule}]}


def _encrypt_by_hand(aws: Aws, bucket: str) -> None:
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    aws.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _look_at_lifecycle(aws: Aws, bucket: str) -> dict[str, Any]:
    return {"Rules": shown(aws, aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket))["Rules"]}


def _expire_by_hand(aws: Aws, bucket: str) -> None:
    rule: Any = {"ID": "old", "Expiration": {"Days": 9}, "Filter": {}, "Status": "Enabled"}
    aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


BUCKETS = {
    "lent": Case(
        sdk="s3.BucketPolicy",
        created=_policy("s3:GetObject"),
        changed=_policy("s3:PutObject"),
        bare=_policy("s3:GetObject"),
        seen={
            "created": {"Version": "2012-10-17", "Statement": _statement("s3:GetObject")},
            "changed": {"Version": "2012-10-17", "Statement": _statement("s3:PutObject")},
            "bare": {"Version": "2012-10-17", "Statement": _statement("s3:GetObject")},
        },
        look=_look_at_policy,
        drift=_change_policy,
        drifted={"policy"},
        remove=lambda aws, bucket: aws.s3.delete_bucket_policy(Bucket=bucket),
    ),
    "private": Case(
        sdk="s3.BucketPublicAccessBlock",
        created="""
            block_public_acls=True,
            block_public_policy=True,
            bucket=shut.bucket,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            skip_destroy=True,
        """,
        changed="block_public_policy=True, bucket=shut.bucket, skip_destroy=False",
        bare="bucket=shut.bucket",
        seen={"created": _ON, "changed": _OFF | {"BlockPublicPolicy": True}, "bare": _OFF},
        look=_look_at_block,
        drift=lambda aws, bucket: aws.s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
        ),
        drifted={"ignorePublicAcls", "restrictPublicBuckets"},
        remove=lambda aws, bucket: aws.s3.delete_public_access_block(Bucket=bucket),
    ),
    "ciphered": Case(
        sdk="s3.BucketServerSideEncryptionConfiguration",
        created="""
            bucket=locked.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "kms_master_key_id": lock.arn,
                        "sse_algorithm": "aws:kms",
                    },
                    "bucket_key_enabled": True,
                },
            ],
        """,
        changed="""
            bucket=locked.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"},
                    "bucket_key_enabled": False,
                },
            ],
        """,
        bare="""
            bucket=locked.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms:dsse"}}],
        """,
        seen={
            "created": _encrypted(
                by={"KMSMasterKeyID": "arn:aws:kms:eu-central-1:ACCOUNT:key/KEY"}, BucketKeyEnabled=True
            ),
            "changed": _encrypted(by={}, BucketKeyEnabled=False),
            "bare": _encrypted(by={"SSEAlgorithm": "aws:kms:dsse"}),
        },
        look=_look_at_encryption,
        drift=_encrypt_by_hand,
        drifted={"rules"},
        remove=lambda aws, bucket: aws.s3.delete_bucket(Bucket=bucket),  # a bucket always has an encryption
    ),
    "aging": Case(
        sdk="s3.BucketLifecycleConfiguration",
        created="""
            bucket=shut.bucket,
            rules=[
                {
                    "id": "drafts",
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 3},
                    "expiration": {"days": 7},
                    "filter": {"and": {"prefix": "drafts/", "tags": {"team": "orders"}}},
                    "noncurrent_version_expiration": {"newer_noncurrent_versions": 2, "noncurrent_days": 5},
                    "noncurrent_version_transitions": [{"noncurrent_days": 4, "storage_class": "GLACIER"}],
                    "status": "Enabled",
                    "transitions": [{"days": 0, "storage_class": "INTELLIGENT_TIERING"}],
                },
                {
                    "id": "season",
                    "expiration": {"date": "2030-01-01T00:00:00Z"},
                    "filter": {"tag": {"key": "season", "value": "winter"}},
                    "status": "Disabled",
                },
                {
                    "id": "large",
                    "expiration": {"expired_object_delete_marker": True},
                    "filter": {"object_size_greater_than": 1000},
                    "status": "Enabled",
                },
            ],
        """,
        changed="""
            bucket=shut.bucket,
            rules=[{"id": "old", "expiration": {"days": 8}, "filter": {"prefix": "in/"}, "status": "Enabled"}],
        """,
        bare='bucket=shut.bucket, rules=[{"id": "old", "expiration": {"days": 8}, "status": "Enabled"}]',
        seen={
            "created": {
                "Rules": [
                    {
                        "ID": "drafts",
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3},
                        "Expiration": {"Days": 7},
                        "Filter": {
                            "And": {
                                "ObjectSizeGreaterThan": 0,
                                "Prefix": "drafts/",
                                "Tags": [{"Key": "team", "Value": "orders"}],
                            }
                        },
                        "NoncurrentVersionExpiration": {"NewerNoncurrentVersions": 2, "NoncurrentDays": 5},
                        "NoncurrentVersionTransitions": [{"NoncurrentDays": 4, "StorageClass": "GLACIER"}],
                        "Status": "Enabled",
                        "Transitions": [{"Days": 0, "StorageClass": "INTELLIGENT_TIERING"}],
                    },
                    {
                        "ID": "season",
                        "Expiration": {"Date": "2030-01-01 00:00:00+00:00"},
                        "Filter": {"Tag": {"Key": "season", "Value": "winter"}},
                        "Status": "Disabled",
                    },
                    {
                        "ID": "large",
                        "Expiration": {"ExpiredObjectDeleteMarker": True},
                        "Filter": {"ObjectSizeGreaterThan": 1000},
                        "Status": "Enabled",
                    },
                ]
            },
            "changed": {
                "Rules": [
                    {"ID": "old", "Expiration": {"Days": 8}, "Filter": {"Prefix": "in/"}, "Status": "Enabled"},
                ]
            },
            "bare": {"Rules": [{"ID": "old", "Expiration": {"Days": 8}, "Filter": {}, "Status": "Enabled"}]},
        },
        look=_look_at_lifecycle,
        drift=_expire_by_hand,
        drifted={"rules"},
        remove=lambda aws, bucket: aws.s3.delete_bucket_lifecycle(Bucket=bucket),
    ),
}
