"""`aws.s3.BucketServerSideEncryptionConfiguration`: how a bucket encrypts. Its id is the bucket.

Without the resource a bucket has AWS's own encryption, so that there is always something to read.
"""

from __future__ import annotations

from typing import Any, cast

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "rules": (
        "Rules",
        {
            "applyServerSideEncryptionByDefault": (
                "ApplyServerSideEncryptionByDefault",
                {"kmsMasterKeyId": "KMSMasterKeyID", "sseAlgorithm": "SSEAlgorithm"},
            ),
            "bucketKeyEnabled": "BucketKeyEnabled",
        },
    ),
}


def create(aws: Aws, news: Properties) -> str:
    bucket: str = news["bucket"]
    aws.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=to_aws(_FIELDS, news))
    return bucket


def read(aws: Aws, bucket: str) -> Properties:
    found: Any = aws.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    return {**from_aws(_FIELDS, found), "bucket": bucket}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, bucket: str, _: Properties) -> None:
    aws.s3.delete_bucket_encryption(Bucket=bucket)


def _without_defaults(rules: Any) -> Any:
    """A bucket key that is off is one that is not asked for."""
    return [{name: value for name, value in rule.items() if value} for rule in cast("list[Properties]", rules)]


TYPE = ResourceType(
    sdk=aws.s3.BucketServerSideEncryptionConfiguration,
    inputs=frozenset({*_FIELDS, "bucket"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    replace_on=frozenset({"bucket"}),
    compare_as={"rules": _without_defaults},
)
