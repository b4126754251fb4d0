"""`aws.apigatewayv2.Stage`. Its id is its name; `<api>/<stage>` is taken for an import."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import AutoName, Properties, ResourceType
from local.provider.resources.apigatewayv2_api import arn, endpoint, sync_api_tags

_ROUTE: Fields = {
    "dataTraceEnabled": "DataTraceEnabled",
    "detailedMetricsEnabled": "DetailedMetricsEnabled",
    "loggingLevel": "LoggingLevel",
    "throttlingBurstLimit": "ThrottlingBurstLimit",
    "throttlingRateLimit": "ThrottlingRateLimit",
}
_FIELDS: Fields = {
    "accessLogSettings": ("AccessLogSettings", {"destinationArn": "DestinationArn", "format": "Format"}),
    "autoDeploy": "AutoDeploy",
    "defaultRouteSettings": ("DefaultRouteSettings", _ROUTE),
    "description": "Description",
    "name": "StageName",
    "stageVariables": "StageVariables",
}
_CLEARED: Properties = {"accessLogSettings": {}, "defaultRouteSettings": {}, "description": "", "stageVariables": {}}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""
_AT_THE_ROOT = "$default"


def create(aws: Aws, news: Properties) -> str:
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    return aws.apigatewayv2.create_stage(ApiId=news["apiId"], **to_aws(_FIELDS, news), **tags)["StageName"]


def read(aws: Aws, place: str) -> Properties:
    api_id, _, name = place.partition("/")
    stage: dict[str, Any] = dict(aws.apigatewayv2.get_stage(ApiId=api_id, StageName=name))
    return {
        **from_aws(_FIELDS, stage),
        "apiId": api_id,
        "arn": arn(aws, api_id, "stages", name),
        "deploymentId": stage.get("DeploymentId", ""),
        "executionArn": aws.arn("execute-api", f"{api_id}/{name}"),
        "invokeUrl": f"{endpoint(aws, api_id)}/{'' if name == _AT_THE_ROOT else name}",
        "tags": aws.apigatewayv2.get_tags(ResourceArn=arn(aws, api_id, "stages", name)).get("Tags") or None,
    }


def update(aws: Aws, place: str, olds: Properties, news: Properties) -> None:
    api_id, _, name = place.partition("/")
    aws.apigatewayv2.update_stage(ApiId=api_id, **to_aws(_FIELDS, {**_CLEARED, **news, "name": name}))
    sync_api_tags(aws, arn(aws, api_id, "stages", name), olds, news)


def delete(aws: Aws, place: str, _olds: Properties) -> None:
    api_id, _, name = place.partition("/")
    aws.apigatewayv2.delete_stage(ApiId=api_id, StageName=name)


TYPE = ResourceType(
    sdk=aws.apigatewayv2.Stage,
    inputs=frozenset({*_FIELDS, "apiId", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    auto_name=AutoName(max_length=128),
    defaults={"autoDeploy": False},
    replace_on=frozenset({"apiId", "name"}),
    id_property="name",
    within="apiId",
)
