"""Rules about who may use the keys of encrypted queues, streams and topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, named
from policy.graph.patterns import Truth, every
from policy.graph.producers import Producer
from policy.graph.references import Reference
from policy.graph.requests import EVENTS, Context, to_key, to_resource
from policy.rule import Finding, Kind, rule, undecided
from policy.rules.iam import role_of
from policy.rules.sqs_access import SENDERS
from policy.tokens import ALARM, COMPOSITE_ALARM, KEY, KEY_ALIAS, QUEUE, STREAM, TOPIC

_USES = ("kms:GenerateDataKey", "kms:Decrypt")
"""What whoever sends to an encrypted queue or topic needs."""
_DECRYPT = "kms:Decrypt"
_ALARMS = "cloudwatch.amazonaws.com"
_PUBLISH = "sns:Publish"
_KEYS: Mapping[str, str] = {QUEUE: "kmsMasterKeyId", STREAM: "kmsKeyId", TOPIC: "kmsMasterKeyId"}
"""The property of a type that names its key."""
_ACTIONS = ("alarmActions", "okActions", "insufficientDataActions")


def _key_of(graph: Graph, holder: Resource) -> Reference:
    """The key of a queue, stream or topic, also by its alias."""
    key = graph.refer(holder, _KEYS[holder.type], KEY, KEY_ALIAS)
    return graph.refer(key, "targetKeyId", KEY) if isinstance(key, Resource) and key.type == KEY_ALIAS else key


def _is_managed(key: Reference) -> bool:
    """Whether a key is one of AWS itself, whose policy nobody can change: `alias/aws/sqs`."""
    return isinstance(key, str) and "alias/aws/" in key


def _lets_in(graph: Graph, key: Resource, service: str, context: Context) -> Truth:
    """Whether a key lets a service use it to send."""
    return every(graph.permissions.lets_in(key, action, service, context) for action in _USES)


@rule(
    "ORD-KMS-001",
    "kms-producer",
    title="The key of an encrypted queue lets the services that send to the queue use it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
def producer(graph: Graph) -> Iterator[Finding]:
    """The policy of the key lets every topic, rule and bucket use the key that sends to a queue which it encrypts.

    Who sends to an encrypted queue needs a data key. SNS and EventBridge drop what they cannot encrypt, and nobody is
    told. What they could not deliver elsewhere needs the key of the dead-letter queue in the same way. The policy that
    AWS gives a new key lets no service in: it leaves the key to the roles of the account, and a service has none.
    EventBridge does not tell KMS for which rule or account it asks, so that a statement with such a condition never
    lets it in. A target or schedule that sends with a role of its own is exempt.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    for queue, key, senders in _encrypted(graph):
        for service, producers in senders.items():
            if _is_managed(key):
                continue
            sources = {one.by.urn: _lets_in_for(graph, key, queue, one) for one in producers}
            shut_out = [one for one in producers if sources[one.by.urn] is False]
            if shut_out and isinstance(key, Resource):
                what, lost = SENDERS[service]
                names = ", ".join(sorted({named(one.source) for one in shut_out}))
                unconditionally = ", without a condition on the source" if service == EVENTS else ""
                yield Finding(
                    (graph.permissions.policy(key).holder or key).urn,
                    f"key {key.name} of queue {queue.name} does not let {service} use it for {what} {names}: {lost}; "
                    f"allow {' and '.join(_USES)} to that service in the key policy{unconditionally}",
                )
            elif State.UNKNOWN in sources.values():
                yield undecided(queue, f"whether the key of queue {queue.name} lets {service} use it is not known yet")


def _lets_in_for(graph: Graph, key: Reference, queue: Resource, one: Producer) -> Truth:
    """Whether the key of a queue lets a producer use it."""
    if not isinstance(key, Resource):
        return State.UNKNOWN
    return _lets_in(graph, key, one.service, to_key(one.service, one.source, queue))


def _encrypted(graph: Graph) -> Iterator[tuple[Resource, Reference, dict[str, list[Producer]]]]:
    """Queues with a key, the key, and by service what sends to them without a role."""
    found: dict[str, dict[str, list[Producer]]] = {}
    for one in graph.producers:
        if isinstance(one.queue, Resource) and not one.with_role and one.service in SENDERS:
            found.setdefault(one.queue.urn, {}).setdefault(one.service, []).append(one)
    for queue in graph.of_type(QUEUE):
        key = _key_of(graph, queue)
        if queue.urn in found and key is not State.UNSET:
            yield queue, key, found[queue.urn]


@rule(
    "ORD-KMS-002",
    "kms-managed-key-producer",
    title="A queue on the key of AWS is not fed by another service",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
def managed_key_producer(graph: Graph) -> Iterator[Finding]:
    """No topic, rule or bucket sends to a queue that is encrypted by `alias/aws/sqs`, nor drops its dead letters there.

    The policy of that key lets in the roles of the account and nobody else, and nobody can change it: what SNS or
    EventBridge sends is dropped, and nobody is told. Encryption with keys of SQS itself needs no permissions and costs
    nothing; a key of your own can let services in.
    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    for queue, key, senders in _encrypted(graph):
        if _is_managed(key):
            yield Finding(
                queue.urn,
                f"queue {queue.name} uses alias/aws/sqs, whose policy cannot be changed: {', '.join(sorted(senders))} "
                "can never send to it; set sqs_managed_sse_enabled instead, or a key of your own",
            )
        elif key is State.UNKNOWN:
            yield undecided(queue, f"whether the key of queue {queue.name} is that of AWS is not known yet")


@rule(
    "ORD-KMS-003",
    "kms-consumer",
    title="A function may decrypt the source that it reads",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html",
)
def consumer(graph: Graph) -> Iterator[Finding]:
    """The role of a function may decrypt with the key of the queue or stream that it reads.

    Lambda polls with the role of the function. Without the permission it gets nothing, and orders wait until they
    expire. Either the key's policy allows the role itself, or it leaves the key to the roles of the account, as it does
    by default, and a policy of the role allows it. In a policy of a role, the ARN of a key's alias does not stand for
    the key. Keys of AWS itself are exempt.
    https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    for one in graph.consumers:
        if isinstance(one.source, Resource) and one.source.type in _KEYS:
            yield from _consumer(graph, one, one.source)


def _consumer(graph: Graph, one: Consumer, source: Resource) -> Iterator[Finding]:
    key, role, function = _key_of(graph, source), role_of(graph, one.function), named(one.function)
    unencrypted = source.type == STREAM and source.text("encryptionType", "NONE") == "NONE"
    if key is State.UNSET or _is_managed(key) or unencrypted or role is State.UNSET:
        return
    allowed: Truth = State.UNKNOWN
    if isinstance(role, Resource):
        allowed = graph.permissions.allowed(role, _DECRYPT, key)
    if allowed is State.UNKNOWN:
        yield undecided(one.mapping, f"whether function {function} may decrypt {source.name} is not known yet")
    elif allowed is False and isinstance(key, Resource) and isinstance(role, Resource):
        nothing = f"Lambda reads nothing from {source.name}"
        if graph.permissions.delegates(key, _DECRYPT) is False:
            yield Finding(
                (graph.permissions.policy(key).holder or key).urn,
                f"key {key.name} lets neither role {role.name} of function {function} nor the account use it: "
                f"{nothing}; allow {_DECRYPT} to the role in the key policy",
            )
        else:
            yield Finding(
                role.urn,
                f"role {role.name} of function {function} may not {_DECRYPT} with key {key.name}: {nothing}; allow "
                "it in a policy of the role",
            )


@rule(
    "ORD-KMS-004",
    "kms-cross-account",
    title="A queue on the key of AWS feeds functions of its own account only",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-lambda-function-trigger.html",
)
def cross_account(graph: Graph) -> Iterator[Finding]:
    """A queue that is encrypted by `alias/aws/sqs` does not invoke a function of another account.

    The policy of that key is for its own account, and nobody can change it. A key of your own can let in the role of
    the other account. As long as the account of the queue or the function is not known, nothing is said.
    """
    for one in graph.consumers:
        accounts = {
            _account(one.source, one.mapping, "eventSourceArn"),
            _account(one.function, one.mapping, "functionName"),
        }
        if one.kind is not Source.QUEUE or not isinstance(one.source, Resource) or "" in accounts or len(accounts) == 1:
            continue
        key = _key_of(graph, one.source)
        if _is_managed(key):
            yield Finding(
                one.source.urn,
                f"queue {one.source.name} uses alias/aws/sqs and feeds function {named(one.function)} of another "
                "account: use a key of your own, or sqs_managed_sse_enabled",
            )
        elif key is State.UNKNOWN:
            yield undecided(one.mapping, f"the key of queue {one.source.name} is not known yet")


def _account(end: Reference, mapping: Resource, name: str) -> str:
    """The account of an end of a mapping; empty when it is not known."""
    arn = end.fact("arn") if isinstance(end, Resource) else end
    arn = mapping.fact(name) if isinstance(arn, State) else arn
    return "".join(arn.split(":")[4:5]) if isinstance(arn, str) and arn.startswith("arn:") else ""


@rule(
    "ORD-KMS-005",
    "kms-alarm-topic",
    title="An encrypted topic lets alarms publish to it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
def alarm_topic(graph: Graph) -> Iterator[Finding]:
    """The key of a topic that alarms publish to lets CloudWatch use it, and so does the topic's policy.

    Without that an alarm goes off and tells nobody. The policy of `alias/aws/sns` lets no service in, and nobody can
    change it; the policy that AWS gives a new key lets in the roles of the account only.
    """
    alarms: dict[str, dict[str, Resource]] = {}
    for alarm in graph.of_type(ALARM, COMPOSITE_ALARM):
        for name in _ACTIONS:
            for topic in graph.refers(alarm, name, TOPIC):
                alarms.setdefault(topic.urn, {})[alarm.urn] = alarm
    for topic in graph.of_type(TOPIC):
        key = _key_of(graph, topic)
        if topic.urn in alarms and key is not State.UNSET:
            yield from _alarm_topic(graph, topic, key, list(alarms[topic.urn].values()))


def _alarm_topic(graph: Graph, topic: Resource, key: Reference, alarms: list[Resource]) -> Iterator[Finding]:
    silent = f"alarm {', '.join(alarm.name for alarm in alarms)} cannot publish to encrypted topic {topic.name}"
    contexts = [to_resource(_ALARMS, alarm, topic) for alarm in alarms]
    policy = graph.permissions.policy(topic)
    by_key: Truth = State.UNKNOWN
    if isinstance(key, Resource):
        by_key = every(_lets_in(graph, key, _ALARMS, context) for context in contexts)
    by_topic = every(
        graph.permissions.lets_in(topic, _PUBLISH, _ALARMS, context) for context in contexts if policy.is_set
    )
    if _is_managed(key):
        yield Finding(
            topic.urn,
            f"{silent}: the policy of alias/aws/sns cannot be changed; set kms_master_key_id to a key of your own",
        )
    elif by_key is False and isinstance(key, Resource):
        yield Finding(
            (graph.permissions.policy(key).holder or key).urn,
            f"{silent}: allow {' and '.join(_USES)} to {_ALARMS} in the policy of key {key.name}",
        )
    elif by_topic is False:
        yield Finding(
            (policy.holder or topic).urn, f"{silent}: allow {_PUBLISH} to {_ALARMS} in the policy of the topic"
        )
    elif State.UNKNOWN in (by_key, by_topic):
        yield undecided(topic, f"whether alarms can publish to encrypted topic {topic.name} is not known yet")
