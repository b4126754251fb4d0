"""Functions, and what is set on them."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown

_BARE = 'code=code("bare"), handler="handler.handle", role=owner.arn, runtime="python3.12"'
_NOT_OURS = ("CodeSha256", "CodeSize", "LastModified", "RevisionId", "RuntimeVersionConfig", "SnapStart")
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
    "VpcConfig": {"SecurityGroupIds": [], "SubnetIds": [], "VpcId": ""},
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
        "Layers": [layer.get("Arn") for layer in function["Configuration"].get("Layers", [])],
        "Concurrency": function.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "Tags": function.get("Tags", {}),
        "Versions": versions,
    }
    states = [key for key in function["Configuration"] if key.startswith(("State", "LastUpdateStatus"))]
    image = {"ImageUri": function["Code"]["ImageUri"]} if "ImageUri" in function["Code"] else {}
    return shown(aws, {**function["Configuration"], **more, **image}, *states, *_NOT_OURS)


def _look_at_recursion(aws: Aws, name: str) -> dict[str, Any] | None:
    """AWS has a setting for every function, and does not tell its default from one that was set."""
    found = aws.lambda_.get_function_recursion_config(FunctionName=name)
    return None if found["RecursiveLoop"] == "Terminate" else shown(aws, found)


_IMAGE: dict[str, Any] = _FUNCTION | {
    "FunctionName": "image-*",
    "FunctionArn": "arn:aws:lambda:eu-central-1:ACCOUNT:function:image-*",
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/image-*"},
    "PackageType": "Image",
    "Handler": "",
    "Runtime": "",
}

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
            layers=[layer.arn],
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
            vpc_config={
                "ipv6_allowed_for_dual_stack": True,
                "security_group_ids": ["sg-00000001"],
                "subnet_ids": ["subnet-00000001"],
            },
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
            layers=[layer2.arn],
            logging_config={"log_format": "JSON", "log_group": "second", "system_log_level": "WARN"},
            memory_size=512,
            publish=True,
            reserved_concurrent_executions=6,
            role=owner2.arn,
            runtime="python3.12",
            tags={"stays": "same", "changes": "second"},
            timeout=20,
            tracing_config={"mode": "PassThrough"},
            vpc_config={
                "security_group_ids": ["sg-00000001", "sg-00000002"],
                "subnet_ids": ["subnet-00000001", "subnet-00000002"],
            },
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
                "Layers": ["arn:aws:lambda:eu-central-1:ACCOUNT:layer:first:1"],
                "Architectures": ["arm64"],
                "EphemeralStorage": {"Size": 1024},
                "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "first"},
                "VpcConfig": {
                    "Ipv6AllowedForDualStack": True,
                    "SecurityGroupIds": ["sg-00000001"],
                    "SubnetIds": ["subnet-00000001"],
                    "VpcId": "vpc-00000001",
                },
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
                "Layers": ["arn:aws:lambda:eu-central-1:ACCOUNT:layer:second:1"],
                "VpcConfig": {
                    "SecurityGroupIds": ["sg-00000001", "sg-00000002"],
                    "SubnetIds": ["subnet-00000001", "subnet-00000002"],
                    "VpcId": "vpc-00000001",
                },
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
    "image": Case(
        sdk="lambda_.Function",
        created="""
            image_config={"commands": ["first"], "entry_points": ["/first"], "working_directory": "/first"},
            image_uri="123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:first",
            package_type="Image",
            role=owner.arn,
        """,
        changed="""
            image_config={"commands": ["second"]},
            image_uri="123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:second",
            package_type="Image",
            role=owner.arn,
        """,
        bare="""
            image_uri="123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:third",
            package_type="Image",
            role=owner.arn,
        """,
        seen={
            "created": _IMAGE
            | {
                "ImageConfigResponse": {
                    "ImageConfig": {"Command": ["first"], "EntryPoint": ["/first"], "WorkingDirectory": "/first"}
                },
                "ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:first",
            },
            "changed": _IMAGE
            | {
                "ImageConfigResponse": {"ImageConfig": {"Command": ["second"]}},
                "ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:second",
            },
            "bare": _IMAGE | {"ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:third"},
        },
        keeps={"ImageConfigResponse": {"ImageConfig": {}}},
        look=_look_at_function,
        drift=lambda aws, name: aws.lambda_.update_function_code(FunctionName=name, ImageUri="by/hand:1"),
        drifted={"imageUri"},
        remove=lambda aws, name: aws.lambda_.delete_function(FunctionName=name),
    ),
    "loops": Case(
        sdk="lambda_.FunctionRecursionConfig",
        created='function_name=looper.name, recursive_loop="Allow"',
        changed='function_name=looper.name, recursive_loop="Terminate"',
        bare='function_name=looper.name, recursive_loop="Allow"',
        seen={"created": {"RecursiveLoop": "Allow"}, "changed": None, "bare": {"RecursiveLoop": "Allow"}},
        look=_look_at_recursion,
        drift=lambda aws, name: aws.lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate"),
        drifted={"recursiveLoop"},
        remove=lambda aws, name: aws.lambda_.delete_function(FunctionName=name),  # else a function always has one
    ),
}
