"""What the policy pack costs, with the set-up done: `.venv/bin/python bench/policy.py [RUNS]`.

Prints two tables:

- one analysis of a program of 1,000 resources, of as many pipelines as that takes, by the servicer that the engine
  talks to: with a policy that does nothing, with the rules as they are, with 60 rules (copies of them) under the same
  policies, and with 60 rules and a policy for each, which is what the pack is not; and the rules alone, with the
  graph: all with the garbage collector as the pack sets it, and the rules as they are also as Python does;
- the start of the pack's process until it prints its port, and of one with the policy that does nothing.

Medians of RUNS runs (default 11) in turns, and their ranges; the machine should have nothing else to do. Analyses are
in CPU time, which a busy machine changes less.
"""

from __future__ import annotations

import gc
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from functools import partial
from pathlib import Path

from pulumi_policy import StackValidationPolicy

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from components import OrderPipeline  # noqa: E402 - only now can it be found
from local.engine import POLICY_PACK  # noqa: E402
from policy.__main__ import YOUNG_OBJECTS  # noqa: E402
from policy.analysis import policies  # noqa: E402
from policy.facts import Resource  # noqa: E402
from policy.graph import Graph  # noqa: E402
from policy.judgement import judge  # noqa: E402
from policy.rules import RULES  # noqa: E402
from tests.support.analyzer import request, servicer  # noqa: E402
from tests.support.recorder import Recorder  # noqa: E402

_RESOURCES = 1_000
_RULES = 60
_PYTHONS_GC = gc.get_threshold()  # before a component sets it
_EMPTY_PACK = """\
#!/usr/bin/env -S python3 -P
from pulumi_policy import PolicyPack, StackValidationPolicy

PolicyPack(name="empty", policies=[StackValidationPolicy("nothing", "Nothing.", lambda _, __: None)])
"""


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    resources = _program()
    many = [replace(rule, id=f"{rule.id}-{copy}") for copy, rule in zip(range(_RULES), itertools.cycle(RULES))]
    packs: dict[str, Callable[[], Sequence[StackValidationPolicy]]] = {
        "no rules, 1 policy": lambda: [StackValidationPolicy("nothing", "Nothing.", lambda _, __: None)],
        f"{len(RULES)} rules, 3 policies": policies,
        f"{_RULES} rules, 3 policies": lambda: policies(many),
        f"{_RULES} rules, {_RULES} policies": lambda: [policies([rule])[1] for rule in many],
    }
    analyses = {name: _analysis(pack, resources) for name, pack in packs.items()}
    alone: dict[str, Callable[[], object]] = {
        f"{len(RULES)} rules alone": lambda: judge(Graph(resources)),
        f"{_RULES} rules alone": lambda: judge(Graph(resources), many),
    }
    own = analyses[f"{len(RULES)} rules, 3 policies"]
    with_pythons: dict[str, Callable[[], object]] = {f"{len(RULES)} rules, Python's gc": lambda: _with_pythons_gc(own)}
    _as_in_the_pack()
    _table(f"analysis of {len(resources):,} resources", analyses | with_pythons | alone, runs, time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "pack")
        empty.write_text(_EMPTY_PACK)
        empty.chmod(0o700)
        starts = {"no rules": empty, f"{len(RULES)} rules": POLICY_PACK}
        runnable: dict[str, Callable[[], object]] = {name: partial(_start, pack) for name, pack in starts.items()}
        _table("start of the pack", runnable, runs, time.perf_counter)


def _program() -> list[Resource]:
    """The resources of a program of pipelines in its first preview, where the rules have the most to find out."""

    def pipelines(count: int) -> list[Resource]:
        recorder = Recorder()
        code = str(PROJECT / "functions" / "orders")
        recorder.run(
            lambda: [OrderPipeline(f"orders-{number}", {"code": code}) for number in range(count)], preview=True
        )
        return recorder.analyzed

    each = len(pipelines(2)) - len(pipelines(1))
    return pipelines(-(-_RESOURCES // each))[:_RESOURCES]


def _analysis(
    pack: Callable[[], Sequence[StackValidationPolicy]], resources: Sequence[Resource]
) -> Callable[[], object]:
    message = request(resources)
    # A pack of its own each time: it remembers the program that it judged last.
    return lambda: Context().run(servicer(pack()).AnalyzeStack, message, None)


def _as_in_the_pack() -> None:
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _with_pythons_gc(run: Callable[[], object]) -> None:
    gc.set_threshold(*_PYTHONS_GC)
    run()
    _as_in_the_pack()


def _start(pack: Path) -> None:
    environment = {**os.environ, "PATH": f"{PROJECT / '.venv' / 'bin'}:{os.environ['PATH']}"}
    with subprocess.Popen([str(pack), "127.0.0.1:1"], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        port = process.stdout.readline()
        process.kill()
    if not port.strip().isdigit():
        sys.exit(f"{pack} did not print its port")


def _table(title: str, cases: Mapping[str, Callable[[], object]], runs: int, clock: Callable[[], float]) -> None:
    milliseconds: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(runs + 1):
        for name, run in cases.items():
            started = clock()
            run()
            if turn:  # the first fills caches
                milliseconds[name].append((clock() - started) * 1000)
    print(f"\n{title:<28} ms  (range)   median of {runs}")
    for name, values in milliseconds.items():
        print(f"{name:<24} {statistics.median(values):6.0f}  ({min(values):.0f}..{max(values):.0f})")


if __name__ == "__main__":
    main()
