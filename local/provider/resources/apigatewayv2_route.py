"""`aws.apigatewayv2.Route`. Its id is its own; `<api>/<route>` is taken for an import."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "apiKeyRequired": "ApiKeyRequired",
    "authorizationScopes": "AuthorizationScopes",
    "authorizationType": "AuthorizationType",
    "authorizerId": "AuthorizerId",
    "operationName": "OperationName",
    "routeKey": "RouteKey",
    "target": "Target",
}
_CLEARED: Properties = {"authorizationScopes": [], "authorizerId": "", "operationName": "", "target": ""}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""


def create(aws: Aws, news: Properties) -> str:
    return aws.apigatewayv2.create_route(ApiId=news["apiId"], **to_aws(_FIELDS, news))["RouteId"]


def read(aws: Aws, place: str) -> Properties:
    api_id, _, route_id = place.partition("/")
    found: dict[str, Any] = dict(aws.apigatewayv2.get_route(ApiId=api_id, RouteId=route_id))
    return {**from_aws(_FIELDS, found), "apiId": api_id}


def update(aws: Aws, place: str, _olds: Properties, news: Properties) -> None:
    api_id, _, route_id = place.partition("/")
    aws.apigatewayv2.update_route(ApiId=api_id, RouteId=route_id, **to_aws(_FIELDS, {**_CLEARED, **news}))


def delete(aws: Aws, place: str, _olds: Properties) -> None:
    api_id, _, route_id = place.partition("/")
    aws.apigatewayv2.delete_route(ApiId=api_id, RouteId=route_id)


TYPE = ResourceType(
    sdk=aws.apigatewayv2.Route,
    inputs=frozenset({*_FIELDS, "apiId"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    defaults={"apiKeyRequired": False, "authorizationType": "NONE"},
    replace_on=frozenset({"apiId"}),
    compare_as={"authorizationScopes": frozenset},
    within="apiId",
)
