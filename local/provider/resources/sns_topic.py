"""`aws.sns.Topic`."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json, sync_tags, tag_list, tag_map
from local.provider.resource import AutoName, Properties, ResourceType, fifo_suffix

_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "displayName": "DisplayName",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}


def create(aws: Aws, news: Properties) -> str:
    attributes = {_ATTRIBUTES[name]: _to_aws(value) for name, value in news.items() if name in _ATTRIBUTES and value}
    topic = aws.sns.create_topic(Name=news["name"], Attributes=attributes, Tags=tag_list(news.get("tags")))
    return topic["TopicArn"]


def read(aws: Aws, arn: str) -> Properties:
    attributes = aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return {
        "arn": arn,
        "contentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
        "displayName": attributes.get("DisplayName") or None,
        "fifoTopic": attributes.get("FifoTopic") == "true",
        "kmsMasterKeyId": attributes.get("KmsMasterKeyId") or None,
        "name": arn.rsplit(":", 1)[-1],
        "owner": attributes.get("Owner"),
        "policy": attributes.get("Policy"),
        "tags": tag_map(aws.sns.list_tags_for_resource(ResourceArn=arn).get("Tags", [])),
    }


def update(aws: Aws, arn: str, olds: Properties, news: Properties) -> None:
    for name in ("contentBasedDeduplication", "displayName", "kmsMasterKeyId", "policy"):
        value = news.get(name, olds.get(name) if name == "policy" else "")
        if (value or "") != (olds.get(name) or ""):
            aws.sns.set_topic_attributes(TopicArn=arn, AttributeName=_ATTRIBUTES[name], AttributeValue=_to_aws(value))
    sync_tags(
        olds,
        news,
        lambda keys: aws.sns.untag_resource(ResourceArn=arn, TagKeys=keys),
        lambda tags: aws.sns.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
    )


def delete(aws: Aws, arn: str, _: Properties) -> None:
    aws.sns.delete_topic(TopicArn=arn)


def _to_aws(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


TYPE = ResourceType(
    sdk=aws.sns.Topic,
    inputs=frozenset({"name", "tags", *_ATTRIBUTES}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=256, suffix=fifo_suffix("fifoTopic")),
    defaults={"contentBasedDeduplication": False, "fifoTopic": False},
    replace_on=frozenset({"fifoTopic", "name"}),
    compare_as={"policy": parsed_json},
)
