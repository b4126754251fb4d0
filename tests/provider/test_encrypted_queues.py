"""Queues with a customer key: who may send and receive, and whose function may be mapped to them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.archive import Archive
from local.aws import Aws
from local.environment import REGION
from local.provider.resource import Properties
from local.provider.resources import lambda_alias, lambda_event_source_mapping, lambda_function
from local.supervisor import Instance
from tests.provider.queues import Statement, allow, bodies, document, new_queue, notify, service, subscribe

_USE = ["kms:Decrypt", "kms:GenerateDataKey"]


@pytest.fixture
def aws(embedded_aws: Instance) -> Aws:
    return Aws(embedded_aws.endpoint, REGION, f"{secrets.randbelow(10**12):012d}")


def _root(aws: Aws) -> Statement:
    """What lets IAM policies decide: as in every key's policy."""
    return allow({"AWS": f"arn:aws:iam::{aws.account}:root"}, "kms:*")


def _new_key(aws: Aws, *statements: Statement) -> str:
    return aws.kms.create_key(Policy=document([_root(aws), *statements]))["KeyMetadata"].get("Arn", "")


def _outcome(call: Any) -> str:
    try:
        call()
    except ClientError as error:
        return error.response.get("Error", {}).get("Code", "")
    return "done"


def _as_role(aws: Aws, name: str, *statements: Statement) -> Any:
    """A client of SQS with what a role may do."""
    allowed = [{name: part for name, part in statement.items() if name != "Principal"} for statement in statements]
    trust = document([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}])
    role = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    aws.iam.put_role_policy(RoleName=name, PolicyName="allowed", PolicyDocument=document(allowed))
    found = aws.sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session: Any = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], REGION)
    return session.client("sqs", endpoint_url=aws.endpoint)


@pytest.mark.parametrize(
    ("actions", "sent", "received"),
    [
        ([], "KMS.AccessDeniedException", "KMS.AccessDeniedException"),
        (["kms:GenerateDataKey"], "KMS.AccessDeniedException", "KMS.AccessDeniedException"),
        (["kms:Decrypt"], "KMS.AccessDeniedException", "done"),
        (_USE, "done", "done"),
    ],
)
def test_a_role_needs_the_key_to_send_and_to_receive(aws: Aws, actions: list[str], sent: str, received: str) -> None:
    key = _new_key(aws)
    url, arn = new_queue(aws, "orders", attributes={"KmsMasterKeyId": key})
    on_the_key = [allow("", actions) | {"Resource": key}] if actions else []
    client = _as_role(aws, "role", allow("", "sqs:*") | {"Resource": arn}, *on_the_key)

    assert _outcome(lambda: client.send_message(QueueUrl=url, MessageBody="order")) == sent
    assert _outcome(lambda: client.receive_message(QueueUrl=url, VisibilityTimeout=0)) == received
    assert bodies(aws, url) == (["order"] if sent == received == "done" else [])


def test_a_role_that_the_key_does_not_leave_to_iam_is_refused_with_a_sentence(aws: Aws) -> None:
    key = aws.kms.create_key(Policy=document([allow({"AWS": "arn:aws:iam::111122223333:root"}, "kms:*")]))
    arn = key["KeyMetadata"].get("Arn", "")
    url, _ = new_queue(aws, "orders", attributes={"KmsMasterKeyId": arn})
    client = _as_role(aws, "role", allow("", ["sqs:*", "kms:*"]))

    with pytest.raises(ClientError) as refused:
        client.send_message(QueueUrl=url, MessageBody="order")

    caller = f"arn:aws:sts::{aws.account}:assumed-role/role/test"
    sentence = f"User: {caller} is not authorized to perform: kms:GenerateDataKey on resource: {arn}"
    assert refused.value.response.get("Error", {}) == {
        "Type": "Sender",
        "Code": "KMS.AccessDeniedException",
        "Message": sentence,
        "QueryErrorCode": "KmsAccessDenied",
    }


def test_a_key_that_is_not_there_or_not_usable_encrypts_nothing(aws: Aws) -> None:
    disabled, deleted = _new_key(aws), _new_key(aws)
    aws.kms.disable_key(KeyId=disabled)
    aws.kms.schedule_key_deletion(KeyId=deleted)
    keys = {"disabled": disabled, "deleted": deleted, "missing": "alias/missing", "of AWS": "alias/aws/sqs", "none": ""}
    found: dict[str, str] = {}

    for number, (what, key) in enumerate(keys.items()):
        url, _ = new_queue(aws, f"queue-{number}", attributes={"KmsMasterKeyId": key})
        found[what] = _outcome(lambda url=url: aws.sqs.send_message(QueueUrl=url, MessageBody="order"))

    assert found == {
        "disabled": "KMS.DisabledException",
        "deleted": "KMS.InvalidStateException",
        "missing": "KMS.NotFoundException",
        "of AWS": "done",
        "none": "done",
    }


@dataclass(frozen=True)
class Reached:
    """Which services reach a queue whose key has such a policy."""

    topic: bool
    rule: bool
    bucket: bool


def _reached(aws: Aws, key: str, *, topic: str, bucket: str, rule: str, name: str) -> Reached:
    senders = [allow(service(name), "sqs:SendMessage") for name in ("sns", "events", "s3")]
    url, arn = new_queue(aws, name, senders, {"KmsMasterKeyId": key})
    subscribe(aws, topic, arn)
    aws.events.put_targets(Rule=rule, Targets=[{"Id": name, "Arn": arn, "Input": '"event"'}])
    notified = _outcome(lambda: notify(aws, bucket, arn))
    aws.sns.publish(TopicArn=topic, Message="message")
    aws.events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    found = bodies(aws, url) if key != "alias/missing" else []
    assert notified in ("done", "InvalidArgument")
    return Reached("message" in found, '"event"' in found, notified == "done")


def test_a_service_reaches_an_encrypted_queue_only_with_the_key(aws: Aws) -> None:
    bucket = f"orders-{aws.account}"
    aws.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    topic = aws.sns.create_topic(Name="orders")["TopicArn"]
    rule = aws.events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    sources = {"sns": topic, "events": rule, "s3": f"arn:aws:s3:::{bucket}"}
    keys = {
        "lets in no service": _new_key(aws),
        "lets in all": _new_key(aws, *(allow(service(name), _USE) for name in sources)),
        "lets in all for their sources": _new_key(
            aws, *(allow(service(name), _USE, arn, aws.account) for name, arn in sources.items())
        ),
        "lets in all for others": _new_key(
            aws, *(allow(service(name), _USE, f"{arn}-else") for name, arn in sources.items())
        ),
        "lets in topics": _new_key(aws, allow(service("sns"), _USE)),
        "lets all encrypt": _new_key(aws, *(allow(service(name), "kms:GenerateDataKey") for name in sources)),
        "is that of AWS": "alias/aws/sqs",
    }

    found = {
        what: _reached(aws, key, topic=topic, bucket=bucket, rule="orders", name=f"queue-{number}")
        for number, (what, key) in enumerate(keys.items())
    }

    assert found == {
        "lets in no service": Reached(topic=False, rule=False, bucket=False),
        "lets in all": Reached(topic=True, rule=True, bucket=True),
        # EventBridge does not tell KMS its source, so that a key's policy that asks for it never lets it in.
        "lets in all for their sources": Reached(topic=True, rule=False, bucket=True),
        "lets in all for others": Reached(topic=False, rule=False, bucket=False),
        "lets in topics": Reached(topic=True, rule=False, bucket=False),
        "lets all encrypt": Reached(topic=False, rule=False, bucket=False),
        "is that of AWS": Reached(topic=False, rule=False, bucket=False),
    }


_READ = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@pytest.mark.parametrize(
    ("key", "actions", "refused"),
    [
        ("", _READ, ""),
        ("", _READ - {"sqs:ReceiveMessage"}, "ReceiveMessage on SQS"),
        ("", _READ - {"sqs:DeleteMessage"}, "DeleteMessage on SQS"),
        ("", _READ - {"sqs:GetQueueAttributes"}, "GetQueueAttributes on SQS"),
        ("alias/aws/sqs", _READ, ""),
        ("alias/orders", _READ, "Decrypt on KMS"),
        ("alias/orders", _READ | {"kms:Decrypt"}, ""),
    ],
)
def test_a_function_is_mapped_only_when_its_role_may_read_the_queue(
    aws: Aws, key: str, actions: set[str], refused: str
) -> None:
    aws.kms.create_alias(AliasName="alias/orders", TargetKeyId=_new_key(aws))
    _, queue = new_queue(aws, "orders", attributes={"KmsMasterKeyId": key})
    role = aws.iam.create_role(Path="/orders/", RoleName="reader", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    policy = document([{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}])
    aws.iam.put_role_policy(RoleName="reader", PolicyName="reads", PolicyDocument=policy)
    code = Archive({"assets": {"handler.py": {"text": "handle"}}})
    worker: Properties = {"name": "worker", "code": code, "handler": "handler.handle", "role": role}
    lambda_function.create(aws, worker | {"runtime": "python3.13", "reservedConcurrentExecutions": -1})
    alias: Properties = {"functionName": "worker", "functionVersion": "$LATEST", "name": "live"}
    mapping: Properties = {"eventSourceArn": queue, "functionName": lambda_alias.create(aws, alias), "enabled": False}

    outcome = ""
    try:
        lambda_event_source_mapping.create(aws, mapping)
    except ClientError as error:
        outcome = str(error)

    sentence = (
        "An error occurred (InvalidParameterValueException) when calling the CreateEventSourceMapping operation: "
        "The provided execution role does not have permissions to call "
    )
    assert outcome == (sentence + refused if refused else "")
    assert len(aws.lambda_.list_event_source_mappings()["EventSourceMappings"]) == (0 if refused else 1)
