"""Rules about who may use queues, and who cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import named
from policy.graph.documents import ANYONE, Request, Statement, is_account, is_every_action
from policy.graph.patterns import Name, Truth, either, every, name_of, opposite
from policy.graph.permissions import Policy
from policy.graph.requests import to_resource
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import QUEUE, QUEUE_POLICY

SENDERS: Mapping[str, tuple[str, str]] = {
    "events.amazonaws.com": ("rule", "events are lost silently"),
    "s3.amazonaws.com": ("bucket", "AWS refuses the notification"),
    "sns.amazonaws.com": ("topic", "messages are lost silently"),
}
"""What each service sends for, and what happens when it may not."""
_SEND = "sqs:SendMessage"
_USES = (_SEND, "sqs:ReceiveMessage")
_SOURCES = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"})
_WITHOUT_TLS = {"aws:securetransport": Name("false")}


@rule(
    "ORD-SQS-016",
    "sqs-tls",
    title="A queue refuses requests without TLS",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def tls(graph: Graph) -> Iterator[Finding]:
    """The policy of a queue denies everybody what is asked without TLS.

    SQS also answers over plain HTTP, where anybody on the way can read orders, or change them. The denial stops neither
    the services that send to the queue nor Lambda, which polls over TLS. A queue that is only read is exempt.
    """
    for queue in graph.of_type(QUEUE):
        policy = graph.permissions.policy(queue)
        denied = every(
            either(
                _denies(statement, Request(action, name_of(queue), ANYONE, _WITHOUT_TLS))
                for statement in policy.statements
            )
            for action in _USES
        )
        if denied is State.UNKNOWN:
            yield undecided(policy.holder or queue, f"whether queue {queue.name} refuses plain HTTP is not known yet")
        elif denied is False:
            yield Finding(
                (policy.holder or queue).urn,
                f"queue {queue.name} accepts plain HTTP: deny sqs:* to * where aws:SecureTransport is false",
            )


def _denies(statement: Statement, request: Request) -> Truth:
    return every((opposite(statement.is_allowing), statement.is_about(request)))


@rule(
    "ORD-SQS-017",
    "sqs-public",
    title="A queue is used by named principals",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
)
def public(graph: Graph) -> Iterator[Finding]:
    """No policy of a queue lets everybody in.

    The principal `*` is every account of AWS, and also who has none: anybody can put in orders, or take them out.
    With a condition on the source, the account or the organization it is not everybody, and passes. So does a denial
    to `*`.
    """
    yield from _found(
        graph,
        lambda statement: statement.is_public,
        "lets everybody use it: name a principal, or add a condition such as aws:SourceArn",
        "lets everybody use it",
    )


@rule(
    "ORD-SQS-018",
    "sqs-policy-shape",
    title="A queue policy names actions and principals, and allows nothing by exclusion",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    dev=Level.ADVISORY,
)
def policy_shape(graph: Graph) -> Iterator[Finding]:
    """A statement that allows has neither `NotAction` nor `NotPrincipal`, and `sqs:*` is for the account only.

    What is allowed by exclusion grows with every action and every account that AWS adds. Whoever has `sqs:*` can also
    delete the queue, empty it, or let in others. A statement for everybody is for ORD-SQS-017.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    yield from _found(
        graph,
        _is_shapeless,
        "allows by exclusion, or allows sqs:*: name the actions and the principals",
        "allows more than it names",
    )


def _is_shapeless(statement: Statement) -> Truth:
    by_exclusion = any(statement.content.fact(name) is not State.UNSET for name in ("NotAction", "NotPrincipal"))
    others = either(kind != "AWS" or opposite(is_account(who)) for kind, who in statement.principals)
    everything = every((either(map(is_every_action, statement.actions)), others, opposite(statement.is_public)))
    return every((statement.is_allowing, by_exclusion or everything))


@rule(
    "ORD-SQS-022",
    "sqs-source-condition",
    title="A queue policy that lets a service in names the source",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    dev=Level.ADVISORY,
)
def source_condition(graph: Graph) -> Iterator[Finding]:
    """A statement that lets a service send to a queue has a condition on the source, its account or organization.

    The service sends for every account of AWS. Without the condition, whoever knows the queue's ARN makes a topic, rule
    or bucket of their own send to it: the service is a confused deputy.
    """
    yield from _found(
        graph,
        _is_open_to_a_service,
        "lets a service send for any resource of any account: add a condition on aws:SourceArn",
        "lets a service send for any account",
    )


def _is_open_to_a_service(statement: Statement) -> Truth:
    send = Name(_SEND)
    return every(
        (
            statement.is_allowing,
            either(send.matches(action, ignore_case=True) for action in statement.actions),
            either(
                State.UNKNOWN if isinstance(who, State) else kind == "Service" for kind, who in statement.principals
            ),
            opposite(statement.narrowed_by(_SOURCES)),
        )
    )


def _found(graph: Graph, breaks: Callable[[Statement], Truth], what: str, whether: str) -> Iterator[Finding]:
    """What is found in one of the statements of each policy of a queue."""
    for holder, queue, policy in _policies(graph):
        verdict = either(map(breaks, policy.statements))
        if verdict is True:
            yield Finding(holder.urn, f"the policy of queue {queue} {what}")
        elif verdict is State.UNKNOWN:
            yield undecided(holder, f"whether the policy of queue {queue} {whether} is not known yet")


def _policies(graph: Graph) -> Iterator[tuple[Resource, str, Policy]]:
    """Policies of queues, with what holds them and the name of the queue."""
    for queue in graph.of_type(QUEUE):
        policy = graph.permissions.policy(queue)
        if policy.holder is queue:
            yield queue, queue.name, policy
    for separate in graph.of_type(QUEUE_POLICY):
        yield separate, named(graph.refer(separate, "queueUrl", QUEUE)), Policy.of(separate)


@rule(
    "ORD-SQS-019",
    "sqs-producer-allowed",
    title="A queue lets the services that send to it send",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
)
def producer_allowed(graph: Graph) -> Iterator[Finding]:
    """The policy of a queue lets every topic, rule and bucket send that is made to send to it.

    SNS and EventBridge drop what they may not deliver, and nobody is told. S3 tries when the notification is made, and
    AWS refuses it. What cannot be delivered elsewhere and so goes to a queue needs the same permission. A queue without
    a policy lets no service in. A target or schedule that sends with a role of its own is exempt, and so is a queue of
    another program.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    for producer in graph.producers:
        queue, service = producer.queue, producer.service
        if producer.with_role or service not in SENDERS or isinstance(queue, str):
            continue
        what, lost = SENDERS[service]
        source = f"{what} {named(producer.source)}"
        if not isinstance(queue, Resource):
            yield undecided(producer.by, f"to which queue {source} sends is not known yet")
            continue
        holder = graph.permissions.policy(queue).holder or queue
        allowed = graph.permissions.lets_in(queue, _SEND, service, to_resource(service, producer.source, queue))
        if allowed is False:
            yield Finding(
                holder.urn,
                f"queue {queue.name} does not let {source} send: {lost}; allow {_SEND} to {service} with aws:SourceArn "
                f"= the ARN of the {what}",
            )
        elif allowed is State.UNKNOWN:
            yield undecided(holder, f"whether queue {queue.name} lets {source} send is not known yet")
