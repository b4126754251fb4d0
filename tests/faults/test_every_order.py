"""2,000 orders through deployed pipelines whose workers die, hang and are throttled: none is lost, none counts twice.

`ORDERS_SEED=n` repeats a plan; in which batches orders meet, and when, differs from run to run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.conftest import Run
from tests.faults.plan import FIFO, STANDARD, End, Fault

pytestmark = pytest.mark.timeout(600)  # of which the first test takes nearly all

UNMARKED = {Fault.KILLED_BEFORE_MARK, Fault.THROTTLED_BEFORE_MARK}
"""After these an order is published, and nobody knows it, so it is published again."""


def test_every_order_is_applied_once_or_is_a_dead_letter_with_its_reason(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(_table(run))
    applied = {order.order_id: order.item for order in run.orders if order.end == End.APPLIED}
    kinds = defaultdict[str, set[tuple[str, bool, str]]](set)
    for letter in run.with_reason:
        kinds[letter.message_id].add((letter.kind, bool(letter.reason), letter.body))
    expected = {
        message_id: {(str(order.end), True, order.body)}
        for message_id, order in run.sent.items()
        if order.end != End.APPLIED
    }
    assert len(run.orders) == STANDARD + FIFO == 2000
    assert _differences(run.items, applied) == {}
    assert _differences(kinds, expected) == {}
    # A handler that is not done with the last attempt when the visibility timeout ends sends it, and SQS moves it too.
    moved = {letter.message_id for letter in run.dead_letters if letter not in run.with_reason}
    assert {run.sent[message_id].end for message_id in moved} <= {End.EXHAUSTED}


def test_an_order_is_published_twice_only_where_it_was_cut_off_between_publish_and_mark(run: Run) -> None:
    assert _differences(run.events, Counter({order: len(by) for order, by in run.published.items()})) == {}
    applied = {order.order_id for order in run.orders if order.end == End.APPLIED}
    assert run.published.keys() == run.marked.keys() == applied
    assert {order_id: by for order_id, by in run.marked.items() if len(by) != 1} == {}
    planned = {(order_id, invocation) for order_id, invocation, fault in run.happened if fault in UNMARKED}
    unexplained = {
        (order_id, by)
        for order_id, invocations in run.published.items()
        for by in invocations
        if by not in run.marked[order_id] and by in run.answered
    }
    assert unexplained <= planned


def test_a_dead_letter_comes_once_for_each_handler_that_sent_it_and_none_hands_its_message_back(run: Run) -> None:
    """So it comes twice only where a handler died before its answer, or SQS delivered the message a second time."""
    letters = Counter(letter.message_id for letter in run.with_reason)
    # The dead-letter queue of a FIFO queue knows the message within 5 minutes.
    expected = {message: 1 if run.sent[message].fifo else len(by) for message, by in run.buried.items()}
    assert _differences(letters, expected) == {}
    handed_back = {(by, message) for message, sent in run.buried.items() for by in sent}
    assert handed_back & {(by, message) for by, messages in run.answered.items() for message in messages} == set()


def test_what_is_handled_leaves_the_queues_and_no_lock_stays(run: Run) -> None:
    assert run.left == Counter(standard=0, fifo=0)
    assert run.locks == Counter(COMPLETED=sum(order.end == End.APPLIED for order in run.orders))


def test_the_orders_of_a_message_group_are_applied_in_the_order_in_which_they_were_sent(run: Run) -> None:
    applied, sent = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    groups = {order.order_id: order.group for order in run.orders if order.fifo}
    for order_id in run.marked:
        if order_id in groups:
            applied[groups[order_id]].append(order_id)
    for order in run.orders:
        if order.fifo and order.end == End.APPLIED:
            sent[order.group].append(order.order_id)
    assert any(group != sorted(group) for group in sent.values())  # their numbers say nothing
    assert _differences(applied, sent) == {}


def test_every_fault_of_the_plan_happened_but_for_those_that_were_spared(run: Run) -> None:
    planned = {(order.order_id, number) for order in run.orders for number in range(len(order.faults))}
    assert run.faults.keys() <= planned
    assert {order_id for order_id, _ in planned - run.faults.keys()} <= {order_id for order_id, _ in run.spared}
    assert {fault for *_, fault in run.happened} == {*Fault}
    assert _throttled(run) > 0


def _differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Key -> what was found and what was expected, where they differ."""
    keys = {*found, *expected}
    return {key: (found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)}


def _throttled(run: Run) -> int:
    """Attempts that messages lost without coming to a handler."""
    return sum(max(attempts) - len(attempts) for attempts in run.received.values())


def _table(run: Run) -> str:
    planned = Counter(fault for order in run.orders for fault in order.faults)
    happened = Counter(fault for *_, fault in run.happened)
    ends = Counter(str(order.end) for order in run.orders)
    letters = Counter(letter.kind or "also moved by SQS" for letter in run.dead_letters)
    rows = [
        ("fault", "planned", "happened"),
        *((str(fault), planned[fault], happened[fault]) for fault in Fault),
        ("end", "planned", "happened"),
        ("applied", ends["applied"], len(run.items)),
        *((f"dead letter: {end}", ends[end], letters[end]) for end in sorted({*ends, *letters} - {"applied"})),
        ("of the run", "", ""),
        ("messages sent", "", len(run.sent)),
        ("duplicates sent", "", len(run.sent) - len({order.body for order in run.sent.values()})),
        ("events heard twice or more", "", sum(count > 1 for count in run.events.values())),
        ("dead letters sent again", "", sum(len(by) - 1 for by in run.buried.values())),
        ("deliveries to a handler", "", sum(map(len, run.received.values()))),
        ("deliveries throttled", "", _throttled(run)),
        ("invocations", "", len(run.invocations)),
        ("invocations cut off", "", len(run.invocations - run.answered.keys())),
        ("most attempts", "", max(map(max, run.received.values()))),
        ("seconds", "", round(run.seconds)),
    ]
    return "\n" + "\n".join(f"{name:<54}{left!s:>9}{right!s:>9}" for name, left, right in rows) + f"\nseed {run.seed}"
