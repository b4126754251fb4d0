"""`aws.iam.Role`."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import from_aws, parsed_json, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS = {
    "assumeRolePolicy": "AssumeRolePolicyDocument",
    "description": "Description",
    "maxSessionDuration": "MaxSessionDuration",
    "name": "RoleName",
    "path": "Path",
    "permissionsBoundary": "PermissionsBoundary",
}


def create(aws: Aws, news: Properties) -> str:
    aws.iam.create_role(**to_aws(_FIELDS, news), Tags=tag_list(news.get("tags")))
    name: str = news["name"]
    return name


def read(aws: Aws, name: str) -> Properties:
    role: dict[str, Any] = dict(aws.iam.get_role(RoleName=name)["Role"])
    attached = aws.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    inline = aws.iam.list_role_policies(RoleName=name)["PolicyNames"]
    return {
        **from_aws(_FIELDS, role),
        "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "arn": role["Arn"],
        "createDate": f"{role['CreateDate']:%Y-%m-%dT%H:%M:%SZ}",
        "uniqueId": role["RoleId"],
        "managedPolicyArns": [policy.get("PolicyArn", "") for policy in attached],
        "inlinePolicies": [{"name": policy} for policy in inline],
        "tags": tag_map(role.get("Tags", [])),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    aws.iam.update_assume_role_policy(RoleName=name, PolicyDocument=news["assumeRolePolicy"])
    aws.iam.update_role(RoleName=name, MaxSessionDuration=news["maxSessionDuration"])
    aws.iam.update_role_description(RoleName=name, Description=news.get("description", ""))
    if news.get("permissionsBoundary"):
        aws.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=news["permissionsBoundary"])
    elif olds.get("permissionsBoundary"):
        aws.iam.delete_role_permissions_boundary(RoleName=name)
    sync_tags(
        olds,
        news,
        lambda keys: aws.iam.untag_role(RoleName=name, TagKeys=keys),
        lambda tags: aws.iam.tag_role(RoleName=name, Tags=tag_list(tags)),
    )


def delete(aws: Aws, name: str, olds: Properties) -> None:
    if olds.get("forceDetachPolicies"):
        for policy in aws.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            aws.iam.detach_role_policy(RoleName=name, PolicyArn=policy.get("PolicyArn", ""))
        for inline in aws.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            aws.iam.delete_role_policy(RoleName=name, PolicyName=inline)
    aws.iam.delete_role(RoleName=name)


TYPE = ResourceType(
    sdk=aws.iam.Role,
    inputs=frozenset({*_FIELDS, "tags", "forceDetachPolicies"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=64),
    defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
    replace_on=frozenset({"name", "path"}),
    compare_as={"assumeRolePolicy": parsed_json},
    write_only=frozenset({"forceDetachPolicies"}),
)
