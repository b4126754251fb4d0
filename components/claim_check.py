"""The bucket of orders that are too large for the queue: private, encrypted, and emptied when no message is left.

Who sends such an order puts it there, the message says where, and the function gets it: `ClaimCheck` in
functions/orders/processing/claim_check.py does both.

Sources:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html (days count from the next midnight)
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html (permissions on the key)
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-ssl-requests-only.html
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.children import Children
from components.timing import DAY_SECONDS, DEAD_LETTER_RETENTION_SECONDS

_BODIES = "bodies"
TYPES = {
    _BODIES: "s3.Bucket",
    f"{_BODIES}-encryption": "s3.BucketServerSideEncryptionConfiguration",
    f"{_BODIES}-lifecycle": "s3.BucketLifecycleConfiguration",
    f"{_BODIES}-policy": "s3.BucketPolicy",
    f"{_BODIES}-private": "s3.BucketPublicAccessBlock",
}
"""The children that are made here."""
_BUCKET = "CLAIM_CHECK_BUCKET"
VARIABLES = {_BUCKET: "claim_check"}
"""The environment variable by which the handler learns of it -> its argument."""
_ORDERS = "orders/"
"""How the keys begin that `ClaimCheck` gives; nothing else may be put, or got."""
_UPLOAD_DAYS = 1
"""Parts of an upload that nobody completes are paid for as objects are."""


def create_bucket(
    children: Children, *, retention: pulumi.Input[int], key_arn: pulumi.Input[str] | None
) -> aws.s3.Bucket:
    """Create the bucket with all that makes it fit for orders.

    Args:
        children: Makes the resources.
        retention: How long the queue keeps a message, seconds.
        key_arn: KMS key of the objects; without one S3 encrypts with keys of its own.
    """
    bucket: aws.s3.Bucket = children.create(
        _BODIES,
        # Without its message, which goes with the queue, an object is of no use to anybody.
        force_destroy=not children.protect,
        holds_data=True,
    )
    everything = [bucket.arn, pulumi.Output.concat(bucket.arn, "/*")]
    lifetime = pulumi.Output.from_input(retention).apply(_lifetime_days)
    inputs: dict[str, dict[str, Any]] = {
        "private": {
            "block_public_acls": True,
            "block_public_policy": True,
            "ignore_public_acls": True,
            "restrict_public_buckets": True,
        },
        "encryption": {"rules": [_encryption(key_arn)]},
        "lifecycle": {
            "rules": [
                {
                    "id": "no-message-is-left",
                    "status": "Enabled",
                    "filter": {"prefix": _ORDERS},
                    "expiration": {"days": lifetime},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": _UPLOAD_DAYS},
                }
            ]
        },
        "policy": {"policy": iam.document([iam.only_tls("s3:*", everything)])},
    }
    for part, given in inputs.items():
        children.create(f"{_BODIES}-{part}", bucket=bucket.bucket, **given)
    return bucket


def bucket_environment(bucket: aws.s3.Bucket | None) -> dict[str, pulumi.Input[str]]:
    """The environment variable by which the handler learns of the bucket; none without one."""
    return {_BUCKET: bucket.bucket} if bucket else {}


def get_statements(bucket: aws.s3.Bucket | None) -> list[iam.Statement]:
    """What the function's role needs of the bucket, besides `kms:Decrypt`, which it has for an encrypted queue.

    Without `s3:ListBucket`, S3 answers "access denied" for an object that is not there, which the handler could not
    tell from a role that is wrong.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    if not bucket:
        return []
    return [
        iam.allow("GetBodies", "s3:GetObject", _orders(bucket)),
        iam.allow("ListBodies", "s3:ListBucket", bucket.arn),
    ]


def put_statements(bucket: aws.s3.Bucket | None) -> list[iam.Statement]:
    """What the role of a sender needs, besides `kms:GenerateDataKey`, which it has for an encrypted queue."""
    return [iam.allow("PutBodies", "s3:PutObject", _orders(bucket))] if bucket else []


def _orders(bucket: aws.s3.Bucket) -> pulumi.Output[str]:
    return pulumi.Output.concat(bucket.arn, f"/{_ORDERS}*")


def _lifetime_days(retention: int) -> int:
    """How long an object is kept: as long as the queue and its dead-letter queue keep a message together, and a day.

    The time of a message counts anew where a handler puts it into the dead-letter queue, and on a FIFO queue always.
    That of an object began before: it is put before its message is sent. A dead-letter queue that is deployed elsewhere
    keeps a message for as long at most.
    """
    return -(-(retention + DEAD_LETTER_RETENTION_SECONDS) // DAY_SECONDS) + 1


def _encryption(key_arn: pulumi.Input[str] | None) -> dict[str, Any]:
    if key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    by_key = {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn}
    # Else KMS is asked, and paid, for every object.
    return {"apply_server_side_encryption_by_default": by_key, "bucket_key_enabled": True}
