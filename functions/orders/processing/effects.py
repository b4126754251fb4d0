"""What an order changes in the world, once in effect, however often it is delivered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from .order import Order
from .settings import Settings


class Effects(Protocol):
    """Where an order takes effect."""

    def apply(self, order: Order) -> bool:
        """Apply the order; `False` says that it was applied before."""
        ...

    def has_begun(self, order: Order) -> bool:
        """Whether an order with this id was applied, or is to some part; what is missing follows when it is applied."""
        ...


class NoEffects:
    """The effects of a function without settings: its log says what it processed."""

    def apply(self, order: Order) -> bool:
        """Change nothing."""
        del order
        return True

    def has_begun(self, order: Order) -> bool:
        """Nothing is known of any order."""
        del order
        return False


def effects_for(settings: Settings, context: Any) -> Effects:
    """The effects that the settings ask for, for the orders of one invocation.

    Args:
        settings: Of the function. Clients are made once for them.
        context: Lambda's context object, which knows how much time the invocation has left.
    """
    return _opened(settings)(context) if settings.orders_table else NoEffects()


@functools.cache
def _opened(settings: Settings) -> Callable[[Any], Effects]:
    """Effects by the context of an invocation. What is slow to import is imported only where it is needed."""
    from .aws import client  # noqa: PLC0415
    from .store import Bus, Store  # noqa: PLC0415

    dynamodb = client("dynamodb")
    bus = Bus(client("events"), settings.event_bus) if settings.event_bus else None
    store = Store(dynamodb, settings.orders_table, bus)
    if not settings.idempotency_table:
        return lambda _: store

    from .once import Once  # noqa: PLC0415

    return Once(store, dynamodb, settings.idempotency_table).within
