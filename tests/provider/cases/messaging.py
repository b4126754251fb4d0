"""Queues and topics."""

from __future__ import annotations

import json
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, allowed, shown, tag_list

_JSON = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
_QUEUE: dict[str, Any] = {
    "QueueArn": "arn:aws:sqs:eu-central-1:ACCOUNT:queue-*",
    "VisibilityTimeout": "30",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "ReceiveMessageWaitTimeSeconds": "0",
    "Tags": {},
}
_QUEUE_KEEPS = {
    "KmsDataKeyReusePeriodSeconds": "120",
    "Policy": allowed("sqs:ReceiveMessage"),
    "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
    "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*", "maxReceiveCount": 4},
}
_FIFO_QUEUE_KEEPS = {"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue", "SqsManagedSseEnabled": "false"}
_FIFO_QUEUE: dict[str, Any] = _QUEUE | {
    "QueueArn": "arn:aws:sqs:eu-central-1:ACCOUNT:fifo-*.fifo",
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
}
_TOPIC: dict[str, Any] = {
    "TopicArn": "arn:aws:sns:eu-central-1:ACCOUNT:topic-*",
    "Owner": "ACCOUNT",
    "DisplayName": "",
    "Policy": ["__default_statement_ID"],
    "Tags": [],
}
_FIFO_TOPIC: dict[str, Any] = _TOPIC | {
    "TopicArn": "arn:aws:sns:eu-central-1:ACCOUNT:fifotopic-*.fifo",
    "FifoTopic": "true",
    "ContentBasedDeduplication": "false",
}


def _look_at_queue(aws: Aws, url: str) -> dict[str, Any]:
    answer = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, Any] = {**answer.get("Attributes", {})}
    attributes |= {name: json.loads(attributes[name]) for name in _JSON if name in attributes}
    counts = [name for name in attributes if name.startswith("Approximate")]
    tags = aws.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    return shown(aws, {**attributes, "Tags": tags}, *counts, "CreatedTimestamp", "LastModifiedTimestamp")


def _look_at_redrive_allow_policy(aws: Aws, url: str) -> dict[str, Any] | None:
    answer = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedriveAllowPolicy"])
    policy = answer.get("Attributes", {}).get("RedriveAllowPolicy")
    return shown(aws, json.loads(policy)) if policy else None


def _look_at_topic(aws: Aws, arn: str) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"])
    statements = json.loads(attributes["Policy"])["Statement"]
    attributes["Policy"] = [statement.get("Sid") or statement["Action"] for statement in statements]
    attributes["Tags"] = aws.sns.list_tags_for_resource(ResourceArn=arn).get("Tags", [])
    counts = [name for name in attributes if name.startswith("Subscriptions")]
    return shown(aws, attributes, *counts, "EffectiveDeliveryPolicy")


MESSAGING = {
    "queue": Case(
        sdk="sqs.Queue",
        created="""
            delay_seconds=3,
            kms_data_key_reuse_period_seconds=60,
            kms_master_key_id="alias/first",
            max_message_size=1024,
            message_retention_seconds=60,
            policy=document("sqs:SendMessage"),
            receive_wait_time_seconds=2,
            redrive_policy=kept.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})),
            tags={"stays": "same", "changes": "first", "goes": "away"},
            visibility_timeout_seconds=40,
        """,
        changed="""
            delay_seconds=4,
            kms_data_key_reuse_period_seconds=120,
            kms_master_key_id="alias/second",
            max_message_size=2048,
            message_retention_seconds=120,
            policy=document("sqs:ReceiveMessage"),
            receive_wait_time_seconds=5,
            redrive_allow_policy=json.dumps({"redrivePermission": "denyAll"}),
            redrive_policy=kept.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 4})),
            tags={"stays": "same", "changes": "second"},
            visibility_timeout_seconds=50,
        """,
        bare="",
        seen={
            "created": _QUEUE
            | {
                "VisibilityTimeout": "40",
                "MaximumMessageSize": "1024",
                "MessageRetentionPeriod": "60",
                "DelaySeconds": "3",
                "ReceiveMessageWaitTimeSeconds": "2",
                "KmsDataKeyReusePeriodSeconds": "60",
                "KmsMasterKeyId": "alias/first",
                "Policy": allowed("sqs:SendMessage"),
                "RedrivePolicy": {
                    "deadLetterTargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*",
                    "maxReceiveCount": 3,
                },
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
            },
            "changed": _QUEUE
            | _QUEUE_KEEPS
            | {
                "VisibilityTimeout": "50",
                "MaximumMessageSize": "2048",
                "MessageRetentionPeriod": "120",
                "DelaySeconds": "4",
                "ReceiveMessageWaitTimeSeconds": "5",
                "KmsMasterKeyId": "alias/second",
                "Tags": {"stays": "same", "changes": "second"},
            },
            "bare": _QUEUE,
        },
        keeps=_QUEUE_KEEPS | {"KmsMasterKeyId": ""},
        look=_look_at_queue,
        drift=lambda aws, url: aws.sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"VisibilityTimeout": "31", "KmsMasterKeyId": "alias/by-hand"}
        ),
        drifted={"visibilityTimeoutSeconds", "kmsMasterKeyId"},
        remove=lambda aws, url: aws.sqs.delete_queue(QueueUrl=url),
    ),
    "fifo": Case(
        sdk="sqs.Queue",
        created="""
            content_based_deduplication=True,
            deduplication_scope="messageGroup",
            fifo_queue=True,
            fifo_throughput_limit="perMessageGroupId",
            sqs_managed_sse_enabled=True,
        """,
        changed="""
            content_based_deduplication=False,
            deduplication_scope="queue",
            fifo_queue=True,
            fifo_throughput_limit="perQueue",
            sqs_managed_sse_enabled=False,
        """,
        bare="fifo_queue=True",
        seen={
            "created": _FIFO_QUEUE
            | {
                "ContentBasedDeduplication": "true",
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
                "SqsManagedSseEnabled": "true",
            },
            "changed": _FIFO_QUEUE | _FIFO_QUEUE_KEEPS,
            "bare": _FIFO_QUEUE,
        },
        keeps=_FIFO_QUEUE_KEEPS,
        look=_look_at_queue,
        drift=lambda aws, url: aws.sqs.tag_queue(QueueUrl=url, Tags={"by": "hand"}),
        drifted={"tags"},
        remove=lambda aws, url: aws.sqs.delete_queue(QueueUrl=url),
    ),
    "allow": Case(
        sdk="sqs.RedriveAllowPolicy",
        created='queue_url=kept.url, redrive_allow_policy=json.dumps({"redrivePermission": "denyAll"})',
        changed="""
            queue_url=kept.url,
            redrive_allow_policy=other.arn.apply(
                lambda arn: json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})
            ),
        """,
        bare='queue_url=kept.url, redrive_allow_policy=json.dumps({"redrivePermission": "allowAll"})',
        seen={
            "created": {"redrivePermission": "denyAll"},
            "changed": {
                "redrivePermission": "byQueue",
                "sourceQueueArns": ["arn:aws:sqs:eu-central-1:ACCOUNT:other-*"],
            },
            "bare": {"redrivePermission": "allowAll"},
        },
        look=_look_at_redrive_allow_policy,
        drift=lambda aws, url: aws.sqs.set_queue_attributes(
            QueueUrl=url, Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})}
        ),
        drifted={"redriveAllowPolicy"},
        remove=lambda aws, url: aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": ""}),
    ),
    "topic": Case(
        sdk="sns.Topic",
        created="""
            display_name="first",
            kms_master_key_id="alias/first",
            policy=document("sns:Publish"),
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            display_name="second",
            kms_master_key_id="alias/second",
            policy=document("sns:Subscribe"),
            tags={"stays": "same", "changes": "second"},
        """,
        bare="",
        seen={
            "created": _TOPIC
            | {
                "DisplayName": "first",
                "KmsMasterKeyId": "alias/first",
                "Policy": ["sns:Publish"],
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _TOPIC
            | {
                "DisplayName": "second",
                "KmsMasterKeyId": "alias/second",
                "Policy": ["sns:Subscribe"],
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _TOPIC,
        },
        keeps={"KmsMasterKeyId": "", "Policy": ["sns:Subscribe"]},
        look=_look_at_topic,
        drift=lambda aws, arn: aws.sns.set_topic_attributes(
            TopicArn=arn, AttributeName="DisplayName", AttributeValue="by hand"
        ),
        drifted={"displayName"},
        remove=lambda aws, arn: aws.sns.delete_topic(TopicArn=arn),
    ),
    "fifotopic": Case(
        sdk="sns.Topic",
        created="content_based_deduplication=True, fifo_topic=True",
        changed='content_based_deduplication=False, display_name="second", fifo_topic=True',
        bare="fifo_topic=True",
        seen={
            "created": _FIFO_TOPIC | {"ContentBasedDeduplication": "true"},
            "changed": _FIFO_TOPIC | {"DisplayName": "second"},
            "bare": _FIFO_TOPIC,
        },
        look=_look_at_topic,
        drift=lambda aws, arn: aws.sns.set_topic_attributes(
            TopicArn=arn, AttributeName="ContentBasedDeduplication", AttributeValue="true"
        ),
        drifted={"contentBasedDeduplication"},
        remove=lambda aws, arn: aws.sns.delete_topic(TopicArn=arn),
    ),
}
