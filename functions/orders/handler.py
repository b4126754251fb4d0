"""Processes orders from a queue; each order succeeds or fails on its own.

An order is a JSON object with an `orderId`. One with `"fail": true` fails, to show what happens to an order that cannot
be processed: it is received again after the visibility timeout, and after the last attempt SQS moves it to the
dead-letter queue.
"""

from __future__ import annotations

import json
from typing import Any


class OrderError(Exception):
    """The order cannot be processed; the text is the reason that is logged."""


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch of SQS messages.

    Args:
        event: What the event source mapping sends: `{"Records": [{"messageId": ..., "body": ..., ...}]}`.
            https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        context: Lambda's context object, not used.

    Returns:
        The messages to receive again: `{"batchItemFailures": [{"itemIdentifier": <messageId>}]}`. The mapping must have
        `ReportBatchItemFailures`, else Lambda takes every answer for a success of the whole batch.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Raises:
        KeyError: The event is not a batch of SQS messages; the whole batch is received again.
    """
    del context
    failed: list[dict[str, str]] = []
    stopped: set[str] = set()
    for record in event["Records"]:
        group = _group(record)
        if group in stopped:  # in order or not at all: an order waits for those before it in its group
            failed.append({"itemIdentifier": record["messageId"]})
            continue
        try:
            _log("order processed", record, orderId=process(record["body"]))
        except Exception as error:  # whatever it was, it is this order's failure and not the batch's
            _log("order failed", record, reason=f"{type(error).__name__}: {error}")
            failed.append({"itemIdentifier": record["messageId"]})
            if group:
                stopped.add(group)
    return {"batchItemFailures": failed}


def process(body: str) -> str:
    """Process one order and return its id.

    Raises:
        OrderError: The body is not an order, or the order asks to fail.
    """
    try:
        order = json.loads(body)
    except ValueError:
        raise OrderError("the message is not JSON") from None
    if not isinstance(order, dict) or not isinstance(order.get("orderId"), str):  # pyright: ignore[reportUnknownMemberType]
        raise OrderError("the message is not an order: it has no orderId")
    if order.get("fail") is True:  # pyright: ignore[reportUnknownMemberType]
        raise OrderError(f"order {order['orderId']} asks to fail")
    return str(order["orderId"])  # pyright: ignore[reportUnknownArgumentType]


def _group(record: dict[str, Any]) -> str:
    """The message group on a FIFO queue; nothing on a standard queue, where groups promise no order."""
    attributes = record.get("attributes", {})
    return attributes["MessageGroupId"] if "SequenceNumber" in attributes else ""


def _log(message: str, record: dict[str, Any], **fields: str) -> None:
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    print(json.dumps({"message": message, "messageId": record["messageId"], "attempt": attempt, **fields}))
