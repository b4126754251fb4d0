"""What is decided about an order. Nothing here knows AWS or the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .effects import Effects
from .errors import OrderError, PermanentError
from .order import Order


def process(order: Order, effects: Effects) -> None:
    """Validate the order, decide about it, and apply it.

    Args:
        order: As it was read.
        effects: Where it takes effect; asked again when the order is delivered again.

    Raises:
        PermanentError: Fields that no order can have, all of them by their names.
        OrderError: The order asks to fail.
    """
    if problems := validate(order):
        raise PermanentError(f"order {order.order_id} is refused: {'; '.join(problems)}")
    if order.fail:
        raise OrderError(f"order {order.order_id} asks to fail")
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
