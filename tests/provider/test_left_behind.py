"""What is left in AWS when a call fails in the middle, and when the program wants to keep something."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from local.archive import Archive
from local.aws import Aws
from local.provider.resource import Properties
from local.provider.resources import cloudwatch_log_group, iam_role, lambda_function
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
    assert inventory(aws) == {"roles": ["role"], "role policies": ["inline"]}

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
