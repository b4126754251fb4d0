"""What the handler does with orders that fail: its environment tells it, and its role may do no more than that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pulumi

from components import iam
from components.arguments import Arguments
from components.queue import Queues

BLOCK, SKIP = "block", "skip"
_VARIABLES = {
    "dead_letter_at_once": "DEAD_LETTER_QUEUE_URL",
    "group_failures": "FIFO_FAILURES",
    "retry_after": "RETRY_AFTER",
}
"""Argument -> the environment variable by which the handler learns of it."""
ARGUMENTS = tuple(_VARIABLES)


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


def failure_problems(environment: Collection[str]) -> list[str]:
    """What is wrong with the names of the user's environment variables."""
    return [
        f"environment sets {variable}, which {name} is for, with what the role needs: leave it out and set {name}"
        for name, variable in _VARIABLES.items()
        if variable in environment
    ]


def failure_environment(settings: FailureSettings, queues: Queues) -> dict[str, pulumi.Input[str]]:
    """The environment variables by which the handler learns what it is to do; none for what is not asked for."""
    values = {
        "dead_letter_at_once": queues.dead_letters_url if settings.dead_letter_at_once else None,
        "group_failures": SKIP if settings.group_failures == SKIP else None,
        "retry_after": "true" if settings.retry_after else None,
    }
    return {_VARIABLES[name]: value for name, value in values.items() if value is not None}


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
