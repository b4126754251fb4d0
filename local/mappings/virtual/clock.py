"""Time that passes as fast as it is worked through: a heap of what happens when."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from random import Random
from typing import Any

_Call = Callable[..., None]


class Clock:
    """The time of a simulation, its chance, and its log.

    What is due at the same moment happens in the order in which it was asked for, so that a seed is one run.

    Attributes:
        now: Seconds.
        random: All chance comes from here.
        log: What happened, each a tuple: time, what, of whom, and what else `Simulation.log` says.
    """

    def __init__(self, seed: int, start: float) -> None:
        self.now = start
        self.random = Random(seed)  # noqa: S311 -- chance that repeats is what a simulation needs
        self.log: list[tuple[Any, ...]] = []
        self._heap: list[tuple[float, int, _Call, tuple[Any, ...]]] = []
        self._count = 0

    def at(self, time: float, call: _Call, *arguments: Any) -> None:
        """Call something at a time, or now where that is over."""
        self._count += 1
        heapq.heappush(self._heap, (time, self._count, call, arguments))

    def run(self, until: float) -> None:
        """Let everything happen up to a time, and that moment too."""
        heap, pop = self._heap, heapq.heappop
        while heap and heap[0][0] <= until:
            time, _, call, arguments = pop(heap)
            self.now = max(self.now, time)
            call(*arguments)
        if until != math.inf:
            self.now = max(self.now, until)

    def jump(self, seconds: float) -> None:
        """Pass time in which nothing happens, as when a machine sleeps: what was due happens late, all at once."""
        self.now += seconds

    @property
    def next_at(self) -> float:
        """When something happens next; infinity when nothing does."""
        return self._heap[0][0] if self._heap else math.inf
