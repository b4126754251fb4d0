"""How many simulated messages a second one core works through: `.venv/bin/python bench/mappings.py [MESSAGES] [RUNS]`.

All messages are sent at first; then their mapping has them processed and deleted, by a function that takes 100 ms. The
time is CPU time of all that, sending too. Python's garbage collector goes through all messages again and again, and
finds nothing in a simulation: the second column is without it.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable

from local.mappings.virtual import Simulation
from local.mappings.virtual.mapping import Mapping

_GROUPS, _SHARDS = 100, 10


def _standard(simulation: Simulation, count: int, batch: int) -> Mapping:
    queue = simulation.queue()
    queue.send(*["an order"] * count)
    window = 1 if batch > 10 else 0  # noqa: PLR2004 -- Lambda's limit
    return simulation.mapping(queue, simulation.function(), BatchSize=batch, MaximumBatchingWindowInSeconds=window)


def _fifo(simulation: Simulation, count: int) -> Mapping:
    queue = simulation.fifo_queue()
    for number in range(0, count, 10):
        queue.send(*(f"order {number + place}" for place in range(10)), group=f"group {number // 10 % _GROUPS}")
    return simulation.mapping(queue, simulation.function())


def _kinesis(simulation: Simulation, count: int) -> Mapping:
    stream = simulation.stream(shards=_SHARDS)
    for number in range(count):
        stream.put(f"key {number % 1000}", "an order")
    return simulation.mapping(stream, simulation.function())


LOADS: dict[str, Callable[[Simulation, int], Mapping]] = {
    "queue, batch 10": lambda simulation, count: _standard(simulation, count, 10),
    "queue, batch 100": lambda simulation, count: _standard(simulation, count, 100),
    f"FIFO queue, {_GROUPS} groups": _fifo,
    f"Kinesis, {_SHARDS} shards, batch 100": _kinesis,
}


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5  # noqa: PLR2004 -- the second argument
    print(f"| {count:,} messages, {runs} runs | messages a second | without garbage collection | simulated seconds |")
    print("| --- | --- | --- | --- |")
    for name, load in LOADS.items():
        with_gc, seconds = _measure(load, count, runs)
        gc.disable()
        without, _ = _measure(load, count, runs)
        gc.enable()
        print(f"| {name} | {count / with_gc:,.0f} | {count / without:,.0f} | {seconds:.1f} |")


def _measure(load: Callable[[Simulation, int], Mapping], count: int, runs: int) -> tuple[float, float]:
    """Median of CPU seconds, and how much time passed in the simulation."""
    taken: list[float] = []
    ended = 0.0
    for _ in range(runs):
        gc.collect()
        started = time.process_time()
        simulation = Simulation(seed=1)
        mapping = load(simulation, count)
        while mapping.counts["InvokedEventCount"] < count:
            simulation.run(until=simulation.now + 1)
        taken.append(time.process_time() - started)
        ended = simulation.of("returned")[-1][0]
    return statistics.median(taken), ended


if __name__ == "__main__":
    main()
