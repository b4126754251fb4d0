"""The example store: every place where it can fail or die, and what the next delivery of the order makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.orders.processing.errors import OrderError, PermanentError, RetryAfterError
from functions.orders.processing.order import Order
from functions.orders.processing.store import MAX_ORDER_BYTES, Store
from tests.functions.shop import Shop, answering, dying, event, item, open_shop, order, refusal


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


def test_an_order_is_written_with_every_field_and_published_by_its_id_alone(shop: Shop) -> None:
    assert shop.store().apply(order(amount=12345678901234567890.5, card="secret", lines=[{"sku": "\ud800"}])) is True

    assert shop.orders() == [item(amount=12345678901234567890.5, card="secret", lines=[{"sku": "\ud800"}])]
    assert shop.published() == [event()]


def test_a_duplicate_is_neither_written_nor_published(shop: Shop) -> None:
    store = shop.store()

    answers = [store.apply(order(amount=5, item="teapot")) for _ in range(3)]
    other_order_of_fields = store.apply(Order.read('{"item": "teapot", "amount": 5, "orderId": "A-1"}'))

    assert (answers, other_order_of_fields) == ([True, False, False], False)
    assert (shop.orders(), shop.published()) == ([item(amount=5, item="teapot")], [event()])


def test_an_order_has_begun_as_soon_as_it_is_in_the_table(shop: Shop) -> None:
    store = shop.store()
    before = store.has_begun(order())

    store.apply(order(amount=5))

    assert (before, store.has_begun(order(amount=6)), store.has_begun(Order.read('{"orderId": "A-2"}'))) == (
        False,
        True,
        False,
    )


def test_another_order_with_the_same_id_is_not_taken_for_a_duplicate(shop: Shop) -> None:
    shop.store().apply(order(amount=5))

    with pytest.raises(PermanentError) as caught:
        shop.store().apply(order(amount=6))

    assert str(caught.value) == "another order with the id A-1 was applied before"
    assert (shop.orders(), shop.published()) == ([item(amount=5)], [event()])


@pytest.mark.parametrize(
    ("operation", "when", "left", "heard"),
    [
        ("PutItem", "before", [], 0),
        ("PutItem", "after", [item(published=False)], 0),
        ("PutEvents", "before", [item(published=False)], 0),
        ("PutEvents", "after", [item(published=False)], 1),
        ("UpdateItem", "before", [item(published=False)], 1),
        ("UpdateItem", "after", [item()], 1),
    ],
)
def test_whenever_it_dies_the_next_delivery_completes_the_order(
    shop: Shop, operation: str, when: str, left: list[dict[str, Any]], heard: int
) -> None:
    with dying(shop.events if operation == "PutEvents" else shop.dynamodb, operation, when):
        shop.store().apply(order())
    assert (shop.orders(), shop.published()) == (left, heard * [event()])

    incomplete = left != [item()]
    assert shop.store().apply(order()) is incomplete
    assert (shop.orders(), shop.published()) == ([item()], incomplete * [event()])

    assert shop.store().apply(order()) is False
    assert (shop.orders(), shop.published()) == ([item()], [])


@pytest.mark.parametrize("operation", ["PutItem", "PutEvents", "UpdateItem"])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("ThrottlingException", RetryAfterError, "{operation} is throttled ({code})"),
        ("ProvisionedThroughputExceededException", RetryAfterError, "{operation} is throttled ({code})"),
        ("RequestLimitExceeded", RetryAfterError, "{operation} is throttled ({code})"),
        ("AccessDeniedException", ClientError, "An error occurred ({code}) when calling the {operation} operation: no"),
    ],
)
def test_a_call_that_is_throttled_waits_and_any_other_error_is_tried_again(
    shop: Shop, operation: str, code: str, kind: type[Exception], reason: str
) -> None:
    client = shop.events if operation == "PutEvents" else shop.dynamodb
    with answering(client, operation, refusal(code)), pytest.raises(Exception) as caught:  # noqa: PT011
        shop.store().apply(order())

    assert isinstance(caught.value, kind)
    assert str(caught.value) == reason.format(operation=operation, code=code)
    assert getattr(caught.value, "seconds", None) is None

    assert shop.store().apply(order()) is True
    assert shop.orders() == [item()]


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ThrottlingException", RetryAfterError), ("InternalFailure", OrderError), ("AccessDeniedException", OrderError)],
)
def test_an_event_that_is_refused_in_an_answer_that_is_no_error_is_published_later(
    shop: Shop, code: str, kind: type[Exception]
) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}]}
    with answering(shop.events, "PutEvents", answer), pytest.raises(OrderError) as caught:
        shop.store().apply(order())

    assert (type(caught.value), str(caught.value)) == (kind, f"OrderProcessed of order A-1 is not published ({code})")
    assert (shop.orders(), shop.published()) == ([item(published=False)], [])

    assert shop.store().apply(order()) is True
    assert (shop.orders(), shop.published()) == ([item()], [event()])


def test_an_order_that_is_deleted_while_it_is_published_does_not_come_back_without_its_fields(shop: Shop) -> None:
    store = shop.store()

    def delete(**_: Any) -> None:
        shop.lock_client.delete_item(TableName="orders", Key={"orderId": {"S": "A-1"}})

    shop.dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", delete)
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        store.apply(order())

    assert shop.orders() == []


def test_without_a_bus_an_order_is_written_and_nothing_is_published(shop: Shop) -> None:
    store = Store(shop.dynamodb, "orders", None)

    assert [store.apply(order()) for _ in range(2)] == [True, False]
    assert (shop.orders(), shop.published()) == ([item(published=False)], [])


def test_the_largest_order_fits_and_a_larger_one_is_refused_for_good(shop: Shop) -> None:
    longest_id = "A" * 100
    frame = len(json.dumps({"note": "", "orderId": longest_id}))
    fitting, larger = (order(longest_id, note="x" * (MAX_ORDER_BYTES - frame + more)) for more in (0, 1))

    assert shop.store().apply(fitting) is True
    with pytest.raises(PermanentError) as caught:
        shop.store().apply(larger)

    assert shop.orders() == [item(longest_id, note=fitting.fields["note"])]
    assert str(caught.value) == f"order {longest_id} has {MAX_ORDER_BYTES + 1} bytes, more than {MAX_ORDER_BYTES}"
