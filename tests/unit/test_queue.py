"""The queue of a pipeline: fair or FIFO, its keys, the reason for its visibility timeout, or one deployed elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import PipelineError
from tests.support.pipelines import TAGS, Later, changes, children, record, refusal
from tests.support.recorder import Recorder

KEY = "arn:aws:kms:eu-central-1:000000000001:key/1234"
URL = "https://sqs.eu-central-1.amazonaws.com/000000000001/legacy"
LEGACY: dict[str, Any] = {
    "arn": "arn:aws:sqs:eu-central-1:000000000001:legacy",
    "delaySeconds": 5,
    "maxMessageSize": 262_144,
    "messageRetentionSeconds": 86_400,
    "name": "legacy",
    "redrivePolicy": json.dumps(
        {"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:000000000001:legacy-failed", "maxReceiveCount": "4"}
    ),
    "url": URL,
    "visibilityTimeoutSeconds": 180,
}
"""A queue as pulumi-aws reads it."""


def adopt(changed: dict[str, Any] | None = None, url: str = URL, **arguments: Any) -> Recorder:
    return record({url: {**LEGACY, "url": url, **(changed or {})}}, existing_queue=url, **arguments)


def test_a_fair_queue_is_a_standard_queue_whose_alarms_look_at_the_quiet_groups() -> None:
    changed = changes(record(fair=True), record())

    noisy = {key for role, key in changed if role == "noisy-age-alarm"}
    assert {key: value for key, value in changed.items() if key[0] != "noisy-age-alarm"} == {
        ("age-alarm", "metricName"): "ApproximateAgeOfOldestMessageInQuietGroups"
    }
    assert {"metricName", "threshold", "alarmActions"} <= noisy
    assert changed["noisy-age-alarm", "metricName"] == "ApproximateAgeOfOldestMessage"


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"fifo": True, "fair": True},
        ["fair is for standard queues; a FIFO queue keeps its groups apart by itself: leave fair out"],
    ),
    (
        {"content_based_deduplication": False},
        ["content_based_deduplication only work on a FIFO queue: leave them out, or set fifo to true"],
    ),
    (
        {"high_throughput": True, "content_based_deduplication": True},
        ["content_based_deduplication, high_throughput only work on a FIFO queue: leave them out, or set fifo to true"],
    ),
    (
        {"dead_letter_reason": "settled by hand"},
        ["dead_letter_reason only work on a FIFO queue: leave them out, or set fifo to true"],
    ),
    *(
        ({**given, name: reason}, [f"{name} becomes a tag: at most 256 letters, digits, spaces and . : / = + - @ _"])
        for reason in ("a" * 257, "why?")
        for name, given in (
            ("visibility_reason", {"visibility_timeout": 60}),
            ("dead_letter_reason", {"fifo": True}),
            ("filter_reason", {"filters": [{"body": {"a": [1]}}]}),
        )
    ),
    ({"kms_key_arn": ""}, ["kms_key_arn must be the ARN of a KMS key, got ''"]),
    ({"kms_key_arn": "alias/mine"}, ["kms_key_arn must be the ARN of a KMS key, got 'alias/mine'"]),
    (
        {"kms_key_arn": "alias/aws/sqs"},
        [
            "kms_key_arn 'alias/aws/sqs' is the key of AWS, whose policy nobody can change and lets no other service "
            "in: leave it out for keys of SQS, or set customer_key"
        ],
    ),
    (
        {
            "kms_key_arn": "arn:aws:kms:eu-central-1:000000000001:alias/aws/sqs",
            "topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store"}},
            "buckets": {"drop": {"name": "drop"}},
        },
        [
            "kms_key_arn 'arn:aws:kms:eu-central-1:000000000001:alias/aws/sqs' is the key of AWS, whose policy nobody "
            "can change and lets no other service in, so topics.store, buckets.drop could not send: leave it out for "
            "keys of SQS, or set customer_key"
        ],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_queue_that_cannot_work_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems


def test_a_reason_may_have_all_that_a_tag_may_have() -> None:
    reason = "Löwe 1 .:/=+-@_".ljust(256, "a")

    given: dict[str, Any] = {
        "visibility_reason": reason, "dead_letter_reason": reason, "filter_reason": reason,
        "visibility_timeout": 60, "fifo": True, "filters": [{"body": {"a": [1]}}],
    }  # fmt: skip

    made = children(record(**given))

    reasons = {"visibility-timeout-reason": reason, "fifo-dead-letter-reason": reason}
    assert made["queue"].inputs["tags"] == {**TAGS, **reasons}
    assert made["mapping"].inputs["tags"] == {**TAGS, "filter-reason": reason}
    assert made["dead-letters"].inputs["tags"] == TAGS


def test_a_key_that_is_known_later_is_used_and_checked_then() -> None:
    assert changes(record(kms_key_arn=Later(KEY)), record(kms_key_arn=KEY)) == {}

    with pytest.raises(PipelineError) as caught:
        record(kms_key_arn=Later("alias/aws/sqs"))
    assert caught.value.problems == tuple(REFUSED[-2][1])


def test_the_environment_is_encrypted_with_the_key_too() -> None:
    function = children(record(kms_key_arn=KEY, environment={"A": "1"}))["function"].inputs

    assert function["kmsKeyArn"] == KEY


def test_of_a_queue_deployed_elsewhere_only_the_consumer_and_its_watch_are_made() -> None:
    recorder = adopt()

    made = children(recorder)
    assert recorder.read == {"orders-queue": URL}
    assert made.keys() == children(record()).keys() - {
        "queue",
        "queue-policy",
        "dead-letters",
        "dead-letters-policy",
        "redrive-allow",
        # Its dead-letter queue is not read: how long that keeps an order is not known.
        "dead-letters-expiring-alarm",
    }
    assert made["mapping"].inputs["eventSourceArn"] == LEGACY["arn"]
    assert made["policy"].inputs["policy"]["Statement"][0]["Resource"] == LEGACY["arn"]
    assert made["backlog-alarm"].inputs["dimensions"] == {"QueueName": "legacy"}
    assert made["dead-letters-alarm"].inputs["dimensions"] == {"QueueName": "legacy-failed"}
    outputs = recorder.outputs["orders"]
    assert {name: outputs[name] for name in outputs if "ueue" in name} == {
        "queueUrl": URL,
        "queueArn": LEGACY["arn"],
        "deadLetterQueueUrl": f"{URL}-failed",
        "deadLetterQueueArn": f"{LEGACY['arn']}-failed",
        "undeliveredQueueUrl": "",
    }


def test_a_pipeline_may_decrypt_with_the_key_of_a_queue_deployed_elsewhere() -> None:
    statements = children(adopt(kms_key_arn=KEY))["policy"].inputs["policy"]["Statement"]

    assert statements[1] == {"Sid": "DecryptOrders", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}


def test_a_fifo_queue_deployed_elsewhere_is_known_by_its_url() -> None:
    mapping = children(adopt(url=f"{URL}.fifo"))["mapping"].inputs

    assert (mapping["batchSize"], mapping.get("maximumBatchingWindowInSeconds")) == (1, None)


LATE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (
        {"visibilityTimeoutSeconds": 179},
        {},
        "visibility 179 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180 or lower timeout to 29",
    ),
    (
        {"messageRetentionSeconds": 725},
        {"max_age": 60},
        "delay 5 s + 4 receives x 180 s = 725 s >= retention 725 s, so that a failing order would expire before it "
        "reaches the dead-letter queue: raise retention, or lower max_receive_count or timeout",
    ),
    (
        {},
        {"reserved_concurrency": 10},
        "max_receive_count 4 < 5 with reserved_concurrency 10: an invocation that is throttled costs a receive, so "
        "orders would reach the dead-letter queue without an attempt; set max_receive_count >= 5 or leave "
        "reserved_concurrency out",
    ),
    (
        {"redrivePolicy": ""},
        {},
        f"queue {URL} has no dead-letter queue: give it a redrive policy, or leave existing_queue out",
    ),
]


@pytest.mark.parametrize(("properties", "arguments", "problem"), LATE, ids=[str(case[:2]) for case in LATE])
def test_the_settings_of_a_queue_deployed_elsewhere_are_checked_when_they_are_read(
    properties: dict[str, Any], arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PipelineError) as caught:
        adopt(properties, **arguments)

    assert caught.value.problems == (problem,)
