"""`aws.sqs.RedriveAllowPolicy`: an attribute of a queue that is a resource of its own."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    url: str = news["queueUrl"]
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": news["redriveAllowPolicy"]})
    return url


def read(aws: Aws, url: str) -> Properties | None:
    answer = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedriveAllowPolicy"])
    policy = answer.get("Attributes", {}).get("RedriveAllowPolicy")
    return {"queueUrl": url, "redriveAllowPolicy": policy} if policy else None


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, url: str, _: Properties) -> None:
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": ""})


TYPE = ResourceType(
    sdk=aws.sqs.RedriveAllowPolicy,
    inputs=frozenset({"queueUrl", "redriveAllowPolicy"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    replace_on=frozenset({"queueUrl"}),
    compare_as={"redriveAllowPolicy": parsed_json},
)
