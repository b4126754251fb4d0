"""`aws.iam.RolePolicyAttachment`: a managed policy of a role. Its id is `<role>/<ARN of the policy>`."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.resource import Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    aws.iam.attach_role_policy(RoleName=news["role"], PolicyArn=news["policyArn"])
    return f"{news['role']}/{news['policyArn']}"


def read(aws: Aws, attachment_id: str) -> Properties | None:
    role, _, arn = attachment_id.partition("/")
    pages = aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    attached = {policy.get("PolicyArn") for page in pages for policy in page["AttachedPolicies"]}
    return {"policyArn": arn, "role": role} if arn in attached else None


def delete(aws: Aws, attachment_id: str, _olds: Properties) -> None:
    role, _, arn = attachment_id.partition("/")
    aws.iam.detach_role_policy(RoleName=role, PolicyArn=arn)


TYPE = ResourceType(
    sdk=aws.iam.RolePolicyAttachment,
    inputs=frozenset({"policyArn", "role"}),
    create=create,
    read=read,
    delete=delete,
    replace_on=frozenset({"policyArn", "role"}),
)
