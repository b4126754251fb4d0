"""A program with every producer of an encrypted queue for TLS only, deployed and used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.aws import Aws
from tests.provider.queues import bodies
from tests.support.program import NewProgram
from tests.support.waiting import eventually

_SOURCE = '''
def policy(*statements):
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})

def lets_in(service, action, **source):
    allow = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": action, "Resource": "*"}
    return {**allow, "Condition": {"ArnEquals": {"aws:SourceArn": source["arn"]}}} if source else allow

account = aws.get_caller_identity().account_id
root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
use = ["kms:Decrypt", "kms:GenerateDataKey"]
over_tls = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
over_tls["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}

topic = aws.sns.Topic("topic")
bus = aws.cloudwatch.EventBus("bus")
rule = aws.cloudwatch.EventRule("rule", event_bus_name=bus.name, event_pattern=json.dumps({"source": ["shop"]}))
bucket = aws.s3.Bucket("bucket")
sources = {"sns": topic.arn, "events": rule.arn, "s3": bucket.arn}
key = aws.kms.Key("key", policy=policy(root, *(lets_in(service, use) for service in sources)))
names = aws.kms.Alias("names", name_prefix="alias/orders-", target_key_id=key.arn)
senders = [lets_in(service, "sqs:SendMessage", arn=arn) for service, arn in sources.items()]
lock = {"kms_master_key_id": names.name}

orders = aws.sqs.Queue("orders", visibility_timeout_seconds=60, **lock)
done = aws.sqs.Queue("done", policy=policy(over_tls), **lock)
ordered = aws.sqs.Queue("ordered", content_based_deduplication=True, fifo_queue=True, **lock)
plain = aws.sqs.Queue("plain")
opened = {
    name: aws.sqs.QueuePolicy(name, policy=policy(*senders, over_tls), queue_url=queue.url)
    for name, queue in {"orders": orders, "ordered": ordered, "plain": plain}.items()
}
after = pulumi.ResourceOptions(depends_on=[*opened.values()])

selected = {"filter_policy": json.dumps({"order": {"kind": ["book"]}}), "filter_policy_scope": "MessageBody"}
queue = {"endpoint": orders.arn, "protocol": "sqs", "topic": topic.arn, "opts": after}
aws.sns.TopicSubscription("raw", raw_message_delivery=True, **selected, **queue)
toys = json.dumps({"kind": ["toy"]})
aws.sns.TopicSubscription("wrapped", filter_policy=toys, **{**queue, "endpoint": plain.arn})
aws.cloudwatch.EventTarget(
    "target",
    arn=ordered.arn,
    event_bus_name=bus.name,
    input_path="$.detail",
    rule=rule.name,
    sqs_target={"message_group_id": "shop"},
    opts=after,
)
told = {"events": ["s3:ObjectCreated:*"], "filter_prefix": "in/", "queue_arn": plain.arn}
aws.s3.BucketNotification("notification", bucket=bucket.bucket, queues=[told], opts=after)

code = """
import os

import boto3

def handle(event, context):
    for record in event["Records"]:
        boto3.client("sqs").send_message(QueueUrl=os.environ["DONE"], MessageBody="done: " + record["body"])
"""
trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("role", assume_role_policy=policy(trust))
may = {"Effect": "Allow", "Action": ["sqs:*", *use], "Resource": [orders.arn, done.arn, key.arn]}
allowed = aws.iam.RolePolicy("allowed", policy=policy(may), role=role.name)
worker = aws.lambda_.Function(
    "worker",
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset(code)}),
    environment={"variables": {"DONE": done.url}},
    handler="handler.handle",
    role=role.arn,
    runtime="python3.13",
    timeout=10,
)
aws.lambda_.EventSourceMapping(
    "mapping",
    event_source_arn=orders.arn,
    function_name=worker.arn,
    opts=pulumi.ResourceOptions(depends_on=[allowed]),
)
for name, value in {"topic": topic.arn, "bus": bus.name, "bucket": bucket.bucket}.items():
    pulumi.export(name, value)
for name, queue in {"done": done, "ordered": ordered, "plain": plain}.items():
    pulumi.export(name, queue.url)
'''


@pytest.fixture(scope="module")
def deployed(new_program: NewProgram) -> tuple[Aws, dict[str, str]]:
    program = new_program()
    program.write(_SOURCE)
    result = program.up()
    assert result.code == 0, result.text
    again = program.up()
    assert again.changed() == {}
    return program.aws, program.state()[f"{program.name}-test"]["outputs"]


def test_a_topic_gives_the_function_the_messages_of_its_filter_as_they_are(
    deployed: tuple[Aws, dict[str, str]],
) -> None:
    aws, outputs = deployed
    wanted, unwanted = ('{"order": {"kind": "book"}}', '{"order": {"kind": "car"}}')

    for message in (unwanted, wanted):
        aws.sns.publish(TopicArn=outputs["topic"], Message=message)

    assert eventually(lambda: bodies(aws, outputs["done"])) == [f"done: {wanted}"]


def test_a_topic_selects_by_attributes_and_says_where_a_message_comes_from(
    deployed: tuple[Aws, dict[str, str]],
) -> None:
    aws, outputs = deployed
    for kind in ("game", "toy"):
        attributes: Any = {"kind": {"DataType": "String", "StringValue": kind}}
        aws.sns.publish(TopicArn=outputs["topic"], Message=f"a {kind}", MessageAttributes=attributes)

    found = eventually(lambda: [json.loads(body) for body in bodies(aws, outputs["plain"]) if "Notification" in body])

    assert [(message["TopicArn"], message["Message"]) for message in found] == [(outputs["topic"], "a toy")]


def test_a_rule_puts_the_detail_of_an_event_into_its_message_group(deployed: tuple[Aws, dict[str, str]]) -> None:
    aws, outputs = deployed
    entry: Any = {"DetailType": "order", "Detail": '{"id": 1}', "EventBusName": outputs["bus"]}
    aws.events.put_events(Entries=[entry | {"Source": "other"}, entry | {"Source": "shop"}])

    def look() -> Any:
        return aws.sqs.receive_message(QueueUrl=outputs["ordered"], AttributeNames=["All"]).get("Messages")

    found = [(message["Body"], message["Attributes"]["MessageGroupId"]) for message in eventually(look)]
    assert found == [('{"id": 1}', "shop")]


def test_a_bucket_tells_of_the_objects_of_its_prefix(deployed: tuple[Aws, dict[str, str]]) -> None:
    aws, outputs = deployed
    for name in ("out/1.json", "in/2.json"):
        aws.s3.put_object(Bucket=outputs["bucket"], Key=name, Body=b"{}")

    def look() -> Any:
        return [json.loads(body)["Records"] for body in bodies(aws, outputs["plain"]) if "Records" in body]

    assert [[record["s3"]["object"]["key"] for record in records] for records in eventually(look)] == [["in/2.json"]]
