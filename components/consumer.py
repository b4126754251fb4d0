"""The function that consumes a source, with its role, its log group and its `live` alias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.arguments import DICTIONARIES, TEXTS, Arguments
from components.children import Children
from components.errors import PipelineError
from components.packaging.dependencies import ARCHITECTURES
from components.packaging.handler import handler_problems
from components.packaging.package import package, package_problems

TYPES = {
    "role": "iam.Role",
    "logs": "cloudwatch.LogGroup",
    "policy": "iam.RolePolicy",
    "function": "lambda_.Function",
    "live": "lambda_.Alias",
}
"""The children that are made here."""
_MAX_LAYERS = 5
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_RANGES = {"memory": (128, 10_240, "MiB"), "ephemeral_storage": (512, 10_240, "MiB")}
_LOG_RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
_LIVE = "live"
_TRACE = iam.allow("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")
"""X-Ray knows no resources: https://docs.aws.amazon.com/xray/latest/devguide/security_iam_service-with-iam.html"""
_JOIN_VPC = iam.allow(
    "JoinVpc",
    [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "*",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""


@dataclass(frozen=True)
class FunctionSettings:
    """What the user says of the function."""

    code: str
    """Folder with the source code; empty for an image."""
    archive: pulumi.Archive | None
    """The code as a zip, once it is packaged."""
    handler: str
    runtime: str
    architecture: str
    image: pulumi.Input[str] | None
    memory: pulumi.Input[int]
    ephemeral_storage: pulumi.Input[int] | None
    environment: Mapping[str, pulumi.Input[str]]
    layers: Sequence[pulumi.Input[str]]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]
    permissions: Sequence[iam.Statement]
    tracing: bool
    log_retention: pulumi.Input[int]


@dataclass(frozen=True)
class Consumer:
    """A function that consumes a source; what is deployed elsewhere has no log group and no alias here."""

    function: aws.lambda_.Function
    policy: aws.iam.RolePolicy
    role: aws.iam.Role | None
    log_group: aws.cloudwatch.LogGroup | None
    alias: aws.lambda_.Alias | None
    target: pulumi.Output[str]
    """ARN that the mapping invokes."""
    alias_name: str
    """The alias or version that it names, or nothing."""
    log_group_name: pulumi.Output[str]


def read_function(given: Arguments) -> FunctionSettings:
    """The settings of the function."""
    return FunctionSettings(
        code=given.text("code"),
        archive=None,
        handler=given.text("handler", "handler.lambda_handler"),
        runtime=given.text("runtime", "python3.13"),
        architecture=given.text("architecture", "arm64", choices=[*ARCHITECTURES]),
        image=given.value("image"),
        memory=given.number("memory", 256),
        ephemeral_storage=given.number("ephemeral_storage"),
        environment=given.entries("environment", TEXTS),
        layers=given.items("layers", TEXTS),
        subnet_ids=given.items("subnet_ids", TEXTS),
        security_group_ids=given.items("security_group_ids", TEXTS),
        permissions=given.items("permissions", DICTIONARIES),
        tracing=given.flag("tracing", True),
        log_retention=given.number("log_retention", 30),
    )


def function_problems(function: FunctionSettings, *, reports: bool) -> list[str]:
    """What is wrong with the settings of the function.

    Args:
        function: The settings.
        reports: Whether the mapping takes the function's answer for what failed of a batch.
    """
    problems: list[str] = []
    if function.code:
        problems += _code_problems(function, reports)
    for name, (low, high, unit) in _RANGES.items():
        value = getattr(function, name)
        if isinstance(value, int) and not low <= value <= high:
            problems.append(f"{name} must be {low}..{high} {unit}, got {value}")
    days = function.log_retention
    if isinstance(days, int) and days not in _LOG_RETENTION_DAYS:
        nearest = min(_LOG_RETENTION_DAYS, key=lambda known: abs(known - days))
        problems.append(f"log_retention {days} days is not one that CloudWatch knows: set it to {nearest}")
    if len(function.layers) > _MAX_LAYERS:
        problems.append(f"layers has {len(function.layers)} entries, at most {_MAX_LAYERS} fit a function")
    if bool(function.subnet_ids) != bool(function.security_group_ids):
        missing = "security_group_ids" if function.subnet_ids else "subnet_ids"
        problems.append(f"a function in a VPC needs subnets and security groups: set {missing}, or leave out both")
    return problems


def _code_problems(function: FunctionSettings, reports: bool) -> list[str]:
    try:
        return [
            *handler_problems(function.code, function.handler, reports=reports),
            *package_problems(function.code, function.runtime, function.architecture),
        ]
    except (OSError, ValueError) as error:  # a path that no system takes, or a file that may not be read
        reason = error.strerror if isinstance(error, OSError) else error
        return [f"code {function.code!r} with handler {function.handler!r} cannot be read: {reason}"]


def packaged(name: str, function: FunctionSettings) -> FunctionSettings:
    """The settings with the code as a zip; its dependencies are installed unless they are in the cache.

    Raises:
        PipelineError: They cannot be installed, or it is more than Lambda takes.
    """
    if not function.code:
        return function
    try:
        archive = package(function.code, runtime=function.runtime, architecture=function.architecture)
    except PipelineError as error:
        raise PipelineError(name, error.problems) from None
    return replace(function, archive=archive)


def create_consumer(
    children: Children,
    settings: FunctionSettings,
    role: aws.iam.Role,
    *,
    timeout: pulumi.Input[int],
    reserved_concurrency: pulumi.Input[int] | None,
    key_arn: pulumi.Input[str] | None,
    log_key_arn: pulumi.Input[str] | None,
    statements: Sequence[iam.Statement],
) -> Consumer:
    """Create a function and everything it needs to consume its source.

    Args:
        children: Makes the resources.
        settings: What the user says of it.
        role: Its execution role.
        timeout: Longest run of one invocation, in seconds.
        reserved_concurrency: Invocations that are set apart for it.
        key_arn: KMS key of its environment.
        log_key_arn: KMS key of its logs.
        statements: What its role may do to read the source; writing logs and the like is added here.
    """
    log_group: aws.cloudwatch.LogGroup = children.create(
        "logs", retention_in_days=settings.log_retention, kms_key_id=log_key_arn
    )
    write_logs = iam.allow(
        "WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], pulumi.Output.concat(log_group.arn, ":*")
    )
    features = [
        *([_TRACE] if settings.tracing else []),
        *([_JOIN_VPC] if settings.subnet_ids else []),
    ]
    policy: aws.iam.RolePolicy = children.create(
        "policy",
        role=role.name,
        policy=iam.document([*statements, write_logs, *features, *settings.permissions]),
    )
    function: aws.lambda_.Function = children.create(
        "function",
        **_code(settings),
        architectures=[settings.architecture],
        environment={"variables": settings.environment} if settings.environment else None,
        ephemeral_storage=None if settings.ephemeral_storage is None else {"size": settings.ephemeral_storage},
        kms_key_arn=key_arn if settings.environment else None,
        layers=settings.layers or None,
        logging_config={"log_format": "JSON", "log_group": log_group.name},
        memory_size=settings.memory,
        publish=True,
        reserved_concurrent_executions=reserved_concurrency,
        role=role.arn,
        timeout=timeout,
        tracing_config={"mode": "Active" if settings.tracing else "PassThrough"},
        vpc_config={"subnet_ids": settings.subnet_ids, "security_group_ids": settings.security_group_ids}
        if settings.subnet_ids
        else None,
        # The mapping starts to poll as soon as it exists: by then the function must be allowed to read and to log.
        opts=pulumi.ResourceOptions(depends_on=[policy]),
    )
    alias: aws.lambda_.Alias = children.create(
        "live", name=_LIVE, function_name=function.name, function_version=function.version
    )
    return Consumer(function, policy, role, log_group, alias, alias.arn, _LIVE, log_group.name)


def adopt_consumer(
    children: Children, function: aws.lambda_.Function, alias_name: str, statements: Sequence[iam.Statement]
) -> Consumer:
    """Let a function that is deployed elsewhere read a source: the only thing that is made is a policy of its role."""
    policy: aws.iam.RolePolicy = children.create(
        "policy", role=function.role.apply(lambda arn: arn.rpartition("/")[2]), policy=iam.document(statements)
    )
    target = pulumi.Output.concat(function.arn, f":{alias_name}") if alias_name else function.arn
    logs = pulumi.Output.all(function.name, function.logging_config).apply(_log_group)
    return Consumer(function, policy, None, None, None, target, alias_name, logs)


def _code(settings: FunctionSettings) -> dict[str, Any]:
    if settings.image is not None:
        return {"package_type": "Image", "image_uri": settings.image}
    return {
        "code": settings.archive,
        "handler": settings.handler,
        "runtime": settings.runtime,
    }


def _log_group(found: list[Any]) -> str:
    name, config = found
    return (config and config["log_group"]) or f"/aws/lambda/{name}"
