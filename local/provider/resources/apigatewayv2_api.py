"""`aws.apigatewayv2.Api`: an HTTP API. The embedded AWS serves it under a path of its own endpoint."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import PARTITION, Aws
from local.provider.fields import Fields, from_aws, sync_tags, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_CORS: Fields = {
    "allowCredentials": "AllowCredentials",
    "allowHeaders": "AllowHeaders",
    "allowMethods": "AllowMethods",
    "allowOrigins": "AllowOrigins",
    "exposeHeaders": "ExposeHeaders",
    "maxAge": "MaxAge",
}
_FIELDS: Fields = {
    "apiKeySelectionExpression": "ApiKeySelectionExpression",
    "corsConfiguration": ("CorsConfiguration", _CORS),
    "description": "Description",
    "disableExecuteApiEndpoint": "DisableExecuteApiEndpoint",
    "name": "Name",
    "routeSelectionExpression": "RouteSelectionExpression",
    "version": "Version",
}
_CLEARED: Properties = {"description": "", "disableExecuteApiEndpoint": False, "version": ""}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""


def create(aws: Aws, news: Properties) -> str:
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    arguments = to_aws({**_FIELDS, "protocolType": "ProtocolType"}, news)
    return aws.apigatewayv2.create_api(**arguments, **tags)["ApiId"]


def read(aws: Aws, api_id: str) -> Properties:
    api: dict[str, Any] = dict(aws.apigatewayv2.get_api(ApiId=api_id))
    return {
        **from_aws(_FIELDS, api),
        "apiEndpoint": endpoint(aws, api_id),
        "arn": arn(aws, api_id),
        "executionArn": aws.arn("execute-api", api_id),
        "ipAddressType": api.get("IpAddressType", "ipv4"),  # AWS's default; the embedded AWS does not say
        "protocolType": api["ProtocolType"],
        "tags": aws.apigatewayv2.get_tags(ResourceArn=arn(aws, api_id)).get("Tags") or None,
    }


def update(aws: Aws, api_id: str, olds: Properties, news: Properties) -> None:
    if "corsConfiguration" not in news and olds.get("corsConfiguration"):
        aws.apigatewayv2.delete_cors_configuration(ApiId=api_id)
    aws.apigatewayv2.update_api(ApiId=api_id, **to_aws(_FIELDS, {**_CLEARED, **news}))
    sync_api_tags(aws, arn(aws, api_id), olds, news)


def delete(aws: Aws, api_id: str, _: Properties) -> None:
    aws.apigatewayv2.delete_api(ApiId=api_id)


def endpoint(aws: Aws, api_id: str) -> str:
    """The URL of an API: AWS gives it a host name, which no machine would find here."""
    return f"{aws.endpoint.rstrip('/')}/_aws/execute-api/{api_id}"


def arn(aws: Aws, *path: str) -> str:
    """The ARN of an API, or of what the path names below it."""
    return f"arn:{PARTITION}:apigateway:{aws.region}::/apis/{'/'.join(path)}"


def sync_api_tags(aws: Aws, resource_arn: str, olds: Properties, news: Properties) -> None:
    """Tags of what API Gateway has."""
    sync_tags(
        olds,
        news,
        lambda keys: aws.apigatewayv2.untag_resource(ResourceArn=resource_arn, TagKeys=keys),
        lambda tags: aws.apigatewayv2.tag_resource(ResourceArn=resource_arn, Tags=tags),
    )


TYPE = ResourceType(
    sdk=aws.apigatewayv2.Api,
    inputs=frozenset({*_FIELDS, "protocolType", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    auto_name=AutoName(max_length=128),
    defaults={
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "routeSelectionExpression": "$request.method $request.path",
    },
    replace_on=frozenset({"protocolType"}),
)
