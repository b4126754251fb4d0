"""The function that consumes a source, with its role, its log group and its `live` alias."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.package import package

RUNTIME = "python3.13"
ARCHITECTURE = "arm64"
LOG_RETENTION_DAYS = 30
_LAMBDA_MAY_ASSUME = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@dataclass(frozen=True)
class Consumer:
    """The resources of one consumer."""

    role: aws.iam.Role
    policy: aws.iam.RolePolicy
    log_group: aws.cloudwatch.LogGroup
    function: aws.lambda_.Function
    alias: aws.lambda_.Alias


def create_consumer(
    name: str,
    *,
    code: str,
    handler: str,
    timeout: int,
    memory: int,
    environment: Mapping[str, pulumi.Input[str]],
    source_statements: Sequence[Mapping[str, Any]],
    opts: pulumi.ResourceOptions,
) -> Consumer:
    """Create a function and everything it needs to consume its source.

    Args:
        name: Prefix of the children's names.
        code: Folder with the source code.
        handler: `<file>.<function>` in that folder.
        timeout: Longest run of one invocation, in seconds.
        memory: Memory in MiB; CPU grows with it.
        environment: Environment variables of the function.
        source_statements: IAM statements for reading the source; writing logs is added here.
        opts: Options of every child: the parent, above all.
    """
    role = aws.iam.Role(f"{name}-role", assume_role_policy=_LAMBDA_MAY_ASSUME, opts=opts)
    log_group = aws.cloudwatch.LogGroup(f"{name}-logs", retention_in_days=LOG_RETENTION_DAYS, opts=opts)
    write_logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": pulumi.Output.format("{0}:*", log_group.arn),
    }
    policy = aws.iam.RolePolicy(
        f"{name}-policy",
        role=role.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [*source_statements, write_logs]}),
        opts=opts,
    )
    function = aws.lambda_.Function(
        f"{name}-function",
        architectures=[ARCHITECTURE],
        code=package(code),
        environment={"variables": environment} if environment else None,
        handler=handler,
        logging_config={"log_format": "JSON", "log_group": log_group.name},
        memory_size=memory,
        publish=True,
        role=role.arn,
        runtime=RUNTIME,
        timeout=timeout,
        # The mapping starts to poll as soon as it exists: by then the function must be allowed to read and to log.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
    )
    alias = aws.lambda_.Alias(
        f"{name}-live",
        name="live",
        function_name=function.name,
        function_version=function.version,
        opts=opts,
    )
    return Consumer(role, policy, log_group, function, alias)
