"""Rules about what roles and functions should not be allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.facts import Fact, Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, named
from policy.graph.documents import Request, Statement, is_every_action
from policy.graph.patterns import Name, either, every, name_of
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.rules.iam import role_of
from policy.tokens import ALIAS, FUNCTION, PERMISSION

_SERVICES = frozenset({"*", "dynamodb", "events", "kinesis", "kms", "lambda", "s3", "sns", "sqs"})
"""Services of pipelines, as actions begin: not logs, tracing and networks, some of which know no resources."""
_WRITING = ("delete", "invoke", "publish", "put", "send")
"""How actions begin that change what others rely on."""
_OWN_WRITES: Mapping[Source, tuple[str, ...]] = {
    Source.QUEUE: ("sqs:SendMessage",),
    Source.STREAM: ("kinesis:PutRecord", "kinesis:PutRecords"),
    Source.TABLE: ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
}
"""What makes a source invoke the function again."""


@rule(
    "ORD-IAM-003",
    "iam-wildcard",
    title="The role of a consumer names its actions, and what it writes to",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def wildcard(graph: Graph) -> Iterator[Finding]:
    """A policy of a consumer's role allows no whole service, nothing by exclusion, and no writing to every resource.

    A function that reads one queue and may do everything to all of them can delete the orders of others: by a mistake
    in its code, or for whoever gets hold of its credentials. Policies of AWS itself are exempt, and so are logs,
    tracing and networks, some actions of which know no resources.
    """
    roles = {
        role.urn: (role, consumer)
        for consumer in reversed(graph.consumers)
        if isinstance(role := role_of(graph, consumer.function), Resource)
    }
    for _, (role, consumer) in sorted(roles.items()):
        for policy in graph.permissions.policies(role):
            if not policy.holder:
                continue
            broad = [too_broad for statement in policy.statements for too_broad in _too_broad(statement)]
            of = f"role {role.name} of function {named(consumer.function)}"
            known = sorted({text for text in broad if isinstance(text, str)})
            if known:
                yield Finding(
                    policy.holder.urn,
                    f"{of} may {', '.join(known)}: name the actions that it needs, and the resources",
                )
            elif broad:
                yield undecided(policy.holder, f"whether {of} may do more than it needs is not known yet")


def _too_broad(statement: Statement) -> Iterator[str | State]:
    """In words what a statement allows too much; `UNKNOWN` when it may."""
    if statement.is_allowing is not True:
        yield from [State.UNKNOWN] if statement.is_allowing is State.UNKNOWN else []
        return
    if statement.content.fact("NotAction") is not State.UNSET:
        yield "do all but some actions"
    everywhere = either(_is_everything(pattern) for pattern in statement.resources)
    for action in statement.actions:
        if isinstance(action, State):
            yield State.UNKNOWN
            continue
        service, _, verb = str(action).lower().rpartition(":")
        if (service or "*") not in _SERVICES:
            continue
        if is_every_action(action) is True:
            yield f"do {action}"
        elif everywhere is True and verb.startswith(_WRITING):
            yield f"do {action} everywhere"


def _is_everything(pattern: Fact) -> bool:
    # A value of another resource is no `*`.
    return not isinstance(pattern, State) and not str(pattern).strip("*")


@rule(
    "ORD-IAM-005",
    "iam-self-loop",
    title="A consumer may not write to the queue, stream or table that it reads",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def self_loop(graph: Graph) -> Iterator[Finding]:
    """The role of a function may not write to the source that invokes the function.

    What it writes there invokes it again: a mistake makes a loop that costs money and takes all concurrency. Lambda
    stops some loops after 16 rounds, and then an order goes to the dead letters for no fault of its own. A consumer
    that sends an order back to try it later, or that updates the item whose change it reads, does so on purpose: waive
    it, and make sure that the code ends the loop. A statement about every resource is for ORD-IAM-003.
    """
    for consumer in graph.consumers:
        role = role_of(graph, consumer.function)
        if isinstance(consumer.kind, Source) and consumer.kind in _OWN_WRITES and isinstance(role, Resource):
            yield from _self_loop(graph, consumer, role, _OWN_WRITES[consumer.kind])


def _self_loop(graph: Graph, consumer: Consumer, role: Resource, actions: tuple[str, ...]) -> Iterator[Finding]:
    source, function = _written(consumer.source), named(consumer.function)
    target = name_of(source)
    policies = [policy for policy in graph.permissions.policies(role) if policy.holder]
    may = {action: graph.permissions.allowed(role, action, source) for action in actions}
    verdicts: set[bool | State] = set()
    for policy in policies:
        writes = {
            action: either(_lets_write(statement, Request(action, target, role)) for statement in policy.statements)
            for action in actions
            if may[action] is not False
        }
        found = [action for action, allowed in writes.items() if allowed is True and may[action] is True]
        verdicts |= {*writes.values()}
        if found and policy.holder:
            yield Finding(
                policy.holder.urn,
                f"function {function} may {', '.join(found)} on {named(source)}, which invokes it: an order may go "
                "round until the loop is stopped by hand; take that out of the policy",
            )
    if either(verdicts) is State.UNKNOWN:
        where = f"{named(source)}, which invokes it,"
        yield undecided(consumer.mapping, f"whether function {function} may write to {where} is not known yet")


def _written(source: Reference) -> Reference:
    """What is written to: of the stream of a table outside this program, the table."""
    return source.partition("/stream/")[0] if isinstance(source, str) and ":dynamodb:" in source else source


def _lets_write(statement: Statement, request: Request) -> bool | State:
    """Whether a statement lets a role write to the very resource of a request, by an action that it names."""
    by_name = [action for action in statement.actions if is_every_action(action) is not True]
    resources = [
        pattern
        for pattern in statement.resources
        if isinstance(pattern, State) or pattern.rpartition(":")[2].strip("*")
    ]
    return every(
        (
            statement.is_allowing,
            statement.is_about(request),
            either(Name(request.action).matches(action, ignore_case=True) for action in by_name),
            either(request.target.matches(pattern) for pattern in resources),
        )
    )


@rule(
    "ORD-IAM-006",
    "iam-one-principal",
    title="A function is invoked by one service",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
    dev=Level.OFF,
    standard=Level.OFF,
    strict=Level.ADVISORY,
)
def one_principal(graph: Graph) -> Iterator[Finding]:
    """The permissions of a function are for one service.

    Each service sends events of another shape, retries in another way and needs other permissions. A function for
    several of them has the permissions of all, and its timeout and concurrency fit none. A shared function may be right
    for little work: then waive it. Accounts and roles as principals do not count.
    https://awslabs.github.io/serverless-rules/rules/lambda/permission_multiple_principals/
    """
    services: dict[str, set[str]] = {}
    unknown: dict[str, Resource] = {}
    for permission in graph.of_type(PERMISSION):
        alias = graph.refer(permission, "function", ALIAS)
        named_by = (alias, "functionName") if isinstance(alias, Resource) else (permission, "function")
        function = graph.refer(*named_by, FUNCTION)
        principal = permission.text("principal")
        if isinstance(function, Resource) and principal is State.UNKNOWN:
            unknown[function.urn] = permission
        elif isinstance(function, Resource) and isinstance(principal, str) and principal.endswith(".amazonaws.com"):
            services.setdefault(function.urn, set()).add(principal)
    for function in graph.of_type(FUNCTION):
        found = sorted(services.get(function.urn, ()))
        if len(found) > 1:
            yield Finding(
                function.urn,
                f"function {function.name} is invoked by {', '.join(found)}: make one function for each service",
            )
        elif found and function.urn in unknown:
            yield undecided(function, f"which services invoke function {function.name} is not known yet")
