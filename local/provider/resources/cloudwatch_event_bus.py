"""`aws.cloudwatch.EventBus`, of EventBridge. Its id is its name."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS: Fields = {
    "deadLetterConfig": ("DeadLetterConfig", {"arn": "Arn"}),
    "description": "Description",
    "kmsKeyIdentifier": "KmsKeyIdentifier",
    "logConfig": ("LogConfig", {"includeDetail": "IncludeDetail", "level": "Level"}),
    "name": "Name",
}
_CLEARED: Properties = {"deadLetterConfig": {}, "description": "", "kmsKeyIdentifier": "", "logConfig": {}}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""


def create(aws: Aws, news: Properties) -> str:
    aws.events.create_event_bus(**to_aws(_FIELDS, news), Tags=tag_list(news.get("tags")))
    name: str = news["name"]
    return name


def read(aws: Aws, name: str) -> Properties:
    bus: dict[str, Any] = dict(aws.events.describe_event_bus(Name=name))
    tags = aws.events.list_tags_for_resource(ResourceARN=bus["Arn"]).get("Tags", [])
    return {**from_aws(_FIELDS, bus), "arn": bus["Arn"], "tags": tag_map(tags)}


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    cleared = {key: value for key, value in _CLEARED.items() if olds.get(key) and key not in news}
    aws.events.update_event_bus(**to_aws(_FIELDS, {**news, **cleared, "name": name}))
    sync_tags(
        olds,
        news,
        lambda keys: aws.events.untag_resource(ResourceARN=olds["arn"], TagKeys=keys),
        lambda tags: aws.events.tag_resource(ResourceARN=olds["arn"], Tags=tag_list(tags)),
    )


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.events.delete_event_bus(Name=name)


TYPE = ResourceType(
    sdk=aws.cloudwatch.EventBus,
    inputs=frozenset({*_FIELDS, "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    auto_name=AutoName(max_length=256),
    replace_on=frozenset({"name"}),
)
