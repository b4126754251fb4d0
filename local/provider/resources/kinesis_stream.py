"""`aws.kinesis.Stream`. Its id is its ARN; an import names it by its name."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_MODE: Fields = {"streamModeDetails": ("StreamModeDetails", {"streamMode": "StreamMode"})}
_FIELDS: Fields = {
    **_MODE,
    "encryptionType": "EncryptionType",
    "kmsKeyId": "KeyId",
    "name": "StreamName",
    "retentionPeriod": "RetentionPeriodHours",
}
_ON_DEMAND, _PROVISIONED = "ON_DEMAND", "PROVISIONED"


def create(aws: Aws, news: Properties) -> str:
    name: str = news["name"]
    shards = {"ShardCount": news["shardCount"]} if "shardCount" in news else {}
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    aws.kinesis.create_stream(StreamName=name, **to_aws(_MODE, news), **shards, **tags)
    new = read(aws, name)
    try:
        _adjust(aws, new, news)
    except (BotoCoreError, ClientError):
        aws.kinesis.delete_stream(StreamName=name)  # the engine knows nothing of it, and its name would stay taken
        raise
    arn: str = new["arn"]
    return arn


def read(aws: Aws, place: str) -> Properties:
    by = {"StreamARN": place} if place.startswith("arn:") else {"StreamName": place}
    stream: dict[str, Any] = dict(aws.kinesis.describe_stream_summary(**by)["StreamDescriptionSummary"])
    metrics = [name for group in stream["EnhancedMonitoring"] for name in group["ShardLevelMetrics"]]
    is_provisioned = stream["StreamModeDetails"]["StreamMode"] == _PROVISIONED
    return {
        **from_aws(_FIELDS, stream),
        "arn": stream["StreamARN"],
        "shardCount": stream["OpenShardCount"] if is_provisioned else None,
        "shardLevelMetrics": metrics or None,
        "tags": tag_map(aws.kinesis.list_tags_for_stream(StreamName=stream["StreamName"])["Tags"]),
    }


def update(aws: Aws, _: str, olds: Properties, news: Properties) -> None:
    if _mode(news) not in (None, _mode(olds)):
        aws.kinesis.update_stream_mode(StreamARN=olds["arn"], **to_aws(_MODE, news))
    if news.get("shardCount") not in (None, olds.get("shardCount")):
        aws.kinesis.update_shard_count(
            StreamName=news["name"], TargetShardCount=news["shardCount"], ScalingType="UNIFORM_SCALING"
        )
    _adjust(aws, olds, news)
    name: str = news["name"]
    sync_tags(
        olds,
        news,
        lambda keys: aws.kinesis.remove_tags_from_stream(StreamName=name, TagKeys=keys),
        lambda tags: aws.kinesis.add_tags_to_stream(StreamName=name, Tags=tags),
    )


def delete(aws: Aws, arn: str, olds: Properties) -> None:
    aws.kinesis.delete_stream(StreamARN=arn, EnforceConsumerDeletion=olds.get("enforceConsumerDeletion", False))


def _adjust(aws: Aws, olds: Properties, news: Properties) -> None:
    """What AWS only sets on a stream that is there."""
    name: str = news["name"]
    was, wanted = olds["retentionPeriod"], news["retentionPeriod"]
    if wanted > was:
        aws.kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=wanted)
    elif wanted < was:
        aws.kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=wanted)
    old, new = (frozenset[Any](properties.get("shardLevelMetrics") or ()) for properties in (olds, news))
    if old - new:
        aws.kinesis.disable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(old - new))
    if new - old:
        aws.kinesis.enable_enhanced_monitoring(StreamName=name, ShardLevelMetrics=sorted(new - old))
    if news["encryptionType"] == "KMS":
        if (olds["encryptionType"], olds.get("kmsKeyId")) != ("KMS", news["kmsKeyId"]):
            aws.kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=news["kmsKeyId"])
    elif olds["encryptionType"] == "KMS":
        aws.kinesis.stop_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=olds["kmsKeyId"])


def _mode(properties: Properties) -> str | None:
    details: dict[str, str] = properties.get("streamModeDetails") or {}
    return details.get("streamMode")


def _also_needs(inputs: Properties) -> frozenset[str]:
    """A number of shards, unless AWS chooses it, and a key for encryption."""
    shards = frozenset({"shardCount"}) if _mode(inputs) in (None, _PROVISIONED) else frozenset[str]()
    return shards | ({"kmsKeyId"} if inputs["encryptionType"] == "KMS" else set[str]())


def _refuses(inputs: Properties) -> dict[str, str]:
    if "shardCount" in inputs and _mode(inputs) == _ON_DEMAND:
        return {"shardCount": f"AWS chooses the shards of a stream that is {_ON_DEMAND}: leave 'shardCount' out"}
    return {}


TYPE = ResourceType(
    sdk=aws.kinesis.Stream,
    inputs=frozenset({*_FIELDS, "enforceConsumerDeletion", "shardCount", "shardLevelMetrics", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_MODE,
    also_needs=_also_needs,
    refuses=_refuses,
    auto_name=AutoName(max_length=128),
    defaults={"encryptionType": "NONE", "enforceConsumerDeletion": False, "retentionPeriod": 24},
    replace_on=frozenset({"name"}),
    compare_as={"shardLevelMetrics": frozenset},
    write_only=frozenset({"enforceConsumerDeletion"}),
    id_property="arn",
)
