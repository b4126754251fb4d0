"""The core: what is decided about an order, with effects that only count."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.orders.processing.core import process
from functions.orders.processing.errors import OrderError, PermanentError, RetryAfterError
from functions.orders.processing.order import Order


class Recorder:
    """Effects that are remembered; they answer as told."""

    def __init__(self, answer: bool | Exception = True) -> None:
        self.applied: list[Order] = []
        self._answer = answer

    def apply(self, order: Order) -> bool:
        self.applied.append(order)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def order(**fields: Any) -> Order:
    return Order.read(json.dumps({"orderId": "A-1", **fields}))


@pytest.mark.parametrize(
    "fields",
    [{}, {"amount": 0}, {"amount": 0.5, "item": "teapot", "customerId": "ada"}, {"colour": None, "lines": []}],
    ids=str,
)
def test_an_order_that_may_be_is_applied_as_it_is(fields: dict[str, Any]) -> None:
    effects = Recorder()

    process(order(**fields), effects)

    assert effects.applied == [order(**fields)]


def test_an_order_that_was_applied_before_is_no_failure() -> None:
    effects = Recorder(answer=False)

    process(order(), effects)

    assert effects.applied == [order()]


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"amount": -1}, "amount must be a number, 0 or more"),
        ({"amount": "5"}, "amount must be a number, 0 or more"),
        ({"amount": True}, "amount must be a number, 0 or more"),
        ({"amount": None}, "amount must be a number, 0 or more"),
        ({"item": ""}, "item must be a text"),
        ({"customerId": " "}, "customerId must be a text"),
        ({"item": 5, "amount": [], "fail": True}, "amount must be a number, 0 or more; item must be a text"),
    ],
    ids=str,
)
def test_an_order_that_can_never_be_is_refused_for_good(fields: dict[str, Any], problems: str) -> None:
    effects = Recorder()

    with pytest.raises(PermanentError) as caught:
        process(order(**fields), effects)

    assert (str(caught.value), effects.applied) == (f"order A-1 is refused: {problems}", [])


def test_an_order_that_asks_to_fail_fails_and_may_be_tried_again() -> None:
    effects = Recorder()

    with pytest.raises(OrderError) as caught:
        process(order(fail=True), effects)

    assert (type(caught.value), str(caught.value), effects.applied) == (OrderError, "order A-1 asks to fail", [])


def test_what_effects_raise_stays_what_it_is() -> None:
    throttled = RetryAfterError("slower", 7)

    with pytest.raises(RetryAfterError) as caught:
        process(order(), Recorder(throttled))

    assert (caught.value, caught.value.seconds) == (throttled, 7)
