"""Data sources: the account, the region, the partition, and policy documents as pulumi-aws writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.aws import Aws
from local.provider import invokes
from tests.support.program import NewProgram

_DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"
_AWS = Aws("http://127.0.0.1:1", "eu-central-1", "000000000001")
"""Not called: a policy document is only text."""


def test_a_program_learns_its_account_region_and_partition_and_gets_a_policy_document(new_program: NewProgram) -> None:
    program = new_program()
    program.write(
        """
        identity, region, other = aws.get_caller_identity(), aws.get_region(), aws.get_region(region="us-east-1")
        pulumi.export("identity", [identity.account_id, identity.arn, identity.id, identity.user_id])
        pulumi.export("regions", [[it.region, it.id, it.endpoint] for it in (region, other)])
        partition = aws.get_partition()
        pulumi.export("partition", [partition.partition, partition.dns_suffix, partition.reverse_dns_prefix])
        statement = {"actions": ["sqs:SendMessage"], "resources": [aws.sqs.Queue("orders", name="orders").arn]}
        pulumi.export("document", aws.iam.get_policy_document_output(statements=[statement]).json)
        """
    )

    result = program.up()

    assert result.code == 0, result.text
    account = program.aws.account
    outputs = program.state()[f"{program.name}-test"]["outputs"]
    document: dict[str, Any] = json.loads(outputs.pop("document"))
    assert outputs == {
        "identity": [account, f"arn:aws:iam::{account}:root", account, account],
        "regions": [
            ["eu-central-1", "eu-central-1", "ec2.eu-central-1.amazonaws.com"],
            ["us-east-1", "us-east-1", "ec2.us-east-1.amazonaws.com"],
        ],
        "partition": ["aws", "amazonaws.com", "com.amazonaws"],
    }
    orders = f"arn:aws:sqs:eu-central-1:{account}:orders"
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": orders}
    assert document == {"Version": "2012-10-17", "Statement": [allow]}


@pytest.mark.parametrize(
    ("arguments", "document"),
    [
        ({}, {"Version": "2012-10-17"}),
        (
            {
                "policyId": "orders",
                "version": "2008-10-17",
                "statements": [{"sid": "One", "effect": "Deny", "notActions": ["sqs:*"], "notResources": ["*"]}],
            },
            {
                "Version": "2008-10-17",
                "Id": "orders",
                "Statement": [{"Sid": "One", "Effect": "Deny", "NotAction": "sqs:*", "NotResource": "*"}],
            },
        ),
        (
            {
                "statements": [
                    {
                        "actions": ["sqs:ReceiveMessage", "sqs:SendMessage"],
                        "resources": ["arn:a", "arn:&{aws:username}"],
                    },
                    {
                        "actions": ["sts:AssumeRole"],
                        "principals": [
                            {"type": "Service", "identifiers": ["lambda.amazonaws.com"]},
                            {"type": "AWS", "identifiers": ["arn:b", "arn:a"]},
                            {"type": "AWS", "identifiers": ["arn:c"]},
                        ],
                        "notPrincipals": [{"type": "AWS", "identifiers": ["arn:d"]}],
                    },
                ]
            },
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["sqs:SendMessage", "sqs:ReceiveMessage"],
                        "Resource": ["arn:a", "arn:${aws:username}"],
                    },
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"AWS": ["arn:c", "arn:b", "arn:a"], "Service": "lambda.amazonaws.com"},
                        "NotPrincipal": {"AWS": "arn:d"},
                    },
                ],
            },
        ),
        (
            {
                "statements": [
                    {
                        "actions": ["sqs:SendMessage"],
                        "resources": ["*"],
                        "principals": [{"type": "*", "identifiers": ["*"]}],
                        "conditions": [
                            {"test": "ArnEquals", "variable": "aws:SourceArn", "values": ["arn:topic"]},
                            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["2", "1"]},
                            {"test": "StringEquals", "variable": "aws:PrincipalOrgID", "values": ["o-1"]},
                            {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["3"]},
                        ],
                    }
                ]
            },
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sqs:SendMessage",
                        "Resource": "*",
                        "Principal": "*",
                        "Condition": {
                            "ArnEquals": {"aws:SourceArn": "arn:topic"},
                            "StringEquals": {"aws:PrincipalOrgID": "o-1", "aws:SourceAccount": ["2", "1", "3"]},
                        },
                    }
                ],
            },
        ),
        (
            {
                "sourcePolicyDocuments": [
                    '{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Deny"}, {"Effect": "Deny"}]}'
                ],
                "statements": [{"sid": "A", "actions": ["sqs:*"]}, {"sid": "B", "actions": ["sqs:*"]}],
                "overridePolicyDocuments": ['{"Id": "last", "Statement": [{"Sid": "B", "Effect": "Deny"}]}'],
            },
            {
                "Version": "2012-10-17",
                "Id": "last",
                "Statement": [
                    {"Sid": "A", "Effect": "Allow", "Action": "sqs:*"},
                    {"Effect": "Deny"},
                    {"Sid": "B", "Effect": "Deny"},
                ],
            },
        ),
    ],
    ids=["empty", "not", "lists", "conditions", "merged"],
)
def test_a_policy_document(arguments: dict[str, Any], document: dict[str, Any]) -> None:
    answer = invokes.invoke(_AWS, _DOCUMENT, arguments)

    assert json.loads(answer["json"]) == document
    assert answer["minifiedJson"] == json.dumps(document, separators=(",", ":"))
    assert {name: answer[name] for name in arguments} == arguments
