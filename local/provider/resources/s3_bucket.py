"""`aws.s3.Bucket`, plain: what there is besides is a resource of its own."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import tag_list, tag_map
from local.provider.resource import AutoName, Properties, ResourceType

_NO_LOCATION = "us-east-1"
"""The region that AWS does not take as a bucket's location, because it is the one without."""


def create(aws: Aws, news: Properties) -> str:
    name: str = news["bucket"]
    location: Any = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    aws.s3.create_bucket(Bucket=name, **({} if aws.region == _NO_LOCATION else location))
    try:
        _tag(aws, name, news)
    except (BotoCoreError, ClientError):
        aws.s3.delete_bucket(Bucket=name)  # the engine knows nothing of it, and its name would stay taken
        raise
    return name


def read(aws: Aws, name: str) -> Properties:
    region = aws.s3.get_bucket_location(Bucket=name).get("LocationConstraint") or _NO_LOCATION
    try:
        tags = aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchTagSet":
            raise
        tags = []
    return {
        "arn": f"arn:aws:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "tags": tag_map(tags),
    }


def update(aws: Aws, name: str, _: Properties, news: Properties) -> None:
    _tag(aws, name, news)


def delete(aws: Aws, name: str, olds: Properties) -> None:
    if olds.get("forceDestroy"):
        for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                aws.s3.delete_object(Bucket=name, Key=item.get("Key", ""))
    aws.s3.delete_bucket(Bucket=name)


def _tag(aws: Aws, name: str, news: Properties) -> None:
    if news.get("tags"):
        aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(news["tags"])})
    else:
        aws.s3.delete_bucket_tagging(Bucket=name)


TYPE = ResourceType(
    sdk=aws.s3.Bucket,
    inputs=frozenset({"bucket", "forceDestroy", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=63, property="bucket", form=str.lower),
    defaults={"forceDestroy": False},
    replace_on=frozenset({"bucket"}),
    write_only=frozenset({"forceDestroy"}),
)
