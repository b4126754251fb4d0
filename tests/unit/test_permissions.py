"""Who may do what: every policy that a pipeline with everything has, and the permission to send that it grants."""

from __future__ import annotations

from functools import cache
from typing import Any

import pulumi_aws as aws
import pytest

from components import OrderPipeline, PipelineError
from tests.support.pipelines import CODE, children, complete, record
from tests.support.recorder import Recorder, Registration

QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
BUCKET = "arn:aws:s3:eu-central-1:000000000001:orders-bodies"
KEY = "arn:aws:kms:eu-central-1:000000000001:orders-key"
EVERYTHING: dict[str, Any] = {
    "customer_key": True,
    "dead_letter_at_once": True,
    "retry_after": True,
    "claim_check": True,
    "front_door": {},
    "subnet_ids": ["subnet-1"],
    "security_group_ids": ["sg-1"],
    "topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store"}},
    "events": {"placed": {"pattern": {"source": ["store"]}}},
    "buckets": {"drop": {"name": "drop"}},
}
RESOURCE_POLICIES = ("queue-policy", "dead-letters-policy", "bodies-policy", "key")
ROLES = ("role", "front-door-role")
ROLE_POLICIES = ("policy", "front-door-policy")


@cache
def everything() -> dict[str, Registration]:
    return children(record(**EVERYTHING))


def statements(*roles: str) -> list[tuple[str, dict[str, Any]]]:
    """The statements of the policies of some children, each with the child."""
    made = everything()
    return [
        (role, statement)
        for role in roles
        for statement in made[role].inputs["assumeRolePolicy" if role in ROLES else "policy"]["Statement"]
    ]


def test_these_are_all_the_policies_that_there_are() -> None:
    made = everything()

    found = {role for role, child in made.items() if {"policy", "assumeRolePolicy"} & child.inputs.keys()}
    assert found == {*RESOURCE_POLICIES, *ROLES, *ROLE_POLICIES}


def test_a_service_may_act_only_for_one_resource_of_one_account() -> None:
    services = {
        (role, statement["Sid"]): {key for keys in statement.get("Condition", {}).values() for key in keys}
        for role, statement in statements(*RESOURCE_POLICIES)
        if "Service" in statement["Principal"]
    }

    bound = {"aws:SourceArn", "aws:SourceAccount"}
    assert services == {
        ("queue-policy", "Topic1"): bound,
        ("queue-policy", "Event1"): bound,
        ("queue-policy", "Bucket1"): bound,
        ("dead-letters-policy", "Topic1"): bound,
        ("dead-letters-policy", "Event1"): bound,
        ("key", "Topic1"): bound,
        ("key", "Bucket1"): bound,
        # CloudWatch Logs says which log group it encrypts, and the account is a part of that.
        ("key", "Logs"): {"kms:EncryptionContext:aws:logs:arn"},
        # EventBridge says nothing to KMS.
        ("key", "Event1"): set(),
    }


def test_everybody_is_only_ever_denied() -> None:
    everybody = [
        (role, statement) for role, statement in statements(*RESOURCE_POLICIES) if "*" in str(statement["Principal"])
    ]

    assert [(role, statement["Effect"], statement["Condition"]) for role, statement in everybody] == [
        ("queue-policy", "Deny", {"Bool": {"aws:SecureTransport": "false"}}),
        ("dead-letters-policy", "Deny", {"Bool": {"aws:SecureTransport": "false"}}),
        ("bodies-policy", "Deny", {"Bool": {"aws:SecureTransport": "false"}}),
    ]


def test_a_role_is_for_one_service() -> None:
    # A role is passed to a service within its own account only, so that there is no confused deputy.
    assert {
        (role, statement["Principal"]["Service"], statement["Action"]) for role, statement in statements(*ROLES)
    } == {
        ("role", "lambda.amazonaws.com", "sts:AssumeRole"),
        ("front-door-role", "apigateway.amazonaws.com", "sts:AssumeRole"),
    }


def test_a_role_may_do_something_to_everything_only_where_aws_knows_no_resources() -> None:
    everything = {statement["Sid"] for _, statement in statements(*ROLE_POLICIES) if statement["Resource"] == "*"}
    actions = [str(statement["Action"]) for _, statement in statements(*ROLE_POLICIES)]

    assert everything == {"Trace", "JoinVpc"}
    assert [action for action in actions if "*" in action] == []


def grants(**arguments: Any) -> list[tuple[str, dict[str, Any], str]]:
    """What `grant_send` makes for two roles: name, inputs and parent."""
    recorder = Recorder()

    def program() -> None:
        orders = OrderPipeline("orders", complete(arguments))
        trust = '{"Statement": []}'
        orders.grant_send(aws.iam.Role("shop", assume_role_policy=trust))
        orders.grant_send(aws.iam.Role("app", assume_role_policy=trust), "mobile")

    recorder.run(program)
    return [(name, made.inputs, made.parent) for name, made in recorder.made.items() if name.startswith("orders-send-")]


SEND = {"Sid": "SendOrders", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
PUT = {"Sid": "PutBodies", "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{BUCKET}/orders/*"}


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({}, [SEND]),
        ({"claim_check": True}, [SEND, PUT]),
        (
            {"customer_key": True},
            [
                SEND,
                {
                    "Sid": "EncryptOrders",
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": KEY,
                },
            ],
        ),
    ],
    ids=str,
)
def test_a_role_that_is_granted_to_send_may_send_and_nothing_else(
    arguments: dict[str, Any], allowed: list[dict[str, Any]]
) -> None:
    policy = {"Version": "2012-10-17", "Statement": allowed}

    assert grants(**arguments) == [
        ("orders-send-shop", {"role": "<name of shop>", "policy": policy}, "orders"),
        ("orders-send-mobile", {"role": "<name of app>", "policy": policy}, "orders"),
    ]


def test_to_grant_twice_is_a_mistake() -> None:
    def program() -> None:
        orders = OrderPipeline("orders", {"code": CODE})
        role = aws.iam.Role("shop", assume_role_policy='{"Statement": []}')
        orders.grant_send(role)
        orders.grant_send(role, "again")
        orders.grant_send(role, "shop")

    with pytest.raises(PipelineError, match=r"^orders: 'shop' may send already: grant it once, or give another label$"):
        Recorder().run(program)
