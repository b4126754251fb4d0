"""What is kept of data points, and what is made of them."""

from __future__ import annotations

import pytest

from local.alarms.metrics import Metric, MetricStore, StatisticSet
from local.alarms.problems import NotKnown
from tests.alarms.described import START

ORDERS = Metric.of("Shop", "Orders", {"Queue": "a", "Region": "b"})
EVERY = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")


def put(store: MetricStore, value: float | StatisticSet, second: float = 0, resolution: int = 60) -> None:
    store.put("Shop", "Orders", {"Region": "b", "Queue": "a"}, START + second, value, resolution=resolution)


def of_minute(store: MetricStore, statistic: str, metric: Metric = ORDERS) -> float | None:
    return store.statistics(metric, statistic, START + 60, 60, 1)[0]


def test_every_statistic_of_a_period() -> None:
    store = MetricStore()
    for value in (4, 10, 1, 1):
        put(store, value)

    assert {statistic: of_minute(store, statistic) for statistic in EVERY} == {
        "Average": 4,
        "Maximum": 10,
        "Minimum": 1,
        "SampleCount": 4,
        "Sum": 16,
    }


def test_a_set_of_statistics_counts_as_its_values() -> None:
    store = MetricStore()
    put(store, 4)
    put(store, StatisticSet(count=3, total=12, minimum=1, maximum=10))
    put(store, StatisticSet(count=0, total=0, minimum=0, maximum=0))

    assert {statistic: of_minute(store, statistic) for statistic in EVERY} == {
        "Average": 4,
        "Maximum": 10,
        "Minimum": 1,
        "SampleCount": 4,
        "Sum": 16,
    }


@pytest.mark.parametrize("dimensions", [{}, {"Queue": "a"}, {"Queue": "a", "Region": "c"}, {"Queue": "a", "Zone": "b"}])
def test_a_metric_is_found_by_all_its_dimensions_and_no_part_of_them(dimensions: dict[str, str]) -> None:
    store = MetricStore()
    put(store, 4)

    assert of_minute(store, "Sum") == 4
    assert of_minute(store, "Sum", Metric.of("Shop", "Orders", dimensions)) is None


def test_a_period_begins_with_its_first_second_and_ends_before_the_next() -> None:
    store = MetricStore()
    for second in (-0.5, 0, 59.9, 60, 180):
        put(store, 1, second)

    assert store.statistics(ORDERS, "Sum", START + 240, 60, 6) == [None, 1, 2, 1, None, 1]
    assert store.statistics(ORDERS, "Sum", START + 240, 120, 3) == [1, 3, 1]


def test_periods_slide_by_the_minute() -> None:
    store = MetricStore()
    for minute in range(6):
        put(store, 10**minute, minute * 60)

    assert store.statistics(ORDERS, "Sum", START + 300, 300, 1) == [11_111]
    assert store.statistics(ORDERS, "Sum", START + 360, 300, 1) == [111_110]


def test_a_metric_of_high_resolution_has_seconds_and_another_only_minutes() -> None:
    store = MetricStore()
    put(store, 1, 35, resolution=1)
    put(store, 10, 45)  # counts for the whole minute, and so for its beginning

    assert store.statistics(ORDERS, "Sum", START + 60, 10, 6) == [10, None, None, 1, None, None]


def test_what_comes_late_or_out_of_order_counts_where_it_belongs() -> None:
    store = MetricStore()
    for second in (130, 10, 70, 15):
        put(store, 1, second)

    assert store.statistics(ORDERS, "SampleCount", START + 180, 60, 3) == [2, 1, 1]


@pytest.mark.parametrize(
    ("statistic", "found"), [("p0", 1), ("p50", 50), ("p95", 95), ("p99.9", 100), ("p100", 100), ("p50.5", 51)]
)
def test_percentiles(statistic: str, found: float) -> None:
    store = MetricStore()
    store.need(ORDERS, statistic, 60)
    for value in range(100, 0, -1):
        put(store, value)

    assert of_minute(store, statistic) == found


def test_percentiles_are_over_all_minutes_of_a_period() -> None:
    store = MetricStore()
    store.need(ORDERS, "p50", 120)
    for second, value in ((0, 1), (0, 2), (60, 3), (60, 100), (60, 200)):
        put(store, value, second)

    assert store.statistics(ORDERS, "p50", START + 120, 120, 1) == [3]


def test_percentiles_need_values_that_are_known_and_not_negative() -> None:
    store = MetricStore()
    store.need(ORDERS, "p50", 60)
    put(store, StatisticSet(1, 5, 5, 5))
    put(store, StatisticSet(2, 14, 7, 7))
    put(store, StatisticSet(2, 8, 3, 5), 60)  # of which values?
    put(store, -1, 120)

    assert store.statistics(ORDERS, "p50", START + 180, 60, 3) == [7, None, None]
    assert store.statistics(ORDERS, "p50", START + 120, 120, 1) == [None]
    assert store.statistics(ORDERS, "Sum", START + 180, 60, 3) == [19, 8, -1]


@pytest.mark.parametrize("statistic", ["tm90", "IQM", "p101", "p", "sum"])
def test_a_statistic_that_is_not_computed_is_named(statistic: str) -> None:
    with pytest.raises(NotKnown) as raised:
        MetricStore().need(ORDERS, statistic, 60)

    assert str(raised.value) == f"the statistic {statistic} is not known to the local runtime"


def test_many_values_cost_no_more_than_one_a_minute() -> None:
    store = MetricStore()
    for number in range(12_000):
        put(store, number, number % 120)

    assert len(store) == 2
    assert store.statistics(ORDERS, "SampleCount", START + 120, 60, 2) == [6_000, 6_000]


def test_what_no_alarm_needs_any_more_is_forgotten() -> None:
    store = MetricStore(keep_seconds=60)
    other = Metric.of("Shop", "Other", {})
    for minute in range(100):
        put(store, 1, minute * 60)
    store.put("Shop", "Other", {}, START, 1)
    store.need(other, "Sum", 600)

    store.prune(START + 100 * 60)

    assert len(store) == 10
    assert store.statistics(ORDERS, "Sum", START + 100 * 60, 60, 11) == [None, *[1] * 10]
    assert store.statistics(other, "Sum", START + 60, 60, 1) == [None]
    store.prune(START + 1_000 * 60)
    assert len(store) == 0
