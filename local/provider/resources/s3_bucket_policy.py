"""`aws.s3.BucketPolicy`. Its id is the bucket."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    bucket: str = news["bucket"]
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=news["policy"])
    return bucket


def read(aws: Aws, bucket: str) -> Properties:
    return {"bucket": bucket, "policy": aws.s3.get_bucket_policy(Bucket=bucket)["Policy"]}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, bucket: str, _: Properties) -> None:
    aws.s3.delete_bucket_policy(Bucket=bucket)


TYPE = ResourceType(
    sdk=aws.s3.BucketPolicy,
    inputs=frozenset({"bucket", "policy"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    replace_on=frozenset({"bucket"}),
    compare_as={"policy": parsed_json},
)
