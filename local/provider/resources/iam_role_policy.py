"""`aws.iam.RolePolicy`: a policy inside a role. Its id is `<role>:<policy>`."""

from __future__ import annotations

import json

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import AutoName, Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    aws.iam.put_role_policy(RoleName=news["role"], PolicyName=news["name"], PolicyDocument=news["policy"])
    return f"{news['role']}:{news['name']}"


def read(aws: Aws, policy_id: str) -> Properties:
    role, _, name = policy_id.partition(":")
    document = aws.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return {"name": name, "policy": json.dumps(document), "role": role}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, policy_id: str, _olds: Properties) -> None:
    role, _, name = policy_id.partition(":")
    aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


TYPE = ResourceType(
    sdk=aws.iam.RolePolicy,
    inputs=frozenset({"name", "policy", "role"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=128),
    replace_on=frozenset({"name", "role"}),
    compare_as={"policy": parsed_json},
)
