"""A message in a queue."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from local.mappings import events

WAITS, IN_FLIGHT, CHANGED, RETURNED, RECEIVED_AGAIN, GONE = range(6)
"""What a message may be: a consumer has it, until its queue's visibility timeout or another time is over; it is back;
another consumer got it; it was deleted, expired or moved."""
_ARN = "arn:aws:sqs:eu-central-1:000000000000:"
_ID_LENGTH, _HANDLE_LENGTH = 36, 412
"""Characters of a message id and of a receipt handle on AWS, which count in an event's size."""


class Message:
    """A message, as one receive of it gave it. The next receive makes another one, as it has another receipt handle."""

    __slots__ = ("body", "extra", "first_at", "group", "id", "number", "receives", "sent_at", "size", "state", "until")

    def __init__(
        self, number: int, body: str, sent_at: float, size: int, group: str = "", extra: dict[str, Any] | None = None
    ) -> None:
        self.number = number
        """Its place among all that was sent to the queue."""
        self.id = str(number)
        self.body = body
        self.sent_at = sent_at
        self.size = size
        self.group = group
        self.extra = extra
        """What few messages have, as `ReceiveMessage` names it: `MessageAttributes`, and more `Attributes`."""
        self.receives = 0
        self.state = WAITS

    def again(self) -> Message:
        """The same message for another receive."""
        other = Message(self.number, self.body, self.sent_at, self.size, self.group, self.extra)
        other.id = self.id
        other.receives = self.receives
        if self.receives:
            other.first_at = self.first_at
        return other

    def described(self) -> dict[str, Any]:
        """As `ReceiveMessage` answers it."""
        extra = self.extra or {}
        return {
            "MessageId": self.id,
            "ReceiptHandle": f"{self.id}#{self.receives}",
            "Body": self.body,
            "MD5OfBody": events.md5_of(self.body),
            **extra,
            "Attributes": {
                "ApproximateReceiveCount": str(self.receives),
                "SentTimestamp": str(round(self.sent_at * 1000)),
                "SenderId": "AIDACKCEVSQ6C2EXAMPLE",
                "ApproximateFirstReceiveTimestamp": str(round(self.first_at * 1000)),
                **({"MessageGroupId": self.group} if self.group else {}),
                **extra.get("Attributes", {}),
            },
        }


def size_of(body: str, queue: str, group: str = "") -> int:
    """Bytes that a message takes in an event. Ids are as long as AWS's, attributes of its own come on top."""
    return _size_without_body(queue, group) + len(_encode(body).encode("utf-8", "replace")) - len('""')


_encode = json.JSONEncoder(ensure_ascii=False).encode


@lru_cache(maxsize=4096)
def _size_without_body(queue: str, group: str) -> int:
    message = Message(0, "", 1e9, 0, group)
    message.first_at = 1e9
    described = message.described() | {"MessageId": "0" * _ID_LENGTH, "ReceiptHandle": "0" * _HANDLE_LENGTH}
    return events.size_of(events.message_event(described, _ARN + queue))
