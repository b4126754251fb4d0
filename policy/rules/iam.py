"""Rules about what the roles of functions need: to be taken on by Lambda, to read sources, to keep what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, named
from policy.graph.destinations import DESTINATIONS, destination_kind
from policy.graph.documents import Request, allows, denies, statements
from policy.graph.patterns import Name, either, every, opposite
from policy.graph.references import Reference
from policy.rule import Finding, Kind, rule, undecided
from policy.tokens import EVENT_INVOKE_CONFIG, FUNCTION, ROLE, TABLE

LAMBDA = "lambda.amazonaws.com"


@dataclass(frozen=True)
class _Reading:
    """What a role needs to read a source."""

    managed: str
    """The policy of AWS that has it all."""
    actions: tuple[tuple[str, ...], ...]
    """Of each of these, one is enough."""


_READS: Mapping[Source, _Reading] = {
    Source.QUEUE: _Reading(
        "AWSLambdaSQSQueueExecutionRole",
        (("sqs:ReceiveMessage",), ("sqs:DeleteMessage",), ("sqs:GetQueueAttributes",)),
    ),
    Source.STREAM: _Reading(
        "AWSLambdaKinesisExecutionRole",
        (
            ("kinesis:DescribeStream", "kinesis:DescribeStreamSummary"),
            ("kinesis:GetRecords",),
            ("kinesis:GetShardIterator",),
            ("kinesis:ListShards",),
        ),
    ),
    Source.TABLE: _Reading(
        "AWSLambdaDynamoDBExecutionRole",
        (("dynamodb:DescribeStream",), ("dynamodb:GetRecords",), ("dynamodb:GetShardIterator",)),
    ),
}
_SUBSCRIBES = (("kinesis:SubscribeToShard",),)
_POLLS = frozenset({"kinesis:GetRecords", "kinesis:GetShardIterator"})
"""What a registered consumer of a stream does not do: Kinesis pushes records to it."""
_WRITES = {
    "queue": "sqs:SendMessage",
    "topic": "sns:Publish",
    "function": "lambda:InvokeFunction",
    "event bus": "events:PutEvents",
}
"""What a role needs, by the kind of the destination. A kind that is not here is refused: another rule says so."""


def role_of(graph: Graph, function: Reference) -> Reference:
    """The role of a function; `UNSET` when it is not for this program to say what the role may."""
    if not isinstance(function, Resource):
        return State.UNKNOWN if function is State.UNKNOWN else State.UNSET
    role = graph.refer(function, "role", ROLE)
    if isinstance(role, Resource):
        return role if role.managed else State.UNSET
    return State.UNKNOWN if role is State.UNKNOWN else State.UNSET


@rule(
    "ORD-IAM-001",
    "iam-source-read",
    title="The role of a function may read the source of its mappings",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
)
def source_read(graph: Graph) -> Iterator[Finding]:
    """The role of a function that a mapping invokes may read the mapping's queue, stream or table.

    Lambda polls with the role of the function. Without the permission AWS refuses the mapping, after minutes of trying;
    when the permission is lost later, nothing is read any more, and nobody is told. A role that this program does not
    manage is exempt. What a queue's own policy allows the role counts as well.
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
    """
    for consumer in graph.consumers:
        reading = _READS.get(consumer.kind) if isinstance(consumer.kind, Source) else None
        role = role_of(graph, consumer.function)
        if reading is None or role is State.UNSET:
            continue
        source, function = named(consumer.source), named(consumer.function)
        needs = [*_needs(consumer, reading)] if isinstance(role, Resource) else []
        may = {
            actions[0]: either(graph.permissions.allowed(role, action, of, output) for action in actions)
            for actions, of, output in needs
            if isinstance(role, Resource)
        }
        missing = [action for action, allowed in may.items() if allowed is False]
        if missing and isinstance(role, Resource):
            yield Finding(
                role.urn,
                f"role {role.name} of function {function} lacks {', '.join(missing)} on {source}: attach "
                f"{reading.managed}, or allow it in a policy of the role",
            )
        elif not needs or State.UNKNOWN in may.values():
            yield undecided(
                consumer.mapping, f"whether the role of function {function} may read {source} is not known yet"
            )


def _needs(consumer: Consumer, reading: _Reading) -> Iterator[tuple[tuple[str, ...], Reference, str]]:
    """Actions, what they are done to, and the output that is its ARN."""
    source = consumer.source
    output = "streamArn" if isinstance(source, Resource) and source.type == TABLE else "arn"
    subscribed = consumer.fan_out is not State.UNSET
    for actions in reading.actions:
        if not (subscribed and actions[0] in _POLLS):
            yield actions, source, output
    if subscribed:
        yield from ((actions, consumer.fan_out, "arn") for actions in _SUBSCRIBES)


@rule(
    "ORD-IAM-002",
    "iam-destination-write",
    title="The role of a function may write to its failure destinations",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",
)
def destination_write(graph: Graph) -> Iterator[Finding]:
    """The role of a function may write to the destinations of its mappings, its invocations and its dead letters.

    Lambda writes there with the role of the function. Without the permission AWS refuses the mapping or the dead-letter
    queue; when the permission is lost later, what failed is dropped. The dead-letter queue of an SQS queue needs no
    permission of the role: SQS moves the messages itself. A bucket as destination is exempt, because the permission may
    be for a part of it.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    for holder, function, destination in _destinations(graph):
        kind, role = destination_kind(destination), role_of(graph, function)
        where = f"{named(destination)}, where {holder.name} sends"
        if kind is State.UNSET or role is State.UNSET or (isinstance(kind, str) and kind not in _WRITES):
            continue
        if not isinstance(kind, str) or not isinstance(role, Resource):
            yield undecided(
                holder, f"whether the role of function {named(function)} may write to {where} is not known yet"
            )
            continue
        action = _WRITES[kind]
        allowed = graph.permissions.allowed(role, action, destination)
        if allowed is False:
            yield Finding(
                role.urn,
                f"role {role.name} of function {named(function)} lacks {action} on {where}: allow it in a policy of "
                "the role",
            )
        elif allowed is State.UNKNOWN:
            yield undecided(
                holder, f"whether the role of function {named(function)} may write to {where} is not known yet"
            )


def _destinations(graph: Graph) -> Iterator[tuple[Resource, Reference, Reference]]:
    """What has a destination, the function whose role writes there, and the destination."""
    for consumer in graph.consumers:
        path = "destinationConfig.onFailure.destinationArn"
        if consumer.kind is not Source.QUEUE:  # a mapping of a queue has no destination: ORD-MAP-011
            yield consumer.mapping, consumer.function, graph.refer(consumer.mapping, path, *DESTINATIONS)
    for config in graph.of_type(EVENT_INVOKE_CONFIG):
        function = graph.refer(config, "functionName", FUNCTION)
        given = config.object("destinationConfig")
        for when in ("onFailure", "onSuccess"):
            value = given.object(when).fact("destination")
            yield config, function, graph.refer_by(value, config, "destinationConfig", *DESTINATIONS)
    for function in graph.of_type(FUNCTION):
        yield function, function, graph.refer(function, "deadLetterConfig.targetArn", *DESTINATIONS)


@rule(
    "ORD-IAM-004",
    "iam-trust",
    title="The role of a function may be assumed by Lambda",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
)
def trust(graph: Graph) -> Iterator[Finding]:
    """The role of a function trusts the service Lambda.

    Lambda takes on the role to run the function and to poll for it. AWS refuses a function whose role does not let it:
    "The role defined for the function cannot be assumed by Lambda". A role that this program does not manage is exempt.
    """
    roles: dict[str, tuple[Resource, Resource]] = {}
    for function in graph.of_type(FUNCTION):
        role = role_of(graph, function)
        if isinstance(role, Resource):
            roles.setdefault(role.urn, (role, function))
    for role, function in roles.values():
        found = statements(role.object("assumeRolePolicy"))
        request = Request("sts:AssumeRole", Name(State.UNKNOWN), LAMBDA)
        trusts = every((allows(found, request), opposite(denies(found, request))))
        if trusts is False:
            yield Finding(
                role.urn,
                f"role {role.name} of function {function.name} does not trust {LAMBDA}: allow sts:AssumeRole to that "
                "service in assume_role_policy",
            )
        elif trusts is State.UNKNOWN:
            yield undecided(
                role, f"whether role {role.name} of function {function.name} trusts {LAMBDA} is not known yet"
            )
