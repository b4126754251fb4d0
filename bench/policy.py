"""What the policy pack costs, with the set-up done: `.venv/bin/python bench/policy.py [RUNS]`.

Prints three tables:

- one analysis of a program of 1,000 resources, of as many pipelines as that takes, by the servicer that the engine
  talks to: with a policy that does nothing, with all rules in profile strict, the same with the garbage collector as
  Python sets it, and the rules alone, with the graph; and the ten rules that take longest;
- the start of the pack's process until it prints its port, and of one with the policy that does nothing;
- `pulumi preview` of those pipelines as a new stack, through the real engine and the embedded AWS: without a pack, with
  the pack that does nothing, and with this one.

Medians of RUNS runs (default 11; a third of that for previews) in turns, and their ranges; the machine should have
nothing else to do. Analyses are in CPU time, which a busy machine changes less.
"""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from functools import partial
from pathlib import Path

from pulumi_policy import StackValidationPolicy

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from components import OrderPipeline  # noqa: E402 - only now can it be found
from local.engine import POLICY_PACK, Engine  # noqa: E402
from local.environment import Workspace, pulumi_environment  # noqa: E402
from local.supervisor import Instance, serving  # noqa: E402
from policy.engine.analysis import policies  # noqa: E402
from policy.engine.serving import YOUNG_OBJECTS  # noqa: E402
from policy.facts import Resource  # noqa: E402
from policy.graph import Graph  # noqa: E402
from policy.judgement import judge  # noqa: E402
from policy.rule import Profile  # noqa: E402
from policy.rules import RULES  # noqa: E402
from policy.settings import Settings  # noqa: E402
from tests.support.analyzer import request, servicer  # noqa: E402
from tests.support.recorder import Recorder  # noqa: E402

_RESOURCES = 1_000
_PIPELINES = 40
_PYTHONS_GC = gc.get_threshold()  # before a component sets it
_PREVIEWED = f"""\
import sys

sys.path.insert(0, {str(PROJECT)!r})

from components import OrderPipeline

for number in range({_PIPELINES}):
    OrderPipeline(f"orders-{{number}}", {{"code": {str(PROJECT / "functions" / "orders")!r}}})
"""
_EMPTY_PACK = """\
#!/usr/bin/env -S python3 -u -P
from pulumi_policy import PolicyPack, StackValidationPolicy

PolicyPack(name="empty", policies=[StackValidationPolicy("nothing", "Nothing.", lambda _, __: None)])
"""


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    resources = _program()
    strict = Settings(profile=Profile.STRICT)
    ours = _analysis(lambda: policies(settings=strict), resources)
    analyses: dict[str, Callable[[], object]] = {
        "no rules, 1 policy": _analysis(
            lambda: [StackValidationPolicy("nothing", "Nothing.", lambda _, __: None)], resources
        ),
        f"{len(RULES)} rules, 2 policies": ours,
        f"{len(RULES)} rules, Python's gc": lambda: _with_pythons_gc(ours),
        f"{len(RULES)} rules alone": lambda: judge(Graph(resources), settings=strict),
    }
    _as_in_the_pack()
    _table(f"analysis of {len(resources):,} resources", analyses, runs, time.process_time)
    _slowest(resources)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "pack")
        empty.write_text(_EMPTY_PACK)
        empty.chmod(0o700)
        starts = {"no rules": empty, f"{len(RULES)} rules": POLICY_PACK}
        runnable: dict[str, Callable[[], object]] = {name: partial(_start, pack) for name, pack in starts.items()}
        _table("start of the pack", runnable, runs, time.perf_counter)
        with serving(Workspace(Path(folder)).emulator) as instance:
            preview = _previewer(Path(folder, "program"), instance)
            previews: dict[str, Callable[[], object]] = {
                "no pack": preview,
                "no rules": partial(preview, "--policy-pack", str(empty)),
                f"{len(RULES)} rules": partial(preview, "--policy-pack", str(POLICY_PACK)),
            }
            _table(f"preview of {_PIPELINES} pipelines", previews, -(-runs // 3), time.perf_counter)


def _slowest(resources: Sequence[Resource]) -> None:
    graph = Graph(resources)
    judge(graph, settings=Settings(profile=Profile.STRICT))  # fills the views of the graph
    seconds: dict[str, float] = {}
    for rule in RULES:
        started = time.process_time()
        rule.findings(graph)
        seconds[rule.id] = time.process_time() - started
    slowest = sorted(seconds, key=lambda rule_id: -seconds[rule_id])[:10]
    print("slowest rules, ms: " + ", ".join(f"{rule_id} {seconds[rule_id] * 1000:.1f}" for rule_id in slowest))


def _previewer(folder: Path, instance: Instance) -> Callable[..., None]:
    folder.mkdir()
    folder.joinpath("Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    folder.joinpath("__main__.py").write_text(_PREVIEWED)
    environment = pulumi_environment(Workspace(folder.parent / "workspace"), instance, os.environ)
    engine = Engine(environment, folder)
    engine.ensure_stack("bench")

    def preview(*options: str) -> None:
        done = engine.output("preview", "--stack", "bench", *options)
        if done.returncode:
            sys.exit(f"the preview failed:\n{done.stdout}{done.stderr}")

    return preview


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
