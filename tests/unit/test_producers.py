"""What sends orders to a pipeline: topics, event rules and buckets, each with just its permission."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.pipelines import TAGS, Later, changes, children, record, refusal
from tests.support.recorder import Registration

QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:000000000001:orders-dead-letters"
UNDELIVERED = "arn:aws:sqs:eu-central-1:000000000001:orders-undelivered"
TOPIC = "arn:aws:sns:eu-central-1:000000000001:store"
FIFO_TOPIC = f"{TOPIC}.fifo"
RULE = "arn:aws:cloudwatch:eu-central-1:000000000001:orders-event-placed-rule"
PATTERN = {"source": ["store"], "detail-type": ["OrderPlaced"]}


def may_send(sid: str, service: str, to: str, source: str, account: str = "000000000001") -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": to,
        "Principal": {"Service": service},
        "Condition": {"ArnEquals": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": account}},
    }


def added(**producers: Any) -> dict[str, Registration]:
    """The children that producers add."""
    return {
        role: child
        for role, child in children(record(**producers)).items()
        if role.startswith(("topic-", "event-", "bucket-"))
    }


def let_in(policy: str, **producers: Any) -> list[dict[str, Any]]:
    """The statements of a queue's policy besides the one that every queue has."""
    first, *others = children(record(**producers))[policy].inputs["policy"]["Statement"]
    assert first["Sid"] == "OnlyTls"
    return others


def test_a_topic_is_subscribed_and_may_send_to_both_queues() -> None:
    topics = {"topics": {"store": {"arn": TOPIC}}}

    (subscription,) = added(**topics).values()
    assert (subscription.type, subscription.inputs) == (
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": TOPIC,
            "protocol": "sqs",
            "endpoint": QUEUE,
            "rawMessageDelivery": True,
            "redrivePolicy": {"deadLetterTargetArn": DEAD_LETTERS},
        },
    )
    assert let_in("queue-policy", **topics) == [may_send("Topic1", "sns.amazonaws.com", QUEUE, TOPIC)]
    assert let_in("dead-letters-policy", **topics) == [may_send("Topic1", "sns.amazonaws.com", DEAD_LETTERS, TOPIC)]


def test_the_filter_of_a_topic_is_on_the_body() -> None:
    (subscription,) = added(topics={"store": {"arn": TOPIC, "filter": {"type": ["sale"]}}}).values()

    assert {key: subscription.inputs[key] for key in ("filterPolicy", "filterPolicyScope")} == {
        "filterPolicy": {"type": ["sale"]},
        "filterPolicyScope": "MessageBody",
    }


def test_a_topic_of_another_account_may_send_for_its_own_account() -> None:
    arn = "arn:aws:sns:eu-central-1:000000000002:store"

    for given in (arn, Later(arn)):
        assert let_in("queue-policy", topics={"store": {"arn": given}}) == [
            may_send("Topic1", "sns.amazonaws.com", QUEUE, arn, "000000000002")
        ]


def test_an_event_rule_is_made_and_sends_the_detail_of_its_events() -> None:
    events = {"events": {"placed": {"pattern": PATTERN}}}

    assert {role: (child.type, child.inputs) for role, child in added(**events).items()} == {
        "event-placed-rule": (
            "aws:cloudwatch/eventRule:EventRule",
            {"eventPattern": PATTERN, "tags": TAGS},
        ),
        "event-placed-target": (
            "aws:cloudwatch/eventTarget:EventTarget",
            {
                "rule": "<name of orders-event-placed-rule>",
                "arn": QUEUE,
                "inputPath": "$.detail",
                "deadLetterConfig": {"arn": DEAD_LETTERS},
            },
        ),
    }
    assert let_in("queue-policy", **events) == [may_send("Event1", "events.amazonaws.com", QUEUE, RULE)]
    assert let_in("dead-letters-policy", **events) == [may_send("Event1", "events.amazonaws.com", DEAD_LETTERS, RULE)]


def test_an_event_rule_of_another_bus_sends_what_it_is_told_to() -> None:
    made = added(events={"placed": {"pattern": PATTERN, "bus": "store", "input_path": "$", "message_group": "all"}})

    rule, target = made["event-placed-rule"].inputs, made["event-placed-target"].inputs
    assert (rule["eventBusName"], target["eventBusName"]) == ("store", "store")
    assert (target["inputPath"], target["sqsTarget"]) == ("$", {"messageGroupId": "all"})


FIFO: dict[str, Any] = {"fifo": True, "events": {"placed": {"pattern": PATTERN, "message_group": "all"}}}


def test_what_an_event_rule_cannot_deliver_to_a_fifo_queue_goes_to_a_standard_queue_of_its_own() -> None:
    fifo: dict[str, Any] = {**FIFO, "topics": {"store": {"arn": FIFO_TOPIC}}}
    recorder = record(**fifo)

    made = children(recorder)
    assert made["event-placed-target"].inputs["deadLetterConfig"] == {"arn": UNDELIVERED}
    assert made["topic-store"].inputs["redrivePolicy"] == {"deadLetterTargetArn": DEAD_LETTERS}
    of_rule, of_topic = ("Event1", "events.amazonaws.com"), ("Topic1", "sns.amazonaws.com")
    assert let_in("queue-policy", **fifo) == [
        may_send(*of_topic, QUEUE, FIFO_TOPIC),
        may_send(*of_rule, QUEUE, RULE),
    ]
    assert let_in("undelivered-policy", **fifo) == [may_send(*of_rule, UNDELIVERED, RULE)]
    assert let_in("dead-letters-policy", **fifo) == [may_send(*of_topic, DEAD_LETTERS, FIFO_TOPIC)]
    assert recorder.outputs["orders"]["undeliveredQueueUrl"] == "<url of orders-undelivered>"


def test_that_queue_is_like_the_dead_letter_queue_of_a_standard_queue_and_is_watched() -> None:
    made, standard = children(record(**FIFO, protect=True)), children(record(protect=True))

    queue = made["undelivered"]
    assert (queue.type, queue.inputs) == (standard["dead-letters"].type, standard["dead-letters"].inputs)
    assert (queue.is_protected, queue.is_retained) == (True, True)
    policy = made["undelivered-policy"].inputs
    assert (policy["queueUrl"], policy["policy"]["Statement"][0]) == (
        "<url of orders-undelivered>",
        {**standard["dead-letters-policy"].inputs["policy"]["Statement"][0], "Resource": UNDELIVERED},
    )
    assert made["undelivered-alarm"].inputs["dimensions"] == {"QueueName": "<name of orders-undelivered>"}


def test_that_queue_has_the_key_of_the_others_which_lets_the_rule_in() -> None:
    made = children(record(**FIFO, customer_key=True))

    keys = {made[role].inputs["kmsMasterKeyId"] for role in ("queue", "dead-letters", "undelivered")}
    assert keys == {"arn:aws:kms:eu-central-1:000000000001:orders-key"}
    assert made["key"].inputs["policy"]["Statement"][-1] == {
        "Sid": "Event1",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Principal": {"Service": "events.amazonaws.com"},
    }


@pytest.mark.parametrize(
    "arguments",
    [{}, {"fifo": True}, {"fifo": True, "events": {}}, {"events": {"placed": {"pattern": PATTERN}}}],
    ids=str,
)
def test_other_pipelines_have_no_such_queue(arguments: dict[str, Any]) -> None:
    assert [role for role in children(record(**arguments)) if "undelivered" in role] == []
    assert refusal(**arguments, alarms={"undelivered": {"threshold": 2}}) == [
        "alarms adjusts 'undelivered', which there is only with undelivered_queue_name"
    ]


def test_a_bucket_announces_every_new_object() -> None:
    buckets = {"buckets": {"drop": {"name": "drop"}}}

    (notification,) = added(**buckets).values()
    assert (notification.type, notification.inputs) == (
        "aws:s3/bucketNotification:BucketNotification",
        {"bucket": "drop", "queues": [{"queueArn": QUEUE, "events": ["s3:ObjectCreated:*"]}]},
    )
    assert let_in("queue-policy", **buckets) == [may_send("Bucket1", "s3.amazonaws.com", QUEUE, "arn:aws:s3:::drop")]
    assert let_in("dead-letters-policy", **buckets) == []


def test_a_bucket_announces_what_it_is_told_to() -> None:
    told = {"name": Later("drop"), "events": ["s3:ObjectCreated:Put"], "prefix": "in/", "suffix": ".json"}
    (notification,) = added(buckets={"drop": told}).values()

    assert notification.inputs == {
        "bucket": "drop",
        "queues": [
            {
                "queueArn": QUEUE,
                "events": ["s3:ObjectCreated:Put"],
                "filterPrefix": "in/",
                "filterSuffix": ".json",
            }
        ],
    }


MANY: dict[str, Any] = {
    "topics": {"a": {"arn": TOPIC}, "b": {"arn": f"{TOPIC}-b"}},
    "events": {"a": {"pattern": PATTERN}, "b": {"pattern": PATTERN}},
    "buckets": {"a": {"name": "first"}, "b": {"name": "other"}},
}


def test_many_producers_have_each_a_statement_and_wait_until_the_queue_lets_them_in() -> None:
    made = added(**MANY)

    assert made.keys() == {
        "topic-a", "topic-b", "bucket-a", "bucket-b",
        "event-a-rule", "event-a-target", "event-b-rule", "event-b-target",
    }  # fmt: skip
    assert [statement["Sid"] for statement in let_in("queue-policy", **MANY)] == [
        "Topic1", "Topic2", "Event1", "Event2", "Bucket1", "Bucket2",
    ]  # fmt: skip
    waits = {role: "orders-queue-policy" in child.depends_on for role, child in made.items()}
    assert waits == {role: not role.endswith("-rule") for role in made}


def test_producers_change_nothing_else() -> None:
    changed = changes(record(**MANY), record())

    assert {role for role, _ in changed} - added(**MANY).keys() == {"queue-policy", "dead-letters-policy"}


NAME = "must be 1..20 lower-case letters, digits and hyphens, a letter first"
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"topics": {"Store": {"arn": TOPIC}}}, [f"topics: the name 'Store' {NAME}"]),
    ({"events": {"1st": {"pattern": PATTERN}}}, [f"events: the name '1st' {NAME}"]),
    ({"buckets": {"a" * 21: {"name": "drop"}}}, [f"buckets: the name '{'a' * 21}' {NAME}"]),
    ({"topics": {"store": TOPIC}}, ["topics.store must be a dictionary, got a value of type str"]),
    ({"buckets": {"a": {"name": ""}}}, ["buckets.a.name must be the name of an S3 bucket, got ''"]),
    ({"topics": {"store": {"arn": "store"}}}, ["topics.store.arn must be the ARN of an SNS topic, got 'store'"]),
    ({"topics": {"store": {"arn": 5}}}, ["topics.store.arn must be a text, got 5"]),
    ({"events": {"a": {"pattern": "source"}}}, ["events.a.pattern must be a dictionary, got 'source'"]),
    (
        {"buckets": {"a": {"name": "drop", "events": ["s3:*", 5]}}},
        ["buckets.a.events[1] must be a text, got a value of type int"],
    ),
    (
        {"fifo": True, "topics": {"a": {"arn": TOPIC}, "b": {"arn": FIFO_TOPIC}}},
        ["topics.a: a standard topic cannot send to a FIFO queue: use a FIFO topic, or set fifo to false"],
    ),
    (
        {"fifo": True, "content_based_deduplication": False, "events": {"a": {"pattern": PATTERN}}},
        [
            "events.a: a FIFO queue needs a message_group: set it, or set fifo to false",
            "events.a: EventBridge gives no deduplication id: set content_based_deduplication to true, or set fifo to "
            "false",
        ],
    ),
    (
        {"events": {"a": {"pattern": PATTERN, "message_group": "g" * 101}}},
        ["events.a: message_group has 101 characters, at most 100 fit"],
    ),
    (
        {"fifo": True, "buckets": {"a": {"name": "drop"}}},
        ["buckets.a: S3 cannot notify a FIFO queue: send through an EventBridge rule, or set fifo to false"],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_producer_that_could_not_send_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems


def test_producers_are_taken_at_their_limits() -> None:
    made = added(
        fifo=True,
        topics={"a" * 20: {"arn": FIFO_TOPIC}},
        events={"a-1": {"pattern": PATTERN, "message_group": "g" * 100}},
    )

    assert made.keys() == {f"topic-{'a' * 20}", "event-a-1-rule", "event-a-1-target"}
