"""What the handler is told to do with orders that fail, what its role may do for it, and which settings are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.pipelines import Later, children, record, refusal
from tests.support.recorder import Recorder

OWN_KEY = "arn:aws:kms:eu-central-1:000000000001:orders-key"
KEY = "arn:aws:kms:eu-central-1:000000000001:key/1234"
QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:000000000001:orders-dead-letters"
LEGACY = "https://sqs.eu-central-1.amazonaws.com/000000000001/legacy.fifo"
FAILED = "arn:aws:sqs:eu-central-1:000000000001:failed.fifo"
ALL: dict[str, Any] = {"dead_letter_at_once": True, "retry_after": True}
Allowed = tuple[str, str, str]
SEND: Allowed = ("SendDeadLetters", "sqs:SendMessage", DEAD_LETTERS)
DELAY: Allowed = ("DelayRetries", "sqs:ChangeMessageVisibility", QUEUE)


def allowed(recorder: Recorder) -> list[Allowed]:
    """What the role may do besides reading the queue, logging and tracing."""
    statements = children(recorder)["policy"].inputs["policy"]["Statement"]
    usual = ("ConsumeOrders", "DecryptOrders", "WriteLogs", "Trace")
    return [(it["Sid"], it["Action"], it["Resource"]) for it in statements if it["Sid"] not in usual]


def variables(recorder: Recorder) -> dict[str, str]:
    return children(recorder)["function"].inputs["environment"]["variables"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"dead_letter_at_once": True}, [SEND]),
        ({"retry_after": True}, [DELAY]),
        (ALL, [SEND, DELAY]),
        ({**ALL, "customer_key": True}, [SEND, ("EncryptDeadLetters", "kms:GenerateDataKey", OWN_KEY), DELAY]),
        ({**ALL, "kms_key_arn": Later(KEY)}, [SEND, ("EncryptDeadLetters", "kms:GenerateDataKey", KEY), DELAY]),
        ({"retry_after": True, "customer_key": True}, [DELAY]),
        ({"fifo": True, "group_failures": "skip", "customer_key": True}, []),
    ],
    ids=str,
)
def test_the_role_may_do_exactly_what_the_handler_is_told_to(
    arguments: dict[str, Any], expected: list[Allowed]
) -> None:
    assert allowed(record(**arguments)) == expected


def test_the_handler_of_an_image_is_told_too() -> None:
    recorder = record(image="000000000001.dkr.ecr.eu-central-1.amazonaws.com/orders:1", **ALL)

    assert variables(recorder) == {
        "DEAD_LETTER_QUEUE_URL": "<url of orders-dead-letters>",
        "MAX_RECEIVE_COUNT": "5",
        "RETRY_AFTER": "true",
    }


@pytest.mark.parametrize("given", [7, 7.0, Later(7)])
def test_the_handler_is_told_which_attempt_is_the_last(given: Any) -> None:
    recorder = record(dead_letter_at_once=True, max_receive_count=given)

    assert variables(recorder)["MAX_RECEIVE_COUNT"] == "7"
    assert children(recorder)["queue"].inputs["redrivePolicy"]["maxReceiveCount"] == 7


def test_what_the_handler_is_told_is_encrypted_by_the_key() -> None:
    function = children(record(customer_key=True, retry_after=True))["function"].inputs

    assert (function["environment"], function["kmsKeyArn"]) == ({"variables": {"RETRY_AFTER": "true"}}, OWN_KEY)


def test_the_queues_may_be_deployed_elsewhere() -> None:
    queue = {
        "arn": "arn:aws:sqs:eu-central-1:000000000001:legacy.fifo",
        "delaySeconds": 0,
        "fifoQueue": True,
        "maxMessageSize": 1_048_576,
        "messageRetentionSeconds": 345_600,
        "name": "legacy.fifo",
        "redrivePolicy": json.dumps({"deadLetterTargetArn": FAILED, "maxReceiveCount": 6}),
        "url": LEGACY,
        "visibilityTimeoutSeconds": 180,
    }

    recorder = record({LEGACY: queue}, existing_queue=LEGACY, kms_key_arn=KEY, group_failures="skip", **ALL)

    assert variables(recorder) == {
        "DEAD_LETTER_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000001/failed.fifo",
        "FIFO_FAILURES": "skip",
        "MAX_RECEIVE_COUNT": "6",
        "RETRY_AFTER": "true",
    }
    assert allowed(recorder) == [
        ("SendDeadLetters", "sqs:SendMessage", FAILED),
        ("EncryptDeadLetters", "kms:GenerateDataKey", KEY),
        ("DelayRetries", "sqs:ChangeMessageVisibility", queue["arn"]),
    ]


def of_the_component(variable: str, argument: str) -> str:
    return (
        f"environment sets {variable}, which {argument} is for, with what the role needs: leave it out and set "
        f"{argument}"
    )


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {
            "environment": {
                "RETRY_AFTER": Later("true"),
                "DEAD_LETTER_QUEUE_URL": "secret",
                "MAX_RECEIVE_COUNT": "5",
                "A": "1",
            }
        },
        [
            of_the_component("DEAD_LETTER_QUEUE_URL", "dead_letter_at_once"),
            of_the_component("MAX_RECEIVE_COUNT", "dead_letter_at_once"),
            of_the_component("RETRY_AFTER", "retry_after"),
        ],
    ),
    (
        {"environment": {"FIFO_FAILURES": "block"}, "fifo": True, "group_failures": "skip"},
        [of_the_component("FIFO_FAILURES", "group_failures")],
    ),
    (
        {"group_failures": "block"},
        ["group_failures only work on a FIFO queue: leave them out, or set fifo to true"],
    ),
    ({"fifo": True, "group_failures": "stop"}, ["group_failures must be one of block, skip, got 'stop'"]),
    ({"dead_letter_at_once": "true"}, ["dead_letter_at_once must be true or false, got 'true'"]),
    ({"retry_after": Later(True)}, ["retry_after must be true or false, got a value of type Output"]),
    (
        {"existing_function": "worker", "fifo": True, "group_failures": "skip", **ALL},
        [
            "existing_function is not changed here: leave out dead_letter_at_once, group_failures, retry_after, or let "
            "the component make the function"
        ],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_what_cannot_work_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems
