"""Services that send orders: SNS topics, EventBridge rules and S3 buckets, each allowed just that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from components.arguments import TEXTS, Arguments
from components.children import Children
from components.json_text import json_text
from components.order_pipeline_args import BucketProducer, EventProducer, TopicProducer
from components.queue import DEAD_LETTERS, UNDELIVERED, Queues, Sender

_KEY = re.compile(r"[a-z][a-z0-9-]{0,19}")
_MAX_GROUP = 100
"""Longest message group of a rule. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html"""
_EVERY_NEW_OBJECT = ["s3:ObjectCreated:*"]
_TOPIC = re.compile(r"arn:[^:]+:sns:[^:]+:\d{12}:.+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
_READERS: Mapping[str, Callable[[Arguments, str], Any]] = {
    "arn": Arguments.value,
    "bus": Arguments.value,
    "events": lambda given, name: given.items(name, TEXTS),
    "filter": Arguments.entries,
    "input_path": Arguments.text,
    "message_group": Arguments.text,
    "name": Arguments.value,
    "pattern": Arguments.entries,
    "prefix": Arguments.text,
    "suffix": Arguments.text,
}
"""How each property of a producer is read."""


@dataclass(frozen=True)
class Producers:
    """What the user says of them, by the user's names."""

    topics: Mapping[str, TopicProducer]
    events: Mapping[str, EventProducer]
    buckets: Mapping[str, BucketProducer]

    @property
    def names(self) -> list[str]:
        """All of them as the arguments spell them, for messages."""
        groups: list[tuple[str, Mapping[str, Any]]] = [
            ("topics", self.topics),
            ("events", self.events),
            ("buckets", self.buckets),
        ]
        return [f"{kind}.{key}" for kind, group in groups for key in group]

    @property
    def types(self) -> dict[str, str]:
        """The children that are made for them."""
        return {
            **{f"topic-{key}": "sns.TopicSubscription" for key in self.topics},
            **{f"event-{key}-rule": "cloudwatch.EventRule" for key in self.events},
            **{f"event-{key}-target": "cloudwatch.EventTarget" for key in self.events},
            **{f"bucket-{key}": "s3.BucketNotification" for key in self.buckets},
        }


def read_producers(given: Arguments, *, fifo: bool, deduplicates: bool) -> tuple[Producers, list[str]]:
    """The declared producers, and what is wrong with them.

    Args:
        given: The component's arguments.
        fifo: Whether the queue is FIFO.
        deduplicates: Whether it deduplicates by content.
    """
    (topics, wrong_topics), (events, wrong_events), (buckets, wrong_buckets) = (
        _read("topics", given, TopicProducer),
        _read("events", given, EventProducer),
        _read("buckets", given, BucketProducer),
    )
    producers = Producers(topics, events, buckets)
    problems = [*wrong_topics, *wrong_events, *wrong_buckets]
    if problems:
        return producers, problems
    for key, topic in producers.topics.items():
        arn = topic["arn"]
        if isinstance(arn, str) and not _TOPIC.fullmatch(arn):
            problems.append(f"topics.{key}.arn must be the ARN of an SNS topic, got {arn!r}")
        elif fifo and isinstance(arn, str) and not arn.endswith(".fifo"):
            problems.append(
                f"topics.{key}: a standard topic cannot send to a FIFO queue: use a FIFO topic, or set fifo to false"
            )
    for key, event in producers.events.items():
        group = event.get("message_group", "")
        if fifo and not group:
            problems.append(f"events.{key}: a FIFO queue needs a message_group: set it, or set fifo to false")
        if fifo and not deduplicates:
            problems.append(
                f"events.{key}: EventBridge gives no deduplication id: set content_based_deduplication to true, or set "
                "fifo to false"
            )
        if len(group) > _MAX_GROUP:
            problems.append(f"events.{key}: message_group has {len(group)} characters, at most {_MAX_GROUP} fit")
    for key, bucket in producers.buckets.items():
        name = bucket["name"]
        if isinstance(name, str) and not _BUCKET.fullmatch(name):
            problems.append(f"buckets.{key}.name must be the name of an S3 bucket, got {name!r}")
    if fifo:
        problems += [
            f"buckets.{key}: S3 cannot notify a FIFO queue: send through an EventBridge rule, or set fifo to false"
            for key in producers.buckets
        ]
    return producers, problems


def create_rules(children: Children, producers: Producers) -> dict[str, aws.cloudwatch.EventRule]:
    """The rules, which the policies of queue and key have to name before anything may be sent."""
    return {
        key: children.create(
            f"event-{key}-rule",
            event_pattern=json_text(event["pattern"]),
            event_bus_name=event.get("bus"),
        )
        for key, event in producers.events.items()
    }


def senders(
    producers: Producers,
    rules: Mapping[str, aws.cloudwatch.EventRule],
    partition: pulumi.Input[str],
    *,
    fifo: bool,
) -> list[Sender]:
    """Who may send to the queue.

    EventBridge puts what it could not deliver into standard queues only, so not among the dead letters of a FIFO queue,
    and does not tell KMS for which rule it asks.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    of_events = UNDELIVERED if fifo else DEAD_LETTERS
    return [
        *(
            Sender(f"Topic{n}", "sns.amazonaws.com", topic["arn"], DEAD_LETTERS)
            for n, topic in _numbered(producers.topics)
        ),
        *(Sender(f"Event{n}", "events.amazonaws.com", rule.arn, of_events, False) for n, rule in _numbered(rules)),
        *(
            Sender(
                f"Bucket{n}",
                "s3.amazonaws.com",
                pulumi.Output.format("arn:{0}:s3:::{1}", partition, bucket["name"]),
                "",
            )
            for n, bucket in _numbered(producers.buckets)
        ),
    ]


def connect(
    children: Children,
    producers: Producers,
    rules: Mapping[str, aws.cloudwatch.EventRule],
    queues: Queues,
) -> None:
    """Let all of them send to the queue. What a topic or a rule cannot deliver goes to a queue that keeps it."""
    # S3 tries to send at once; the others would lose what they send before the queue lets them in.
    after_policy = pulumi.ResourceOptions(depends_on=[queues.policy] if queues.policy else [])
    for key, topic in producers.topics.items():
        filtered: dict[str, Any] = {}
        if "filter" in topic:
            filtered = {
                "filter_policy": json_text(topic["filter"]),
                "filter_policy_scope": "MessageBody",
            }
        children.create(
            f"topic-{key}",
            topic=topic["arn"],
            protocol="sqs",
            endpoint=queues.queue.arn,
            raw_message_delivery=True,
            redrive_policy=json_text({"deadLetterTargetArn": queues.dead_letters_arn}),
            **filtered,
            opts=after_policy,
        )
    of_events = queues.undelivered.arn if queues.undelivered else queues.dead_letters_arn
    for key, event in producers.events.items():
        group = event.get("message_group")
        children.create(
            f"event-{key}-target",
            rule=rules[key].name,
            event_bus_name=event.get("bus"),
            arn=queues.queue.arn,
            input_path=event.get("input_path", "$.detail"),
            sqs_target={"message_group_id": group} if group else None,
            dead_letter_config={"arn": of_events},
            opts=after_policy,
        )
    for key, bucket in producers.buckets.items():
        ends = {"filter_prefix": bucket.get("prefix"), "filter_suffix": bucket.get("suffix")}
        children.create(
            f"bucket-{key}",
            bucket=bucket["name"],
            queues=[
                {
                    "queue_arn": queues.queue.arn,
                    "events": bucket.get("events", _EVERY_NEW_OBJECT),
                    **{name: end for name, end in ends.items() if end},
                }
            ],
            opts=after_policy,
        )


def _read(kind: str, given: Arguments, declared: type) -> tuple[dict[str, Any], list[str]]:
    """The producers of a kind by their names, and what is wrong with them."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for key, entry in given.entries(kind).items():
        if not _KEY.fullmatch(key):
            problems.append(
                f"{kind}: the name {key!r} must be 1..20 lower-case letters, digits and hyphens, a letter first"
            )
        elif not isinstance(entry, Mapping):
            problems.append(f"{kind}.{key} must be a dictionary, got a value of type {type(entry).__name__}")
        else:
            read = Arguments(declared, cast("Mapping[str, Any]", entry), f"{kind}.{key}.")
            found[key] = {name: _READERS[name](read, name) for name in declared.__annotations__ if read.has(name)}
            problems += read.problems
    return found, problems


def _numbered(group: Mapping[str, Any]) -> Sequence[tuple[int, Any]]:
    return list(enumerate(group.values(), start=1))
