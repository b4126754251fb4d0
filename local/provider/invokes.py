"""The data sources of pulumi-aws that the program uses, answered for the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from local.aws import PARTITION, Aws
from local.provider.resource import Properties


class UnknownInvokeError(LookupError):
    """The program calls a data source that is not here."""


def invoke(aws: Aws, token: str, arguments: Properties) -> Properties:
    """Answer one call.

    Raises:
        UnknownInvokeError: No function here serves the token; the message names those that are served.
    """
    function = _INVOKES.get(token)
    if function is None:
        raise UnknownInvokeError(
            f"the local aws provider does not know the data source {token!r} (it knows {', '.join(sorted(_INVOKES))}): "
            "add it to local/provider/invokes.py, or deploy this program to a real account"
        )
    return function(aws, arguments)


def _caller_identity(aws: Aws, _: Properties) -> Properties:
    identity = aws.sts.get_caller_identity()
    account = identity["Account"]
    return {"accountId": account, "arn": identity["Arn"], "id": account, "userId": identity["UserId"]}


def _region(aws: Aws, arguments: Properties) -> Properties:
    name = arguments.get("region") or arguments.get("name") or aws.region
    return {
        "description": name,
        "endpoint": f"ec2.{name}.amazonaws.com",
        "id": name,
        "name": name,
        "region": name,
    }


def _partition(_: Aws, __: Properties) -> Properties:
    return {
        "dnsSuffix": "amazonaws.com",
        "id": PARTITION,
        "partition": PARTITION,
        "reverseDnsPrefix": "com.amazonaws",
    }


def _policy_document(_: Aws, arguments: Properties) -> Properties:
    statements: list[Properties] = arguments.get("statements") or []
    document = {
        "Version": arguments.get("version") or "2012-10-17",
        **({"Id": arguments["policyId"]} if arguments.get("policyId") else {}),
        "Statement": [_statement(statement) for statement in statements],
    }
    return {
        **arguments,
        "id": "local",
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _statement(statement: Properties) -> Properties:
    conditions: dict[str, dict[str, Any]] = {}
    given: list[Properties] = statement.get("conditions") or []
    for condition in given:
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _one_or_many(condition["values"])
    parts = {
        "Sid": statement.get("sid"),
        "Effect": statement.get("effect") or "Allow",
        "Action": _one_or_many(statement.get("actions")),
        "NotAction": _one_or_many(statement.get("notActions")),
        "Resource": _one_or_many(statement.get("resources")),
        "NotResource": _one_or_many(statement.get("notResources")),
        "Principal": _principals(statement.get("principals")),
        "NotPrincipal": _principals(statement.get("notPrincipals")),
        "Condition": conditions or None,
    }
    return {name: value for name, value in parts.items() if value is not None}


def _principals(principals: list[Properties] | None) -> Any:
    if not principals:
        return None
    found: dict[str, list[str]] = {}
    for principal in principals:
        found.setdefault(principal["type"], []).extend(principal["identifiers"])
    if found == {"*": ["*"]}:
        return "*"
    return {kind: _one_or_many(identifiers) for kind, identifiers in found.items()}


def _one_or_many(values: list[str] | None) -> Any:
    if not values:
        return None
    return values[0] if len(values) == 1 else sorted(values)


_INVOKES: dict[str, Callable[[Aws, Properties], Properties]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
