"""`aws.kinesis.StreamConsumer`: a reader of a stream with a throughput of its own. Its id is its ARN."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.resource import AutoName, Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    consumer = aws.kinesis.register_stream_consumer(StreamARN=news["streamArn"], ConsumerName=news["name"])["Consumer"]
    return consumer["ConsumerARN"]


def read(aws: Aws, arn: str) -> Properties:
    found = aws.kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    return {
        "arn": found["ConsumerARN"],
        "creationTimestamp": f"{found['ConsumerCreationTimestamp']:%Y-%m-%dT%H:%M:%SZ}",
        "name": found["ConsumerName"],
        "streamArn": found["StreamARN"],
    }


def delete(aws: Aws, arn: str, _: Properties) -> None:
    aws.kinesis.deregister_stream_consumer(ConsumerARN=arn)


TYPE = ResourceType(
    sdk=aws.kinesis.StreamConsumer,
    inputs=frozenset({"name", "streamArn"}),
    create=create,
    read=read,
    delete=delete,
    auto_name=AutoName(max_length=128),
    replace_on=frozenset({"name", "streamArn"}),
)
