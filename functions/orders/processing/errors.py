"""Why an order was not processed: the kind of the error says what becomes of it.

Any other exception counts as "try again": the source delivers the order again, and after the last attempt it goes to
the dead-letter queue.
"""

from __future__ import annotations


class OrderError(Exception):
    """An order is not processed; the text is the reason that is logged: one line, without secrets."""


class PoisonError(OrderError):
    """It cannot be read as an order at all: no JSON, no order id, a version that this code does not know."""


class PermanentError(OrderError):
    """It is an order, and one that never succeeds: refused by validation or by a decision."""


class RetryAfterError(OrderError):
    """It may succeed later, and not at once.

    Args:
        reason: What the order waits for, in one line.
        seconds: How long to wait, in seconds from now, 0 or more. Default: what follows from the number of attempts.
    """

    def __init__(self, reason: str, seconds: int | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class OutOfTimeError(OrderError):
    """It was not begun: the invocation has too little time left."""
