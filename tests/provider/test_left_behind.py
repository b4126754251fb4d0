"""What is left in AWS when a call fails in the middle, and when the program wants to keep something."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local.archive import Archive
from local.aws import Aws
from local.provider.resource import Properties
from local.provider.resources import cloudwatch_log_group, iam_role, kms_key, lambda_function, s3_bucket
from tests.provider.inventory import inventory
from tests.support.program import NewProgram

_TRUST = '{"Version": "2012-10-17", "Statement": []}'
_ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


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
