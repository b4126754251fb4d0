"""The relations between timeouts, batches and retention, at their limits and for any numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.timing import Timing, resolve

DAY = 86_400
DEFAULTS: dict[str, Any] = {
    "timeout": 30,
    "batch_size": 10,
    "batch_window": 0,
    "max_receive_count": 3,
    "retention": 4 * DAY,
    "visibility_timeout": None,
}


@pytest.mark.parametrize(
    ("numbers", "visibility"),
    [
        ({}, 180),
        ({"timeout": 1}, 6),
        ({"timeout": 900, "batch_window": 300}, 5700),
        ({"batch_window": 300}, 480),
        ({"visibility_timeout": 180}, 180),
        ({"visibility_timeout": 181}, 181),
        ({"visibility_timeout": 43_200}, 43_200),
        ({"batch_size": 1}, 180),
        ({"batch_size": 10, "batch_window": 0}, 180),
        ({"batch_size": 11, "batch_window": 1}, 181),
        ({"batch_size": 10_000, "batch_window": 1}, 181),
        ({"max_receive_count": 1, "retention": 181}, 180),
        ({"timeout": 1, "max_receive_count": 1, "retention": 60}, 6),
        ({"timeout": 1, "max_receive_count": 1000, "retention": 6001}, 6),
        ({"retention": 14 * DAY - 1}, 180),
    ],
    ids=str,
)
def test_numbers_that_fit_are_taken_and_the_visibility_timeout_is_derived(
    numbers: dict[str, int], visibility: int
) -> None:
    wanted = {**DEFAULTS, **numbers}

    assert resolve(**wanted) == (Timing(**{**wanted, "visibility_timeout": visibility}), [])


@pytest.mark.parametrize(
    ("numbers", "problems"),
    [
        ({"timeout": 0}, ["timeout must be 1..900 s, got 0"]),
        ({"timeout": 901}, ["timeout must be 1..900 s, got 901"]),
        ({"batch_size": 0}, ["batch_size must be 1..10000 messages, got 0"]),
        ({"batch_size": 10_001}, ["batch_size must be 1..10000 messages, got 10001"]),
        ({"batch_window": -1}, ["batch_window must be 0..300 s, got -1"]),
        ({"batch_window": 301}, ["batch_window must be 0..300 s, got 301"]),
        ({"max_receive_count": 0}, ["max_receive_count must be 1..1000 receives, got 0"]),
        ({"max_receive_count": 1001}, ["max_receive_count must be 1..1000 receives, got 1001"]),
        ({"retention": 59}, ["retention must be 60..1209600 s, got 59"]),
        ({"retention": 14 * DAY + 1}, ["retention must be 60..1209600 s, got 1209601"]),
        (
            {"visibility_timeout": 179},
            ["visibility 179 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180 or lower timeout to 29"],
        ),
        (
            {"batch_window": 5, "visibility_timeout": 180},
            ["visibility 180 s < 6 x 30 s + 5 s = 185 s: set visibility_timeout >= 185 or lower timeout to 29"],
        ),
        (
            {"batch_window": 5, "visibility_timeout": 10},
            ["visibility 10 s < 6 x 30 s + 5 s = 185 s: set visibility_timeout >= 185"],
        ),
        ({"visibility_timeout": 0}, ["visibility 0 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180"]),
        (
            {"visibility_timeout": 43_201},
            ["visibility 43201 s > 43200 s, the longest that SQS takes: lower visibility_timeout"],
        ),
        (
            {"batch_size": 11},
            ["batch_size 11 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10"],
        ),
        (
            {"max_receive_count": 1, "retention": 180},
            [
                "1 receives x 180 s = 180 s >= retention 180 s, so that a failing order would expire before it reaches "
                "the dead-letter queue: raise retention, or lower max_receive_count or timeout"
            ],
        ),
        (
            {"visibility_timeout": 200, "retention": 600},
            [
                "3 receives x 200 s = 600 s >= retention 600 s, so that a failing order would expire before it reaches "
                "the dead-letter queue: raise retention, or lower max_receive_count or visibility_timeout"
            ],
        ),
        (
            {"retention": 14 * DAY},
            [
                "retention 1209600 s >= 1209600 s of the dead-letter queue, where a message keeps its original time: "
                "set retention < 1209600"
            ],
        ),
        (
            {"timeout": 0, "batch_size": 0, "visibility_timeout": 50_000},
            ["timeout must be 1..900 s, got 0", "batch_size must be 1..10000 messages, got 0"],
        ),
        (
            {"batch_size": 100, "visibility_timeout": 100, "retention": 300},
            [
                "visibility 100 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180 or lower timeout to 16",
                "batch_size 100 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10",
                "3 receives x 100 s = 300 s >= retention 300 s, so that a failing order would expire before it reaches "
                "the dead-letter queue: raise retention, or lower max_receive_count or visibility_timeout",
            ],
        ),
    ],
    ids=str,
)
def test_numbers_that_do_not_fit_are_named_with_the_sum_and_the_way_out(
    numbers: dict[str, int], problems: list[str]
) -> None:
    assert resolve(**{**DEFAULTS, **numbers})[1] == problems


def near(*limits: int) -> st.SearchStrategy[int]:
    """Numbers around limits, and any others."""
    return st.one_of(st.sampled_from(limits).flatmap(lambda limit: st.integers(limit - 2, limit + 2)), st.integers())


numbers_of_any_kind = st.fixed_dictionaries(
    {
        "timeout": near(1, 30, 900),
        "batch_size": near(1, 10, 10_000),
        "batch_window": near(0, 1, 300),
        "max_receive_count": near(1, 3, 1000),
        "retention": near(60, 180, 14 * DAY),
        "visibility_timeout": st.none() | near(0, 180, 43_200),
    }
)


@settings(deadline=None)  # the machine may be busy
@given(numbers_of_any_kind)
def test_any_numbers_are_either_refused_or_fit_each_other(numbers: dict[str, Any]) -> None:
    timing, problems = resolve(**numbers)

    fits = (
        1 <= timing.timeout <= 900
        and 1 <= timing.batch_size <= 10_000
        and 0 <= timing.batch_window <= 300
        and 1 <= timing.max_receive_count <= 1000
        and 60 <= timing.retention < 14 * DAY
        and 6 * timing.timeout + timing.batch_window <= timing.visibility_timeout <= 43_200
        and (timing.batch_size <= 10 or timing.batch_window >= 1)
        and timing.max_receive_count * timing.visibility_timeout < timing.retention
    )
    assert fits == (problems == [])


@settings(deadline=None)  # the machine may be busy
@given(
    timeout=st.integers(1, 900),
    batch_window=st.integers(0, 300),
    visibility_timeout=st.integers(0, 5700),
)
def test_the_way_out_of_a_short_visibility_timeout_works(
    timeout: int, batch_window: int, visibility_timeout: int
) -> None:
    numbers = {**DEFAULTS, "timeout": timeout, "batch_window": batch_window, "visibility_timeout": visibility_timeout}
    for problem in resolve(**numbers)[1]:
        advice = problem.partition("set visibility_timeout >= ")[2]
        raised, _, lowered = advice.partition(" or lower timeout to ")
        assert resolve(**{**numbers, "visibility_timeout": int(raised)})[1] == []
        if lowered:
            assert resolve(**{**numbers, "timeout": int(lowered)})[1] == []
