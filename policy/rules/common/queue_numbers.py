"""The numbers of a queue: what SQS takes, and what holds when a program says nothing.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy.facts import Object, Resource, State


@dataclass(frozen=True)
class Range:
    """What a number may be."""

    python: str
    """The property in a Python program."""
    low: int
    high: int
    default: int
    unit: str


RANGES: Mapping[str, Range] = {
    "visibilityTimeoutSeconds": Range("visibility_timeout_seconds", 0, 43_200, 30, "s"),
    "messageRetentionSeconds": Range("message_retention_seconds", 60, 1_209_600, 345_600, "s"),
    "delaySeconds": Range("delay_seconds", 0, 900, 0, "s"),
    "receiveWaitTimeSeconds": Range("receive_wait_time_seconds", 0, 20, 0, "s"),
    "maxMessageSize": Range("max_message_size", 1_024, 1_048_576, 262_144, "bytes"),
    "kmsDataKeyReusePeriodSeconds": Range("kms_data_key_reuse_period_seconds", 60, 86_400, 300, "s"),
}
"""Numbers of a queue. The defaults are what the provider sends, of which AWS has another for `max_message_size`: 1 MiB.

https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sqs/queue.go
"""

RECEIVES = range(1, 1_001)
"""How often a message may be received before it is set aside."""


def number(queue: Resource, name: str) -> float | State:
    """A number of a queue, or `UNKNOWN`; `UNSET` when it is wrong by itself, so that it is no use comparing it.

    ORD-SQS-021 finds the latter.
    """
    allowed = RANGES[name]
    value = queue.number(name, allowed.default)
    return value if isinstance(value, State) or allowed.low <= value <= allowed.high else State.UNSET


def receives(policy: Object) -> int | State:
    """How often a redrive policy lets a message be received, or `UNKNOWN`; `UNSET` when it is wrong by itself.

    ORD-SQS-006 finds the latter.
    """
    value = policy.fact("maxReceiveCount")
    if value is State.UNKNOWN:
        return State.UNKNOWN
    # A text is in no range, but true is 1.
    return int(value) if value in RECEIVES and not isinstance(value, bool) else State.UNSET
