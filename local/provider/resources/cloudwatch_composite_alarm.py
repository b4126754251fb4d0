"""`aws.cloudwatch.CompositeAlarm`: AWS has one call that creates and changes an alarm."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, tag_list, tag_map, to_aws
from local.provider.resource import Properties, ResourceType
from local.provider.resources.cloudwatch_metric_alarm import delete, sync_alarm_tags

_FIELDS: Fields = {
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "alarmDescription": "AlarmDescription",
    "alarmName": "AlarmName",
    "alarmRule": "AlarmRule",
    "insufficientDataActions": "InsufficientDataActions",
    "okActions": "OKActions",
}
_SUPPRESSOR: Fields = {
    "alarm": "ActionsSuppressor",
    "extensionPeriod": "ActionsSuppressorExtensionPeriod",
    "waitPeriod": "ActionsSuppressorWaitPeriod",
}
"""Of an object in the SDK; the API has no object for them."""


def create(aws: Aws, news: Properties) -> str:
    _put(aws, news, Tags=tag_list(news.get("tags")))
    name: str = news["alarmName"]
    return name


def read(aws: Aws, name: str) -> Properties | None:
    alarms = aws.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    if not alarms:
        return None
    arn = alarms[0].get("AlarmArn", "")
    return {
        **from_aws(_FIELDS, alarms[0]),
        "actionsSuppressor": from_aws(_SUPPRESSOR, alarms[0]) or None,
        "arn": arn,
        "tags": tag_map(aws.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"]),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    _put(aws, news)
    sync_alarm_tags(aws, name, olds, news)


def _put(aws: Aws, news: Properties, **only_at_create: Any) -> None:
    suppressor = to_aws(_SUPPRESSOR, news.get("actionsSuppressor") or {})
    aws.cloudwatch.put_composite_alarm(**to_aws(_FIELDS, news), **suppressor, **only_at_create)


TYPE = ResourceType(
    sdk=aws.cloudwatch.CompositeAlarm,
    inputs=frozenset({*_FIELDS, "actionsSuppressor", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested={"actionsSuppressor": ("", _SUPPRESSOR)},
    defaults={"actionsEnabled": True},
    replace_on=frozenset({"actionsEnabled", "alarmName"}),
    compare_as=dict.fromkeys(("alarmActions", "insufficientDataActions", "okActions"), frozenset),
    chosen_name="alarmName",
)
