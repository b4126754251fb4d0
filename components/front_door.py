"""The front door: an HTTP API whose requests become messages of the queue, without a function in between.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import iam
from components.arguments import Arguments
from components.children import Children
from components.order_pipeline_args import FrontDoor

TYPES = {
    "front-door": "apigatewayv2.Api",
    "front-door-role": "iam.Role",
    "front-door-policy": "iam.RolePolicy",
    "front-door-integration": "apigatewayv2.Integration",
    "front-door-route": "apigatewayv2.Route",
    "front-door-stage": "apigatewayv2.Stage",
    "front-door-logs": "cloudwatch.LogGroup",
}
"""The children that are made here."""
_AUTHORIZATIONS = ("AWS_IAM", "NONE")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SELECTION = re.compile(r"\$request\.(body\.[\w.\[\]]+|header\.[\w-]+|querystring\.[\w-]+)")
_PATH = re.compile(r"/[\w.~/-]*")
_MAX_ATTRIBUTES = 10
"""A message has at most ten attributes.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
_RATE, _BURST = (1, 10_000), (1, 5_000)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
_ACCESS_LOG = json.dumps(
    {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "route": "$context.routeKey",
        "status": "$context.status",
        "error": "$context.integrationErrorMessage",
    }
)
"""Who sent what and why it was refused; never an order."""


@dataclass(frozen=True)
class FrontDoorSettings:
    """What the user says of the front door."""

    path: str
    authorization: str
    message_group: str
    deduplication: str
    required_fields: Sequence[str]
    rate_limit: pulumi.Input[int]
    burst_limit: pulumi.Input[int]


def read_front_door(
    given: Mapping[str, Any], *, fifo: bool, fair: bool, deduplicates: bool
) -> tuple[FrontDoorSettings, list[str]]:
    """The settings, and what is wrong with them.

    Args:
        given: The argument `front_door`.
        fifo: Whether the queue is FIFO.
        fair: Whether producers give message groups on a standard queue.
        deduplicates: Whether a FIFO queue deduplicates by content.
    """
    read = Arguments(FrontDoor, given, "front_door.")
    fields: Sequence[str] = read.items("required_fields", ("a text", (str,)))
    settings = FrontDoorSettings(
        path=read.text("path", "/orders"),
        authorization=read.text("authorization", "AWS_IAM", choices=_AUTHORIZATIONS),
        message_group=read.text("message_group"),
        deduplication=read.text("deduplication"),
        required_fields=fields,
        rate_limit=read.number("rate_limit", 100),
        burst_limit=read.number("burst_limit", 200),
    )
    problems = [*read.problems]
    if not _PATH.fullmatch(settings.path):
        problems.append(f"front_door.path must begin with a slash, such as '/orders', got {settings.path!r}")
    for name, (low, high) in (("rate_limit", _RATE), ("burst_limit", _BURST)):
        value = getattr(settings, name)
        if isinstance(value, int) and not low <= value <= high:
            problems.append(f"front_door.{name} must be {low}..{high} requests, got {value}")
    for name in ("message_group", "deduplication"):
        value = getattr(settings, name)
        if value and not _SELECTION.fullmatch(value):
            problems.append(
                f"front_door.{name} must be a part of the request, such as '$request.body.customerId' or "
                f"'$request.header.x-customer', got {value!r}"
            )
    if (fifo or fair) and not settings.message_group:
        kind = "FIFO" if fifo else "fair"
        problems.append(
            f"front_door needs a message_group for a {kind} queue: set it to a part of the request, such as "
            "'$request.body.customerId'"
        )
    if fifo and not deduplicates and not settings.deduplication:
        problems.append(
            "front_door needs a deduplication for a FIFO queue without content_based_deduplication: set it to a part "
            "of the request, such as '$request.body.orderId'"
        )
    if not fifo and settings.deduplication:
        problems.append("front_door.deduplication only works on a FIFO queue: leave it out, or set fifo to true")
    if wrong := [field for field in fields if not _FIELD.fullmatch(field)]:
        problems.append(
            f"front_door.required_fields must be names of top-level fields, got {', '.join(map(repr, wrong))}"
        )
    if len(fields) > _MAX_ATTRIBUTES:
        problems.append(f"front_door.required_fields has {len(fields)} names, at most {_MAX_ATTRIBUTES} fit a message")
    return settings, problems


def create_front_door(
    children: Children,
    settings: FrontDoorSettings,
    *,
    queue_url: pulumi.Output[str],
    queue_arn: pulumi.Output[str],
    key_arn: pulumi.Input[str] | None,
    log_retention: pulumi.Input[int],
) -> pulumi.Output[str]:
    """Create the API and return the URL to `POST` orders to."""
    role = children.create("front-door-role", **iam.role_of("apigateway.amazonaws.com"))
    policy = children.create("front-door-policy", role=role.name, policy=iam.document(iam.send(queue_arn, key_arn)))
    api = children.create("front-door", protocol_type="HTTP", description=f"Orders for the pipeline {children.name}")
    integration = children.create(
        "front-door-integration",
        api_id=api.id,
        credentials_arn=role.arn,
        integration_subtype="SQS-SendMessage",
        integration_type="AWS_PROXY",
        payload_format_version="1.0",
        request_parameters=_parameters(settings, queue_url),
        opts=pulumi.ResourceOptions(depends_on=[policy]),
    )
    children.create(
        "front-door-route",
        api_id=api.id,
        authorization_type=settings.authorization,
        route_key=f"POST {settings.path}",
        target=pulumi.Output.concat("integrations/", integration.id),
    )
    logs = children.create("front-door-logs", retention_in_days=log_retention)
    stage = children.create(
        "front-door-stage",
        access_log_settings={"destination_arn": logs.arn, "format": _ACCESS_LOG},
        api_id=api.id,
        auto_deploy=True,
        default_route_settings={
            "throttling_rate_limit": settings.rate_limit,
            "throttling_burst_limit": settings.burst_limit,
        },
        name="$default",
    )
    url: pulumi.Output[str] = stage.invoke_url
    return url.apply(lambda url: url.rstrip("/") + settings.path)


def _parameters(settings: FrontDoorSettings, queue_url: pulumi.Output[str]) -> dict[str, pulumi.Input[str]]:
    """What the message is made of. A request that lacks any part that is named here is answered with 400."""
    parameters: dict[str, pulumi.Input[str]] = {"QueueUrl": queue_url, "MessageBody": "$request.body"}
    if settings.message_group:
        parameters["MessageGroupId"] = settings.message_group
    if settings.deduplication:
        parameters["MessageDeduplicationId"] = settings.deduplication
    if settings.required_fields:
        attributes = {
            field: {"DataType": "String", "StringValue": f"${{request.body.{field}}}"}
            for field in settings.required_fields
        }
        parameters["MessageAttributes"] = json.dumps(attributes, separators=(",", ":"))
    return parameters
