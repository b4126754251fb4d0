"""`graph.producers`: every service that sends to a queue, in a first preview as well as deployed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.references import Reference
from tests.support.programs import YamlProgram

OUTSIDE = "arn:aws:sqs:eu-central-1:000000000001:theirs"
PROGRAM = yaml.safe_load(f"""
orders: {{type: "aws:sqs:Queue"}}
failed: {{type: "aws:sqs:Queue"}}
topic: {{type: "aws:sns:Topic"}}
worker: {{type: "aws:lambda:Function"}}
rule: {{type: "aws:cloudwatch:EventRule"}}
uploads: {{type: "aws:s3:Bucket"}}
role: {{type: "aws:iam:Role"}}
a-to-queue:
  type: aws:sns:TopicSubscription
  properties:
    topic: "${{topic.arn}}"
    protocol: sqs
    endpoint: "${{orders.arn}}"
    redrivePolicy: {{"fn::toJSON": {{deadLetterTargetArn: "${{failed.arn}}"}}}}
b-to-function:
  type: aws:sns:TopicSubscription
  properties:
    topic: arn:aws:sns:eu-central-1:000000000001:theirs
    protocol: lambda
    endpoint: "${{worker.arn}}"
    redrivePolicy: {{"fn::toJSON": {{deadLetterTargetArn: "{OUTSIDE}"}}}}
c-to-mail:
  type: aws:sns:TopicSubscription
  properties: {{topic: "${{topic.arn}}", protocol: email, endpoint: a@example.com}}
d-to-queue:
  type: aws:cloudwatch:EventTarget
  properties: {{rule: "${{rule.name}}", arn: "${{orders.arn}}", deadLetterConfig: {{arn: "${{failed.arn}}"}}}}
e-to-function:
  type: aws:cloudwatch:EventTarget
  properties: {{rule: theirs, arn: "${{worker.arn}}", deadLetterConfig: {{arn: "${{failed.arn}}"}}}}
f-to-queue:
  type: aws:cloudwatch:EventTarget
  properties: {{rule: "${{rule.name}}", arn: "{OUTSIDE}"}}
g-to-queue:
  type: aws:scheduler:Schedule
  properties: {{target: {{arn: "${{orders.arn}}", roleArn: "${{role.arn}}"}}}}
h-to-function:
  type: aws:scheduler:Schedule
  properties:
    target: {{arn: "${{worker.arn}}", roleArn: "${{role.arn}}", deadLetterConfig: {{arn: "${{failed.arn}}"}}}}
i-to-function:
  type: aws:scheduler:Schedule
  properties: {{target: {{arn: "${{worker.arn}}", roleArn: "${{role.arn}}"}}}}
j-uploads:
  type: aws:s3:BucketNotification
  properties:
    bucket: "${{uploads.id}}"
    queues:
      - {{queueArn: "${{orders.arn}}", events: ["s3:ObjectCreated:*"]}}
      - {{queueArn: "{OUTSIDE}", events: ["s3:ObjectRemoved:*"]}}
      - {{queueArn: "${{failed.arn}}", events: ["s3:ReducedRedundancyLostObject"]}}
      - {{queueArn: "${{failed.arn}}", events: ["s3:ObjectRestore:*"]}}
k-theirs:
  type: aws:s3:BucketNotification
  properties: {{bucket: theirs, lambdaFunctions: [{{lambdaFunctionArn: "${{worker.arn}}"}}]}}
""")
SENT = [
    ("sns.amazonaws.com", "a-to-queue", "topic", "orders", False),
    ("sns.amazonaws.com", "a-to-queue", "topic", "failed", True),
    ("sns.amazonaws.com", "b-to-function", "arn:aws:sns:eu-central-1:000000000001:theirs", OUTSIDE, True),
    ("events.amazonaws.com", "d-to-queue", "rule", "orders", False),
    ("events.amazonaws.com", "d-to-queue", "rule", "failed", True),
    ("events.amazonaws.com", "e-to-function", "theirs", "failed", True),
    ("events.amazonaws.com", "f-to-queue", "rule", OUTSIDE, False),
    ("scheduler.amazonaws.com", "g-to-queue", State.UNSET, "orders", False),
    ("scheduler.amazonaws.com", "h-to-function", State.UNSET, "failed", True),
    ("s3.amazonaws.com", "j-uploads", "uploads", "orders", False),
    ("s3.amazonaws.com", "j-uploads", "uploads", OUTSIDE, False),
    ("s3.amazonaws.com", "j-uploads", "uploads", "failed", False),
]


def sent(resources: list[Resource]) -> list[tuple[str, str, Any, Any, bool]]:
    return [
        (found.service, found.by.name, named(found.source), named(found.queue), found.dead_letters)
        for found in Graph(resources).producers
    ]


def test_a_schedule_and_a_target_with_a_role_need_no_policy_of_the_queue_but_for_dead_letters() -> None:
    program = YamlProgram(PROGRAM).changed({"set": {"d-to-queue.roleArn": "${role.arn}"}})
    with_role = {(found.by.name, found.dead_letters) for found in Graph(program.preview()).producers if found.with_role}

    assert with_role == {("d-to-queue", False), ("g-to-queue", False), ("h-to-function", True)}


def named(reference: Reference) -> str | State:
    return reference.name if isinstance(reference, Resource) else reference


def test_every_service_that_sends_to_a_queue_is_a_producer() -> None:
    assert sent(YamlProgram(PROGRAM).deployed()) == SENT


def test_a_first_preview_tells_the_same_producers() -> None:
    assert sorted(sent(YamlProgram(PROGRAM).preview()), key=str) == sorted(SENT, key=str)


@pytest.mark.parametrize(
    ("name", "path", "queue"),
    [
        ("subscription", "endpoint", State.UNKNOWN),
        ("target", "arn", None),
        ("schedule", "target.arn", None),
        ("notification", "queues", State.UNKNOWN),
    ],
)
def test_what_is_not_known_is_a_queue_only_where_nothing_else_may_be(name: str, path: str, queue: State | None) -> None:
    of_type = {
        "subscription": {"type": "aws:sns:TopicSubscription", "properties": {"protocol": "sqs"}},
        "target": {"type": "aws:cloudwatch:EventTarget"},
        "schedule": {"type": "aws:scheduler:Schedule"},
        "notification": {"type": "aws:s3:BucketNotification"},
    }
    program = YamlProgram({"settings": {"type": "aws:ssm/parameter:Parameter"}, name: of_type[name]})
    unknown = program.changed({"set": {f"{name}.{path}": "${settings.value}"}}).preview()

    assert [found.queue for found in Graph(unknown).producers] == ([queue] if queue else [])
