"""The relations between timeouts, batches, attempts, concurrency and retention, at their limits and for any numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.timing import Timing, solve

DAY = 86_400
LIMITS: dict[str, tuple[int, int, str, dict[str, Any]]] = {
    "timeout": (1, 900, "s", {}),
    "batch_size": (1, 10_000, "messages", {"batch_window": 1}),
    "batch_window": (0, 300, "s", {}),
    "max_receive_count": (1, 1_000, "receives", {"timeout": 1}),
    "retention": (60, 14 * DAY, "s", {"timeout": 1, "max_age": 59}),
    "delay": (0, 900, "s", {"max_age": 901}),
    "max_message_size": (1_024, 1_048_576, "bytes", {}),
    "visibility_timeout": (1, 43_200, "s", {}),
    "max_concurrency": (2, 1_000, "invocations", {}),
    "min_pollers": (2, 200, "pollers", {}),
    "max_pollers": (2, 10_000, "pollers", {}),
    "max_backlog": (1, 1_000_000_000, "messages", {}),
    "max_age": (1, 14 * DAY, "s", {}),
}
"""What AWS takes, and for the objectives what makes sense: lowest, highest, unit, and what these two need beside them.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html
https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""


def problems(**numbers: Any) -> list[str]:
    return solve(Timing(**numbers))[1]


@pytest.mark.parametrize(("name", "limits"), LIMITS.items(), ids=LIMITS)
def test_a_number_is_taken_at_its_limits_and_refused_beyond_them(
    name: str, limits: tuple[int, int, str, dict[str, Any]]
) -> None:
    low, high, unit, others = limits

    def of_itself(value: int) -> list[str]:
        return [problem for problem in problems(**others, **{name: value}) if problem.startswith(f"{name} must be ")]

    assert of_itself(low) == of_itself(high) == []
    for value in (low - 1, high + 1):
        assert problems(**others, **{name: value}) == [f"{name} must be {low}..{high} {unit}, got {value}"]


DERIVED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"batch_size": 10, "visibility_timeout": 6 * 30 + 0}),
    ({"timeout": 1}, {"batch_size": 10, "visibility_timeout": 6 * 1 + 0}),
    ({"timeout": 900, "batch_window": 300}, {"batch_size": 10, "visibility_timeout": 6 * 900 + 300}),
    ({"batch_size": 11, "batch_window": 1}, {"visibility_timeout": 6 * 30 + 1}),
    ({"batch_size": 1, "visibility_timeout": 900}, {}),
    ({"fifo": True}, {"batch_size": 1, "visibility_timeout": 180}),
    ({"fifo": True, "batch_size": 10}, {"visibility_timeout": 180}),
    ({"reserved_concurrency": 2}, {"batch_size": 10, "visibility_timeout": 180, "max_concurrency": 2}),
    ({"reserved_concurrency": 1_000}, {"batch_size": 10, "visibility_timeout": 180, "max_concurrency": 1_000}),
    ({"reserved_concurrency": 1_001}, {"batch_size": 10, "visibility_timeout": 180, "max_concurrency": 1_000}),
    ({"reserved_concurrency": 50, "max_concurrency": 20}, {"batch_size": 10, "visibility_timeout": 180}),
    ({"reserved_concurrency": 20, "max_pollers": 2}, {"batch_size": 10, "visibility_timeout": 180}),
    ({"reserved_concurrency": 2_000, "min_pollers": 2}, {"batch_size": 10, "visibility_timeout": 180}),
    ({"max_concurrency": 20}, {"batch_size": 10, "visibility_timeout": 180}),
]


@pytest.mark.parametrize(("numbers", "derived"), DERIVED, ids=str)
def test_what_is_not_given_is_derived_and_what_is_given_stays(numbers: dict[str, Any], derived: dict[str, Any]) -> None:
    assert solve(Timing(**numbers)) == (Timing(**numbers, **derived), [])


RELATIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "visibility is six times the timeout": (
        {"visibility_timeout": 180},
        {"visibility_timeout": 179},
        "visibility 179 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180 or lower timeout to 29",
    ),
    "and the window": (
        {"batch_window": 5, "visibility_timeout": 185},
        {"batch_window": 5, "visibility_timeout": 184},
        "visibility 184 s < 6 x 30 s + 5 s = 185 s: set visibility_timeout >= 185 or lower timeout to 29",
    ),
    "so short that only the least timeout fits": (
        {"batch_window": 5, "visibility_timeout": 11, "timeout": 1},
        {"batch_window": 5, "visibility_timeout": 11},
        "visibility 11 s < 6 x 30 s + 5 s = 185 s: set visibility_timeout >= 185 or lower timeout to 1",
    ),
    "so short that the window has to shrink too": (
        {"batch_window": 0, "visibility_timeout": 6, "timeout": 1},
        {"batch_window": 1, "visibility_timeout": 6},
        "visibility 6 s < 6 x 30 s + 1 s = 181 s: set visibility_timeout >= 181 or lower timeout and batch_window",
    ),
    "so short that no timeout fits": (
        {"visibility_timeout": 6, "timeout": 1},
        {"visibility_timeout": 5, "timeout": 1},
        "visibility 5 s < 6 x 1 s + 0 s = 6 s: set visibility_timeout >= 6",
    ),
    "a reason allows less": (
        {"batch_window": 5, "visibility_timeout": 35, "visibility_reason": True},
        {"batch_window": 5, "visibility_timeout": 34, "visibility_reason": True},
        "visibility 34 s < timeout 30 s + batch_window 5 s = 35 s, so that an order is received again while it is "
        "processed, whatever the reason: set visibility_timeout >= 35 or lower timeout",
    ),
    "and only less": (
        {"visibility_timeout": 179, "visibility_reason": True},
        {"visibility_timeout": 180, "visibility_reason": True},
        "visibility_reason is given, but visibility 180 s >= 6 x 30 s + 0 s = 180 s needs none: leave it out or lower "
        "visibility_timeout",
    ),
    "also of what is derived": (
        {},
        {"visibility_reason": True},
        "visibility_reason is given, but visibility 180 s >= 6 x 30 s + 0 s = 180 s needs none: leave it out or lower "
        "visibility_timeout",
    ),
    "a FIFO queue gives ten": (
        {"fifo": True, "batch_size": 10},
        {"fifo": True, "batch_size": 11},
        "batch_size 11 > 10, the most that a FIFO queue gives: lower batch_size to 10 or use a standard queue",
    ),
    "and waits for none": (
        {"fifo": True, "batch_window": 0},
        {"fifo": True, "batch_window": 1},
        "batch_window 1 s on a FIFO queue, which has no batching window: lower batch_window to 0 or use a standard "
        "queue",
    ),
    "a standard queue gives more than ten if it may wait": (
        {"batch_size": 11, "batch_window": 1},
        {"batch_size": 11, "batch_window": 0},
        "batch_size 11 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10",
    ),
    "all receives fit into retention": (
        {"retention": 901},
        {"retention": 900},
        "5 receives x 180 s = 900 s >= retention 900 s, so that a failing order would expire before it reaches the "
        "dead-letter queue: raise retention, or lower max_receive_count or timeout",
    ),
    "with the delay before the first": (
        {"delay": 10, "retention": 911},
        {"delay": 10, "retention": 910},
        "delay 10 s + 5 receives x 180 s = 910 s >= retention 910 s, so that a failing order would expire before it "
        "reaches the dead-letter queue: raise retention, or lower max_receive_count or timeout",
    ),
    "with a visibility timeout of one's own": (
        {"visibility_timeout": 200, "retention": 1_001},
        {"visibility_timeout": 200, "retention": 1_000},
        "5 receives x 200 s = 1000 s >= retention 1000 s, so that a failing order would expire before it reaches the "
        "dead-letter queue: raise retention, or lower max_receive_count or visibility_timeout",
    ),
    "dead letters are kept for longer": (
        {"retention": 14 * DAY - 1},
        {"retention": 14 * DAY},
        "retention 1209600 s >= 1209600 s of the dead-letter queue, where a message keeps its original time: set "
        "retention < 1209600",
    ),
    "an order can get as old as the objective": (
        {"max_age": 4 * DAY - 1},
        {"max_age": 4 * DAY},
        "max_age 345600 s >= retention 345600 s: no order gets that old, so lower max_age or raise retention",
    ),
    "and is not late at once": (
        {"delay": 599},
        {"delay": 600},
        "max_age 600 s <= delay 600 s, so that every order would be late: raise max_age or lower delay",
    ),
    "throttling costs receives": (
        {"reserved_concurrency": 10, "max_receive_count": 5},
        {"reserved_concurrency": 10, "max_receive_count": 4},
        "max_receive_count 4 < 5 with reserved_concurrency 10: an invocation that is throttled costs a receive, so "
        "orders would reach the dead-letter queue without an attempt; set max_receive_count >= 5 or leave "
        "reserved_concurrency out",
    ),
    "two is the least concurrency of a mapping": (
        {"reserved_concurrency": 2},
        {"reserved_concurrency": 1},
        "reserved_concurrency 1 < 2, the smallest maximum concurrency of a mapping: it would receive more orders than "
        "may run and throttle them into the dead-letter queue; set reserved_concurrency >= 2, or leave it out and use "
        "a FIFO queue with one message group",
    ),
    "no more orders are received than may run": (
        {"reserved_concurrency": 10, "max_concurrency": 10},
        {"reserved_concurrency": 10, "max_concurrency": 11},
        "max_concurrency 11 > reserved_concurrency 10: the mapping would receive more orders than may run and throttle "
        "them into the dead-letter queue; lower max_concurrency to 10 or raise reserved_concurrency to 11",
    ),
    "something may run": (
        {"reserved_concurrency": 2},
        {"reserved_concurrency": 0},
        "reserved_concurrency 0 lets nothing run: set it to 2 or more, or set enabled to false to stop the consumer",
    ),
    "pollers exclude maximum concurrency": (
        {"min_pollers": 2},
        {"min_pollers": 2, "max_concurrency": 2},
        "max_concurrency 2 and provisioned pollers exclude each other: leave out max_concurrency, or min_pollers and "
        "max_pollers",
    ),
    "either number of pollers": (
        {"max_pollers": 2},
        {"max_pollers": 2, "max_concurrency": 2},
        "max_concurrency 2 and provisioned pollers exclude each other: leave out max_concurrency, or min_pollers and "
        "max_pollers",
    ),
    "the fewest pollers are not more than the most": (
        {"min_pollers": 3, "max_pollers": 3},
        {"min_pollers": 4, "max_pollers": 3},
        "min_pollers 4 > max_pollers 3: lower min_pollers to 3 or raise max_pollers to 4",
    ),
    "pollers do not receive more than may run": (
        {"max_pollers": 3, "reserved_concurrency": 30},
        {"max_pollers": 3, "reserved_concurrency": 29},
        "3 pollers x 10 invocations = 30 > reserved_concurrency 29: they would receive more orders than may run and "
        "throttle them into the dead-letter queue; lower max_pollers to 2 or raise reserved_concurrency to 30",
    ),
    "nor do those that there are by default": (
        {"min_pollers": 2, "reserved_concurrency": 2_000},
        {"min_pollers": 2, "reserved_concurrency": 1_999},
        "200 pollers by default x 10 invocations = 2000 > reserved_concurrency 1999: they would receive more orders "
        "than may run and throttle them into the dead-letter queue; lower max_pollers to 199 or raise "
        "reserved_concurrency to 2000",
    ),
    "nor the fewest": (
        {"min_pollers": 7, "max_pollers": 7, "reserved_concurrency": 79},
        {"min_pollers": 7, "max_pollers": 8, "reserved_concurrency": 79},
        "8 pollers x 10 invocations = 80 > reserved_concurrency 79: they would receive more orders than may run and "
        "throttle them into the dead-letter queue; lower max_pollers to 7 or raise reserved_concurrency to 80",
    ),
    "which may have to be fewer": (
        {"min_pollers": 8, "max_pollers": 8, "reserved_concurrency": 80},
        {"min_pollers": 8, "max_pollers": 9, "reserved_concurrency": 79},
        "9 pollers x 10 invocations = 90 > reserved_concurrency 79: they would receive more orders than may run and "
        "throttle them into the dead-letter queue; lower min_pollers and max_pollers to 7 or raise "
        "reserved_concurrency to 90",
    ),
    "but not fewer than two": (
        {"max_pollers": 2, "reserved_concurrency": 20},
        {"max_pollers": 2, "reserved_concurrency": 19},
        "2 pollers x 10 invocations = 20 > reserved_concurrency 19: they would receive more orders than may run and "
        "throttle them into the dead-letter queue; raise reserved_concurrency to 20",
    ),
}


@pytest.mark.parametrize(("inside", "outside", "message"), RELATIONS.values(), ids=RELATIONS)
def test_a_relation_holds_up_to_its_limit_and_beyond_it_says_the_sum_and_the_ways_out(
    inside: dict[str, Any], outside: dict[str, Any], message: str
) -> None:
    assert problems(**inside) == []
    assert problems(**outside) == [message]


def test_every_number_that_is_wrong_by_itself_is_named_and_no_relation_between_them() -> None:
    wrong = {name: high + 1 for name, (_, high, _, _) in LIMITS.items()}

    assert problems(**wrong, reserved_concurrency=0, fifo=True) == [
        *(f"{name} must be {low}..{high} {unit}, got {high + 1}" for name, (low, high, unit, _) in LIMITS.items()),
        "reserved_concurrency 0 lets nothing run: set it to 2 or more, or set enabled to false to stop the consumer",
    ]


def test_every_relation_that_does_not_hold_is_named() -> None:
    found = problems(
        fifo=True,
        batch_size=100,
        batch_window=1,
        visibility_timeout=100,
        delay=700,
        retention=600,
        max_receive_count=4,
        reserved_concurrency=10,
        max_concurrency=20,
        min_pollers=6,
        max_pollers=5,
    )

    assert [problem.partition(":")[0] for problem in found] == [
        "visibility 100 s < 6 x 30 s + 1 s = 181 s",
        "batch_size 100 > 10, the most that a FIFO queue gives",
        "batch_window 1 s on a FIFO queue, which has no batching window",
        "delay 700 s + 4 receives x 100 s = 1100 s >= retention 600 s, so that a failing order would expire before it "
        "reaches the dead-letter queue",
        "max_age 600 s >= retention 600 s",
        "max_age 600 s <= delay 700 s, so that every order would be late",
        "max_receive_count 4 < 5 with reserved_concurrency 10",
        "max_concurrency 20 > reserved_concurrency 10",
        "max_concurrency 20 and provisioned pollers exclude each other",
        "min_pollers 6 > max_pollers 5",
        "5 pollers x 10 invocations = 50 > reserved_concurrency 10",
    ]


def within(low: int, high: int, *limits: int) -> st.SearchStrategy[int]:
    """Numbers of a range, often at its ends or around numbers where a relation turns."""
    return st.sampled_from([low, high, *limits, *(limit + 1 for limit in limits)]) | st.integers(low, high)


NUMBERS_OF_THEIR_RANGES = st.builds(
    Timing,
    timeout=within(1, 900, 30),
    batch_size=st.none() | within(1, 10_000, 10),
    batch_window=within(0, 300),
    max_receive_count=within(1, 1_000, 4),
    retention=within(60, 14 * DAY, 900, 4 * DAY),
    delay=within(0, 900),
    max_age=within(1, 14 * DAY, 600, 900),
    visibility_timeout=st.none() | within(1, 43_200, 5, 29, 30, 179, 180),
    max_concurrency=st.none() | within(2, 1_000, 9),
    reserved_concurrency=st.none() | within(1, 3_000, 9, 19, 1_999),
    min_pollers=st.none() | within(2, 200),
    max_pollers=st.none() | within(2, 10_000, 200),
    fifo=st.booleans(),
    visibility_reason=st.booleans(),
)


@settings(deadline=None)  # the machine may be busy
@given(NUMBERS_OF_THEIR_RANGES)
def test_any_numbers_are_either_refused_or_fit_each_other(numbers: Timing) -> None:
    solved, found = solve(numbers)

    visibility, concurrency, reserved = solved.visibility_timeout, solved.max_concurrency, solved.reserved_concurrency
    assert visibility is not None
    assert solved.batch_size is not None
    by_pollers = 10 * (solved.max_pollers or 200) if solved.min_pollers or solved.max_pollers else None
    fits = (
        (visibility < 6 * solved.timeout + solved.batch_window) == solved.visibility_reason
        and visibility >= solved.timeout + solved.batch_window
        and (solved.batch_size <= 10 or (solved.batch_window >= 1 and not solved.fifo))
        and (solved.batch_window == 0 or not solved.fifo)
        and solved.delay + solved.max_receive_count * visibility < solved.retention < 14 * DAY
        and solved.delay < solved.max_age < solved.retention
        and (concurrency is None or by_pollers is None)
        and (solved.min_pollers or 2) <= (solved.max_pollers or 200)
        and (
            reserved is None
            or (solved.max_receive_count >= 5 and reserved >= 2 and (concurrency or by_pollers or 0) <= reserved)
        )
    )
    assert fits == (found == [])


@settings(deadline=None)  # the machine may be busy
@given(NUMBERS_OF_THEIR_RANGES)
def test_each_way_out_that_says_a_number_works(numbers: Timing) -> None:
    for problem in solve(numbers)[1]:
        for names, value in re.findall(r"(?:set|lower|raise) (\w+(?: and \w+)?) (?:>=|to) (\d+)", problem):
            mended = replace(numbers, **dict.fromkeys(names.split(" and "), int(value)))

            assert kind(problem) not in map(kind, solve(mended)[1]), f"{problem!r} after {names} = {value}"


def kind(problem: str) -> str:
    """A problem without its numbers and its ways out."""
    return re.sub(r"\d+", "#", problem.partition(":")[0])
