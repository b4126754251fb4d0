"""A handler that logs what it gets and does what the order asks for, so that a test can see what happened to it."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from functions.orders.processing.claim_check import ClaimCheck
else:  # the tests deploy it beside this file
    from processing.claim_check import ClaimCheck


# Made before the first invocation, since it takes a good part of the second that an invocation may take in tests.
CLAIM_CHECK = (
    ClaimCheck(bucket, client=boto3.client("s3"))  # pyright: ignore[reportUnknownMemberType]
    if (bucket := os.environ.get("CLAIM_CHECK_BUCKET"))
    else None
)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch; after an order has failed, the rest of its message group has to wait for it."""
    failed: list[dict[str, str]] = []
    stopped: set[str] = set()
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId", "")
        succeeded = group not in stopped and _process(record, group)
        if not succeeded:
            failed.append({"itemIdentifier": record["messageId"]})
            if group:
                stopped.add(group)
    return {"batchItemFailures": failed}


def _process(record: dict[str, Any], group: str) -> bool:
    order = _parsed(CLAIM_CHECK.get(record["body"]) if CLAIM_CHECK else record["body"])
    asked: dict[str, Any] = order if isinstance(order, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    fails = "fail" in asked
    if "refuse" in asked:
        _sqs().send_message(QueueUrl=os.environ["DEAD_LETTER_QUEUE_URL"], MessageBody=record["body"])
    if "wait" in asked and attempt == 1:
        _wait(record, asked["wait"])
        fails = True
    if not fails and (outbox := os.environ.get("OUTBOX")):
        sns: Any = boto3.client("sns")  # pyright: ignore[reportUnknownMemberType]
        sns.publish(TopicArn=outbox, Message=record["body"])
    attributes = {name: found["stringValue"] for name, found in record["messageAttributes"].items()}
    print(
        json.dumps(
            {
                "outcome": "failed" if fails else "processed",
                "order": order,
                "attempt": attempt,
                "group": group,
                "attributes": attributes,
                "at": time.time_ns(),
            }
        )
    )
    return not fails


def _wait(record: dict[str, Any], seconds: int) -> None:
    sqs, (*_, account, name) = _sqs(), record["eventSourceARN"].split(":")
    url = f"{sqs.meta.endpoint_url}/{account}/{name}"
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds)


def _sqs() -> Any:
    return boto3.client("sqs")  # pyright: ignore[reportUnknownMemberType]


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body
