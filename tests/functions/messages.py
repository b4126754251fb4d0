"""Messages as an event source mapping sends them, and what a function says of them: its answer and its log."""

from __future__ import annotations

import io
import json
from typing import Any

from functions.orders.processing.effects import NoEffects
from functions.orders.processing.order import Order

QUEUE_ARN = "arn:aws:sqs:eu-central-1:123456789012:orders"


def order(order_id: object, **fields: object) -> str:
    return json.dumps({"orderId": order_id, **fields})


def message(message_id: str, body: object, attempt: int = 1, **attributes: str) -> dict[str, Any]:
    """A message of a standard queue, with more system attributes."""
    return {
        "messageId": message_id,
        "receiptHandle": f"handle-{message_id}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(attempt),
            "SentTimestamp": "1700000000000",
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": "1700000000001",
            **attributes,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
        "awsRegion": "eu-central-1",
    }


def in_group(message_id: str, group: str, body: str, attempt: int = 1) -> dict[str, Any]:
    """A message of a FIFO queue."""
    numbered = {"MessageGroupId": group, "SequenceNumber": f"18849496460467696{message_id}"}
    return message(message_id, body, attempt, **numbered) | {"eventSourceARN": f"{QUEUE_ARN}.fifo"}


def answer(*failed: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


class Log:
    """What was logged since it was last read."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def lines(self) -> list[dict[str, Any]]:
        """Every line, as it is."""
        text = self._stream.getvalue()
        self._stream.seek(0)
        self._stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    def said(self) -> list[dict[str, Any]]:
        """Every line, without what each has."""
        each = ("level", "service", "timestamp")
        return [{name: value for name, value in line.items() if name not in each} for line in self.lines()]


class Orders(NoEffects):
    """Effects that remember which orders they were applied to; one of them may raise."""

    def __init__(self, errors: dict[str, Exception] | None = None) -> None:
        self.applied: list[str] = []
        self._errors = errors or {}

    def apply(self, order: Order) -> bool:
        if order.order_id in self._errors:
            raise self._errors[order.order_id]
        self.applied.append(order.order_id)
        return True


class Invocation:
    """Lambda's context object, with a clock that only moves when a test says so."""

    aws_request_id = "request-1"

    def __init__(self, timeout_milliseconds: int) -> None:
        self.left = timeout_milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.left
