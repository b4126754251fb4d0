"""What the handler does with orders that fail: its environment tells it, and its role may do no more than that."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components import iam
from components.arguments import Arguments
from components.queue import Queues

BLOCK, SKIP = "block", "skip"
VARIABLES = {
    "DEAD_LETTER_QUEUE_URL": "dead_letter_at_once",
    "FIFO_FAILURES": "group_failures",
    "MAX_RECEIVE_COUNT": "dead_letter_at_once",
    "RETRY_AFTER": "retry_after",
}
"""Environment variable by which the handler learns what it is to do -> its argument."""


@dataclass(frozen=True)
class FailureSettings:
    """What the user says of orders that fail."""

    dead_letter_at_once: bool
    group_failures: str
    """`BLOCK` or `SKIP`."""
    retry_after: bool


def read_failures(given: Arguments) -> FailureSettings:
    """The settings of orders that fail."""
    return FailureSettings(
        dead_letter_at_once=given.flag("dead_letter_at_once", False),
        group_failures=given.text("group_failures", BLOCK, choices=[BLOCK, SKIP]),
        retry_after=given.flag("retry_after", False),
    )


def failure_environment(
    settings: FailureSettings, queues: Queues, max_receive_count: pulumi.Input[int]
) -> dict[str, pulumi.Input[str]]:
    """The environment variables by which the handler learns what it is to do; none for what is not asked for."""
    at_once = settings.dead_letter_at_once
    values = {
        "DEAD_LETTER_QUEUE_URL": queues.dead_letters_url if at_once else None,
        "FIFO_FAILURES": SKIP if settings.group_failures == SKIP else None,
        "MAX_RECEIVE_COUNT": pulumi.Output.from_input(max_receive_count).apply(str) if at_once else None,
        "RETRY_AFTER": "true" if settings.retry_after else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def failure_statements(
    settings: FailureSettings, queues: Queues, key_arn: pulumi.Input[str] | None
) -> list[iam.Statement]:
    """What the role needs for it, besides what it needs to consume the queue.

    To send to an encrypted queue takes `kms:Decrypt` too, which the role has for reading.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    statements: list[iam.Statement] = []
    if settings.dead_letter_at_once:
        statements.append(iam.allow("SendDeadLetters", "sqs:SendMessage", queues.dead_letters_arn))
        if key_arn is not None:
            statements.append(iam.allow("EncryptDeadLetters", "kms:GenerateDataKey", key_arn))
    if settings.retry_after:
        statements.append(iam.allow("DelayRetries", "sqs:ChangeMessageVisibility", queues.queue.arn))
    return statements
