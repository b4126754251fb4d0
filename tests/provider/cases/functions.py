"""Functions."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown

_BARE = 'code=code("bare"), handler="handler.handle", role=owner.arn, runtime="python3.12"'
_NOT_OURS = ("CodeSha256", "CodeSize", "LastModified", "RevisionId", "RuntimeVersionConfig", "SnapStart", "VpcConfig")
_FUNCTION: dict[str, Any] = {
    "FunctionName": "function-*",
    "FunctionArn": "arn:aws:lambda:eu-central-1:ACCOUNT:function:function-*",
    "Runtime": "python3.12",
    "Role": "arn:aws:iam::ACCOUNT:role/owner-*",
    "Handler": "handler.handle",
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Version": "$LATEST",
    "KMSKeyArn": "",
    "TracingConfig": {"Mode": "PassThrough"},
    "Layers": [],
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/function-*"},
    "Concurrency": None,
    "Tags": {},
    "Versions": ["$LATEST"],
}
_FUNCTION_KEEPS = {
    "EphemeralStorage": {"Size": 2048},
    "LoggingConfig": {"LogFormat": "JSON", "SystemLogLevel": "WARN", "LogGroup": "second"},
    "Versions": ["$LATEST", "1", "2"],
}


def _look_at_function(aws: Aws, name: str) -> dict[str, Any]:
    function = aws.lambda_.get_function(FunctionName=name)
    versions = [
        version.get("Version") for version in aws.lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    ]
    more = {
        "Concurrency": function.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "Tags": function.get("Tags", {}),
        "Versions": versions,
    }
    states = [key for key in function["Configuration"] if key.startswith(("State", "LastUpdateStatus"))]
    return shown(aws, {**function["Configuration"], **more}, *states, *_NOT_OURS)


FUNCTIONS = {
    "function": Case(
        sdk="lambda_.Function",
        created="""
            architectures=["arm64"],
            code=code("first"),
            dead_letter_config={"target_arn": kept.arn},
            description="first",
            environment={"variables": {"STAYS": "same", "CHANGES": "first", "GOES": "away"}},
            ephemeral_storage={"size": 1024},
            handler="first.handle",
            kms_key_arn="arn:aws:kms:eu-central-1:1:key/first",
            layers=[layer + ":1"],
            logging_config={"log_format": "JSON", "log_group": "first", "application_log_level": "DEBUG"},
            memory_size=256,
            package_type="Zip",
            publish=True,
            reserved_concurrent_executions=5,
            role=owner.arn,
            runtime="python3.13",
            skip_destroy=True,
            tags={"stays": "same", "changes": "first", "goes": "away"},
            timeout=10,
            tracing_config={"mode": "Active"},
        """,
        changed="""
            architectures=["x86_64"],
            code=code("second"),
            dead_letter_config={"target_arn": other.arn},
            description="second",
            environment={"variables": {"STAYS": "same", "CHANGES": "second"}},
            ephemeral_storage={"size": 2048},
            handler="second.handle",
            kms_key_arn="arn:aws:kms:eu-central-1:1:key/second",
            layers=[layer + ":2"],
            logging_config={"log_format": "JSON", "log_group": "second", "system_log_level": "WARN"},
            memory_size=512,
            publish=True,
            reserved_concurrent_executions=6,
            role=owner2.arn,
            runtime="python3.12",
            tags={"stays": "same", "changes": "second"},
            timeout=20,
            tracing_config={"mode": "PassThrough"},
        """,
        bare=_BARE,
        seen={
            "created": _FUNCTION
            | {
                "Runtime": "python3.13",
                "Handler": "first.handle",
                "Description": "first",
                "Timeout": 10,
                "MemorySize": 256,
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*"},
                "Environment": {"Variables": {"STAYS": "same", "CHANGES": "first", "GOES": "away"}},
                "KMSKeyArn": "arn:aws:kms:eu-central-1:1:key/first",
                "TracingConfig": {"Mode": "Active"},
                "Layers": [{"Arn": "arn:aws:lambda:eu-central-1:ACCOUNT:layer:layer:1", "CodeSize": 22}],
                "Architectures": ["arm64"],
                "EphemeralStorage": {"Size": 1024},
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "first"},
                "Concurrency": 5,
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
                "Versions": ["$LATEST", "1"],
            },
            "changed": _FUNCTION
            | _FUNCTION_KEEPS
            | {
                "Role": "arn:aws:iam::ACCOUNT:role/owner2-*",
                "Handler": "second.handle",
                "Description": "second",
                "Timeout": 20,
                "MemorySize": 512,
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"},
                "Environment": {"Variables": {"STAYS": "same", "CHANGES": "second"}},
                "KMSKeyArn": "arn:aws:kms:eu-central-1:1:key/second",
                "Layers": [{"Arn": "arn:aws:lambda:eu-central-1:ACCOUNT:layer:layer:2", "CodeSize": 22}],
                "Concurrency": 6,
                "Tags": {"stays": "same", "changes": "second"},
            },
            "bare": _FUNCTION,
        },
        keeps=_FUNCTION_KEEPS | {"DeadLetterConfig": {"TargetArn": ""}, "Environment": {"Variables": {}}},
        look=_look_at_function,
        drift=lambda aws, name: aws.lambda_.update_function_configuration(
            FunctionName=name, Timeout=5, Description="by hand"
        ),
        drifted={"timeout", "description"},
        remove=lambda aws, name: aws.lambda_.delete_function(FunctionName=name),
        ignored_at_import=("code",),
    ),
}
