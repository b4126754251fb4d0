"""`aws.cloudwatch.EventTarget`, of EventBridge.

Its id is `<rule>/<target>` on the default bus, else `<bus>/<rule>/<target>`: as an import names it. The official id has
hyphens instead, and cannot be taken apart again.
"""

from __future__ import annotations

import uuid
from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType
from local.provider.resources.cloudwatch_event_rule import DEFAULT_BUS

_FIELDS: Fields = {
    "arn": "Arn",
    "deadLetterConfig": ("DeadLetterConfig", {"arn": "Arn"}),
    "input": "Input",
    "inputPath": "InputPath",
    "inputTransformer": (
        "InputTransformer",
        {"inputPaths": "InputPathsMap", "inputTemplate": "InputTemplate"},
    ),
    "retryPolicy": (
        "RetryPolicy",
        {"maximumEventAgeInSeconds": "MaximumEventAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts"},
    ),
    "sqsTarget": ("SqsParameters", {"messageGroupId": "MessageGroupId"}),
    "targetId": "Id",
}


def create(aws: Aws, news: Properties) -> str:
    bus, rule = news["eventBusName"], news["rule"]
    target: str = news.get("targetId") or f"terraform-{uuid.uuid4().hex}"
    aws.events.put_targets(EventBusName=bus, Rule=rule, Targets=[to_aws(_FIELDS, {**news, "targetId": target})])
    return f"{rule}/{target}" if bus == DEFAULT_BUS else f"{bus}/{rule}/{target}"


def read(aws: Aws, target_id: str) -> Properties | None:
    bus, rule, name = _parts(target_id)
    targets = aws.events.list_targets_by_rule(EventBusName=bus, Rule=rule)["Targets"]
    found: Any = next((target for target in targets if target["Id"] == name), None)
    return {**from_aws(_FIELDS, found), "eventBusName": bus, "rule": rule} if found else None


def update(aws: Aws, target_id: str, _: Properties, news: Properties) -> None:
    bus, rule, name = _parts(target_id)
    aws.events.put_targets(EventBusName=bus, Rule=rule, Targets=[to_aws(_FIELDS, {**news, "targetId": name})])


def delete(aws: Aws, target_id: str, olds: Properties) -> None:
    bus, rule, name = _parts(target_id)
    aws.events.remove_targets(EventBusName=bus, Rule=rule, Ids=[name], Force=bool(olds.get("forceDestroy")))


def _parts(target_id: str) -> tuple[str, str, str]:
    place, _, name = target_id.rpartition("/")
    bus, _, rule = place.rpartition("/")
    return bus or DEFAULT_BUS, rule, name


TYPE = ResourceType(
    sdk=aws.cloudwatch.EventTarget,
    inputs=frozenset({*_FIELDS, "eventBusName", "forceDestroy", "rule"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    defaults={"eventBusName": DEFAULT_BUS, "forceDestroy": False},
    replace_on=frozenset({"eventBusName", "rule", "targetId"}),
    write_only=frozenset({"forceDestroy"}),
)
