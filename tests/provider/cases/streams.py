"""Kinesis streams and their registered consumers."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_STREAM: dict[str, Any] = {
    "ConsumerCount": 0,
    "EncryptionType": "NONE",
    "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
    "OpenShardCount": 1,
    "RetentionPeriodHours": 24,
    "StreamModeDetails": {"StreamMode": "PROVISIONED"},
    "StreamStatus": "ACTIVE",
    "Tags": [],
}
_ARN = "arn:aws:kinesis:eu-central-1:ACCOUNT:stream"
_RIVER = _STREAM | {"StreamARN": f"{_ARN}/river-*", "StreamName": "river-*"}
_FLOOD = _STREAM | {"StreamARN": f"{_ARN}/flood-*", "StreamName": "flood-*"}
_READER = {
    "ConsumerName": "reader-*",
    "ConsumerStatus": "ACTIVE",
    "StreamARN": f"{_ARN}/flow-*",
}


def _look_at_stream(aws: Aws, arn: str) -> dict[str, Any]:
    stream = aws.kinesis.describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
    tags = aws.kinesis.list_tags_for_stream(StreamARN=arn)["Tags"]
    return shown(aws, {**stream, "Tags": tags}, "StreamCreationTimestamp")


def _look_at_consumer(aws: Aws, arn: str) -> dict[str, Any]:
    found = aws.kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
    return shown(aws, found, "ConsumerARN", "ConsumerCreationTimestamp")


STREAMS = {
    "river": Case(
        sdk="kinesis.Stream",
        created="""
            encryption_type="KMS",
            enforce_consumer_deletion=True,
            kms_key_id="alias/first",
            retention_period=48,
            shard_count=2,
            shard_level_metrics=["OutgoingBytes", "IncomingBytes"],
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            encryption_type="KMS",
            enforce_consumer_deletion=False,
            kms_key_id="alias/second",
            retention_period=36,
            shard_count=3,
            shard_level_metrics=["IncomingBytes", "IteratorAgeMilliseconds"],
            tags={"stays": "same", "changes": "second"},
        """,
        bare="shard_count=1",
        seen={
            "created": _RIVER
            | {
                "EncryptionType": "KMS",
                "EnhancedMonitoring": [{"ShardLevelMetrics": ["IncomingBytes", "OutgoingBytes"]}],
                "KeyId": "alias/first",
                "OpenShardCount": 2,
                "RetentionPeriodHours": 48,
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _RIVER
            | {
                "EncryptionType": "KMS",
                "EnhancedMonitoring": [{"ShardLevelMetrics": ["IncomingBytes", "IteratorAgeMilliseconds"]}],
                "KeyId": "alias/second",
                "OpenShardCount": 3,
                "RetentionPeriodHours": 36,
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _RIVER,
        },
        look=_look_at_stream,
        drift=lambda aws, arn: aws.kinesis.increase_stream_retention_period(StreamARN=arn, RetentionPeriodHours=96),
        drifted={"retentionPeriod"},
        remove=lambda aws, arn: aws.kinesis.delete_stream(StreamARN=arn),
        import_id=lambda arn: arn.rpartition("/")[2],
    ),
    "flood": Case(
        sdk="kinesis.Stream",
        created='stream_mode_details={"stream_mode": "ON_DEMAND"}',
        changed='encryption_type="KMS", kms_key_id="alias/aws/kinesis", shard_count=5, '
        'stream_mode_details={"stream_mode": "PROVISIONED"}',
        bare="shard_count=1",
        seen={
            "created": _FLOOD | {"OpenShardCount": 4, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}},
            "changed": _FLOOD | {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis", "OpenShardCount": 5},
            "bare": _FLOOD,
        },
        look=_look_at_stream,
        drift=lambda aws, arn: aws.kinesis.update_shard_count(
            StreamARN=arn, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        ),
        drifted={"shardCount"},
        remove=lambda aws, arn: aws.kinesis.delete_stream(StreamARN=arn),
        import_id=lambda arn: arn.rpartition("/")[2],
    ),
    "reader": Case(
        sdk="kinesis.StreamConsumer",
        created="stream_arn=flow.arn",
        changed="stream_arn=flow.arn",
        bare="stream_arn=flow.arn",
        seen={"created": _READER, "changed": _READER, "bare": _READER},
        look=_look_at_consumer,
        remove=lambda aws, arn: aws.kinesis.deregister_stream_consumer(ConsumerARN=arn),
    ),
}
