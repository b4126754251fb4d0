"""What is decided about an order. Nothing here knows AWS or the time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .effects import Effects
from .errors import PermanentError, RetryAfterError
from .order import Order


def no_limit() -> float:
    """The largest amount where there is none."""
    return math.inf


def process(order: Order, effects: Effects, largest_amount: Callable[[], float] = no_limit) -> None:
    """Validate the order, decide about it, and apply it.

    Args:
        order: As it was read.
        effects: Where it takes effect; asked again when the order is delivered again.
        largest_amount: The largest amount that is processed by itself, asked for each order that has one. Of an order
            that was begun it is not asked again: else one that is delivered twice, with a lower limit in between, would
            have its effect and be refused. Default: none.

    Raises:
        PermanentError: Fields that no order can have, all of them by their names; or the amount is too large.
        RetryAfterError: The order asks to fail.
    """
    if problems := validate(order):
        raise PermanentError(f"order {order.order_id} is refused: {'; '.join(problems)}")
    if order.fail:
        raise RetryAfterError(f"order {order.order_id} asks to fail")
    if "amount" in order.fields and order.fields["amount"] > largest_amount() and not effects.has_begun(order):
        raise PermanentError(f"order {order.order_id} is above the largest amount that is processed without a person")
    effects.apply(order)


def validate(order: Order) -> list[str]:
    """What is wrong with fields that are known. All are optional, and other fields are nobody's business here."""
    return [
        f"{name} must be {meaning}"
        for name, (is_good, meaning) in _FIELDS.items()
        if name in order.fields and not is_good(order.fields[name])
    ]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "amount": (_is_amount, "a number, 0 or more"),
    "customerId": (_is_text, "a text"),
    "item": (_is_text, "a text"),
}
