"""Rules about who may invoke functions."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Facts, Object, Resource, State
from policy.graph import Graph
from policy.graph.consumers import named
from policy.graph.invokers import consuming
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import FUNCTION, FUNCTION_URL, PERMISSION, RESOURCE_POLICY

_RESTRICTIONS = ("sourceArn", "sourceAccount", "principalOrgId", "eventSourceToken")
"""Properties of a permission that say whose resource may invoke."""
_WITHOUT_SOURCE = frozenset({"edgelambda.amazonaws.com", "replicator.lambda.amazonaws.com"})
"""Services of Lambda@Edge, which invoke for the account that the function is in."""


@rule(
    "ORD-FUN-005",
    "fun-permission-source",
    title="A permission for a service names the resource or account that may invoke",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html",
    dev=Level.ADVISORY,
)
def permission_source(graph: Graph) -> Iterator[Finding]:
    """A permission for a service has a source ARN, a source account or an organization.

    The service acts for every account of AWS. Without a source, whoever knows the function's ARN makes a topic, rule or
    bucket of their own invoke it, with events of their making. The name of a bucket in a source ARN says nothing about
    its account: give `source_account` besides. An account or a role as principal is for ORD-FUN-006.
    """
    for permission in graph.of_type(PERMISSION):
        principal = permission.text("principal")
        if _restricted(permission) or principal in _WITHOUT_SOURCE:
            continue
        function = named(graph.refer(permission, "function", FUNCTION))
        if isinstance(principal, State):
            yield undecided(permission, f"who may invoke function {function} is not known yet")
        elif principal.endswith(".amazonaws.com"):
            yield Finding(
                permission.urn,
                f"{principal} may invoke function {function} for any resource of any account: set source_arn",
            )


@rule(
    "ORD-FUN-006",
    "fun-permission-public",
    title="Nobody but named principals may invoke a function",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
)
def permission_public(graph: Graph) -> Iterator[Finding]:
    """No permission and no policy of a function lets everybody invoke it.

    The principal `*` is every account of AWS: anybody can put orders into the pipeline, and have the account pay for
    them. A permission for a function URL has to be public for a public URL: that is for ORD-FUN-011.
    https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html#lambda-1
    """
    for permission in graph.of_type(PERMISSION):
        by_url = (
            permission.fact("functionUrlAuthType") is not State.UNSET
            or permission.flag("invokedViaFunctionUrl", default=False) is not False
        )
        if permission.text("principal") == "*" and not _restricted(permission) and not by_url:
            yield _public(graph, permission, "function")
        elif permission.text("principal") is State.UNKNOWN and not _restricted(permission) and not by_url:
            yield undecided(permission, f"whether permission {permission.name} is for everybody is not known yet")
    for policy in graph.of_type(RESOURCE_POLICY):
        statements = policy.object("policy").items("Statement")
        if isinstance(statements, State):
            yield undecided(policy, f"whether policy {policy.name} lets everybody invoke a function is not known yet")
        elif any(isinstance(statement, Object) and _is_public(statement) for statement in statements):
            yield _public(graph, policy, "resourceArn")


@rule(
    "ORD-FUN-011",
    "fun-url-auth",
    title="A function that a mapping invokes has no public URL",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    dev=Level.ADVISORY,
)
def url_auth(graph: Graph) -> Iterator[Finding]:
    """The URL of a function that consumes a queue or stream asks for credentials.

    With authorization type `NONE` Lambda checks nobody. What the queue's policy and the producers' roles keep out then
    comes in by the URL, past the queue, its retries and its dead letters. The URL of a function that no mapping invokes
    may well be public.
    """
    consumers = {function.urn for function in consuming(graph)}
    for url in graph.of_type(FUNCTION_URL):
        function = graph.refer(url, "functionName", FUNCTION)
        authorization = url.text("authorizationType")
        if not isinstance(function, Resource) or function.urn not in consumers:
            continue
        if isinstance(authorization, State):
            yield undecided(url, f"whether the URL of function {function.name} is public is not known yet")
        elif authorization == "NONE":
            yield Finding(
                url.urn,
                f"the URL of function {function.name} is public: set authorization_type AWS_IAM, or take it away",
            )


def _restricted(permission: Resource) -> bool:
    return any(permission.fact(name) is not State.UNSET for name in _RESTRICTIONS)


def _is_public(statement: Facts) -> bool:
    accounts = statement.object("Principal").items("AWS")
    everybody = statement.fact("Principal") == "*" or (not isinstance(accounts, State) and "*" in accounts)
    return everybody and statement.text("Effect") == "Allow" and statement.fact("Condition") is State.UNSET


def _public(graph: Graph, holder: Resource, path: str) -> Finding:
    function = named(graph.refer(holder, path, FUNCTION))
    return Finding(
        holder.urn, f"principal * of {holder.name} lets everybody invoke function {function}: name an account or a role"
    )
