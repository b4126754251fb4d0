"""Rules about redrive policies, by which a queue sets messages aside, and about those that allow it to."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Source
from policy.graph.dead_letters import Redrive
from policy.rule import Finding, Kind, Level, Parameter, rule, undecided
from policy.rules.common.queue_numbers import RANGES, RECEIVES, number, receives
from policy.tokens import QUEUE

_GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
_API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
_MOST_SOURCES = 10
"""The most queues that a redrive allow policy may name."""
_MOST_DELAY = RANGES["delaySeconds"].high
_MOST_VISIBILITY = RANGES["visibilityTimeoutSeconds"].high
_LEAST_RETENTION = RANGES["messageRetentionSeconds"].low


@rule(
    "ORD-SQS-002",
    "sqs-dead-letter-queue",
    title="Every queue has a dead-letter queue",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
    dev=Level.ADVISORY,
)
def dead_letter_queue(graph: Graph) -> Iterator[Finding]:
    """A queue has a dead-letter queue, by a property of its own or by a separate redrive policy.

    Without one, an order that cannot be processed is tried until its retention ends, and is then gone without a trace.
    A queue that takes in what failed elsewhere needs none, unless a function consumes it: then its messages are tried
    again and again like any others. A redrive policy that names no queue is refused by AWS: ORD-SQS-006.
    """
    consumed = {consumer.source.urn for consumer in graph.consumers if isinstance(consumer.source, Resource)}
    incomplete = {
        redrive.queue.urn
        for redrive in graph.dead_letters.redrives
        if redrive.policy.fact("deadLetterTargetArn") is State.UNSET
    }
    for queue in graph.of_type(QUEUE):
        if queue.urn in incomplete or (queue.urn in graph.dead_letters.queues and queue.urn not in consumed):
            continue
        target = graph.dead_letters.target(queue)
        if target is State.UNKNOWN:
            yield undecided(queue, f"whether queue {queue.name} has a dead-letter queue is not known yet")
        elif target is State.UNSET:
            yield Finding(
                queue.urn,
                f"queue {queue.name} has no dead-letter queue: set redrive_policy with deadLetterTargetArn and "
                "maxReceiveCount",
            )


@rule(
    "ORD-SQS-005",
    "sqs-receive-count",
    title="A message may be received at least five times before it is set aside",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    dev=Level.ADVISORY,
    parameters=(Parameter("least", 5, 1, RECEIVES[-1], "receives before a message is set aside"),),
)
def receive_count(graph: Graph, least: int) -> Iterator[Finding]:
    """A queue that a function consumes gives a message at least five times before it goes to the dead-letter queue.

    Lambda receives messages before it knows whether the function has room for them. A batch that is throttled goes back
    to the queue, and that has cost each of its messages one receive without any attempt at it: with a lower count,
    orders that nothing is wrong with end among the dead letters on a busy day. A queue that no function consumes is
    exempt, because nothing throttles its receivers.
    """
    consumed: set[str] = set()
    all_known = True
    for consumer in graph.consumers:
        if isinstance(consumer.source, Resource):
            consumed.add(consumer.source.urn)
        elif consumer.source is State.UNKNOWN and consumer.kind in {Source.QUEUE, State.UNKNOWN}:
            all_known = False
    for redrive in graph.dead_letters.redrives:
        queue, count = redrive.queue, receives(redrive.policy)
        is_consumed = queue.urn in consumed
        if count is State.UNSET or (is_consumed is False and all_known):
            continue
        if isinstance(count, State):
            yield undecided(redrive.holder, f"maxReceiveCount of queue {queue.name} is not known yet")
        elif count < least and is_consumed:
            yield Finding(
                redrive.holder.urn,
                f"maxReceiveCount {count} < {least} (queue {queue.name}): a throttled invocation costs a receive "
                f"without an attempt at the message; set it >= {least}",
            )
        elif count < least:
            yield undecided(
                redrive.holder,
                f"maxReceiveCount {count} < {least} (queue {queue.name}): whether a function consumes it is not known "
                "yet",
            )


@rule(
    "ORD-SQS-006",
    "sqs-redrive-policy",
    title="A redrive policy names a queue and a whole number of receives from 1 to 1000",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
)
def redrive_policy(graph: Graph) -> Iterator[Finding]:
    """A redrive policy has both a `deadLetterTargetArn` and a `maxReceiveCount`, which is a number from 1 to 1000.

    AWS refuses a policy that lacks either, or has another count, when the queue is deployed: "Redrive policy does not
    contain mandatory attribute", "valid values are from 1 to 1000 both inclusive". It takes the number as a text, but
    gives it back as a number, so that the provider waits for the queue until it gives up. An empty policy is none.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-sqs-queues-redrivepolicy.html
    """
    for redrive in graph.dead_letters.redrives:
        name, policy = redrive.queue.name, redrive.policy
        if policy.fact("deadLetterTargetArn") is State.UNSET:
            yield Finding(
                redrive.holder.urn,
                f"the redrive policy of queue {name} names no dead-letter queue: set deadLetterTargetArn",
            )
        count = receives(policy)
        if count is State.UNSET:
            given = policy.fact("maxReceiveCount")
            # Of a text only that it is one: it may be anything.
            shown = (
                "is not set" if given is State.UNSET else "is no number" if isinstance(given, str) else f"is {given}"
            )
            yield Finding(
                redrive.holder.urn,
                f"maxReceiveCount of queue {name} {shown}: set a whole number from {RECEIVES[0]} to {RECEIVES[-1]}",
            )
        elif count is State.UNKNOWN:
            yield undecided(redrive.holder, f"maxReceiveCount of queue {name} is not known yet")


@rule(
    "ORD-SQS-008",
    "sqs-life",
    title="A message that always fails is set aside before it expires",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
    dev=Level.ADVISORY,
)
def life(graph: Graph) -> Iterator[Finding]:
    """The delay and all receives of a message, each as long as the visibility timeout, end before its retention does.

    SQS counts the retention from when the message was sent and deletes it at its end, whether it was processed or not.
    A message that fails slowly, such as by a timeout each time, then never reaches the dead-letter queue: the order is
    gone without a trace. This is AWS' arithmetic put together, not a sentence of its guide.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    """
    for redrive in graph.dead_letters.redrives:
        queue = redrive.queue
        count, visibility = receives(redrive.policy), number(queue, "visibilityTimeoutSeconds")
        delay, retention = number(queue, "delaySeconds"), number(queue, "messageRetentionSeconds")
        facts = (count, visibility, delay, retention)
        if State.UNSET in facts:
            continue
        if State.UNKNOWN in facts:
            # Decided all the same if the worst of what is not known would do.
            most = _or(delay, _MOST_DELAY) + _or(count, RECEIVES[-1]) * _or(visibility, _MOST_VISIBILITY)
            if most >= _or(retention, _LEAST_RETENTION):
                yield undecided(
                    queue,
                    f"a time or maxReceiveCount of queue {queue.name} is not known yet: whether a message that always "
                    "fails is set aside before it expires cannot be judged",
                )
            continue
        delay, count, visibility, retention = (_or(fact, 0) for fact in (delay, count, visibility, retention))
        if delay < retention <= (total := delay + count * visibility):  # a delay beyond it is ORD-SQS-023
            yield Finding(
                queue.urn,
                f"{delay} s delay + {count} receives x {visibility} s = {total} s >= retention {retention} s (queue "
                f"{queue.name}): a message that always fails expires before it is set aside; lower maxReceiveCount or "
                "visibility_timeout_seconds, or raise message_retention_seconds",
            )


def _or(fact: float | State, instead: float) -> float:
    return instead if isinstance(fact, State) else fact


@rule(
    "ORD-SQS-009",
    "sqs-redrive-allow",
    title="A dead-letter queue says which queues may use it",
    kind=Kind.PRACTICE,
    url=_API,
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def redrive_allow(graph: Graph) -> Iterator[Finding]:
    """A dead-letter queue has a redrive allow policy that names its sources.

    Without one any queue of the account and region may send its dead letters here, and a person may move messages to a
    queue that they never came from. A policy can name ten queues, so a dead-letter queue of more is exempt; so is one
    that takes in failures only from functions, topics or rules, which such a policy says nothing about.
    """
    for queue, sources in targets(graph):
        if len(sources) > _MOST_SOURCES or all(source.urn in graph.dead_letters.looped for source in sources):
            continue
        permission = graph.dead_letters.allow_policy(queue).text("redrivePermission", "allowAll")
        # A policy that is not known yet, but comes from a queue, names that one.
        if permission is State.UNKNOWN and not _allowed(graph, queue):
            yield undecided(queue, f"which queues may use dead-letter queue {queue.name} is not known yet")
        elif permission == "allowAll":
            yield Finding(
                queue.urn,
                f"any queue of this account may use {queue.name} for its dead letters: add a RedriveAllowPolicy with "
                "redrivePermission byQueue and its sourceQueueArns",
            )


@rule(
    "ORD-SQS-010",
    "sqs-redrive-allowed",
    title="A dead-letter queue lets its sources use it",
    kind=Kind.LIMIT,
    url=_API,
)
def redrive_allowed(graph: Graph) -> Iterator[Finding]:
    """A redrive allow policy does not shut out a queue whose redrive policy names that dead-letter queue.

    `denyAll` shuts out every queue, `byQueue` all but those in `sourceQueueArns`, of which there are from one to ten.
    AWS refuses the redrive policy of any other queue, or the allow policy itself, when they are deployed.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html
    """
    for queue, sources in targets(graph):
        holder = graph.dead_letters.allow_policy_holder(queue)
        if holder is State.UNKNOWN:
            yield undecided(queue, f"which queues may use dead-letter queue {queue.name} is not known yet")
        elif isinstance(holder, Resource):
            yield from _redrive_allowed(graph, queue, holder, sources)
    for redrive in graph.dead_letters.redrives:
        if redrive.target is not State.UNSET and not isinstance(redrive.target, Resource):
            yield target_not_known(redrive, "whether it lets that queue use it")


def _redrive_allowed(graph: Graph, queue: Resource, holder: Resource, sources: list[Resource]) -> Iterator[Finding]:
    policy = holder.object("redriveAllowPolicy")
    permission, listed = policy.text("redrivePermission", "allowAll"), policy.items("sourceQueueArns")
    if permission == "allowAll":
        return
    if permission == "denyAll" or listed == []:
        yield Finding(
            holder.urn,
            f"dead-letter queue {queue.name} lets no queue use it, not even {sources[0].name}: set redrivePermission "
            "to byQueue with sourceQueueArns",
        )
        return
    if not isinstance(listed, State) and len(listed) > _MOST_SOURCES:
        yield Finding(
            holder.urn,
            f"the redrive allow policy of {queue.name} names {len(listed)} queues > {_MOST_SOURCES}, the most there "
            "may be: set redrivePermission to allowAll",
        )
        return
    allowed = _allowed(graph, queue)
    for source in sources:
        if source.urn in allowed:
            continue
        # A queue of which neither ARN nor name is known may be any in the list.
        identified = any(isinstance(source.fact(name), str) for name in ("arn", "name"))
        if not identified or isinstance(listed, State) or State.UNKNOWN in (permission, *listed):
            yield undecided(
                holder, f"whether dead-letter queue {queue.name} lets queue {source.name} use it is not known yet"
            )
        else:
            yield Finding(
                holder.urn,
                f"dead-letter queue {queue.name} does not let queue {source.name} use it: add the ARN of {source.name} "
                "to sourceQueueArns",
            )


def _allowed(graph: Graph, queue: Resource) -> frozenset[str]:
    """URNs of the queues that the redrive allow policy of a dead-letter queue names."""
    holder = graph.dead_letters.allow_policy_holder(queue)
    if isinstance(holder, State):
        return frozenset()
    return frozenset(found.urn for found in graph.refers(holder, "redriveAllowPolicy", QUEUE))


def targets(graph: Graph) -> Iterator[tuple[Resource, list[Resource]]]:
    """The dead-letter queues of queues, each with these."""
    for urn, sources in graph.dead_letters.sources.items():
        if queue := graph.resource(urn):
            yield queue, sources


def target_not_known(redrive: Redrive, what: str) -> Finding:
    """The finding that something cannot be judged because the dead-letter queue is not known."""
    return undecided(
        redrive.holder,
        f"the dead-letter queue of {redrive.queue.name} is not in this program, or not known yet: {what} cannot be "
        "judged",
    )
