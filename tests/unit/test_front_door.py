"""The front door: what the HTTP API is made of, and what it needs for each kind of queue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.pipelines import TAGS, Later, changes, children, record, refusal

QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
KEY = "arn:aws:kms:eu-central-1:000000000001:orders-key"
ROLE = "arn:aws:iam:eu-central-1:000000000001:orders-front-door-role"
SEND = {"Sid": "SendOrders", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}


def door(**front_door: Any) -> dict[str, dict[str, Any]]:
    """The inputs of the children of a front door."""
    made = children(record(front_door=front_door))
    return {role: child.inputs for role, child in made.items() if role.startswith("front-door")}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def test_a_front_door_is_these_resources_with_these_inputs() -> None:
    recorder = record(front_door={})

    made = {role: child for role, child in children(recorder).items() if role.startswith("front-door")}
    assumed = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    assert {role: (child.type, child.inputs) for role, child in made.items()} == {
        "front-door": (
            "aws:apigatewayv2/api:Api",
            {"protocolType": "HTTP", "description": "Orders for the pipeline orders", "tags": TAGS},
        ),
        "front-door-role": (
            "aws:iam/role:Role",
            {"assumeRolePolicy": document(assumed), "forceDetachPolicies": True, "tags": TAGS},
        ),
        "front-door-policy": (
            "aws:iam/rolePolicy:RolePolicy",
            {"role": "<name of orders-front-door-role>", "policy": document(SEND)},
        ),
        "front-door-integration": (
            "aws:apigatewayv2/integration:Integration",
            {
                "apiId": "<id of orders-front-door>",
                "credentialsArn": ROLE,
                "integrationSubtype": "SQS-SendMessage",
                "integrationType": "AWS_PROXY",
                "payloadFormatVersion": "1.0",
                "requestParameters": {"QueueUrl": "<url of orders-queue>", "MessageBody": "$request.body"},
            },
        ),
        "front-door-route": (
            "aws:apigatewayv2/route:Route",
            {
                "apiId": "<id of orders-front-door>",
                "authorizationType": "AWS_IAM",
                "routeKey": "POST /orders",
                "target": "integrations/<id of orders-front-door-integration>",
            },
        ),
        "front-door-logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30, "tags": TAGS}),
        "front-door-stage": (
            "aws:apigatewayv2/stage:Stage",
            {
                "accessLogSettings": {
                    "destinationArn": "arn:aws:cloudwatch:eu-central-1:000000000001:orders-front-door-logs",
                    "format": {
                        "requestId": "$context.requestId",
                        "time": "$context.requestTime",
                        "sourceIp": "$context.identity.sourceIp",
                        "route": "$context.routeKey",
                        "status": "$context.status",
                        "error": "$context.integrationErrorMessage",
                    },
                },
                "apiId": "<id of orders-front-door>",
                "autoDeploy": True,
                "defaultRouteSettings": {"throttlingRateLimit": 100, "throttlingBurstLimit": 200},
                "name": "$default",
                "tags": TAGS,
            },
        ),
    }
    assert recorder.outputs["orders"]["frontDoorUrl"] == "<invokeUrl of orders-front-door-stage>/orders"
    assert "orders-front-door-policy" in made["front-door-integration"].depends_on
    assert changes(recorder, record()).keys() == {(role, key) for role, child in made.items() for key in child.inputs}


def test_requests_need_what_the_door_says_and_become_orders_with_these_attributes() -> None:
    made = door(
        path="/v1/place.order",
        authorization="NONE",
        message_group="$request.body.customer.id",
        required_fields=["orderId", "_total"],
        rate_limit=Later(5),
        burst_limit=7.0,
    )

    assert made["front-door-route"]["routeKey"] == "POST /v1/place.order"
    assert made["front-door-route"]["authorizationType"] == "NONE"
    assert made["front-door-integration"]["requestParameters"] == {
        "QueueUrl": "<url of orders-queue>",
        "MessageBody": "$request.body",
        "MessageGroupId": "$request.body.customer.id",
        "MessageAttributes": {
            "orderId": {"DataType": "String", "StringValue": "${request.body.orderId}"},
            "_total": {"DataType": "String", "StringValue": "${request.body._total}"},
        },
    }
    assert made["front-door-stage"]["defaultRouteSettings"] == {"throttlingRateLimit": 5, "throttlingBurstLimit": 7}


def test_the_door_of_a_fifo_queue_says_group_and_deduplication() -> None:
    doors = {"message_group": "$request.header.x-customer", "deduplication": "$request.querystring.id"}
    made = children(record(fifo=True, content_based_deduplication=False, front_door=doors))

    assert made["front-door-integration"].inputs["requestParameters"] == {
        "QueueUrl": "<url of orders-queue>",
        "MessageBody": "$request.body",
        "MessageGroupId": "$request.header.x-customer",
        "MessageDeduplicationId": "$request.querystring.id",
    }


def test_the_door_may_use_the_key_of_the_queue_and_keeps_its_logs_as_long_as_the_function() -> None:
    made = children(record(customer_key=True, log_retention=7, front_door={}))

    encrypt = {
        "Sid": "EncryptOrders",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": KEY,
    }
    assert made["front-door-policy"].inputs["policy"] == document(SEND, encrypt)
    assert made["front-door-logs"].inputs["retentionInDays"] == 7


SELECTION = "must be a part of the request, such as '$request.body.customerId' or '$request.header.x-customer', got"
NEEDS_GROUP = "set it to a part of the request, such as '$request.body.customerId'"
GROUP = "$request.body.customerId"
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"front_door": {"path": "orders"}},
        ["front_door.path must begin with a slash, such as '/orders', got 'orders'"],
    ),
    (
        {"front_door": {"path": "/{proxy+}"}},
        ["front_door.path must begin with a slash, such as '/orders', got '/{proxy+}'"],
    ),
    ({"front_door": {"authorization": "JWT"}}, ["front_door.authorization must be one of AWS_IAM, NONE, got 'JWT'"]),
    ({"front_door": {"rate_limit": 0}}, ["front_door.rate_limit must be 1..10000 requests, got 0"]),
    ({"front_door": {"rate_limit": 10_001}}, ["front_door.rate_limit must be 1..10000 requests, got 10001"]),
    ({"front_door": {"burst_limit": 0}}, ["front_door.burst_limit must be 1..5000 requests, got 0"]),
    ({"front_door": {"burst_limit": 5_001}}, ["front_door.burst_limit must be 1..5000 requests, got 5001"]),
    ({"front_door": {"rate_limit": "many"}}, ["front_door.rate_limit must be a whole number, got 'many'"]),
    ({"front_door": {"message_group": "all"}}, [f"front_door.message_group {SELECTION} 'all'"]),
    (
        {"front_door": {"deduplication": "$context.requestId", "message_group": GROUP}, "fifo": True},
        [f"front_door.deduplication {SELECTION} '$context.requestId'"],
    ),
    ({"fifo": True, "front_door": {}}, [f"front_door needs a message_group for a FIFO queue: {NEEDS_GROUP}"]),
    ({"fair": True, "front_door": {}}, [f"front_door needs a message_group for a fair queue: {NEEDS_GROUP}"]),
    (
        {"fifo": True, "content_based_deduplication": False, "front_door": {"message_group": GROUP}},
        [
            "front_door needs a deduplication for a FIFO queue without content_based_deduplication: set it to a part "
            "of the request, such as '$request.body.orderId'"
        ],
    ),
    (
        {"front_door": {"deduplication": "$request.body.orderId"}},
        ["front_door.deduplication only works on a FIFO queue: leave it out, or set fifo to true"],
    ),
    (
        {"front_door": {"required_fields": ["order.id", "ok", "1st"]}},
        ["front_door.required_fields must be names of top-level fields, got 'order.id', '1st'"],
    ),
    (
        {"front_door": {"required_fields": [f"f{number}" for number in range(11)]}},
        ["front_door.required_fields has 11 names, at most 10 fit a message"],
    ),
    (
        {"front_door": {"required_fields": ["a", 5]}},
        ["front_door.required_fields[1] must be a text, got a value of type int"],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_door_that_could_not_open_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems


def test_a_door_is_taken_at_its_limits() -> None:
    fields = [f"f{number}" for number in range(10)]
    made = door(path="/", rate_limit=10_000, burst_limit=5_000, required_fields=fields)

    assert made["front-door-stage"]["defaultRouteSettings"] == {
        "throttlingRateLimit": 10_000,
        "throttlingBurstLimit": 5_000,
    }
    assert [*made["front-door-integration"]["requestParameters"]["MessageAttributes"]] == fields
