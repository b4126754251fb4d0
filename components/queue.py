"""The queue of a pipeline and its dead-letter queue: encrypted, closed to plain HTTP, open to declared producers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.arguments import Arguments
from components.children import Children
from components.errors import PipelineError
from components.json_text import json_text
from components.timing import DEAD_LETTER_RETENTION_SECONDS, MAX_MESSAGE_BYTES

DEAD_LETTERS, UNDELIVERED = "dead-letters", "undelivered"
"""Roles of the queues that keep what failed, and what EventBridge could not deliver to a FIFO queue."""
TYPES = {
    "queue": "sqs.Queue",
    "queue-policy": "sqs.QueuePolicy",
    DEAD_LETTERS: "sqs.Queue",
    f"{DEAD_LETTERS}-policy": "sqs.QueuePolicy",
    "redrive-allow": "sqs.RedriveAllowPolicy",
    UNDELIVERED: "sqs.Queue",
    f"{UNDELIVERED}-policy": "sqs.QueuePolicy",
}
"""The children that are made here."""
_OF_FIFO_QUEUES = ("content_based_deduplication", "dead_letter_reason", "group_failures", "high_throughput")
"""Arguments that say something of FIFO queues alone."""
_LONG_POLL_SECONDS = 20
"""The longest: whoever else polls the queue waits for an order instead of asking again and again."""


@dataclass(frozen=True)
class QueueSettings:
    """What the user says of the queue."""

    fifo: bool
    fair: bool
    content_based_deduplication: bool
    high_throughput: bool
    customer_key: bool
    kms_key_arn: pulumi.Input[str] | None


@dataclass(frozen=True)
class Sender:
    """An AWS service that may send to the queue on behalf of one resource."""

    sid: str
    service: str
    source_arn: pulumi.Input[str]
    gives_up_to: str
    """Role of the queue into which it puts what it cannot deliver; empty when it has none."""
    names_itself_to_keys: bool = True
    """Whether it tells KMS for which resource it asks."""

    def send_statement(self, queue_arn: pulumi.Input[str], account: pulumi.Input[str]) -> iam.Statement:
        """What a queue allows it."""
        return iam.allow(self.sid, "sqs:SendMessage", queue_arn, **self._who(account))

    def encrypt_statement(self, account: pulumi.Input[str]) -> iam.Statement:
        """What a key allows it, so that it can send to the queues that the key encrypts.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        who = self._who(account) if self.names_itself_to_keys else {"Principal": {"Service": self.service}}
        return iam.allow(self.sid, ["kms:Decrypt", "kms:GenerateDataKey"], "*", **who)

    def _who(self, account: pulumi.Input[str]) -> dict[str, Any]:
        """The service, only on behalf of this resource of this account (no confused deputy).

        The account is the one in the ARN, which may be another than that of the queue; a bucket's ARN has none.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        """
        owner = pulumi.Output.all(self.source_arn, account).apply(lambda found: found[0].split(":")[4] or found[1])
        return {
            "Principal": {"Service": self.service},
            "Condition": {
                "ArnEquals": {"aws:SourceArn": self.source_arn},
                "StringEquals": {"aws:SourceAccount": owner},
            },
        }


@dataclass(frozen=True)
class Queues:
    """A queue with its dead-letter queue; of queues that are deployed elsewhere only the first is here."""

    queue: aws.sqs.Queue
    policy: aws.sqs.QueuePolicy | None
    dead_letters: aws.sqs.Queue | None
    dead_letters_name: pulumi.Output[str]
    dead_letters_arn: pulumi.Output[str]
    dead_letters_url: pulumi.Output[str]
    undelivered: aws.sqs.Queue | None = None
    """What could not be delivered to the queue and may not wait among the dead letters."""


def read_queue(given: Arguments) -> QueueSettings:
    """The settings of the queue."""
    return QueueSettings(
        fifo=given.flag("fifo", False) or given.text("existing_queue").endswith(".fifo"),
        fair=given.flag("fair", False),
        content_based_deduplication=given.flag("content_based_deduplication", True),
        high_throughput=given.flag("high_throughput", True),
        customer_key=given.flag("customer_key", False),
        kms_key_arn=given.value("kms_key_arn"),
    )


def queue_problems(given: Arguments, settings: QueueSettings, producers: Sequence[str]) -> list[str]:
    """What is wrong with the settings of the queue.

    Args:
        given: The component's arguments.
        settings: What was read from them.
        producers: The declared producers, for messages.
    """
    problems: list[str] = []
    if settings.fifo and settings.fair:
        problems.append("fair is for standard queues; a FIFO queue keeps its groups apart by itself: leave fair out")
    if not settings.fifo and (names := [name for name in _OF_FIFO_QUEUES if given.has(name)]):
        problems.append(f"{', '.join(names)} only work on a FIFO queue: leave them out, or set fifo to true")
    if settings.customer_key and settings.kms_key_arn is not None:
        problems.append("customer_key makes a key and kms_key_arn is one: leave one of them out")
    key = settings.kms_key_arn
    if isinstance(key, str):
        problems += _key_problems(key, producers)
    return problems


def usable_key(name: str, settings: QueueSettings, producers: Sequence[str]) -> pulumi.Input[str] | None:
    """The user's key, checked as soon as it is known.

    Raises:
        PipelineError: In an `apply`: it cannot be used.
    """

    def checked(key: str) -> str:
        if problems := _key_problems(key, producers):
            raise PipelineError(name, problems)
        return key

    key = settings.kms_key_arn
    return key.apply(checked) if isinstance(key, pulumi.Output) else key


def _key_problems(key: str, producers: Sequence[str]) -> list[str]:
    if key.endswith("alias/aws/sqs"):
        shut_out = f", so {', '.join(producers)} could not send" if producers else ""
        return [
            f"kms_key_arn {key!r} is the key of AWS, whose policy nobody can change and lets no other service in"
            f"{shut_out}: leave it out for keys of SQS, or set customer_key"
        ]
    if not key.startswith("arn:"):
        return [f"kms_key_arn must be the ARN of a KMS key, got {key!r}"]
    return []


def create_queues(
    children: Children,
    settings: QueueSettings,
    times: Mapping[str, Any],
    *,
    key_arn: pulumi.Input[str] | None,
    account: pulumi.Input[str],
    senders: Sequence[Sender],
    reasons: Mapping[str, str],
) -> Queues:
    """Create the queue and its dead-letter queue, and one for what is not delivered where a sender needs it.

    Args:
        children: Makes the resources.
        settings: What the user says of them.
        times: The numbers of `timing.Timing`.
        key_arn: KMS key of both; without one SQS encrypts with keys of its own.
        account: The AWS account.
        senders: Services that may send to the queue.
        reasons: Tags of the queue.
    """
    common: dict[str, Any] = {
        "kms_master_key_id": key_arn,
        "sqs_managed_sse_enabled": True if key_arn is None else None,
        "receive_wait_time_seconds": _LONG_POLL_SECONDS,
    }
    ordered: dict[str, Any] = {}
    if settings.fifo:
        ordered = {"fifo_queue": True, "content_based_deduplication": settings.content_based_deduplication}
        if settings.high_throughput:
            ordered |= {"deduplication_scope": "messageGroup", "fifo_throughput_limit": "perMessageGroupId"}
    kept: dict[str, Any] = {
        **common,
        # Whatever the largest order: EventBridge puts the whole event there, of which the order is a part.
        "max_message_size": MAX_MESSAGE_BYTES,
        "message_retention_seconds": DEAD_LETTER_RETENTION_SECONDS,
    }
    dead_letters: aws.sqs.Queue = children.create(DEAD_LETTERS, **kept, **ordered, holds_data=True)
    undelivered: aws.sqs.Queue | None = None
    if any(sender.gives_up_to == UNDELIVERED for sender in senders):
        undelivered = children.create(UNDELIVERED, **kept, holds_data=True)
    queue: aws.sqs.Queue = children.create(
        "queue",
        **common,
        **ordered,
        delay_seconds=times["delay"],
        max_message_size=times["max_message_size"],
        message_retention_seconds=times["retention"],
        redrive_policy=json_text(
            {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": times["max_receive_count"]}
        ),
        tags=reasons,
        visibility_timeout_seconds=times["visibility_timeout"],
        holds_data=True,
    )
    children.create(
        "redrive-allow",
        queue_url=dead_letters.url,
        redrive_allow_policy=json_text({"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}),
    )
    policy: aws.sqs.QueuePolicy = children.create(
        "queue-policy", queue_url=queue.url, policy=_policy(queue.arn, account, senders)
    )
    for role, keeps in ((DEAD_LETTERS, dead_letters), (UNDELIVERED, undelivered)):
        if keeps:
            may_send = [sender for sender in senders if sender.gives_up_to == role]
            children.create(f"{role}-policy", queue_url=keeps.url, policy=_policy(keeps.arn, account, may_send))
    return Queues(queue, policy, dead_letters, dead_letters.name, dead_letters.arn, dead_letters.url, undelivered)


def adopt_queue(name: str, queue: aws.sqs.Queue) -> tuple[Queues, dict[str, pulumi.Output[Any]]]:
    """A queue that is deployed elsewhere, and its numbers for the solver.

    Raises:
        PipelineError: In an `apply`: the queue has no dead-letter queue.
    """

    def redrive(found: list[str]) -> dict[str, Any]:
        url, policy = found
        if not policy:
            raise PipelineError(
                name,
                [f"queue {url} has no dead-letter queue: give it a redrive policy, or leave existing_queue out"],
            )
        return json.loads(policy)

    async def shown() -> str:
        # A preview takes what a read does not show for what is not known yet; here it is not there.
        return await queue.redrive_policy.future() or ""

    redriven = pulumi.Output.all(queue.url, pulumi.Output.from_input(shown())).apply(redrive)
    arn: pulumi.Output[str] = redriven.apply(lambda policy: policy["deadLetterTargetArn"])
    dead_name = arn.apply(lambda arn: arn.rpartition(":")[2])
    # A dead-letter queue is in the account and the region of its source.
    url = pulumi.Output.all(queue.url, dead_name).apply(lambda found: f"{found[0].rpartition('/')[0]}/{found[1]}")
    numbers = {
        "visibility_timeout": queue.visibility_timeout_seconds,
        "retention": queue.message_retention_seconds,
        "delay": queue.delay_seconds,
        "max_message_size": queue.max_message_size,
        "max_receive_count": redriven.apply(lambda policy: int(policy["maxReceiveCount"])),
    }
    return Queues(queue, None, None, dead_name, arn, url), numbers


def _policy(queue_arn: pulumi.Output[str], account: pulumi.Input[str], senders: Sequence[Sender]) -> pulumi.Input[str]:
    may_send = [sender.send_statement(queue_arn, account) for sender in senders]
    return iam.document([iam.only_tls("sqs:*", queue_arn), *may_send])
