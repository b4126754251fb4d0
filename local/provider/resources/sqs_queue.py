"""`aws.sqs.Queue`."""

from __future__ import annotations

from typing import Any, cast

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json, sync_tags
from local.provider.resource import AutoName, Properties, ResourceType, fifo_suffix

_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_ONLY_FIFO = ("contentBasedDeduplication", "fifoQueue")
"""AWS refuses these on a standard queue, even when they are false."""
_JSON = ("policy", "redriveAllowPolicy", "redrivePolicy")


def create(aws: Aws, news: Properties) -> str:
    unsaid = () if news.get("fifoQueue") else _ONLY_FIFO
    attributes = {
        key: _to_aws(news[name])
        for name, key in _ATTRIBUTES.items()
        if name in news and not (name in unsaid and not news[name])
    }
    return aws.sqs.create_queue(
        QueueName=news["name"], Attributes=cast("Any", attributes), tags=news.get("tags") or {}
    )["QueueUrl"]


def read(aws: Aws, url: str) -> Properties:
    found = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    attributes = cast("dict[str, str]", found)
    properties = {name: _from_aws(name, attributes[key]) for name, key in _ATTRIBUTES.items() if key in attributes}
    return {
        "contentBasedDeduplication": False,
        "fifoQueue": False,
        **properties,
        "arn": attributes["QueueArn"],
        "name": attributes["QueueArn"].rsplit(":", 1)[-1],
        "tags": aws.sqs.list_queue_tags(QueueUrl=url).get("Tags") or None,
        "url": url,
    }


def update(aws: Aws, url: str, olds: Properties, news: Properties) -> None:
    changed = {name: value for name, value in news.items() if name in _ATTRIBUTES and olds.get(name) != value}
    cleared = {"kmsMasterKeyId": ""} if olds.get("kmsMasterKeyId") and "kmsMasterKeyId" not in news else {}
    attributes = {_ATTRIBUTES[name]: _to_aws(value) for name, value in {**changed, **cleared}.items()}
    if attributes:
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=cast("Any", attributes))
    sync_tags(
        olds,
        news,
        lambda keys: aws.sqs.untag_queue(QueueUrl=url, TagKeys=keys),
        lambda tags: aws.sqs.tag_queue(QueueUrl=url, Tags=tags),
    )


def delete(aws: Aws, url: str, _: Properties) -> None:
    aws.sqs.delete_queue(QueueUrl=url)


def _to_aws(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _from_aws(name: str, text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() and name not in _JSON else text


TYPE = ResourceType(
    sdk=aws.sqs.Queue,
    inputs=frozenset({"name", "tags", *_ATTRIBUTES}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=80, suffix=fifo_suffix("fifoQueue")),
    defaults={
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "maxMessageSize": 262_144,
        "messageRetentionSeconds": 345_600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    },
    replace_on=frozenset({"name", "fifoQueue"}),
    compare_as=dict.fromkeys(_JSON, parsed_json),
)
