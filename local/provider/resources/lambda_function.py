"""`aws.lambda_.Function`, from a zip archive or a container image."""

from __future__ import annotations

from typing import Any, cast

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_NETWORK: Fields = {
    "ipv6AllowedForDualStack": "Ipv6AllowedForDualStack",
    "securityGroupIds": "SecurityGroupIds",
    "subnetIds": "SubnetIds",
}
_CONFIGURATION: Fields = {
    "deadLetterConfig": ("DeadLetterConfig", {"targetArn": "TargetArn"}),
    "description": "Description",
    "environment": ("Environment", {"variables": "Variables"}),
    "ephemeralStorage": ("EphemeralStorage", {"size": "Size"}),
    "handler": "Handler",
    "imageConfig": (
        "ImageConfig",
        {"commands": "Command", "entryPoints": "EntryPoint", "workingDirectory": "WorkingDirectory"},
    ),
    "kmsKeyArn": "KMSKeyArn",
    "layers": "Layers",
    "loggingConfig": (
        "LoggingConfig",
        {
            "applicationLogLevel": "ApplicationLogLevel",
            "logFormat": "LogFormat",
            "logGroup": "LogGroup",
            "systemLogLevel": "SystemLogLevel",
        },
    ),
    "memorySize": "MemorySize",
    "role": "Role",
    "runtime": "Runtime",
    "timeout": "Timeout",
    "tracingConfig": ("TracingConfig", {"mode": "Mode"}),
    "vpcConfig": ("VpcConfig", _NETWORK),
}
_AT_CREATE: Fields = {
    **_CONFIGURATION,
    "architectures": "Architectures",
    "name": "FunctionName",
    "packageType": "PackageType",
    "publish": "Publish",
}
_SOURCES = frozenset({"code", "imageUri"})
_OF_THE_CODE = {"codeSha256", "sourceCodeHash", "sourceCodeSize"}
_OF_THE_VERSION = {"qualifiedArn", "qualifiedInvokeArn", "version"}
_NEEDED = {"Image": frozenset({"imageUri"}), "Zip": frozenset({"handler", "runtime"})}
_UNRESERVED = -1
_READY_SECONDS = 0.05
_CLEARED: Properties = {
    "deadLetterConfig": {"targetArn": ""},
    "description": "",
    "environment": {"variables": {}},
    "imageConfig": {},
    "kmsKeyArn": "",
    "layers": [],
    "vpcConfig": {"securityGroupIds": [], "subnetIds": []},
}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""


def create(aws: Aws, news: Properties) -> str:
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    aws.lambda_.create_function(**to_aws(_AT_CREATE, news), Code=_code(news), **tags)
    name: str = news["name"]
    try:
        _wait(aws, name, "function_active_v2")
        if news["reservedConcurrentExecutions"] != _UNRESERVED:
            _reserve(aws, name, news["reservedConcurrentExecutions"])
    except (BotoCoreError, ClientError):
        aws.lambda_.delete_function(FunctionName=name)  # the engine knows nothing of it, and its name would stay taken
        raise
    return name


def read(aws: Aws, name: str) -> Properties:
    function = aws.lambda_.get_function(FunctionName=name)
    configuration: dict[str, Any] = dict(function["Configuration"])
    arn: str = configuration["FunctionArn"]
    version = _latest_version(aws, name)
    return {
        **from_aws(_CONFIGURATION, configuration | configuration.get("ImageConfigResponse", {})),
        "architectures": configuration["Architectures"],
        "arn": arn,
        "codeSha256": configuration["CodeSha256"],
        "imageUri": function["Code"].get("ImageUri"),
        "invokeArn": invoke_arn(aws, arn),
        "lastModified": configuration["LastModified"],
        "layers": [layer["Arn"] for layer in configuration.get("Layers", [])] or None,
        "name": name,
        "packageType": configuration["PackageType"],
        "qualifiedArn": f"{arn}:{version}",
        "qualifiedInvokeArn": invoke_arn(aws, f"{arn}:{version}"),
        "reservedConcurrentExecutions": function.get("Concurrency", {}).get(
            "ReservedConcurrentExecutions", _UNRESERVED
        ),
        "sourceCodeHash": configuration["CodeSha256"],
        "sourceCodeSize": configuration["CodeSize"],
        "tags": function.get("Tags") or None,
        "version": version,
        "vpcConfig": _network(configuration["VpcConfig"]),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    cleared = {key: value for key, value in _CLEARED.items() if olds.get(key) and key not in news}
    wanted = {**news, **cleared}
    configured = any(wanted.get(key) != olds.get(key) for key in _CONFIGURATION if key in wanted)
    recoded = any(news.get(key) != olds.get(key) for key in _SOURCES) or _architecture_changed(olds, news)
    if configured:
        aws.lambda_.update_function_configuration(FunctionName=name, **to_aws(_CONFIGURATION, wanted))
        _wait(aws, name, "function_updated_v2")
    if recoded:
        architectures = to_aws({"architectures": "Architectures"}, news)
        aws.lambda_.update_function_code(FunctionName=name, **_code(news), **architectures)
        _wait(aws, name, "function_updated_v2")
    if news["publish"] and (configured or recoded or not olds.get("publish")):
        aws.lambda_.publish_version(FunctionName=name)
    if news["reservedConcurrentExecutions"] != olds.get("reservedConcurrentExecutions"):
        _reserve(aws, name, news["reservedConcurrentExecutions"])
    sync_tags(
        olds,
        news,
        lambda keys: aws.lambda_.untag_resource(Resource=olds["arn"], TagKeys=keys),
        lambda tags: aws.lambda_.tag_resource(Resource=olds["arn"], Tags=tags),
    )


def delete(aws: Aws, name: str, olds: Properties) -> None:
    if not olds.get("skipDestroy"):
        aws.lambda_.delete_function(FunctionName=name)


def function_name(reference: str) -> str:
    """A function, with its qualifier if any, by name: AWS takes the name and the ARN for the same."""
    return reference.partition(":function:")[2] or reference


def invoke_arn(aws: Aws, arn: str) -> str:
    """The ARN by which API Gateway invokes a function."""
    return f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def _code(news: Properties) -> Any:
    return {"ImageUri": news["imageUri"]} if "imageUri" in news else {"ZipFile": news["code"].zip_bytes()}


def _network(answer: dict[str, Any]) -> Properties | None:
    """Where the function is in a network; AWS says by itself in which VPC that is."""
    found = from_aws({**_NETWORK, "vpcId": "VpcId"}, answer)
    return found if found.get("subnetIds") else None


def _chosen_network(network: Properties) -> Properties:
    """What a program says of a network, in any order."""
    chosen = {name: network.get(name) or None for name in _NETWORK}
    return {name: frozenset(cast("list[Any]", ids)) if isinstance(ids, list) else ids for name, ids in chosen.items()}


def _needs(given: Properties) -> frozenset[str]:
    return _NEEDED.get(given["packageType"], frozenset())


def _latest_version(aws: Aws, name: str) -> str:
    pages = aws.lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [version.get("Version", "") for page in pages for version in page["Versions"]]
    return max(versions, key=lambda version: int(version) if version.isdecimal() else 0)


def _renewed(changed: frozenset[str], news: Properties) -> frozenset[str]:
    recoded = bool(changed & {"architectures", *_SOURCES})
    configured = bool(changed & _CONFIGURATION.keys())
    published = bool(news.get("publish")) and (recoded or configured or "publish" in changed)
    groups = ((recoded, _OF_THE_CODE), (published, _OF_THE_VERSION), (recoded or configured, {"lastModified"}))
    return frozenset(name for happens, group in groups if happens for name in group)


def _architecture_changed(olds: Properties, news: Properties) -> bool:
    return "architectures" in news and news["architectures"] != olds.get("architectures")


def _reserve(aws: Aws, name: str, executions: int) -> None:
    if executions == _UNRESERVED:
        aws.lambda_.delete_function_concurrency(FunctionName=name)
    else:
        aws.lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=executions)


def _wait(aws: Aws, name: str, state: Any) -> None:
    client: Any = aws.lambda_
    client.get_waiter(state).wait(FunctionName=name, WaiterConfig={"Delay": _READY_SECONDS, "MaxAttempts": 400})


TYPE = ResourceType(
    sdk=aws.lambda_.Function,
    inputs=frozenset({*_AT_CREATE, *_SOURCES, "reservedConcurrentExecutions", "skipDestroy", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_CONFIGURATION,
    also_needs=_needs,
    creates_from=_SOURCES,
    auto_name=AutoName(max_length=64),
    defaults={
        "memorySize": 128,
        "packageType": "Zip",
        "publish": False,
        "reservedConcurrentExecutions": _UNRESERVED,
        "skipDestroy": False,
        "timeout": 3,
    },
    replace_on=frozenset({"name", "packageType"}),
    compare_as={"vpcConfig": _chosen_network},
    write_only=frozenset({"code", "publish", "skipDestroy"}),
    left_alone=_SOURCES,
    renewed=_renewed,
)
