"""Rules about topics and their subscriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import is_fifo, named
from policy.graph.documents import Name, Statement, Truth, either, every, opposite
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import ALIAS, FUNCTION, QUEUE, SUBSCRIPTION, TOPIC

_KEPT = ("sqs", "lambda")
"""Protocols of subscriptions that feed a pipeline."""
_ENDPOINTS = {"sqs": "queue", "lambda": "function"}
"""By the service in the ARN that a subscription of this protocol wants, what it is."""
_ARN = re.compile(r"arn:[\w-]+:\w+:(?P<region>[\w-]*):\w*:.+")


@rule(
    "ORD-SNS-001",
    "sns-dead-letter",
    title="A subscription keeps the messages that it cannot deliver",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def dead_letter(graph: Graph) -> Iterator[Finding]:
    """A subscription of a queue or function has a dead-letter queue (redrive_policy).

    SNS tries again when the endpoint fails, and not at all when it may not send or the endpoint is gone: a wrong policy
    of the queue or its key costs every message at once. Without a dead-letter queue they are dropped, and only a metric
    counts them. Subscriptions of people, by mail or text message, are exempt.
    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """
    for subscription in graph.of_type(SUBSCRIPTION):
        protocol = subscription.text("protocol")
        target = graph.refer(subscription, "redrivePolicy.deadLetterTargetArn", QUEUE)
        if isinstance(target, Resource | str) or protocol not in (*_KEPT, State.UNKNOWN):
            continue
        if State.UNKNOWN in (protocol, target):
            yield undecided(
                subscription, f"whether subscription {subscription.name} has a dead-letter queue is not known yet"
            )
        else:
            yield Finding(
                subscription.urn,
                f"subscription {subscription.name} drops what it cannot deliver: set redrive_policy with "
                "deadLetterTargetArn",
            )


@rule(
    "ORD-SNS-002",
    "sns-dead-letter-type",
    title="The dead-letter queue of a subscription has the type and the region of its topic",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
)
def dead_letter_type(graph: Graph) -> Iterator[Finding]:
    """A subscription of a FIFO topic has a FIFO dead-letter queue, one of a standard topic a standard queue.

    The queue is in the region of the topic as well. SNS refuses anything else, and the deployment stops half-way. It is
    the topic that counts: a FIFO topic may send to a standard queue, and what it cannot deliver still goes to a FIFO
    one. SNS wants the account of the subscription, too, which is that of whoever subscribes, and not always the
    topic's: nothing is said of it. https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
    """
    for subscription in graph.of_type(SUBSCRIPTION):
        queue = graph.refer(subscription, "redrivePolicy.deadLetterTargetArn", QUEUE)
        topic = graph.refer(subscription, "topic", TOPIC)
        if queue is State.UNSET:
            continue
        types = is_fifo(topic), is_fifo(queue)
        if State.UNKNOWN in types:
            yield undecided(
                subscription,
                f"whether the dead-letter queue of subscription {subscription.name} has the type of its topic is not "
                "known yet",
            )
        elif types[0] is not types[1]:
            kind, other = ("FIFO", "standard") if types[0] else ("standard", "FIFO")
            yield Finding(
                subscription.urn,
                f"subscription {subscription.name} of {kind} topic {named(topic)} has {other} dead-letter queue "
                f"{named(queue)}: use a {kind} queue",
            )
        elif _is_elsewhere(topic, queue):
            yield Finding(
                subscription.urn,
                f"dead-letter queue {named(queue)} of subscription {subscription.name} is in another region than topic "
                f"{named(topic)}: use a queue beside the topic",
            )


@rule(
    "ORD-SNS-003",
    "sns-fifo-pair",
    title="A standard topic sends to standard queues, and a FIFO topic to queues only",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html",
)
def fifo_pair(graph: Graph) -> Iterator[Finding]:
    """No FIFO queue is subscribed to a standard topic, and nothing but a queue to a FIFO topic.

    SNS refuses the subscription, and the deployment stops half-way: a standard topic keeps no order that a FIFO queue
    could rely on. A standard queue may be subscribed to a FIFO topic; order and deduplication end there. A function
    gets the messages of a FIFO topic through a queue.
    """
    for subscription in graph.of_type(SUBSCRIPTION):
        topic = graph.refer(subscription, "topic", TOPIC)
        protocol = subscription.text("protocol")
        from_fifo = is_fifo(topic)
        to_fifo: bool | State = False
        if protocol == "sqs":
            to_fifo = is_fifo(graph.refer(subscription, "endpoint", QUEUE))
        if from_fifo is True and isinstance(protocol, str) and protocol != "sqs":
            yield Finding(
                subscription.urn,
                f"subscription {subscription.name} of FIFO topic {named(topic)} has protocol {protocol}, and a FIFO "
                "topic sends to queues only: subscribe a queue",
            )
        elif from_fifo is False and to_fifo is True:
            queue = named(graph.refer(subscription, "endpoint", QUEUE))
            yield Finding(
                subscription.urn,
                f"standard topic {named(topic)} cannot send to FIFO queue {queue}: use a FIFO topic, or another queue",
            )
        elif not _is_sure(from_fifo, to_fifo, protocol):
            yield undecided(
                subscription, f"whether the topic and the endpoint of {subscription.name} go together is not known yet"
            )


def _is_sure(from_fifo: bool | State, to_fifo: bool | State, protocol: str | State) -> bool:
    """Whether what is not known yet cannot make a wrong pair."""
    if protocol == "sqs":
        return from_fifo is True or to_fifo is False
    return from_fifo is False and protocol is not State.UNKNOWN


@rule(
    "ORD-SNS-004",
    "sns-endpoint",
    title="The endpoint of a queue or function is its ARN",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
)
def endpoint(graph: Graph) -> Iterator[Finding]:
    """A subscription of protocol sqs names the ARN of a queue, and one of protocol lambda that of a function.

    The URL of a queue, which is also its id in Pulumi, is the usual mistake: SNS refuses it, and the deployment stops
    half-way. An endpoint that another resource yields is judged when it is known.
    """
    for subscription in graph.of_type(SUBSCRIPTION):
        protocol, given = subscription.text("protocol"), subscription.text("endpoint")
        if protocol not in (*_ENDPOINTS, State.UNKNOWN):
            continue
        if isinstance(given, State) or isinstance(protocol, State):
            # What a queue or function of the program yields is mostly its ARN, and is judged when it is known.
            if not graph.depends_on(subscription, "endpoint", QUEUE, FUNCTION, ALIAS):
                yield undecided(
                    subscription, f"whether the endpoint of subscription {subscription.name} is an ARN is not known yet"
                )
        elif not re.match(rf"arn:[\w-]+:{protocol}:", given):
            shown = "a URL" if given.startswith("https:") else "something else"
            yield Finding(
                subscription.urn,
                f"the endpoint of subscription {subscription.name} is {shown}, and protocol {protocol} wants an "
                f"ARN: set endpoint to the arn of a {_ENDPOINTS[protocol]}",
            )


@rule(
    "ORD-SNS-005",
    "sns-public",
    title="Only named principals publish to a topic and subscribe to it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
    dev=Level.ADVISORY,
)
def public(graph: Graph) -> Iterator[Finding]:
    """No policy of a topic lets anybody publish or subscribe without a condition that says for whom.

    With principal "*" every account may: strangers send orders, or receive a copy of each. A condition narrows that
    down that names a source or an organisation (aws:SourceArn, aws:SourceAccount, aws:PrincipalOrgID and the like), as
    AWS:SourceOwner does in the policy that a new topic has, and sns:Endpoint for who subscribes.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    for topic in graph.of_type(TOPIC):
        policy = graph.permissions.policy(topic)
        if not policy.is_set or policy.holder is None:
            continue
        is_public = either(map(_is_public, policy.statements))
        if is_public is State.UNKNOWN:
            yield undecided(
                policy.holder, f"whether anybody may publish or subscribe to topic {topic.name} is not known yet"
            )
        elif is_public:
            yield Finding(
                policy.holder.urn,
                f"anybody may publish or subscribe to topic {topic.name}: name the principals, or add a condition on "
                "aws:SourceArn or aws:SourceAccount",
            )


def _is_public(statement: Statement) -> Truth:
    if statement.effect == "Deny":
        return False
    wanted = (Name("sns:Publish"), Name("sns:Subscribe"))
    return every(
        (
            State.UNKNOWN if isinstance(statement.effect, State) else True,
            statement.is_for_anyone,
            either(action.matches(pattern, ignore_case=True) for action in wanted for pattern in statement.actions),
            opposite(either((statement.narrowed_by(), statement.narrowed_by({"sns:endpoint"})))),
        )
    )


def _is_elsewhere(topic: Reference, queue: Reference) -> bool:
    """Whether a topic and a queue are known to be in different regions."""
    arns = [end.fact("arn") if isinstance(end, Resource) else end for end in (topic, queue)]
    regions = {found["region"] for arn in arns if isinstance(arn, str) and (found := _ARN.fullmatch(arn))}
    return len(regions) > 1
