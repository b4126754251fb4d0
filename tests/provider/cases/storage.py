"""Buckets and what they notify."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_BUCKET: dict[str, Any] = {"Region": "eu-central-1", "Tags": []}
_QUEUE = {"QueueArn": "arn:aws:sqs:eu-central-1:ACCOUNT:inbox-*"}
_TOPIC = {"TopicArn": "arn:aws:sns:eu-central-1:ACCOUNT:told-*"}


def _look_at_bucket(aws: Aws, name: str) -> dict[str, Any]:
    region = aws.s3.get_bucket_location(Bucket=name)["LocationConstraint"]
    try:
        tags = aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except ClientError:  # AWS has no empty set of tags
        tags = []
    return {"Region": region, "Tags": sorted(tags, key=lambda tag: tag["Key"])}


def _look_at_notification(aws: Aws, bucket: str) -> dict[str, Any] | None:
    found = shown(aws, aws.s3.get_bucket_notification_configuration(Bucket=bucket))
    for kind in ("QueueConfigurations", "TopicConfigurations"):
        for configuration in found.get(kind, []):
            configuration["Id"] = re.sub("[0-9a-f]{32}$", "*", configuration["Id"])
    return found or None


def _filters(**rules: str) -> dict[str, Any]:
    return {"Filter": {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules.items()]}}}


def _notify_by_hand(aws: Aws, bucket: str) -> None:
    aws.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


STORAGE = {
    "bucket": Case(
        sdk="s3.Bucket",
        created='force_destroy=True, tags={"stays": "same", "changes": "first", "goes": "away"}',
        changed='tags={"stays": "same", "changes": "second"}',
        bare="",
        seen={
            "created": _BUCKET | {"Tags": tag_list(stays="same", changes="first", goes="away")},
            "changed": _BUCKET | {"Tags": tag_list(stays="same", changes="second")},
            "bare": _BUCKET,
        },
        look=_look_at_bucket,
        drift=lambda aws, name: aws.s3.put_bucket_tagging(
            Bucket=name, Tagging={"TagSet": [{"Key": "by", "Value": "hand"}]}
        ),
        drifted={"tags"},
        remove=lambda aws, name: aws.s3.delete_bucket(Bucket=name),
    ),
    "notification": Case(
        sdk="s3.BucketNotification",
        created="""
            bucket=filed.bucket,
            eventbridge=True,
            queues=[
                {
                    "id": "first",
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": "in/",
                    "filter_suffix": ".json",
                    "queue_arn": inbox.arn,
                },
            ],
            topics=[{"events": ["s3:ObjectRemoved:*"], "topic_arn": told.arn}],
        """,
        changed="""
            bucket=filed.bucket,
            queues=[
                {"events": ["s3:ObjectCreated:Put"], "queue_arn": inbox.arn, "filter_prefix": "in/"},
                {"events": ["s3:ObjectRemoved:*"], "queue_arn": inbox.arn, "filter_suffix": ".xml"},
            ],
            topics=[{"id": "second", "events": ["s3:ObjectRestore:*"], "topic_arn": told.arn}],
        """,
        bare='bucket=filed.bucket, queues=[{"events": ["s3:ObjectCreated:*"], "queue_arn": inbox.arn}]',
        seen={
            "created": {
                "EventBridgeConfiguration": {},
                "QueueConfigurations": [
                    {
                        "Id": "first",
                        "Events": ["s3:ObjectCreated:*"],
                        **_QUEUE,
                        **_filters(prefix="in/", suffix=".json"),
                    }
                ],
                "TopicConfigurations": [{"Id": "tf-s3-topic-*", "Events": ["s3:ObjectRemoved:*"], **_TOPIC}],
            },
            "changed": {
                "QueueConfigurations": [
                    {"Id": "tf-s3-queue-*", "Events": ["s3:ObjectCreated:Put"], **_QUEUE, **_filters(prefix="in/")},
                    {"Id": "tf-s3-queue-*", "Events": ["s3:ObjectRemoved:*"], **_QUEUE, **_filters(suffix=".xml")},
                ],
                "TopicConfigurations": [{"Id": "second", "Events": ["s3:ObjectRestore:*"], **_TOPIC}],
            },
            "bare": {
                "QueueConfigurations": [{"Id": "tf-s3-queue-*", "Events": ["s3:ObjectCreated:*"], **_QUEUE}],
            },
        },
        look=_look_at_notification,
        drift=_notify_by_hand,
        drifted={"eventbridge", "queues"},
        remove=lambda aws, bucket: aws.s3.delete_bucket(Bucket=bucket),
    ),
}
