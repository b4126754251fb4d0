"""`aws.s3.BucketNotification`: all that a bucket notifies, as one resource. Its id is the bucket."""

from __future__ import annotations

import uuid
from typing import Any, cast

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_KINDS = {
    "queues": ("QueueConfigurations", {"id": "Id", "events": "Events", "queueArn": "QueueArn"}, "tf-s3-queue-"),
    "topics": ("TopicConfigurations", {"id": "Id", "events": "Events", "topicArn": "TopicArn"}, "tf-s3-topic-"),
}
"""Of each kind: its name in the API, its fields, and how the ids begin that the official provider makes up."""
_FILTERS = {"filterPrefix": "prefix", "filterSuffix": "suffix"}
_MADE_UP = tuple(prefix for *_, prefix in _KINDS.values())
_NESTED: Fields = {
    **{kind: (name, {**fields, **_FILTERS}) for kind, (name, fields, _) in _KINDS.items()},
    "bucket": "Bucket",
    "eventbridge": "EventBridgeConfiguration",
}


def create(aws: Aws, news: Properties) -> str:
    bucket: str = news["bucket"]
    wanted: Any = {
        name: [_configuration(fields, prefix, item) for item in news[kind]]
        for kind, (name, fields, prefix) in _KINDS.items()
        if news.get(kind)
    }
    if news["eventbridge"]:
        wanted["EventBridgeConfiguration"] = {}
    aws.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    return bucket


def read(aws: Aws, bucket: str) -> Properties:
    found: dict[str, Any] = dict(aws.s3.get_bucket_notification_configuration(Bucket=bucket))
    kinds = {
        kind: [_properties(fields, item) for item in found.get(name, [])] or None
        for kind, (name, fields, _) in _KINDS.items()
    }
    return {**kinds, "bucket": bucket, "eventbridge": "EventBridgeConfiguration" in found}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, bucket: str, _: Properties) -> None:
    aws.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})


def _configuration(fields: dict[str, str], prefix: str, item: Properties) -> Any:
    rules = [{"Name": name, "Value": item[key]} for key, name in _FILTERS.items() if item.get(key)]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}} if rules else {}
    return {"Id": f"{prefix}{uuid.uuid4().hex}", **to_aws(fields, item), **filtered}


def _properties(fields: dict[str, str], item: dict[str, Any]) -> Properties:
    rules = item.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    values = {rule["Name"].lower(): rule["Value"] for rule in rules}
    filters = {key: values[name] for key, name in _FILTERS.items() if name in values}
    return {**from_aws(fields, item), **filters}


def _as_the_program_says(items: Any) -> Any:
    """Without the ids that were made up, and the events in any order."""
    return [
        {key: value for key, value in item.items() if not (key == "id" and value.startswith(_MADE_UP))}
        | {"events": sorted(item.get("events", []))}
        for item in cast("list[Properties]", items)
    ]


TYPE = ResourceType(
    sdk=aws.s3.BucketNotification,
    inputs=frozenset({*_KINDS, "bucket", "eventbridge"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_NESTED,
    defaults={"eventbridge": False},
    replace_on=frozenset({"bucket"}),
    compare_as=dict.fromkeys(_KINDS, _as_the_program_says),
)
