"""HTTP APIs, their integrations, routes and stages."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown


def _look_at_api(aws: Aws, api_id: str) -> dict[str, Any]:
    api = aws.apigatewayv2.get_api(ApiId=api_id)
    tags = aws.apigatewayv2.get_tags(ResourceArn=f"arn:aws:apigateway:{aws.region}::/apis/{api_id}")["Tags"]
    return shown(aws, {**api, "Tags": tags}, "ApiEndpoint", "ApiId", "CreatedDate")


def _apis(aws: Aws) -> list[str]:
    return [api.get("ApiId", "") for api in aws.apigatewayv2.get_apis()["Items"]]


def _place(aws: Aws, items: str, key: str, item_id: str) -> dict[str, Any]:
    """The arguments that name an item of which only its own id is known."""
    for api_id in _apis(aws):
        found: Any = getattr(aws.apigatewayv2, f"get_{items}")(ApiId=api_id)["Items"]
        if item_id in [item[key] for item in found]:
            return {"ApiId": api_id, key: item_id}
    return {}


def _look_at_integration(aws: Aws, integration_id: str) -> dict[str, Any] | None:
    place = _place(aws, "integrations", "IntegrationId", integration_id)
    return shown(aws, aws.apigatewayv2.get_integration(**place), "IntegrationId") if place else None


def _look_at_route(aws: Aws, route_id: str) -> dict[str, Any] | None:
    place = _place(aws, "routes", "RouteId", route_id)
    return shown(aws, aws.apigatewayv2.get_route(**place), "RouteId") if place else None


def _look_at_stage(aws: Aws, name: str) -> dict[str, Any] | None:
    place = _place(aws, "stages", "StageName", name)
    if not place:
        return None
    arn = f"arn:aws:apigateway:{aws.region}::/apis/{place['ApiId']}/stages/{name}"
    tags = aws.apigatewayv2.get_tags(ResourceArn=arn)["Tags"]
    return shown(aws, {**aws.apigatewayv2.get_stage(**place), "Tags": tags}, "CreatedDate", "LastUpdatedDate")


def _change_integration(aws: Aws, integration_id: str) -> None:
    place = _place(aws, "integrations", "IntegrationId", integration_id)
    aws.apigatewayv2.update_integration(**place, Description="by hand", PayloadFormatVersion="2.0")


def _change_route(aws: Aws, route_id: str) -> None:
    aws.apigatewayv2.update_route(**_place(aws, "routes", "RouteId", route_id), RouteKey="PUT /by/hand")


def _change_stage(aws: Aws, name: str) -> None:
    aws.apigatewayv2.update_stage(**_place(aws, "stages", "StageName", name), AutoDeploy=True, Description="by hand")


_API: dict[str, Any] = {
    "ApiKeySelectionExpression": "$request.header.x-api-key",
    "Description": "",
    "DisableExecuteApiEndpoint": False,
    "DisableSchemaValidation": False,
    "Name": "api-*",
    "ProtocolType": "HTTP",
    "RouteSelectionExpression": "$request.method $request.path",
    "Tags": {},
    "Version": "",
}
_INTEGRATION: dict[str, Any] = {
    "ConnectionType": "INTERNET",
    "CredentialsArn": "arn:aws:iam::ACCOUNT:role/owner-*",
    "Description": "",
    "IntegrationMethod": "POST",
    "IntegrationSubtype": "SQS-SendMessage",
    "IntegrationType": "AWS_PROXY",
    "IntegrationUri": "",
    "PayloadFormatVersion": "1.0",
    "RequestParameters": {"MessageBody": "$request.body", "QueueUrl": "/ACCOUNT/kept-*"},
    "TimeoutInMillis": 30000,
}
_PROXY: dict[str, Any] = {
    "ConnectionType": "INTERNET",
    "Description": "",
    "IntegrationMethod": "ANY",
    "IntegrationType": "HTTP_PROXY",
    "IntegrationUri": "https://example.com/",
    "PayloadFormatVersion": "1.0",
    "TimeoutInMillis": 30000,
}
_ROUTE: dict[str, Any] = {
    "ApiKeyRequired": False,
    "AuthorizationType": "NONE",
    "OperationName": "",
    "RouteKey": "POST /orders",
    "Target": "",
}
_STAGE: dict[str, Any] = {
    "AutoDeploy": False,
    "DefaultRouteSettings": {},
    "Description": "",
    "RouteSettings": {},
    "StageName": "stage-*",
    "StageVariables": {},
    "Tags": {},
}
_SENDS = (
    'api_id=door.id, credentials_arn=owner.arn, integration_type="AWS_PROXY", integration_subtype="SQS-SendMessage",'
)

GATEWAY = {
    "api": Case(
        sdk="apigatewayv2.Api",
        created="""
            api_key_selection_expression="$context.authorizer.usageIdentifierKey",
            cors_configuration={
                "allow_credentials": True,
                "allow_headers": ["x-first"],
                "allow_methods": ["POST"],
                "allow_origins": ["https://first.example.com"],
                "expose_headers": ["x-first"],
                "max_age": 60,
            },
            description="first",
            disable_execute_api_endpoint=True,
            protocol_type="HTTP",
            route_selection_expression="$request.method $request.path",
            tags={"stays": "same", "changes": "first", "goes": "away"},
            version="1",
        """,
        changed="""
            cors_configuration={"allow_methods": ["PUT"], "allow_origins": ["*"]},
            description="second",
            protocol_type="HTTP",
            route_selection_expression="${request.method} ${request.path}",
            tags={"stays": "same", "changes": "second"},
            version="2",
        """,
        bare='protocol_type="HTTP"',
        seen={
            "created": _API
            | {
                "ApiKeySelectionExpression": "$context.authorizer.usageIdentifierKey",
                "CorsConfiguration": {
                    "AllowCredentials": True,
                    "AllowHeaders": ["x-first"],
                    "AllowMethods": ["POST"],
                    "AllowOrigins": ["https://first.example.com"],
                    "ExposeHeaders": ["x-first"],
                    "MaxAge": 60,
                },
                "Description": "first",
                "DisableExecuteApiEndpoint": True,
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
                "Version": "1",
            },
            "changed": _API
            | {
                "CorsConfiguration": {"AllowMethods": ["PUT"], "AllowOrigins": ["*"]},
                "Description": "second",
                "RouteSelectionExpression": "${request.method} ${request.path}",
                "Tags": {"stays": "same", "changes": "second"},
                "Version": "2",
            },
            "bare": _API,
        },
        look=_look_at_api,
        drift=lambda aws, api_id: aws.apigatewayv2.update_api(ApiId=api_id, Description="by hand", Version="3"),
        drifted={"description", "version"},
        remove=lambda aws, api_id: aws.apigatewayv2.delete_api(ApiId=api_id),
    ),
    "titled": Case(
        sdk="apigatewayv2.Api",
        created='name="first", protocol_type="HTTP"',
        changed='name="second", protocol_type="HTTP"',
        bare='name="third", protocol_type="HTTP"',
        seen={
            "created": _API | {"Name": "first"},
            "changed": _API | {"Name": "second"},
            "bare": _API | {"Name": "third"},
        },
        look=_look_at_api,
        drift=lambda aws, api_id: aws.apigatewayv2.update_api(ApiId=api_id, Name="by hand"),
        drifted={"name"},
        remove=lambda aws, api_id: aws.apigatewayv2.delete_api(ApiId=api_id),
    ),
    "integration": Case(
        sdk="apigatewayv2.Integration",
        created=_SENDS
        + """
            description="first",
            payload_format_version="1.0",
            request_parameters={
                "DelaySeconds": "5", "MessageBody": "$request.body", "MessageGroupId": "$request.header.x-first",
                "QueueUrl": kept.url,
            },
            timeout_milliseconds=1000,
        """,
        changed=_SENDS.replace("owner.arn", "owner2.arn")
        + """
            description="second",
            request_parameters={"DelaySeconds": "6", "MessageBody": "$request.body.order", "QueueUrl": other.url},
            timeout_milliseconds=2000,
        """,
        bare=_SENDS + 'request_parameters={"MessageBody": "$request.body", "QueueUrl": kept.url}',
        seen={
            "created": _INTEGRATION
            | {
                "Description": "first",
                "RequestParameters": {
                    "DelaySeconds": "5",
                    "MessageBody": "$request.body",
                    "MessageGroupId": "$request.header.x-first",
                    "QueueUrl": "/ACCOUNT/kept-*",
                },
                "TimeoutInMillis": 1000,
            },
            "changed": _INTEGRATION
            | {
                "CredentialsArn": "arn:aws:iam::ACCOUNT:role/owner2-*",
                "Description": "second",
                "RequestParameters": {
                    "DelaySeconds": "6",
                    "MessageBody": "$request.body.order",
                    "QueueUrl": "/ACCOUNT/other-*",
                },
                "TimeoutInMillis": 2000,
            },
            "bare": _INTEGRATION,
        },
        keeps={"TimeoutInMillis": 2000},
        look=_look_at_integration,
        drift=_change_integration,
        drifted={"description", "payloadFormatVersion"},
        remove=lambda aws, found: aws.apigatewayv2.delete_integration(
            **_place(aws, "integrations", "IntegrationId", found)
        ),
    ),
    "proxy": Case(
        sdk="apigatewayv2.Integration",
        created="""
            api_id=door.id,
            connection_type="INTERNET",
            integration_method="POST",
            integration_type="HTTP_PROXY",
            integration_uri="https://first.example.com/",
            payload_format_version="1.0",
            request_parameters={"append:header.x-first": "$context.requestId"},
        """,
        changed="""
            api_id=door.id,
            connection_type="VPC_LINK",
            integration_method="PUT",
            integration_type="HTTP_PROXY",
            integration_uri="https://second.example.com/",
            payload_format_version="2.0",
        """,
        bare="""
            api_id=door.id, integration_method="ANY", integration_type="HTTP_PROXY",
            integration_uri="https://example.com/",
        """,
        seen={
            "created": _PROXY
            | {
                "IntegrationMethod": "POST",
                "IntegrationUri": "https://first.example.com/",
                "RequestParameters": {"append:header.x-first": "$context.requestId"},
            },
            "changed": _PROXY
            | {
                "ConnectionType": "VPC_LINK",
                "IntegrationMethod": "PUT",
                "IntegrationUri": "https://second.example.com/",
                "PayloadFormatVersion": "2.0",
            },
            "bare": _PROXY,
        },
        look=_look_at_integration,
        drift=_change_integration,
        drifted={"description", "payloadFormatVersion"},
        remove=lambda aws, found: aws.apigatewayv2.delete_integration(
            **_place(aws, "integrations", "IntegrationId", found)
        ),
    ),
    "route": Case(
        sdk="apigatewayv2.Route",
        created="""
            api_id=door.id,
            api_key_required=True,
            authorization_scopes=["first"],
            authorization_type="JWT",
            authorizer_id="first",
            operation_name="First",
            route_key="POST /first",
            target="integrations/first",
        """,
        changed="""
            api_id=door.id,
            authorization_scopes=["second"],
            authorization_type="AWS_IAM",
            authorizer_id="second",
            operation_name="Second",
            route_key="ANY /second/{id}",
            target="integrations/second",
        """,
        bare='api_id=door.id, route_key="POST /orders"',
        seen={
            "created": _ROUTE
            | {
                "ApiKeyRequired": True,
                "AuthorizationScopes": ["first"],
                "AuthorizationType": "JWT",
                "AuthorizerId": "first",
                "OperationName": "First",
                "RouteKey": "POST /first",
                "Target": "integrations/first",
            },
            "changed": _ROUTE
            | {
                "AuthorizationScopes": ["second"],
                "AuthorizationType": "AWS_IAM",
                "AuthorizerId": "second",
                "OperationName": "Second",
                "RouteKey": "ANY /second/{id}",
                "Target": "integrations/second",
            },
            "bare": _ROUTE,
        },
        keeps={"AuthorizationScopes": []},
        look=_look_at_route,
        drift=_change_route,
        drifted={"routeKey"},
        remove=lambda aws, found: aws.apigatewayv2.delete_route(**_place(aws, "routes", "RouteId", found)),
    ),
    "stage": Case(
        sdk="apigatewayv2.Stage",
        created="""
            access_log_settings={"destination_arn": "arn:aws:logs:eu-central-1:1:log-group:first", "format": "first"},
            api_id=door.id,
            auto_deploy=True,
            default_route_settings={
                "detailed_metrics_enabled": True, "throttling_burst_limit": 10, "throttling_rate_limit": 2.5,
            },
            description="first",
            stage_variables={"stays": "same", "changes": "first", "goes": "away"},
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            access_log_settings={"destination_arn": "arn:aws:logs:eu-central-1:1:log-group:second", "format": "second"},
            api_id=door.id,
            default_route_settings={
                "data_trace_enabled": False, "logging_level": "OFF", "throttling_burst_limit": 20,
                "throttling_rate_limit": 5,
            },
            description="second",
            stage_variables={"stays": "same", "changes": "second"},
            tags={"stays": "same", "changes": "second"},
        """,
        bare="api_id=door.id",
        seen={
            "created": _STAGE
            | {
                "AccessLogSettings": {
                    "DestinationArn": "arn:aws:logs:eu-central-1:1:log-group:first",
                    "Format": "first",
                },
                "AutoDeploy": True,
                "DefaultRouteSettings": {
                    "DetailedMetricsEnabled": True,
                    "ThrottlingBurstLimit": 10,
                    "ThrottlingRateLimit": 2.5,
                },
                "Description": "first",
                "StageVariables": {"stays": "same", "changes": "first", "goes": "away"},
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
            },
            "changed": _STAGE
            | {
                "AccessLogSettings": {
                    "DestinationArn": "arn:aws:logs:eu-central-1:1:log-group:second",
                    "Format": "second",
                },
                "DefaultRouteSettings": {
                    "DataTraceEnabled": False,
                    "LoggingLevel": "OFF",
                    "ThrottlingBurstLimit": 20,
                    "ThrottlingRateLimit": 5,
                },
                "Description": "second",
                "StageVariables": {"stays": "same", "changes": "second"},
                "Tags": {"stays": "same", "changes": "second"},
            },
            "bare": _STAGE,
        },
        look=_look_at_stage,
        drift=_change_stage,
        drifted={"autoDeploy", "description"},
        remove=lambda aws, name: aws.apigatewayv2.delete_stage(**_place(aws, "stages", "StageName", name)),
    ),
}
