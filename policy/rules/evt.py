"""Rules about what EventBridge, its Scheduler and S3 send to a pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Facts, Resource, State
from policy.graph import Graph
from policy.graph.consumers import is_fifo, named
from policy.graph.producers import notified
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import (
    ALIAS,
    BUCKET_NOTIFICATION,
    EVENT_BUS,
    EVENT_TARGET,
    FUNCTION,
    QUEUE,
    SCHEDULE,
    STREAM,
    TOPIC,
)

_PIPELINE = (QUEUE, ALIAS, FUNCTION, STREAM, TOPIC)
_SERVICES = frozenset({"sqs", "lambda", "kinesis", "sns"})
"""The same, in the ARN of one outside the program."""
_KINDS = {EVENT_TARGET: "target", SCHEDULE: "schedule", EVENT_BUS: "event bus"}
"""In words."""
_WITHIN = {SCHEDULE: "target.", EVENT_TARGET: ""}
"""Where the target of a sender is among its properties."""
_GROUPS = {SCHEDULE: "sqsParameters", EVENT_TARGET: "sqsTarget"}
"""What has the message group, and below it the name in a Python program."""
_WRITTEN = {SCHEDULE: "sqs_parameters", EVENT_TARGET: "sqs_target"}
_NOTIFIED = (("queues", "queueArn", QUEUE), ("topics", "topicArn", TOPIC))


@rule(
    "ORD-EVT-001",
    "evt-dead-letter",
    title="A rule or schedule that feeds a pipeline keeps what it cannot deliver",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def dead_letter(graph: Graph) -> Iterator[Finding]:
    """A target of a rule, or a schedule, that sends to a queue, topic, stream or function has a dead-letter queue.

    EventBridge tries for 24 hours, and at most 185 times, and then drops the event. When it may not send, or when the
    target is gone, it drops the event at once. Nobody sees that but a metric. The dead-letter queue of an event bus is
    no substitute: it takes only what could not be decrypted. Targets of another kind are exempt.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    for sender in graph.of_type(*_WITHIN):
        if not _is_of_pipeline(_refer(graph, sender, "arn", *_PIPELINE)):
            continue
        what = f"{_KINDS[sender.type]} {sender.name}"
        given = _target(sender).object("deadLetterConfig").content
        if given is State.UNKNOWN:
            yield undecided(sender, f"whether {what} has a dead-letter queue is not known yet")
        elif given is State.UNSET:
            yield Finding(
                sender.urn,
                f"{what} drops an event that it cannot deliver within 24 h and 185 tries: set dead_letter_config to a "
                "standard queue",
            )


@rule(
    "ORD-EVT-002",
    "evt-dead-letter-type",
    title="The dead-letter queue of a rule, schedule or bus is a standard queue",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
)
def dead_letter_type(graph: Graph) -> Iterator[Finding]:
    """What EventBridge and its Scheduler could not deliver goes to a standard queue, also when the target is FIFO.

    EventBridge refuses a target with a FIFO dead-letter queue ("SQS FIFO is not supported by Dead Letter Queues"), and
    the Scheduler refuses such a schedule: the deployment stops half-way. A FIFO pipeline needs a standard queue for
    what was never delivered, beside the FIFO one for what failed.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    for sender in graph.of_type(*_KINDS):
        if _target(sender).object("deadLetterConfig").fact("arn") is State.UNSET:
            continue
        queue = _refer(graph, sender, "deadLetterConfig.arn", QUEUE)
        what = f"{_KINDS[sender.type]} {sender.name}"
        fifo = _is_fifo(graph, sender, queue)
        if fifo is State.UNKNOWN:
            yield undecided(sender, f"whether the dead-letter queue of {what} is FIFO is not known yet")
        elif fifo:
            yield Finding(
                sender.urn,
                f"dead-letter queue {named(queue)} of {what} is FIFO, and only standard queues are taken: use another",
            )


@rule(
    "ORD-EVT-003",
    "evt-fifo-target",
    title="A rule or schedule that sends to a FIFO queue names a message group, and the queue deduplicates by content",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html",
)
def fifo_target(graph: Graph) -> Iterator[Finding]:
    """A target that is a FIFO queue has a message group, and the queue has content-based deduplication.

    A message to a FIFO queue needs a group and a deduplication id. EventBridge and its Scheduler take the group from
    the target, and cannot give the id: SQS has to make it from the content, or else it refuses each message, and the
    events are lost. A message group for a standard queue is allowed: it makes the queue fair.
    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_SqsParameters.html
    """
    for sender in graph.of_type(*_WITHIN):
        queue = _refer(graph, sender, "arn", *_PIPELINE)
        if isinstance(queue, Resource) and queue.type != QUEUE:
            continue
        if not isinstance(queue, Resource | State) and ":sqs:" not in queue:
            continue
        what = f"{_KINDS[sender.type]} {sender.name}"
        fifo = _is_fifo(graph, sender, queue)
        if fifo is not True:
            # A target of another kind has no queue behind it.
            if fifo is State.UNKNOWN and graph.refers(sender, f"{_WITHIN[sender.type]}arn", QUEUE):
                yield undecided(sender, f"whether the queue of {what} is FIFO is not known yet")
            continue
        group = _target(sender).object(_GROUPS[sender.type]).fact("messageGroupId")
        content = queue.flag("contentBasedDeduplication", default=False) if isinstance(queue, Resource) else True
        if group is State.UNSET:
            yield Finding(
                sender.urn,
                f"{what} names no message group for FIFO queue {named(queue)}: set message_group_id in "
                f"{_WRITTEN[sender.type]}",
            )
        elif content is False and isinstance(queue, Resource):
            yield Finding(
                queue.urn,
                f"{what} cannot give the deduplication id that FIFO queue {queue.name} wants: set "
                "content_based_deduplication to true",
            )
        elif content is State.UNKNOWN:
            yield undecided(sender, f"whether queue {named(queue)} deduplicates by content is not known yet")


@rule(
    "ORD-EVT-005",
    "evt-bucket-queue-type",
    title="A bucket notifies standard queues and topics only",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html",
)
def bucket_queue_type(graph: Graph) -> Iterator[Finding]:
    """The queues and topics that a bucket notifies are standard ones.

    S3 refuses a notification to a FIFO queue or topic, and the deployment stops half-way. EventBridge can take the
    events of a bucket (eventbridge) and send them to a FIFO queue with a message group.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-queueconfiguration.html
    """
    for notification in graph.of_type(BUCKET_NOTIFICATION):
        for name, inside, token in _NOTIFIED:
            kind = name.removesuffix("s")
            for found in notified(graph, notification, name, inside, token):
                fifo = False if found is State.UNSET else is_fifo(found)
                if fifo is State.UNKNOWN:
                    yield undecided(
                        notification, f"whether a {kind} that {notification.name} notifies is FIFO is not known yet"
                    )
                elif fifo:
                    yield Finding(
                        notification.urn,
                        f"notification {notification.name} names FIFO {kind} {named(found)}, and S3 takes standard "
                        "ones only: send by EventBridge instead (eventbridge=True)",
                    )


def _target(sender: Resource) -> Facts:
    """What has the properties of a target: a part of a schedule, all of the others."""
    return sender.object("target") if sender.type == SCHEDULE else sender


def _refer(graph: Graph, sender: Resource, path: str, *tokens: str) -> Reference:
    """What a target names; nothing is known of a schedule's two names while both, in one property, are not."""
    target = _target(sender)
    arns = target.fact("arn"), target.object("deadLetterConfig").fact("arn")
    if sender.type == SCHEDULE and {*arns} == {State.UNKNOWN}:
        return State.UNKNOWN
    return graph.refer(sender, f"{_WITHIN.get(sender.type, '')}{path}", *tokens)


def _is_of_pipeline(target: Reference) -> bool:
    return isinstance(target, Resource) or (isinstance(target, str) and "".join(target.split(":")[2:3]) in _SERVICES)


def _is_fifo(graph: Graph, sender: Resource, queue: Reference) -> bool | State:
    """Whether a queue is FIFO; it is not when it can only be one of several, of which none is."""
    candidates = graph.refers(sender, "target", QUEUE) if queue is State.UNKNOWN and sender.type == SCHEDULE else []
    return False if candidates and {*map(is_fifo, candidates)} == {False} else is_fifo(queue)
