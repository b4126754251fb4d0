"""`aws.s3.BucketPublicAccessBlock`. Its id is the bucket.

A new bucket has one with all four on, as on AWS; the resource takes that over, and takes it away when it goes.
"""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}


def create(aws: Aws, news: Properties) -> str:
    bucket: str = news["bucket"]
    aws.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=to_aws(_FIELDS, news))
    return bucket


def read(aws: Aws, bucket: str) -> Properties:
    found: Any = aws.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    return {**dict.fromkeys(_FIELDS, False), **from_aws(_FIELDS, found), "bucket": bucket}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, bucket: str, olds: Properties) -> None:
    if not olds.get("skipDestroy"):
        aws.s3.delete_public_access_block(Bucket=bucket)


TYPE = ResourceType(
    sdk=aws.s3.BucketPublicAccessBlock,
    inputs=frozenset({*_FIELDS, "bucket", "skipDestroy"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    defaults=dict.fromkeys(_FIELDS, False),
    replace_on=frozenset({"bucket"}),
    write_only=frozenset({"skipDestroy"}),
)
