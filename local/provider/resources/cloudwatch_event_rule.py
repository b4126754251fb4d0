"""`aws.cloudwatch.EventRule`, of EventBridge. Its id is `<rule>` on the default bus, else `<bus>/<rule>`."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import from_aws, parsed_json, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

DEFAULT_BUS = "default"
_FIELDS = {
    "description": "Description",
    "eventBusName": "EventBusName",
    "eventPattern": "EventPattern",
    "name": "Name",
    "scheduleExpression": "ScheduleExpression",
    "state": "State",
}


def create(aws: Aws, news: Properties) -> str:
    aws.events.put_rule(**to_aws(_FIELDS, news), Tags=tag_list(news.get("tags")))
    name, bus = news["name"], news["eventBusName"]
    return name if bus == DEFAULT_BUS else f"{bus}/{name}"


def read(aws: Aws, rule_id: str) -> Properties:
    bus, name = _parts(rule_id)
    rule: dict[str, Any] = dict(aws.events.describe_rule(EventBusName=bus, Name=name))
    tags = aws.events.list_tags_for_resource(ResourceARN=rule["Arn"]).get("Tags", [])
    # The bus as the program names it: AWS shows a name where it was given an ARN.
    return {**from_aws(_FIELDS, rule), "arn": rule["Arn"], "eventBusName": bus, "tags": tag_map(tags)}


def update(aws: Aws, _: str, olds: Properties, news: Properties) -> None:
    kept = {"description": "", "state": olds.get("state")}
    aws.events.put_rule(**to_aws(_FIELDS, {**kept, **news}))
    sync_tags(
        olds,
        news,
        lambda keys: aws.events.untag_resource(ResourceARN=olds["arn"], TagKeys=keys),
        lambda tags: aws.events.tag_resource(ResourceARN=olds["arn"], Tags=tag_list(tags)),
    )


def delete(aws: Aws, rule_id: str, olds: Properties) -> None:
    bus, name = _parts(rule_id)
    aws.events.delete_rule(EventBusName=bus, Name=name, Force=bool(olds.get("forceDestroy")))


def _parts(rule_id: str) -> tuple[str, str]:
    bus, _, name = rule_id.rpartition("/")
    return bus or DEFAULT_BUS, name


TYPE = ResourceType(
    sdk=aws.cloudwatch.EventRule,
    inputs=frozenset({*_FIELDS, "forceDestroy", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=64),
    defaults={"eventBusName": DEFAULT_BUS, "forceDestroy": False},
    replace_on=frozenset({"eventBusName", "name"}),
    compare_as={"eventPattern": parsed_json},
    write_only=frozenset({"forceDestroy"}),
    left_alone=frozenset({"state"}),
)
