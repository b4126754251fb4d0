"""Roles and their policies."""

from __future__ import annotations

import json
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, allowed, shown, tag_list


def _look_at_role(aws: Aws, name: str) -> dict[str, Any]:
    return shown(aws, aws.iam.get_role(RoleName=name)["Role"], "CreateDate", "RoleId")


def _look_at_role_policy(aws: Aws, policy_id: str) -> dict[str, Any]:
    role, name = policy_id.split(":")
    return shown(aws, aws.iam.get_role_policy(RoleName=role, PolicyName=name))


def _remove_role_policy(aws: Aws, policy_id: str) -> None:
    role, name = policy_id.split(":")
    aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


def _change_role_policy(aws: Aws, policy_id: str) -> None:
    role, name = policy_id.split(":")
    by_hand = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(by_hand))


def _trusted(service: str) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allow]}


def _boundary(name: str) -> dict[str, str]:
    return {
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": f"arn:aws:iam::aws:policy/{name}",
    }


_ROLE: dict[str, Any] = {
    "Path": "/orders/",
    "RoleName": "role-*",
    "Arn": "arn:aws:iam::ACCOUNT:role/orders/role-*",
    "AssumeRolePolicyDocument": _trusted("pipes.amazonaws.com"),
    "Description": "",
    "MaxSessionDuration": 3600,
}
_POLICY = {"RoleName": "owner-*", "PolicyName": "policy-*"}

IAM = {
    "role": Case(
        sdk="iam.Role",
        created="""
            assume_role_policy=trust("lambda.amazonaws.com"),
            description="first",
            force_detach_policies=True,
            max_session_duration=7200,
            path="/orders/",
            permissions_boundary="arn:aws:iam::aws:policy/AdministratorAccess",
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            assume_role_policy=trust("pipes.amazonaws.com"),
            description="second",
            max_session_duration=10800,
            path="/orders/",
            permissions_boundary="arn:aws:iam::aws:policy/ReadOnlyAccess",
            tags={"stays": "same", "changes": "second"},
        """,
        bare='assume_role_policy=trust("pipes.amazonaws.com"), path="/orders/"',
        seen={
            "created": _ROLE
            | {
                "AssumeRolePolicyDocument": _trusted("lambda.amazonaws.com"),
                "Description": "first",
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": _boundary("AdministratorAccess"),
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _ROLE
            | {
                "Description": "second",
                "MaxSessionDuration": 10800,
                "PermissionsBoundary": _boundary("ReadOnlyAccess"),
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _ROLE,
        },
        look=_look_at_role,
        drift=lambda aws, name: aws.iam.update_role(RoleName=name, Description="by hand", MaxSessionDuration=3601),
        drifted={"description", "maxSessionDuration"},
        remove=lambda aws, name: aws.iam.delete_role(RoleName=name),
    ),
    "policy": Case(
        sdk="iam.RolePolicy",
        created='role=owner.name, policy=document("sqs:SendMessage")',
        changed='role=owner.name, policy=document("sqs:ReceiveMessage")',
        bare='role=owner.name, policy=document("sqs:DeleteMessage")',
        seen={
            "created": _POLICY | {"PolicyDocument": allowed("sqs:SendMessage")},
            "changed": _POLICY | {"PolicyDocument": allowed("sqs:ReceiveMessage")},
            "bare": _POLICY | {"PolicyDocument": allowed("sqs:DeleteMessage")},
        },
        look=_look_at_role_policy,
        drift=_change_role_policy,
        drifted={"policy"},
        remove=_remove_role_policy,
    ),
}
