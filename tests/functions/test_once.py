"""Powertools' idempotency around the store: each state of a record, and what the next delivery makes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError

from components.timing import DAY_SECONDS, DEAD_LETTER_RETENTION_SECONDS, Timing
from functions.orders.processing.errors import OrderError, PermanentError, RetryAfterError
from functions.orders.processing.once import KEPT_SECONDS
from tests.functions.shop import OVER, Invocation, Shop, answering, dying, event, item, open_shop, order, refusal

LOCK = {"id": {"S": "order#" + sha256(b'"A-1"').hexdigest()}, "status": {"S": "INPROGRESS"}}
DONE = {**LOCK, "status": {"S": "COMPLETED"}, "data": {"S": "true"}}


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


def test_an_order_that_was_applied_is_known_by_its_record_and_the_store_is_not_asked_again(shop: Shop) -> None:
    once = shop.once()
    assert once.apply(order(amount=5)) is True

    with answering(shop.dynamodb, "PutItem", refusal("AccessDeniedException")):
        assert [once.apply(order(amount=5)), shop.once().apply(order(amount=5))] == [False, False]

    assert (shop.orders(), shop.locks(), shop.published()) == ([item(amount=5)], [DONE], [event()])


def test_orders_do_not_lock_each_other(shop: Shop) -> None:
    once = shop.once()

    assert [once.apply(order(order_id)) for order_id in ("A-1", "A-2", "A-1")] == [True, True, False]
    assert sorted(found["orderId"]["S"] for found in shop.orders()) == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("client", "operation", "when", "left", "heard"),
    [
        ("lock_client", "PutItem", "after", [], 0),
        ("dynamodb", "PutItem", "before", [], 0),
        ("dynamodb", "PutItem", "after", [item(published=False)], 0),
        ("events", "PutEvents", "before", [item(published=False)], 0),
        ("events", "PutEvents", "after", [item(published=False)], 1),
        ("dynamodb", "UpdateItem", "before", [item(published=False)], 1),
        ("dynamodb", "UpdateItem", "after", [item()], 1),
        ("lock_client", "UpdateItem", "before", [item()], 1),
    ],
)
def test_an_invocation_that_dies_leaves_a_lock_that_ends_with_its_time_and_then_the_order_is_completed(
    shop: Shop, client: str, operation: str, when: str, left: list[dict[str, Any]], heard: int
) -> None:
    with dying(getattr(shop, client), operation, when):
        shop.once(OVER).apply(order())
    assert (shop.orders(), shop.locks(), shop.published()) == (left, [LOCK], heard * [event()])

    incomplete = left != [item()]
    assert shop.once().apply(order()) is incomplete
    assert (shop.orders(), shop.published()) == ([item()], incomplete * [event()])
    assert shop.locks() == [{**DONE, "data": {"S": str(incomplete).lower()}}]

    assert shop.once().apply(order()) is False
    assert (shop.orders(), shop.published()) == ([item()], [])


@pytest.mark.parametrize(("ahead_ms", "seconds"), [(29_500, 30), (29_001, 30), (100, 1), (-5_000, 1)])
def test_an_order_that_another_invocation_is_about_waits_until_that_must_have_ended(
    shop: Shop, ahead_ms: int, seconds: int
) -> None:
    with dying(shop.dynamodb, "PutItem", "before"):
        shop.once(Invocation(600_000)).apply(order())
    (lock,) = shop.dynamodb.scan(TableName="locks")["Items"]
    ends_ms = int(lock["in_progress_expiration"].get("N", ""))

    with pytest.raises(RetryAfterError) as caught:
        shop.once(clock=lambda: (ends_ms - ahead_ms) / 1_000).apply(order())

    assert (str(caught.value), caught.value.seconds) == ("order A-1 is in progress in another invocation", seconds)
    assert (shop.orders(), shop.locks(), shop.published()) == ([], [LOCK], [])


def test_a_record_that_is_over_is_forgotten_and_the_table_of_orders_still_knows_the_order(shop: Shop) -> None:
    shop.once().apply(order())
    (record,) = shop.dynamodb.scan(TableName="locks")["Items"]
    shop.dynamodb.put_item(TableName="locks", Item={**record, "expiration": {"N": "1"}})
    shop.published()

    assert shop.once().apply(order()) is False

    assert (shop.orders(), shop.locks(), shop.published()) == ([item()], [{**DONE, "data": {"S": "false"}}], [])


def test_a_record_is_kept_as_long_as_an_order_can_come_back_by_the_defaults_of_a_pipeline(shop: Shop) -> None:
    shop.once().apply(order())

    (record,) = shop.dynamodb.scan(TableName="locks")["Items"]
    kept_seconds = int(record["expiration"].get("N", "")) - time.time()
    assert Timing.retention + DEAD_LETTER_RETENTION_SECONDS + DAY_SECONDS == KEPT_SECONDS == 1_641_600
    assert kept_seconds == pytest.approx(1_641_600, abs=60)  # the clock of this machine is between them


def test_a_failure_ends_the_lock_so_that_the_order_can_be_tried_again_at_once(shop: Shop) -> None:
    with answering(shop.events, "PutEvents", refusal("InternalException")), pytest.raises(ClientError):
        shop.once().apply(order())
    assert (shop.orders(), shop.locks()) == ([item(published=False)], [])

    assert shop.once().apply(order()) is True
    assert (shop.orders(), shop.locks(), shop.published()) == ([item()], [DONE], [event()])


def test_what_the_store_says_of_an_order_stays_what_it_is(shop: Shop) -> None:
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    with answering(shop.events, "PutEvents", answer), pytest.raises(OrderError) as caught:
        shop.once().apply(order())

    assert str(caught.value) == "OrderProcessed of order A-1 is not published (InternalFailure)"
    with answering(shop.dynamodb, "PutItem", refusal("ThrottlingException")), pytest.raises(RetryAfterError) as waits:
        shop.once().apply(order())
    assert (str(waits.value), waits.value.seconds) == ("PutItem is throttled (ThrottlingException)", None)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("ThrottlingException", RetryAfterError, "{operation} is throttled ({code})"),
        ("AccessDeniedException", ClientError, "An error occurred ({code}) when calling the {operation} operation: no"),
    ],
)
def test_the_error_of_the_table_of_locks_is_the_reason_and_no_effect_is_lost(
    shop: Shop, operation: str, code: str, kind: type[Exception], reason: str
) -> None:
    with answering(shop.lock_client, operation, refusal(code)), pytest.raises(Exception) as caught:  # noqa: PT011
        shop.once(OVER).apply(order())

    assert isinstance(caught.value, kind)
    assert str(caught.value) == reason.format(operation=operation, code=code)

    shop.once().apply(order())
    assert (shop.orders(), shop.published()) == ([item()], [event()])


def test_a_lock_that_cannot_be_ended_after_a_failure_ends_by_itself(shop: Shop) -> None:
    with (
        answering(shop.events, "PutEvents", refusal("InternalException")),
        answering(shop.lock_client, "DeleteItem", refusal("ThrottlingException")),
        pytest.raises(RetryAfterError) as caught,
    ):
        shop.once(OVER).apply(order())
    assert str(caught.value) == "DeleteItem is throttled (ThrottlingException)"
    assert shop.locks() == [LOCK]

    assert shop.once().apply(order()) is True
    assert (shop.orders(), shop.published()) == ([item()], [event()])


def test_another_order_with_the_same_id_is_not_taken_for_a_duplicate(shop: Shop) -> None:
    shop.once().apply(order(amount=5))

    with pytest.raises(PermanentError) as caught:
        shop.once().apply(order(amount=6))

    assert str(caught.value) == "another order with the id A-1 was begun before"
    assert (shop.orders(), shop.locks(), shop.published()) == ([item(amount=5)], [DONE], [event()])
