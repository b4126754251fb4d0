"""`aws.apigatewayv2.Integration`. Its id is its own; `<api>/<integration>` is taken for an import."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "connectionType": "ConnectionType",
    "credentialsArn": "CredentialsArn",
    "description": "Description",
    "integrationMethod": "IntegrationMethod",
    "integrationSubtype": "IntegrationSubtype",
    "integrationType": "IntegrationType",
    "integrationUri": "IntegrationUri",
    "payloadFormatVersion": "PayloadFormatVersion",
    "requestParameters": "RequestParameters",
    "timeoutMilliseconds": "TimeoutInMillis",
}
_CLEARED: Properties = {"credentialsArn": "", "description": "", "integrationUri": "", "requestParameters": {}}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""
_METHOD_OF_AWS = "POST"
"""The method by which API Gateway calls a service, whether or not the program says so."""


def create(aws: Aws, news: Properties) -> str:
    arguments = to_aws(_FIELDS, news)
    return aws.apigatewayv2.create_integration(ApiId=news["apiId"], **arguments)["IntegrationId"]


def read(aws: Aws, place: str) -> Properties:
    api_id, _, integration_id = place.partition("/")
    found: dict[str, Any] = dict(aws.apigatewayv2.get_integration(ApiId=api_id, IntegrationId=integration_id))
    return {**from_aws(_FIELDS, found), "apiId": api_id}


def update(aws: Aws, place: str, olds: Properties, news: Properties) -> None:
    api_id, _, integration_id = place.partition("/")
    none = {**_CLEARED, **_aws_defaults(news)}
    cleared = {name: none[name] for name in none if olds.get(name) and name not in news}
    arguments = to_aws(_FIELDS, {**news, **cleared})
    aws.apigatewayv2.update_integration(ApiId=api_id, IntegrationId=integration_id, **arguments)


def delete(aws: Aws, place: str, _olds: Properties) -> None:
    api_id, _, integration_id = place.partition("/")
    aws.apigatewayv2.delete_integration(ApiId=api_id, IntegrationId=integration_id)


def _aws_defaults(news: Properties) -> Properties:
    return {"integrationMethod": _METHOD_OF_AWS} if str(news["integrationType"]).startswith("AWS") else {}


TYPE = ResourceType(
    sdk=aws.apigatewayv2.Integration,
    inputs=frozenset({*_FIELDS, "apiId"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    defaults={"connectionType": "INTERNET", "payloadFormatVersion": "1.0"},
    aws_defaults=_aws_defaults,
    replace_on=frozenset({"apiId", "integrationSubtype", "integrationType"}),
    within="apiId",
)
