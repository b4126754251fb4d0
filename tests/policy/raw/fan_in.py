"""A topic, a rule and a bucket feed one queue that is encrypted with a key; everything in one dictionary each."""

# pyright: basic
import json
from functools import partial

import pulumi
from pulumi_aws import cloudwatch, get_caller_identity_output, iam, kms, lambda_, s3, sns, sqs

account = get_caller_identity_output().account_id


def allow(actions, principal, resource: pulumi.Input[str] = "*", **condition):
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": actions,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


def policy(*statements):
    return pulumi.Output.all(*statements).apply(lambda all_: json.dumps({"Version": "2012-10-17", "Statement": all_}))


use = partial(allow, ["kms:GenerateDataKey*", "kms:Decrypt"])
key = kms.Key(
    "events",
    enable_key_rotation=True,
    policy=policy(
        allow("kms:*", {"AWS": account.apply(lambda id_: f"arn:aws:iam::{id_}:root")}),
        use({"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}, StringEquals={"aws:SourceAccount": account}),
        use({"Service": "events.amazonaws.com"}),
    ),
)
lost = sqs.Queue("lost", kms_master_key_id=key.arn, message_retention_seconds=1209600)
events = sqs.Queue(
    "events",
    kms_master_key_id=key.arn,
    visibility_timeout_seconds=360,
    redrive_policy=lost.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})),
)
topic, bucket = sns.Topic("shop"), s3.Bucket("uploads")
rule = cloudwatch.EventRule("placed", event_pattern=json.dumps({"source": ["shop"]}))
policies = []
for name, queue in {"events": events, "lost": lost}.items():
    statements = [
        allow("sqs:SendMessage", {"Service": f"{service}.amazonaws.com"}, queue.arn, ArnLike={"aws:SourceArn": arn})
        for service, arn in {"sns": topic.arn, "events": rule.arn, "s3": bucket.arn}.items()
    ]
    policies.append(sqs.QueuePolicy(name, queue_url=queue.id, policy=policy(*statements)))
sns.TopicSubscription(
    "shop", topic=topic.arn, protocol="sqs", endpoint=events.arn,
    redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": lost.arn}),
)  # fmt: skip
cloudwatch.EventTarget("placed", rule=rule.name, arn=events.arn, dead_letter_config={"arn": lost.arn})
s3.BucketNotification(
    "uploads", bucket=bucket.bucket, queues=[{"queue_arn": events.arn, "events": ["s3:ObjectCreated:*"]}],
    opts=pulumi.ResourceOptions(depends_on=policies),
)  # fmt: skip
role = iam.Role("reader", assume_role_policy=policy(allow("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})))
grant = {"Effect": "Allow", "Action": ["sqs:*Message", "sqs:GetQueueAttributes", "kms:Decrypt"], "Resource": "*"}
granted = iam.RolePolicy("reader", role=role.name, policy=json.dumps({"Statement": [grant]}))
reader = lambda_.Function(
    "reader", role=role.arn, package_type="Image", image_uri="registry.example.com/reader:1", timeout=60
)
lambda_.EventSourceMapping(
    "reader", event_source_arn=events.arn, function_name=reader.qualified_arn,
    function_response_types=["ReportBatchItemFailures"], opts=pulumi.ResourceOptions(depends_on=[granted]),
)  # fmt: skip
