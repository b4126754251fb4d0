"""What SQS takes as a message, for the producer of orders and for dead letters."""

from __future__ import annotations

MAX_ATTRIBUTES = 10
"""Of a message.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
UNSENDABLE = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""The characters that SQS refuses. As a pattern it takes 5 ms to compile, so not when this is imported.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


def length(text: str) -> int:
    """Bytes of a text, as SQS counts them: in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())
