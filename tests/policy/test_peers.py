"""The comparison with the peers: its translation is right, and what it wrote is up to date. No peer runs here."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bench.peers import comparison
from bench.peers.__main__ import outdated
from bench.peers.cloudformation import Style, Template, translate
from bench.peers.comparison import Case, caught, unsaid
from bench.peers.table import UnknownTypeError
from tests.support.programs import YamlProgram

CASES = list(comparison.cases())


def resources(text: str, style: Style = Style.PROGRAM) -> dict[str, Any]:
    return translated(text, style).body["Resources"]


def translated(text: str, style: Style = Style.PROGRAM) -> Template:
    return translate(yaml.safe_load(text), style)


def test_results_and_page_are_up_to_date() -> None:
    assert outdated() == []


@pytest.mark.parametrize("case", [pytest.param(case, id=case.key) for case in CASES])
def test_every_program_and_mistake_has_a_template(case: Case) -> None:
    assert [*case.templates] == [case.key, f"{case.key}-direct", f"{case.key}-literal"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.key) for case in CASES if not case.mistake])
def test_cloudformation_can_say_all_of_a_good_program(case: Case) -> None:
    assert [template.unsaid for template in case.templates.values()] == [[], [], []]


def test_properties_have_the_names_and_places_of_cloudformation() -> None:
    text = """
    orders: {type: aws:sqs:Queue, properties: {visibilityTimeoutSeconds: 60, fifoQueue: true, tags: {team: store}}}
    table:
      type: aws:dynamodb/table:Table
      properties: {hashKey: id, attributes: [{name: id, type: S}], streamEnabled: false, streamViewType: KEYS_ONLY}
    """

    assert resources(text) == {
        "orders": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": 60, "FifoQueue": True, "Tags": [{"Key": "team", "Value": "store"}]},
        },
        "table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            },
        },
    }


def test_separate_resources_become_part_of_their_owners() -> None:
    text = """
    role: {type: aws:iam:Role, properties: {assumeRolePolicy: '{"Statement": []}'}}
    first: {type: aws:iam:RolePolicy, properties: {role: "${role.name}", policy: '{"Statement": [1]}'}}
    second: {type: aws:iam:RolePolicy, properties: {role: "${role.id}", policy: {fn::toJSON: {Statement: [2]}}}}
    logs: {type: aws:iam:RolePolicyAttachment, properties: {role: "${role.name}", policyArn: arn:aws:iam::aws:policy/a}}
    """

    assert resources(text) == {
        "role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": []},
                "Policies": [
                    {"PolicyName": "first", "PolicyDocument": {"Statement": [1]}},
                    {"PolicyName": "second", "PolicyDocument": {"Statement": [2]}},
                ],
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/a"],
            },
        }
    }


def test_an_arn_that_would_go_round_in_a_circle_is_one_by_name() -> None:
    text = """
    orders:
      type: aws:sqs:Queue
      properties: {redrivePolicy: {fn::toJSON: {deadLetterTargetArn: "${failed.arn}", maxReceiveCount: 5}}}
    failed: {type: aws:sqs:Queue}
    allow:
      type: aws:sqs:RedriveAllowPolicy
      properties:
        queueUrl: ${failed.url}
        redriveAllowPolicy: {fn::toJSON: {redrivePermission: byQueue, sourceQueueArns: ["${orders.arn}"]}}
    """

    own = {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"}
    assert resources(text) == {
        "orders": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": "orders",
                "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["failed", "Arn"]}, "maxReceiveCount": 5},
            },
        },
        "failed": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"RedriveAllowPolicy": {"redrivePermission": "byQueue", "sourceQueueArns": [own]}},
        },
    }


def test_a_notification_of_a_bucket_is_one_for_each_event() -> None:
    text = """
    orders: {type: aws:sqs:Queue}
    uploads: {type: aws:s3:Bucket}
    notification:
      type: aws:s3:BucketNotification
      properties:
        bucket: ${uploads.id}
        queues: [{queueArn: "${orders.arn}", events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], filterPrefix: in/}]
    """

    target = {
        "Queue": {"Fn::GetAtt": ["orders", "Arn"]},
        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert resources(text)["uploads"]["Properties"] == {
        "NotificationConfiguration": {"QueueConfigurations": [{"Event": event, **target} for event in events]}
    }


MAPPING = """
orders: {type: aws:sqs:Queue, properties: {name: orders.fifo}}
table: {type: aws:dynamodb:Table}
worker: {type: aws:lambda:Function, properties: {role: arn:aws:iam::000000000001:role/a}}
live: {type: aws:lambda:Alias, properties: {name: live, functionName: "${worker.arn}", functionVersion: "1"}}
mapping:
  type: aws:lambda:EventSourceMapping
  properties: {functionName: "${live.arn}", eventSourceArn: "${orders.arn}"}
changes:
  type: aws:lambda:EventSourceMapping
  properties: {functionName: "${live.arn}", eventSourceArn: "${table.streamArn}"}
"""
QUEUE, TABLE = {"Fn::GetAtt": ["orders", "Arn"]}, {"Fn::GetAtt": ["table", "StreamArn"]}


@pytest.mark.parametrize(
    ("style", "invoked", "queue", "stream"),
    [
        (Style.PROGRAM, "live", QUEUE, TABLE),
        (Style.DIRECT, "worker", QUEUE, TABLE),
        (
            Style.LITERAL,
            "live",
            "arn:aws:sqs:eu-central-1:000000000001:orders.fifo",
            "arn:aws:dynamodb:eu-central-1:000000000001:table/table/stream/2026-11-21T00:00:00.000",
        ),
    ],
)
def test_a_mapping_names_its_function_and_its_source_in_each_style(
    style: Style, invoked: str, queue: Any, stream: Any
) -> None:
    made = resources(MAPPING, style)

    assert made["mapping"]["Properties"] == {"FunctionName": {"Ref": invoked}, "EventSourceArn": queue}
    assert made["changes"]["Properties"] == {"FunctionName": {"Ref": invoked}, "EventSourceArn": stream}
    assert made["live"]["Properties"] == {"FunctionName": {"Ref": "worker"}, "FunctionVersion": "1", "Name": "live"}


def test_a_time_is_in_seconds() -> None:
    text = """
    mapping:
      type: aws:lambda:EventSourceMapping
      properties: {startingPosition: AT_TIMESTAMP, startingPositionTimestamp: "2026-11-21T00:00:00Z"}
    """

    assert resources(text)["mapping"]["Properties"] == {
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": 1795219200.0,
    }


def test_references_inside_a_text_are_substituted() -> None:
    text = """
    logs: {type: aws:cloudwatch:LogGroup}
    orders: {type: aws:sqs:Queue}
    rule: {type: aws:cloudwatch:EventRule, properties: {description: "${logs.arn}:* to ${orders.arn}, ${orders.url}"}}
    """

    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${logs}"
    assert resources(text)["rule"]["Properties"] == {
        "Description": {"Fn::Sub": f"{group}:* to ${{orders.Arn}}, ${{orders}}"}
    }


def test_what_cloudformation_cannot_say_is_told() -> None:
    text = """
    grant: {type: aws:kms:Grant, properties: {keyId: a}}
    apart: {type: aws:sqs:RedrivePolicy, properties: {queueUrl: https://elsewhere, redrivePolicy: "{}"}}
    orders: {type: aws:sqs:Queue, properties: {region: eu-west-1}}
    """

    assert translated(text).unsaid == [
        "apart: what it is part of is not in the program",
        "grant: CloudFormation has no grants",
        "orders.region: a stack is in one region",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vpc: {type: aws:ec2:Vpc}", "types.yaml does not know the type aws:ec2/vpc:Vpc"),
        (
            "orders: {type: aws:sqs:Queue, properties: {colour: red}}",
            r"types.yaml does not know aws:sqs/queue:Queue.colour \(of orders\)",
        ),
    ],
)
def test_what_the_table_does_not_know_is_an_error(text: str, message: str) -> None:
    with pytest.raises(UnknownTypeError, match=f"^{message}$"):
        translated(text)


GOOD = Template({"Resources": {"orders": {"Type": "AWS::SQS::Queue", "Properties": {}}}})
WITH_ANOTHER = Template({"Resources": {**GOOD.body["Resources"], "second": {"Type": "AWS::SQS::Queue"}}})


@pytest.mark.parametrize(
    ("template", "reasons"),
    [
        (WITH_ANOTHER, []),
        (GOOD, ["it makes no difference there"]),
        (Template(GOOD.body, ["grant: CloudFormation has no grants"]), ["grant: CloudFormation has no grants"]),
    ],
)
def test_a_mistake_without_words_in_cloudformation_is_told_with_the_reason(
    template: Template, reasons: list[str]
) -> None:
    assert unsaid(template, GOOD) == reasons


@pytest.mark.parametrize(
    ("good", "bad", "direct", "literal", "as_is", "otherwise"),
    [
        pytest.param("A:orders", "A:orders", "", "", "", "", id="the good program has it, too"),
        pytest.param("", "A[x]:orders A[y]:orders", "", "", "A", "", id="a rule that is new"),
        pytest.param("A[x]:orders", "A[y]:orders", "", "", "A", "", id="another case of a rule"),
        pytest.param("A:orders", "A:second", "", "", "", "", id="said of each of a type"),
        pytest.param("", "A:second", "", "", "A", "", id="said only of the resource that is added"),
        pytest.param("", "A:orders", "A:orders B:orders", "C:orders", "A", "B C", id="in another style"),
    ],
)
def test_a_mistake_is_caught_by_what_is_not_said_of_the_good_program(
    good: str, bad: str, direct: str, literal: str, as_is: str, otherwise: str
) -> None:
    said = {"p-1": bad, "p-1-direct": direct, "p-1-literal": literal}
    said |= dict.fromkeys(("p", "p-direct", "p-literal"), good)
    findings = {key: {(a.partition(":")[0], a.partition(":")[2]) for a in text.split()} for key, text in said.items()}
    templates = {key: WITH_ANOTHER if "-1" in key else GOOD for key in said}

    found = caught(findings, Case("p-1", "p", YamlProgram({}), {}), templates)

    assert found == {"rules": as_is.split(), "in another style": otherwise.split()}
