"""A store whose pipelines have, between them, every feature; alarms are left out where nothing looks at them."""

import json

import pulumi
import pulumi_aws as aws

from components import OrderPipeline, OrderPipelineArgs
from components.watch.queue import QUEUE_ALARMS

account = aws.get_caller_identity().account_id


def trust(principal: dict[str, str]) -> str:
    allowed = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


topic = aws.sns.Topic("topic")
fifo_topic = aws.sns.Topic("fifo-topic", fifo_topic=True, content_based_deduplication=True)
bus = aws.cloudwatch.EventBus("bus")
bucket = aws.s3.Bucket("bucket")
locked_bucket = aws.s3.Bucket("locked-bucket")
outbox = aws.sns.Topic("outbox")
pace = aws.cloudwatch.LogGroup("pace", retention_in_days=1)
clerk = aws.iam.Role("clerk", assume_role_policy=trust({"AWS": f"arn:aws:iam::{account}:root"}))

seldom = {"fair", "undelivered_queue_name"}
quick: OrderPipelineArgs = {
    "code": "recorder",
    "timeout": 1,
    "max_receive_count": 2,
    "alarm_actions": [],
    "alarms": {alarm.name: {"enabled": False} for alarm in QUEUE_ALARMS if not seldom & {*alarm.needs}},
}
placed = {"source": ["store"], "detail-type": ["OrderPlaced"]}
paid = {"source": ["store"], "detail-type": ["OrderPaid"]}
orders = {
    "standard": OrderPipeline(
        "standard",
        {
            **quick,
            "topics": {"shop": {"arn": topic.arn, "filter": {"kind": ["order"]}}},
            "events": {"placed": {"pattern": placed, "bus": bus.name}},
            "buckets": {"drop": {"name": bucket.bucket, "prefix": "in/", "suffix": ".json"}},
            "front_door": {"authorization": "NONE", "required_fields": ["orderId"]},
        },
    ),
    "fifo": OrderPipeline(
        "fifo",
        {
            **quick,
            "fifo": True,
            "dead_letter_reason": "what failed is looked at by hand",
            "batch_size": 1,
            "topics": {"shop": {"arn": fifo_topic.arn}},
            "events": {"placed": {"pattern": placed, "bus": bus.name, "message_group": "from-events"}},
            "front_door": {"authorization": "NONE", "message_group": "$request.body.customerId"},
        },
    ),
    "filtered": OrderPipeline(
        "filtered",
        {
            **quick,
            "filters": [{"body": {"amount": [{"numeric": [">", 100]}]}}, {"body": {"kind": ["vip"]}}],
            "filter_reason": "cheap orders are for another function",
            "front_door": {"path": "/signed"},
        },
    ),
    "locked": OrderPipeline(
        "locked",
        {
            **quick,
            "customer_key": True,
            "environment": {"OUTBOX": outbox.arn},
            "dead_letter_at_once": True,
            "retry_after": True,
            "claim_check": True,
            "permissions": [{"Sid": "FillOutbox", "Effect": "Allow", "Action": "sns:Publish", "Resource": outbox.arn}],
            "topics": {"shop": {"arn": topic.arn}},
            "events": {"paid": {"pattern": paid}},
            "buckets": {"drop": {"name": locked_bucket.bucket}},
            "front_door": {"authorization": "NONE"},
        },
    ),
    "hurried": OrderPipeline(
        "hurried",
        {
            **quick,
            "timeout": pace.retention_in_days.apply(lambda days: days or 0),
            "visibility_timeout": 2,
            "visibility_reason": "a failed order must be retried within 3 s",
            "max_receive_count": 5,
            "reserved_concurrency": 3,
            "transform": {"queue": {"name": "the-hurried-queue"}},
            "tags": {"team": "checkout"},
        },
    ),
    "paused": OrderPipeline(
        "paused",
        {
            **quick,
            "enabled": False,
            "min_pollers": 2,
            "max_pollers": 4,
            "ephemeral_storage": 1024,
            "memory": 512,
            "layers": ["arn:aws:lambda:eu-central-1:123456789012:layer:tools:1"],
            "subnet_ids": ["subnet-0123456789abcdef0"],
            "security_group_ids": ["sg-0123456789abcdef0"],
        },
    ),
    "boxed": OrderPipeline(
        "boxed",
        {
            "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:1",
            "enabled": False,
            "tracing": False,
            "alarm_actions": [],
        },
    ),
}
orders["locked"].grant_send(clerk)

pulumi.export("urls", {name: pipeline.front_door_url for name, pipeline in orders.items()})
