"""`aws.cloudwatch.LogGroup`."""

from __future__ import annotations

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import from_aws, sync_tags, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS = {"logGroupClass": "logGroupClass", "name": "logGroupName"}


def create(aws: Aws, news: Properties) -> str:
    name: str = news["name"]
    tags = {"tags": news["tags"]} if news.get("tags") else {}
    aws.logs.create_log_group(**to_aws(_FIELDS, news), **tags)
    try:
        _set_retention(aws, name, news["retentionInDays"])
    except (BotoCoreError, ClientError):
        aws.logs.delete_log_group(logGroupName=name)  # the engine knows nothing of it, and its name would stay taken
        raise
    return name


def read(aws: Aws, name: str) -> Properties | None:
    groups = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    group = next((group for group in groups if group.get("logGroupName") == name), None)
    if group is None:
        return None
    arn = group.get("arn", "").removesuffix(":*")
    return {
        **from_aws(_FIELDS, group),
        "arn": arn,
        "deletionProtectionEnabled": False,
        "retentionInDays": group.get("retentionInDays", 0),
        "tags": aws.logs.list_tags_for_resource(resourceArn=arn)["tags"] or None,
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    _set_retention(aws, name, news["retentionInDays"])
    arn = olds["arn"]
    sync_tags(
        olds,
        news,
        lambda keys: aws.logs.untag_resource(resourceArn=arn, tagKeys=keys),
        lambda tags: aws.logs.tag_resource(resourceArn=arn, tags=tags),
    )


def delete(aws: Aws, name: str, olds: Properties) -> None:
    if not olds.get("skipDestroy"):
        aws.logs.delete_log_group(logGroupName=name)


def _set_retention(aws: Aws, name: str, days: int) -> None:
    if days:
        aws.logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    else:
        aws.logs.delete_retention_policy(logGroupName=name)


TYPE = ResourceType(
    sdk=aws.cloudwatch.LogGroup,
    inputs=frozenset({*_FIELDS, "kmsKeyId", "retentionInDays", "skipDestroy", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=512),
    defaults={"retentionInDays": 0, "skipDestroy": False},
    replace_on=frozenset({"logGroupClass", "name"}),
    write_only=frozenset({"kmsKeyId", "skipDestroy"}),  # the embedded AWS cannot change a key
)
