"""Data points as CloudWatch keeps them: per metric, by the minute.

Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from typing import NamedTuple

from local.alarms.problems import NotKnown

STANDARD_SECONDS = 60
"""Granularity of a metric of standard resolution, as those of AWS services are; of high resolution it is 1 s."""
KEEP_SECONDS = 10_800
"""How long data points are kept when no alarm looks back further."""
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")
_ALL_PERCENT = 100


class Metric(NamedTuple):
    """A metric. Each set of dimensions is one of its own: none is found by a part of its dimensions."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
        """A metric with its dimensions by name, in any order."""
        return cls(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True, slots=True)
class StatisticSet:
    """Many values at once, as PutMetricData takes them.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_StatisticSet.html
    """

    count: float
    total: float
    minimum: float
    maximum: float


@dataclass(slots=True)
class _Bucket:
    """All values of a metric in one unit of its resolution."""

    count: float = 0
    total: float = 0
    minimum: float = inf
    maximum: float = -inf
    values: dict[float, float] | None = None
    """How often each value came; `None` where that is not known."""

    def add(self, more: StatisticSet | _Bucket) -> None:
        self.count += more.count
        self.total += more.total
        self.minimum = min(self.minimum, more.minimum)
        self.maximum = max(self.maximum, more.maximum)


@dataclass(slots=True)
class _Series:
    starts: list[int] = field(default_factory=list[int])
    """Sorted, seconds since the epoch."""
    buckets: dict[int, _Bucket] = field(default_factory=dict[int, _Bucket])


_STATISTICS: Mapping[str, Callable[[_Bucket], float]] = {
    "Average": lambda bucket: bucket.total / bucket.count,
    "Maximum": lambda bucket: bucket.maximum,
    "Minimum": lambda bucket: bucket.minimum,
    "SampleCount": lambda bucket: bucket.count,
    "Sum": lambda bucket: bucket.total,
}


class MetricStore:
    """The data points of all metrics, as long as an alarm may ask for them.

    A metric costs one record a minute, however many values come. The values themselves are kept only where an alarm
    needs a percentile of them.

    Args:
        keep_seconds: How long data points are kept at least, seconds.
    """

    def __init__(self, keep_seconds: int = KEEP_SECONDS) -> None:
        self._series: dict[Metric, _Series] = {}
        self._percentiles: set[Metric] = set()
        self._keep_seconds = keep_seconds

    def need(self, metric: Metric, statistic: str, seconds: int) -> None:
        """Keep what is needed to answer for a metric over its last so many seconds.

        Raises:
            NotKnown: There is no such statistic, or it is none of those that are computed here.
        """
        if statistic not in _STATISTICS:
            _percent(statistic)
            self._percentiles.add(metric)
        self._keep_seconds = max(self._keep_seconds, seconds)

    def put(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        time: float,
        value: float | StatisticSet,
        *,
        resolution: int = STANDARD_SECONDS,
    ) -> None:
        """Take a value, or many at once; order does not matter.

        Args:
            namespace: Of the metric: `AWS/SQS`.
            name: Of the metric.
            dimensions: All of its dimensions.
            time: When it was measured, seconds since the epoch.
            value: The value; of a set without values nothing is taken.
            resolution: 60, or 1 for a metric that an alarm watches with a period below a minute, seconds.
        """
        metric = Metric.of(namespace, name, dimensions)
        many = value if isinstance(value, StatisticSet) else StatisticSet(1, value, value, value)
        if not many.count:
            return
        series = self._series.get(metric)
        if series is None:
            series = self._series[metric] = _Series()
        start = int(time // resolution) * resolution
        bucket = series.buckets.get(start)
        if bucket is None:
            bucket = series.buckets[start] = _Bucket(values={} if metric in self._percentiles else None)
            insort(series.starts, start)
        bucket.add(many)
        if bucket.values is not None:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html: a set has
            # percentiles only if its values follow from it.
            if many.count == 1 or many.minimum == many.maximum:
                bucket.values[many.minimum] = bucket.values.get(many.minimum, 0) + many.count
            else:
                bucket.values = None

    def statistics(self, metric: Metric, statistic: str, end: int, period: int, count: int) -> list[float | None]:
        """One value for each of the last periods before `end`, the oldest first; `None` where there is no data point.

        A period begins with its first second and ends before that of the next, as CloudWatch aggregates.

        Args:
            metric: The metric.
            statistic: `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile: `p99.9`.
            end: End of the last period, seconds since the epoch: a whole minute, so that no minute is cut.
            period: Length of a period, seconds.
            count: How many periods.
        """
        series = self._series.get(metric)
        if series is None:
            return [None] * count
        starts = range(end - count * period, end, period)
        return [_statistic(_between(series, start, start + period), statistic) for start in starts]

    def prune(self, now: float) -> None:
        """Forget what no alarm asks for any more."""
        oldest = now - self._keep_seconds
        for metric in [metric for metric, series in self._series.items() if series.starts[0] < oldest]:
            series = self._series[metric]
            gone = bisect_left(series.starts, oldest)
            for start in series.starts[:gone]:
                del series.buckets[start]
            del series.starts[:gone]
            if not series.starts:
                del self._series[metric]

    def __len__(self) -> int:
        """How many records there are of all metrics together."""
        return sum(len(series.starts) for series in self._series.values())


def _between(series: _Series, start: int, end: int) -> list[_Bucket]:
    first, last = bisect_left(series.starts, start), bisect_left(series.starts, end)
    return [series.buckets[at] for at in series.starts[first:last]]


def _statistic(buckets: Sequence[_Bucket], statistic: str) -> float | None:
    if not buckets:
        return None
    together = _Bucket()
    for bucket in buckets:
        together.add(bucket)
    if statistic in _STATISTICS:
        return _STATISTICS[statistic](together)
    return _percentile(buckets, _percent(statistic)) if together.minimum >= 0 else None


def _percentile(buckets: Sequence[_Bucket], percent: float) -> float | None:
    """The smallest value that so many percent are not above.

    CloudWatch does not say how it comes between two values. It has no percentile where any value is negative, or known
    only as a part of a set: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    values: dict[float, float] = {}
    for bucket in buckets:
        if bucket.values is None:
            return None
        for value, count in bucket.values.items():
            values[value] = values.get(value, 0) + count
    left = max(1, ceil(percent * sum(values.values()) / _ALL_PERCENT))
    for value in sorted(values):
        left -= values[value]
        if left <= 0:
            return value
    return None


def _percent(statistic: str) -> float:
    found = _PERCENTILE.fullmatch(statistic)
    if not found:
        raise NotKnown(f"the statistic {statistic} is not known to the local runtime")
    return float(found[1])
