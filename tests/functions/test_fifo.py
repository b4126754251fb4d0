"""Orders from a FIFO queue: in order within their group, as the failure policy has it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.orders.processing import sqs
from functions.orders.processing.batch import Settled
from functions.orders.processing.errors import PermanentError
from functions.orders.processing.failures import Failures
from functions.orders.processing.settings import Settings
from tests.functions.messages import Invocation, Log, Orders, answer, in_group, message, order

BLOCK = Settings()
SKIP = Settings(fifo_failures="skip")


def handle(records: list[dict[str, Any]], given: Settings, context: Any = None) -> tuple[Any, list[str]]:
    """The answer, and the orders that took effect, in their order."""
    orders = Orders()
    return sqs.handle({"Records": records}, context, given, orders), orders.applied


batches = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=10)


def records_of(orders: list[tuple[str, bool]]) -> list[dict[str, Any]]:
    return [in_group(f"m{n}", group, order(f"{n}", fail=fails)) for n, (group, fails) in enumerate(orders)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_what_follows_a_failure_in_its_group_is_handed_back_untried(log: Log, orders: list[tuple[str, bool]]) -> None:
    blocked = [any(other == group and fails for other, fails in orders[:n]) for n, (group, _) in enumerate(orders)]

    found, applied = handle(records_of(orders), BLOCK)

    assert applied == [f"{n}" for n, (_, fails) in enumerate(orders) if not fails and not blocked[n]]
    assert found == answer(*(f"m{n}" for n, (_, fails) in enumerate(orders) if fails or blocked[n]))
    lines = log.said()
    tried = [line["messageId"] for line in lines if "messageId" in line]
    assert tried == [f"m{n}" for n, is_blocked in enumerate(blocked) if not is_blocked]
    why = "one before them failed, and they wait for it"
    together = {"message": "orders handed back untried", "untried": sum(blocked), "reason": why}
    assert lines[len(tried) :] == ([together] if any(blocked) else [])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_with_the_policy_skip_the_next_of_the_group_goes_on(log: Log, orders: list[tuple[str, bool]]) -> None:
    found, applied = handle(records_of(orders), SKIP)

    assert applied == [f"{n}" for n, (_, fails) in enumerate(orders) if not fails]
    assert found == answer(*(f"m{n}" for n, (_, fails) in enumerate(orders) if fails))


@pytest.mark.parametrize("given", [BLOCK, SKIP])
def test_on_a_standard_queue_a_group_promises_no_order(given: Settings) -> None:
    records = [
        message("m1", order("1", fail=True), MessageGroupId="tenant"),
        message("m2", order("2"), MessageGroupId="tenant"),
    ]

    assert handle(records, given) == (answer("m1"), ["2"])


def test_a_group_goes_on_after_an_order_that_went_to_the_dead_letter_queue_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def settle(self: Failures, record: Any, error: Exception) -> Settled:
        return Settled("poison" if record.message_id == "m1" else "")

    monkeypatch.setattr(Failures, "settle", settle)
    records = [
        in_group("m1", "a", "poison"),
        in_group("m2", "a", order("2")),
        in_group("m3", "a", "poison"),
        in_group("m4", "a", order("4")),
    ]

    assert handle(records, BLOCK) == (answer("m3", "m4"), ["2"])


def test_a_group_is_blocked_by_whatever_fails_first_also_by_a_message_without_body() -> None:
    records = [in_group("m1", "a", ""), in_group("m2", "a", order("2")), in_group("m3", "b", order("3"))]
    del records[0]["body"]

    assert handle(records, BLOCK) == (answer("m1", "m2"), ["3"])


def test_what_there_is_no_time_for_is_handed_back_for_all_groups(log: Log) -> None:
    context = Invocation(10_000)

    class Slow(Orders):
        def apply(self, order: Any) -> bool:
            context.left -= 6_000
            return super().apply(order)

    orders = Slow({"1": PermanentError("never")})
    records = [in_group(f"m{n}", group, order(f"{n}")) for n, group in enumerate("abab")]

    assert sqs.handle({"Records": records}, context, BLOCK, orders) == answer("m1", "m2", "m3")

    assert orders.applied == ["0"]
    assert [line.get("untried") for line in log.said()] == [None, 3]


def test_one_malformed_message_of_a_fifo_queue_does_not_stop_the_groups_of_others() -> None:
    lost = in_group("m1", "a", order("1", fail=True)) | {"attributes": None}

    found = handle([lost, in_group("m2", "a", order("2")), in_group("m3", "b", order("3"))], BLOCK)

    assert found == (answer("m1"), ["2", "3"])
