"""What HTTP APIs of AWS do and the emulator lacks: integrations that send to SQS, with no function in between.

AWS calls them first-class integrations, here the subtype `SQS-SendMessage` of an `AWS_PROXY` integration:
<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html> says what
can be mapped, <.../http-api-develop-integrations-aws-services-reference.html> to which parameters.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import new_uuid, request_scope
from ministack.services import apigateway, iam, sts

_SUBTYPE = "SQS-SendMessage"
_REQUIRED = {"MessageBody", "QueueUrl"}
_PARAMETERS = _REQUIRED | {*("DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "Region")}
_SOURCE = re.compile(
    r"request\.(header|querystring|path)\..+|request\.path|request\.body(\.[^.].*)?|(context|stageVariables)\..+"
)
_WITHIN = re.compile(r"\$\{([^}]*)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_JSON_BYTES = 100 * 1024
"""What AWS looks at for a JSON path; only `$request.body` passes more."""
_SERVICE = "apigateway.amazonaws.com"
_TIMEOUT_SECONDS = 30
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Answer = tuple[int, dict[str, str], bytes]


def mend() -> None:
    """Add it, once, before the first request."""
    apigateway.find_api_scope = _scope_of
    apigateway._create_integration = _keeping_all(apigateway._create_integration)
    apigateway._update_integration = _keeping_all(apigateway._update_integration)
    apigateway._invoke_lambda_proxy = _or_send(apigateway._invoke_lambda_proxy)


def _scope_of(api_id: str) -> tuple[str, str] | None:
    # An API is known by its id alone, as by its host name on AWS: a client need not sign, so it names no account.
    keys = (key for key, _ in apigateway._apis.all_items())
    return next(((account, region) for account, region, known in keys if known == api_id), None)


def _keeping_all(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Around the calls that create and change an integration: check it, and keep what the emulator would drop."""

    def call(api_id: str, *rest: Any) -> Any:
        *ids, given = rest
        old = apigateway._integrations.get(api_id, {}).get(*ids, {}) if ids else {}
        subtype = given.get("integrationSubtype", old.get("integrationSubtype"))
        if subtype and (wrong := _mistake({**old, **given, "integrationSubtype": subtype})):
            return apigateway._apigw_error("BadRequestException", wrong, 400)
        status, headers, body = handle(api_id, *rest)
        if status >= 400:  # noqa: PLR2004
            return status, headers, body
        stored = apigateway._integrations[api_id][json.loads(body)["integrationId"]]
        stored.update({name: given[name] for name in ("credentialsArn", "integrationSubtype") if name in given})
        return apigateway._apigw_response(stored, status)

    return call


def _mistake(integration: Mapping[str, Any]) -> str | None:
    subtype, parameters = integration["integrationSubtype"], integration.get("requestParameters") or {}
    if subtype != _SUBTYPE:
        return f"the embedded AWS does not serve the integration subtype {subtype}, only {_SUBTYPE}"
    if not integration.get("credentialsArn"):
        return f"Operation: {subtype} needs credentials: set CredentialsArn"
    for name in sorted(parameters.keys() - _PARAMETERS):
        return f"Parameter: {name} does not fit schema for Operation: {subtype}."
    for name in sorted(_REQUIRED - parameters.keys()):
        return f"Parameter: {name} is required for Operation: {subtype}."
    for name, value in parameters.items():
        sources = _WITHIN.findall(value) if "${" in value else [value[1:]] if value.startswith("$") else []
        if not all(map(_SOURCE.fullmatch, sources)):
            problems = f"warnings : [], errors : [Invalid source: {value} specified for destination: {name}]"
            return f"Invalid selection expression specified: Validation Result: {problems}"
    return None


def _or_send(invoke: Callable[..., Any]) -> Callable[..., Any]:
    async def call(integration: dict[str, Any], api_id: str, stage: str, *request: Any, **more: Any) -> Any:
        if integration.get("integrationSubtype") != _SUBTYPE:
            return await invoke(integration, api_id, stage, *request, **more)
        path, method, headers, body, query, route_key, path_parameters = request
        account, region = more["owner_account_id"], more["owner_region"]
        context = {
            "accountId": account,
            "apiId": api_id,
            "httpMethod": method,
            "identity.sourceIp": iam_evaluator._request_origin.get()[0],
            "identity.userAgent": headers.get("user-agent"),
            "path": path if stage == "$default" else f"/{stage}{path}",
            "requestId": new_uuid(),
            "requestTimeEpoch": str(int(time.time() * 1000)),
            "routeKey": route_key,
            "stage": stage,
        }
        sources = {"request.path": path, "request.body": body.decode(errors="replace")}
        for kind, values in {
            "context": context,
            "request.header": headers,
            "request.path": path_parameters or {},
            "request.querystring": {name: ",".join(values) for name, values in query.items()},
            "stageVariables": apigateway._get_stage_variables(api_id, stage),
        }.items():
            sources |= {f"{kind}.{name}": value for name, value in values.items()}
        try:
            form = _form(integration["requestParameters"], sources)
        except (AttributeError, LookupError, TypeError, ValueError):
            return _message(400, "Bad Request")
        with request_scope(account, region):
            session = _assumed(integration["credentialsArn"], account, region)
        if session is None:
            return _message(500, "Internal Server Error")
        return await asyncio.to_thread(_post, form, session, form.pop("Region", region))

    return call


def _form(parameters: Mapping[str, str], sources: Mapping[str, str]) -> dict[str, str]:
    """The parameters of SQS's call by SQS's own names; a mapping that finds nothing is an error."""
    form = {"Action": "SendMessage", "Version": "2012-11-05"}
    for name, mapping in parameters.items():
        if "${" in mapping:
            form[name] = _WITHIN.sub(lambda found: _value(found[1], sources), mapping)
        else:
            form[name] = _value(mapping[1:], sources) if mapping.startswith("$") else mapping
    attributes = json.loads(form.pop("MessageAttributes", "{}"))
    for number, (name, attribute) in enumerate(attributes.items(), 1):
        form[f"MessageAttribute.{number}.Name"] = name
        form |= {f"MessageAttribute.{number}.Value.{key}": value for key, value in attribute.items()}
    return form


def _value(source: str, sources: Mapping[str, str]) -> str:
    value: Any = None
    if source.startswith("request.body."):
        value = json.loads(sources["request.body"].encode()[:_JSON_BYTES])
        for name, index in _STEP.findall(source.removeprefix("request.body.")):
            value = value[int(index)] if index else value[name]
        value = value if value is None or isinstance(value, str) else json.dumps(value)
    else:
        value = sources[source.lower() if source.startswith("request.header.") else source]
    if not value:
        raise LookupError(source)
    return value


def _assumed(role_arn: str, account: str, region: str) -> dict[str, str] | None:
    """Credentials of the role, if it is there and lets API Gateway assume it."""
    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role is None or role["Arn"] != role_arn:
        return None
    trust = role["AssumeRolePolicyDocument"]
    statements = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", [])
    named = [
        {**statement, "Principal": "*"}
        for statement in (statements if isinstance(statements, list) else [statements])
        if iam_evaluator._service_principal_matches(statement.get("Principal"), _SERVICE)
    ]
    # No aws:SourceAccount and no aws:SourceArn: API Gateway sets neither when it assumes the role of an integration.
    caller = iam_evaluator.EvalContext(
        principal_arn=_SERVICE,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=region,
    )
    if not iam_evaluator.evaluate_trust_policy({"Statement": named}, _SERVICE, caller):
        return None
    digest = hashlib.sha256(role_arn.encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", f"secret{digest}", f"token{digest}"
    name = f"{role['RoleName']}/api-gateway"
    arn = f"arn:aws:sts::{account}:assumed-role/{name}"
    sts.register_session(key, {"Arn": arn, "UserId": name, "SecretAccessKey": secret, "SessionToken": token})
    return {"access_key": key, "secret_key": secret, "token": token}


def _post(form: Mapping[str, str], session: dict[str, str], region: str) -> Answer:
    """Call SQS as that role, signed, over HTTP, so that all its checks are made; its answer is passed on as it is."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signed = AWSRequest(
        "POST",
        f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    SigV4Auth(Credentials(**session), "sqs", region).add_auth(signed)
    request = urllib.request.Request(signed.url, signed.data, dict(signed.headers), method="POST")  # noqa: S310
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return answer.status, {"Content-Type": "text/xml"}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {"Content-Type": "text/xml"}, error.read()


def _message(status: int, text: str) -> Answer:
    return status, {"Content-Type": "application/json"}, f'{{"message":"{text}"}}'.encode()
