"""Time series of metric math: a value for each period, or `None` where there is no data point."""

from __future__ import annotations

from itertools import pairwise

Series = tuple[float | None, ...]
"""The oldest period comes first."""


def repeated(series: Series) -> Series:
    """Where there is no value, the one before it."""
    found: list[float | None] = []
    for value in series:
        found.append(value if value is not None or not found else found[-1])
    return tuple(found)


def drawn(series: Series) -> Series:
    """Where there is no value, one on the line between those before and after."""
    found = list(series)
    for (start, first), (end, last) in pairwise(_existing(series)):
        for place in range(start + 1, end):
            found[place] = first + (last - first) * (place - start) / (end - start)
    return tuple(found)


def differences(series: Series, period: float | None = None) -> Series:
    """Between each value and the one before it, however far; the first has none.

    "DIFF" and "RATE" of
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list

    Args:
        series: The values.
        period: Length of a period, seconds, when the difference is to be one per second.
    """
    found: list[float | None] = [None] * len(series)
    for (start, first), (end, last) in pairwise(_existing(series)):
        found[end] = last - first if period is None else (last - first) / (period * (end - start))
    return tuple(found)


def _existing(series: Series) -> list[tuple[int, float]]:
    return [(place, value) for place, value in enumerate(series) if value is not None]
