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
    """A document as the official provider writes it: merged from others by Sid, lists sorted backwards."""
    statements: list[Properties] = arguments.get("statements") or []
    own: Properties = {
        "Version": arguments.get("version") or "2012-10-17",
        "Id": arguments.get("policyId"),
        "Statement": [_statement(statement) for statement in statements],
    }
    before: list[str] = arguments.get("sourcePolicyDocuments") or []
    after: list[str] = arguments.get("overridePolicyDocuments") or []
    document: Properties = {}
    for source in (*map(json.loads, before), own, *map(json.loads, after)):
        document = _merged(document, source)
    return {
        **arguments,
        "id": "local",
        "json": json.dumps(document, indent=2),
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _merged(document: Properties, other: Properties) -> Properties:
    """Both documents' statements; one of the other takes the place of one with its Sid."""
    statements: list[Properties] = [*document.get("Statement", [])]
    others: list[Properties] = other.get("Statement") or []
    for statement in others:
        sids = [existing.get("Sid") for existing in statements]
        if statement.get("Sid") in sids and statement.get("Sid"):
            statements[sids.index(statement["Sid"])] = statement
        else:
            statements.append(statement)
    merged = {
        "Version": max(document.get("Version", ""), other.get("Version", "")),
        "Id": other.get("Id") or document.get("Id"),
        "Statement": statements,
    }
    return {name: value for name, value in merged.items() if value}


def _statement(statement: Properties) -> Properties:
    parts = {
        "Sid": statement.get("sid"),
        "Effect": statement.get("effect") or "Allow",
        "Action": _one_or_many(statement.get("actions")),
        "NotAction": _one_or_many(statement.get("notActions")),
        "Resource": _one_or_many(statement.get("resources")),
        "NotResource": _one_or_many(statement.get("notResources")),
        "Principal": _principals(statement.get("principals")),
        "NotPrincipal": _principals(statement.get("notPrincipals")),
        "Condition": _conditions(statement.get("conditions")),
    }
    return {name: value for name, value in parts.items() if value}


def _conditions(conditions: list[Properties] | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, list[str]]] = {}
    for condition in conditions or []:
        values = found.setdefault(condition["test"], {}).setdefault(condition["variable"], [])
        values += map(_with_variables, condition["values"])  # as they come: their order may matter
    return {
        test: {variable: values[0] if len(values) == 1 else values for variable, values in sorted(variables.items())}
        for test, variables in sorted(found.items())
    }


def _principals(principals: list[Properties] | None) -> Any:
    found: dict[str, list[str]] = {}
    for principal in principals or []:
        found.setdefault(principal["type"], []).extend(principal["identifiers"])
    if found == {"*": ["*"]}:
        return "*"
    return {kind: _one_or_many(identifiers) for kind, identifiers in sorted(found.items())}


def _one_or_many(values: list[str] | None) -> Any:
    texts = sorted(map(_with_variables, values or []), reverse=True)
    return texts[0] if len(texts) == 1 else texts


def _with_variables(text: str) -> str:
    """IAM's `${...}`, which the official provider also takes as `&{...}`."""
    return text.replace("&{", "${")


_INVOKES: dict[str, Callable[[Aws, Properties], Properties]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy_document,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
}
