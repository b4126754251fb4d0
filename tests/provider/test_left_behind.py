"""What is left in AWS when a call fails in the middle, and when the program wants to keep something."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local.archive import Archive
from local.aws import Aws
from local.provider.resource import Properties
from local.provider.resources import (
    cloudwatch_log_group,
    dynamodb_table,
    iam_role,
    kinesis_stream,
    kinesis_stream_consumer,
    kms_key,
    lambda_function,
    s3_bucket,
)
from local.provider.resources import s3_bucket_public_access_block as block
from tests.provider.inventory import inventory
from tests.support.program import NewProgram

_TRUST = '{"Version": "2012-10-17", "Statement": []}'
_ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'

_STREAM: Properties = {"encryptionType": "NONE", "name": "orders", "retentionPeriod": 24, "shardCount": 1}
_TABLE: Properties = {
    "attributes": [{"name": "id", "type": "S"}],
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "id",
    "name": "orders",
    "tableClass": "STANDARD",
}


def _worker(aws: Aws) -> Properties:
    role = aws.iam.create_role(RoleName="role", AssumeRolePolicyDocument=_TRUST)["Role"]["Arn"]
    code = Archive({"assets": {"handler.py": {"text": "handle"}}})
    return {"name": "worker", "code": code, "handler": "handler.handle", "role": role, "runtime": "python3.13"}


def test_a_log_group_whose_retention_is_refused_is_not_left(new_program: NewProgram) -> None:
    aws = new_program().aws

    with pytest.raises(ClientError, match="Invalid retentionInDays value: 2"):
        cloudwatch_log_group.create(aws, {"name": "orders", "retentionInDays": 2})
    assert inventory(aws) == {}

    cloudwatch_log_group.create(aws, {"name": "orders", "retentionInDays": 3})
    assert inventory(aws) == {"log groups": ["orders"]}


def test_a_function_whose_reservation_is_refused_is_not_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    worker = _worker(aws)

    with pytest.raises(ParamValidationError, match="ReservedConcurrentExecutions, value: -5, valid min value: 0"):
        lambda_function.create(aws, {**worker, "reservedConcurrentExecutions": -5})
    assert inventory(aws) == {"roles": ["role"]}

    lambda_function.create(aws, {**worker, "reservedConcurrentExecutions": 5})
    assert inventory(aws) == {"functions": ["worker"], "roles": ["role"]}


def test_a_role_with_policies_is_only_deleted_when_the_program_forces_it(new_program: NewProgram) -> None:
    aws = new_program().aws
    aws.iam.create_role(RoleName="role", AssumeRolePolicyDocument=_TRUST)
    aws.iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=_ALLOW)
    aws.iam.attach_role_policy(RoleName="role", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")

    with pytest.raises(ClientError, match="DeleteConflict"):
        iam_role.delete(aws, "role", {"forceDetachPolicies": False})
    assert inventory(aws) == {
        "role attachments": ["ReadOnlyAccess"],
        "role policies": ["inline"],
        "roles": ["role"],
    }

    iam_role.delete(aws, "role", {"forceDetachPolicies": True})
    assert inventory(aws) == {}


def test_a_log_group_that_the_program_wants_to_outlive_it_is_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    aws.logs.create_log_group(logGroupName="orders")

    cloudwatch_log_group.delete(aws, "orders", {"skipDestroy": True})

    assert inventory(aws) == {"log groups": ["orders"]}


def test_a_function_that_the_program_wants_to_outlive_it_is_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    lambda_function.create(aws, {**_worker(aws), "reservedConcurrentExecutions": -1})

    lambda_function.delete(aws, "worker", {"skipDestroy": True})

    assert inventory(aws) == {"functions": ["worker"], "roles": ["role"]}


def test_a_key_whose_rotation_is_refused_is_not_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    rotating: Properties = {"enableKeyRotation": True, "isEnabled": True}

    with pytest.raises(ParamValidationError, match="RotationPeriodInDays, value: 5, valid min value: 90"):
        kms_key.create(aws, {**rotating, "rotationPeriodInDays": 5})
    assert inventory(aws) == {}

    kms_key.create(aws, {**rotating, "rotationPeriodInDays": 90})
    assert inventory(aws) == {"keys": ["KEY"]}


@pytest.mark.parametrize(("wanted", "days"), [({"deletionWindowInDays": 7}, 7), ({}, 30)])
def test_a_key_waits_for_its_end_as_long_as_the_program_wants(
    new_program: NewProgram, wanted: Properties, days: int
) -> None:
    aws = new_program().aws
    key = kms_key.create(aws, {"enableKeyRotation": False, "isEnabled": True})

    kms_key.delete(aws, key, wanted)

    end = aws.kms.describe_key(KeyId=key)["KeyMetadata"].get("DeletionDate", datetime.min)
    assert round((end - datetime.now(UTC)).total_seconds() / 86_400, 1) == days
    assert kms_key.read(aws, key) is None


def test_a_bucket_whose_tags_are_refused_is_not_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    bucket: Properties = {"bucket": f"orders-{aws.account}"}

    with pytest.raises(ParamValidationError, match="Invalid length for parameter Tagging"):
        s3_bucket.create(aws, {**bucket, "tags": {"": "nothing"}})
    assert inventory(aws) == {}

    s3_bucket.create(aws, {**bucket, "tags": {"team": "orders"}})
    assert inventory(aws) == {"buckets": ["orders-ACCOUNT"]}


def test_a_bucket_with_objects_is_only_deleted_when_the_program_forces_it(new_program: NewProgram) -> None:
    aws = new_program().aws
    name = s3_bucket.create(aws, {"bucket": f"orders-{aws.account}"})
    for key in ("one", "two"):
        aws.s3.put_object(Bucket=name, Key=key, Body=b"{}")

    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3_bucket.delete(aws, name, {"forceDestroy": False})
    assert inventory(aws) == {"buckets": ["orders-ACCOUNT"]}

    s3_bucket.delete(aws, name, {"forceDestroy": True})
    assert inventory(aws) == {}


def test_a_block_of_public_access_that_the_program_wants_to_outlive_it_is_left(new_program: NewProgram) -> None:
    aws = new_program().aws
    name = s3_bucket.create(aws, {"bucket": f"orders-{aws.account}"})
    block.create(aws, {"bucket": name, "blockPublicAcls": True})

    block.delete(aws, name, {"skipDestroy": True})
    assert block.read(aws, name) == {
        "blockPublicAcls": True,
        "blockPublicPolicy": False,
        "bucket": name,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    }

    block.delete(aws, name, {})
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        block.read(aws, name)


def test_a_table_whose_ttl_is_refused_is_not_left_though_it_is_to_be_protected(new_program: NewProgram) -> None:
    aws = new_program().aws
    ttl = {"attributeName": "", "enabled": True}

    with pytest.raises(ParamValidationError, match="Invalid length for parameter TimeToLiveSpecification"):
        dynamodb_table.create(aws, {**_TABLE, "deletionProtectionEnabled": True, "ttl": ttl})
    assert inventory(aws) == {}

    dynamodb_table.create(aws, {**_TABLE, "ttl": {**ttl, "attributeName": "expires"}})
    assert inventory(aws) == {"tables": ["orders"]}


def test_a_protected_table_is_only_deleted_when_the_program_has_taken_that_away(new_program: NewProgram) -> None:
    aws = new_program().aws
    protected: Properties = {**_TABLE, "deletionProtectionEnabled": True}
    dynamodb_table.create(aws, protected)

    with pytest.raises(ClientError, match=r"ValidationException.*protected against deletion"):
        dynamodb_table.delete(aws, "orders", protected)
    assert inventory(aws) == {"tables": ["orders"]}

    dynamodb_table.update(aws, "orders", dynamodb_table.read(aws, "orders"), _TABLE)
    dynamodb_table.delete(aws, "orders", _TABLE)
    assert inventory(aws) == {}


def test_the_ttl_of_a_table_is_switched_off_before_it_takes_another_attribute(new_program: NewProgram) -> None:
    aws = new_program().aws
    expires, until = ({"attributeName": name, "enabled": True} for name in ("expires", "until"))
    dynamodb_table.create(aws, {**_TABLE, "ttl": expires})

    with pytest.raises(ClientError, match="active on a different AttributeName: current AttributeName is expires"):
        dynamodb_table.update(aws, "orders", dynamodb_table.read(aws, "orders"), {**_TABLE, "ttl": until})
    assert dynamodb_table.read(aws, "orders")["ttl"] == expires

    for ttl in ({**expires, "enabled": False}, until):
        dynamodb_table.update(aws, "orders", dynamodb_table.read(aws, "orders"), {**_TABLE, "ttl": ttl})
    assert dynamodb_table.read(aws, "orders")["ttl"] == until


def test_a_stream_whose_retention_is_refused_is_not_left(new_program: NewProgram) -> None:
    aws = new_program().aws

    with pytest.raises(ClientError, match="RetentionPeriodHours cannot exceed 8760"):
        kinesis_stream.create(aws, {**_STREAM, "retentionPeriod": 9000})
    assert inventory(aws) == {}

    kinesis_stream.create(aws, _STREAM)
    assert inventory(aws) == {"streams": ["arn:aws:kinesis:eu-central-1:ACCOUNT:stream/orders"]}


def test_a_stream_with_registered_consumers_is_only_deleted_when_the_program_enforces_it(
    new_program: NewProgram,
) -> None:
    aws = new_program().aws
    arn = kinesis_stream.create(aws, _STREAM)
    kinesis_stream_consumer.create(aws, {"name": "reader", "streamArn": arn})
    both = {"stream consumers": ["reader"], "streams": ["arn:aws:kinesis:eu-central-1:ACCOUNT:stream/orders"]}

    with pytest.raises(ClientError, match=r"ResourceInUseException.*there are consumers associated with this data"):
        kinesis_stream.delete(aws, arn, {"enforceConsumerDeletion": False})
    assert inventory(aws) == both

    kinesis_stream.delete(aws, arn, {"enforceConsumerDeletion": True})
    assert inventory(aws) == {}
