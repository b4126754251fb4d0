"""Random loads, failures and faults, and what their log says: read here without the help of the engine."""

from __future__ import annotations

import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from local.mappings.virtual import Simulation
from local.mappings.virtual.functions import Function
from local.mappings.virtual.mapping import Mapping as Process

SEED = int(os.environ.get("MAPPINGS_SEED") or random.randrange(2**32))
"""Of Hypothesis; a failure prints it, and the environment variable MAPPINGS_SEED repeats its run."""
RUNS = int(os.environ.get("MAPPINGS_RUNS") or 1)
"""How many times as many runs."""
MALFORMED: list[Any] = [
    {"batchItemFailures": [{"itemIdentifier": None}]},
    {"batchItemFailures": [{"itemIdentifier": ""}]},
    {"batchItemFailures": [{"itemIdentifier": "unknown"}]},
    {"batchItemFailures": [{"id": "1"}]},
    "no object",
]
KINDS = st.sampled_from(["ok", "ok", "ok", "ok", "once", "twice", "bad", "drop"])
"""What becomes of a record: fine, fails once or twice, always fails, does not get past the filter."""
FAULTS = st.lists(
    st.tuples(
        st.integers(0, 60), st.sampled_from(["kill", "disable", "jump", "throttle", "malformed"]), st.integers(1, 40)
    ),
    max_size=3,
)
"""When, what, and for how many seconds."""


def runs(count: int) -> settings:
    return settings(
        max_examples=count * RUNS,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


_KIND = re.compile('"(ok|once|twice|bad|drop)"')


class Behaviour:
    """What the function does with a batch: by the kind at the start of each text, and by faults."""

    def __init__(self, simulation: Simulation, *, reports: bool, state: bool = False) -> None:
        self.tries = Counter[str]()
        self.malformed_until = -1.0
        self._simulation = simulation
        self._reports = reports
        self._state = state

    def be_malformed(self, seconds: float) -> None:
        """Answer without sense for so long."""
        self.malformed_until = self._simulation.now + seconds

    def reply(self, failing: Callable[[Sequence[Any], set[int]], Sequence[str]], batch: Sequence[Any]) -> Any:
        texts = [text_of(one) for one in batch]
        self.tries.update(texts)
        failed = {place for place, text in enumerate(texts) if self._fails(text)}
        if failed and not self._reports:
            raise RuntimeError("a record failed")
        if self._reports and self._simulation.now < self.malformed_until:
            return self._simulation.clock.random.choice(MALFORMED)
        answer: dict[str, Any] = {"state": {"runs": len(batch)}} if self._state else {}
        if failed:
            answer["batchItemFailures"] = [{"itemIdentifier": one} for one in failing(batch, failed)]
        return answer

    def _fails(self, text: str) -> bool:
        kind = _KIND.findall(text)[0]
        return kind == "bad" or self.tries[text] <= {"once": 1, "twice": 2}.get(kind, 0)


def text_of(one: Any) -> str:
    return one.body if hasattr(one, "body") else one.text


def inject(
    simulation: Simulation, mapping: Process, function: Function, behaviour: Behaviour, faults: Sequence[Any]
) -> None:
    """Let faults happen, and all of them end."""
    reserved = function.concurrency

    def throttle(limit: int | None) -> None:
        function.concurrency = limit

    for time, what, seconds in faults:
        if what == "kill":
            simulation.at(time, lambda: mapping.kill(finishes=0.5))
            simulation.at(time + seconds, mapping.enable)
        elif what == "disable":
            simulation.at(time, mapping.disable)
            simulation.at(time + seconds, mapping.enable)
        elif what == "jump":
            simulation.at(time, partial(simulation.jump, seconds))
        elif what == "throttle":
            simulation.at(time, lambda: throttle(0))
            simulation.at(time + seconds, lambda: throttle(reserved))
        else:
            simulation.at(time, partial(behaviour.be_malformed, seconds))
    simulation.at(110, mapping.enable)


class Story:
    """What the log says of the runs of a function."""

    def __init__(self, log: Sequence[tuple[Any, ...]], *, reports: bool, is_stream: bool = False) -> None:
        self.succeeded: dict[str, int] = {}
        """Id -> the place in the log where its first success is."""
        self.tries = Counter[str]()
        self.invoked: list[list[str]] = []
        self.most_running = 0
        self.most_of_mapping = 0
        running: dict[int, list[str]] = {}
        orphans: set[int] = set()
        for place, (_, what, _, *rest) in enumerate(log):
            if what == "invoked":
                ids, _, number, *_ = rest
                self.invoked.append(ids)
                running[number] = ids
            elif what in {"returned", "failed", "lost"}:
                ids: list[str] = rest[0]
                number, payload = rest[2], rest[3:]
                del running[number]
                self.tries.update(ids)
                if what == "returned":
                    failed = failures(payload[0], ids) if reports else []
                    if failed and is_stream:  # all from the first one are tried again
                        failed = ids[min(map(ids.index, failed)) :]
                    for one in ids:
                        if one not in failed:
                            self.succeeded.setdefault(one, place)
            elif what == "killed":
                orphans |= running.keys()
            self.most_running = max(self.most_running, len(running))
            self.most_of_mapping = max(self.most_of_mapping, len(running.keys() - orphans))


def at_once(log: Sequence[tuple[Any, ...]], group_of: Mapping[str, str]) -> set[str]:
    """Groups of which two runs had records at the same time, besides runs whose mapping was killed."""
    found: set[str] = set()
    running: dict[int, set[str]] = {}
    for _, what, _, *rest in log:
        if what == "invoked":
            here = {group_of[one] for one in rest[0]}
            found |= here & set[str]().union(*running.values())
            running[rest[2]] = here
        elif what in {"returned", "failed", "lost"}:
            running.pop(rest[2], None)
        elif what == "killed":
            running.clear()
    return found


def failures(payload: Any, ids: Collection[str]) -> list[str]:
    """Which ids an answer says failed: all, where it makes no sense."""
    if not payload:
        return []
    if not isinstance(payload, dict):
        return [*ids]
    items: list[dict[str, str]] = cast("dict[str, Any]", payload).get("batchItemFailures") or []
    named = [one.get("itemIdentifier", "") for one in items]
    return named if set(named) <= set(ids) else [*ids]


def by(entries: Sequence[tuple[Any, ...]], what: str) -> Counter[str]:
    """How often an entry of a kind names each id."""
    return Counter(one for entry in entries if entry[1] == what for one in entry[3])


def groups(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for group, one in pairs:
        found[group].append(one)
    return found
