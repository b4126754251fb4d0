"""The core: what is decided about an order, with effects that only count."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest

from functions.orders.processing.core import process
from functions.orders.processing.errors import OrderError, PermanentError, RetryAfterError
from functions.orders.processing.order import Order


class Recorder:
    """Effects that are remembered; they answer as told."""

    def __init__(self, answer: bool | Exception = True, begun: bool = False) -> None:
        self.applied: list[Order] = []
        self._answer, self._begun = answer, begun

    def has_begun(self, order: Order) -> bool:
        return self._begun and order.order_id == "A-1"

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


@pytest.mark.parametrize(
    ("amount", "largest"),
    [(5, 5), (5.5, 5.5), (0, 0), (9.99, 10), (10**400, math.inf), (9007199254740993, 9007199254740994.0)],
)
def test_an_order_up_to_the_largest_amount_is_applied(amount: float, largest: float) -> None:
    effects = Recorder()

    process(order(amount=amount), effects, lambda: largest)

    assert effects.applied == [order(amount=amount)]


@pytest.mark.parametrize(
    ("amount", "largest"), [(6, 5), (5.51, 5.5), (0.01, 0), (10**400, 5), (9007199254740993, 9007199254740992.0)]
)
def test_an_order_above_the_largest_amount_is_refused_for_good_and_its_amount_is_not_told(
    amount: float, largest: float
) -> None:
    effects = Recorder()

    with pytest.raises(PermanentError) as caught:
        process(order(amount=amount), effects, lambda: largest)

    reason = "order A-1 is above the largest amount that is processed without a person"
    assert (str(caught.value), effects.applied) == (reason, [])


def test_an_order_that_was_begun_is_completed_although_the_limit_is_lower_by_now() -> None:
    effects = Recorder(begun=True)

    process(order(amount=6), effects, lambda: 5)

    assert effects.applied == [order(amount=6)]


@pytest.mark.parametrize("fields", [{}, {"amount": "5"}, {"amount": 5, "fail": True}], ids=str)
def test_the_largest_amount_is_asked_for_only_where_it_decides(fields: dict[str, Any]) -> None:
    def unknown() -> float:
        raise AssertionError

    with contextlib.suppress(OrderError):
        process(order(**fields), Recorder(), unknown)


def test_an_order_that_asks_to_fail_fails_and_may_be_tried_again() -> None:
    effects = Recorder()

    with pytest.raises(RetryAfterError) as caught:
        process(order(fail=True), effects)

    assert (type(caught.value), str(caught.value), effects.applied) == (RetryAfterError, "order A-1 asks to fail", [])


def test_what_effects_raise_stays_what_it_is() -> None:
    throttled = RetryAfterError("slower", 7)

    with pytest.raises(RetryAfterError) as caught:
        process(order(), Recorder(throttled))

    assert (caught.value, caught.value.seconds) == (throttled, 7)
