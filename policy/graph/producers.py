"""Services that send to queues: what sends, for whom, and to which queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.facts import Object, Resource, State
from policy.graph.references import Reference
from policy.tokens import (
    BUCKET,
    BUCKET_NOTIFICATION,
    EVENT_RULE,
    EVENT_TARGET,
    FUNCTION,
    QUEUE,
    SCHEDULE,
    STREAM,
    SUBSCRIPTION,
    TOPIC,
)

if TYPE_CHECKING:
    from policy.graph import Graph

_TARGETS = (QUEUE, FUNCTION, STREAM, TOPIC)
"""What a schedule may name as its target beside its dead-letter queue: both are in one property of it."""


@dataclass(frozen=True)
class Producer:
    """A service that sends to a queue."""

    service: str
    """As policies name it: `sns.amazonaws.com`."""
    by: Resource
    """The subscription, event target, bucket notification or schedule that makes it send."""
    source: Reference
    """The topic, rule or bucket, whose ARN is `aws:SourceArn` of the request; as text the ARN of a topic, the name of a
    rule or a bucket. `UNSET` for a schedule, which sends with a role of its own."""
    queue: Reference
    """A queue of this program, or the ARN of another; `UNKNOWN` when it is not known which."""
    dead_letters: bool
    """Whether it sends only what it could not deliver elsewhere."""
    with_role: bool = False
    """Whether it sends with a role of its own, so that the role's policy lets it in and not the queue's."""


def producers(graph: Graph) -> list[Producer]:
    """Every producer, kind by kind in the order of the URNs of what makes it send."""
    every = (*_subscriptions(graph), *_targets(graph), *_schedules(graph), *_notifications(graph))
    return [producer for producer in every if producer.queue is not State.UNSET]


def _subscriptions(graph: Graph) -> Iterator[Producer]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html."""
    for subscription in graph.of_type(SUBSCRIPTION):
        topic = graph.refer(subscription, "topic", TOPIC)
        dead_letters = graph.refer(subscription, "redrivePolicy.deadLetterTargetArn", QUEUE)
        if subscription.text("protocol") == "sqs":
            endpoint = graph.refer(subscription, "endpoint", QUEUE)
            yield Producer("sns.amazonaws.com", subscription, topic, endpoint, dead_letters=False)
        yield Producer("sns.amazonaws.com", subscription, topic, dead_letters, dead_letters=True)


def _targets(graph: Graph) -> Iterator[Producer]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html."""
    for target in graph.of_type(EVENT_TARGET):
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        with_role = target.fact("roleArn") is not State.UNSET
        rule = graph.refer(target, "rule", EVENT_RULE)
        dead_letters = graph.refer(target, "deadLetterConfig.arn", QUEUE)
        if _is_queue(queue := graph.refer(target, "arn", QUEUE)):
            yield Producer("events.amazonaws.com", target, rule, queue, dead_letters=False, with_role=with_role)
        yield Producer("events.amazonaws.com", target, rule, dead_letters, dead_letters=True)


def _schedules(graph: Graph) -> Iterator[Producer]:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html."""
    for schedule in graph.of_type(SCHEDULE):
        if _is_queue(queue := graph.refer(schedule, "target.arn", *_TARGETS)):
            yield Producer("scheduler.amazonaws.com", schedule, State.UNSET, queue, dead_letters=False, with_role=True)
        if schedule.object("target").object("deadLetterConfig").content is not State.UNSET:
            dead_letters = graph.refer(schedule, "target.deadLetterConfig.arn", QUEUE)
            yield Producer(
                "scheduler.amazonaws.com", schedule, State.UNSET, dead_letters, dead_letters=True, with_role=True
            )


def _notifications(graph: Graph) -> Iterator[Producer]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html."""
    for notification in graph.of_type(BUCKET_NOTIFICATION):
        bucket = graph.refer(notification, "bucket", BUCKET)
        for queue in notified(graph, notification, "queues", "queueArn", QUEUE):
            yield Producer("s3.amazonaws.com", notification, bucket, queue, dead_letters=False)


def notified(graph: Graph, notification: Resource, name: str, inside: str, token: str) -> list[Reference]:
    """What a list of a notification names, each once; what is not known yet is all that the list comes from."""
    items = notification.items(name)
    listed = [Object(items)] if isinstance(items, State) else [item for item in items if isinstance(item, Object)]
    found = [graph.refer_by(item.fact(inside), notification, name, token) for item in listed]
    if State.UNKNOWN in found and (unknown := graph.depends_on(notification, name, token)):
        found = [*(known for known in found if known is not State.UNKNOWN), *unknown]
    return list({one.urn if isinstance(one, Resource) else one: one for one in found}.values())


def _is_queue(target: Reference) -> bool:
    return target.type == QUEUE if isinstance(target, Resource) else isinstance(target, str) and ":sqs:" in target
