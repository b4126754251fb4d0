"""What the component costs a program, with the set-up done: `.venv/bin/python bench/program.py [RUNS]`.

Prints three tables:

- programs of 1, 10 and 100 pipelines under Pulumi's mocks, each in a Python of its own: with the garbage collector
  as `components/garbage.py` sets it, as Python does, and turned off; and the bare pulumi-aws program with the same
  resources, with Python's own collector;
- the modules of pulumi-aws that a pipeline imports;
- `pulumi preview` of a new stack, through the real engine and the embedded AWS: the component against the bare program.

Everything that is compared runs in turns. Under mocks it is CPU time, which a busy machine changes less. Medians of
RUNS runs (default 5), and of the ratios of two runs side by side; the machine should have nothing else to do.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PROJECT = Path(__file__).parent.parent
sys.path.insert(0, str(PROJECT))

from bench.bare_program import Recording, bare_program, differences, recorded  # noqa: E402 - only now can it be found
from components import OrderPipeline  # noqa: E402
from local.engine import Engine  # noqa: E402
from local.environment import Workspace, pulumi_environment  # noqa: E402
from local.supervisor import Instance, serving  # noqa: E402
from tests.support.recorder import Recorder  # noqa: E402

_CODE = str(PROJECT / "functions" / "orders")
_PIPELINES = (1, 10, 100)
_PREVIEWED = (1, 10)
_CASES: dict[str, Callable[[], None]] = {
    "component": lambda: None,
    # One more than Python's own number, so that it counts as the program's choice and is kept.
    "Python's gc": lambda: gc.set_threshold(gc.get_threshold()[0] + 1),
    "no gc": gc.disable,
    "bare": lambda: None,
}
_OLDEST = 2  # generation, whose collection is a full one
_STACK = "bench"
_COMPONENT = f"""\
from components import OrderPipeline

for number in range({{}}):
    OrderPipeline(f"orders-{{{{number}}}}", {{{{"code": {_CODE!r}}}}})
"""


def main() -> None:
    """Measure and print, or be one of the programs that are measured."""
    if sys.argv[1:2] == ["construct"]:
        print(json.dumps(_construct(*sys.argv[2:])))
        return
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    _constructions(runs)
    _imports()
    _previews(runs)


def _pipelines(count: int) -> None:
    for number in range(count):
        OrderPipeline(f"orders-{number}", {"code": _CODE})


def _construct(case: str, count: str, bare: str) -> dict[str, float]:
    """One program in this process."""
    _CASES[case]()
    program = _executed(Path(bare).read_text()) if case == "bare" else lambda: _pipelines(int(count))
    full = 0

    def watch(phase: str, info: Mapping[str, int]) -> None:
        nonlocal full
        full += phase == "stop" and info["generation"] == _OLDEST

    gc.callbacks.append(watch)
    before = _peak_kib()
    started = time.process_time()
    Recorder().run(program)
    seconds = time.process_time() - started
    return {"seconds": seconds, "peak": _peak_kib() / 1024, "KiB": _peak_kib() - before, "full": full}


def _peak_kib() -> int:
    # `getrusage` begins with the peak of the process that started this one.
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)


def _executed(source: str) -> Callable[[], object]:
    code = compile(source, "bare", "exec")
    return lambda: exec(code, {})  # noqa: S102 - our own text


def _constructions(runs: int) -> None:
    print(f"{'under mocks':<20} {'program':<12} CPU s     ms each  peak MiB  KiB each  full collections  ratio to bare")
    with tempfile.TemporaryDirectory() as folder:
        for count in _PIPELINES:
            component, bare = _both(count)
            file = Path(folder, f"{count}.py")
            file.write_text(bare)
            found: dict[str, list[dict[str, float]]] = {case: [] for case in _CASES}
            for _ in range(runs):
                for case, results in found.items():
                    command = [sys.executable, __file__, "construct", case, str(count), str(file)]
                    results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
            for case, results in found.items():
                middle = {key: statistics.median(one[key] for one in results) for key in results[0]}
                print(
                    f"{_title(component, count):<20} {case:<12} {middle['seconds']:7.2f} "
                    f"{1000 * middle['seconds'] / count:9.0f} {middle['peak']:9.0f} {middle['KiB'] / count:9.0f} "
                    f"{middle['full']:17.0f} {_ratio(results, found['bare']):14.2f}",
                    flush=True,
                )


def _ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]], key: str = "seconds") -> float:
    """The median of run by run, so that what else the machine did counts less."""
    return statistics.median(one[key] / other[key] for one, other in zip(ours, theirs, strict=True))


def _both(count: int) -> tuple[Recording, str]:
    """What the component registers, and the bare program that is proved to register the same."""
    component = recorded(lambda: _pipelines(count))
    bare = bare_program(component)
    if found := differences(component, recorded(_executed(bare))):
        sys.exit("the bare program is not the same:\n" + "\n".join(found))
    return component, bare


def _title(component: Recording, count: int) -> str:
    return f"{count} x {len(list(component.children())) // count} resources"


def _imports() -> None:
    """What a pipeline loads; the SDK puts what it only could load into `sys.modules` as well, as a lazy module."""
    program = (
        "import sys; from bench.program import Recorder, _pipelines; Recorder().run(lambda: _pipelines(1));"
        "print(*sorted(name.split('.')[1] for name, module in sys.modules.items()"
        " if name.startswith('pulumi_aws.') and name.count('.') == 1 and hasattr(module, '__path__')"
        " and type(module).__name__ == 'module'))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    print(f"\nmodules of pulumi-aws that are imported: {done.stdout.strip()}")


def _previews(runs: int) -> None:
    print("\npulumi preview       component s      bare s   ratio   (ranges)                 of CPU time")
    with tempfile.TemporaryDirectory() as folder, serving(Workspace(Path(folder)).emulator) as instance:
        for count in _PREVIEWED:
            _preview(Path(folder) / str(count), instance, count, runs)


def _preview(folder: Path, instance: Instance, count: int, runs: int) -> None:
    component, bare = _both(count)
    sources = {"component": _COMPONENT.format(count), "bare": bare}
    programs = {name: _program(folder / name, instance, source) for name, source in sources.items()}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
    for _ in range(runs + 1):
        for name, engine in programs.items():
            found[name].append(_time(engine))
    for results in found.values():
        del results[0]  # it filled caches
    seconds = [[one["seconds"] for one in results] for results in found.values()]
    ours, theirs = map(statistics.median, seconds)
    ranges = ", ".join(f"{min(values):.1f}..{max(values):.1f}" for values in seconds)
    ratio, of_cpu = (_ratio(found["component"], found["bare"], key) for key in ("seconds", "CPU"))
    print(
        f"{_title(component, count):<20} {ours:11.2f} {theirs:11.2f} {ratio:7.2f}   {f'({ranges})':<26} {of_cpu:7.2f}"
    )


def _program(folder: Path, instance: Instance, source: str) -> Engine:
    folder.mkdir(parents=True)
    folder.joinpath("Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    folder.joinpath("__main__.py").write_text(f"import sys\n\nsys.path.insert(0, {str(PROJECT)!r})\n{source}")
    engine = Engine(
        pulumi_environment(Workspace(folder.parent / "workspace" / folder.name), instance, os.environ), folder
    )
    engine.ensure_stack(_STACK)
    return engine


def _time(engine: Engine) -> dict[str, float]:
    started, spent = time.monotonic(), _cpu_of_children()
    done = engine.output("preview", "--stack", _STACK)
    if done.returncode:
        sys.exit(f"the preview failed:\n{done.stdout}{done.stderr}")
    return {"seconds": time.monotonic() - started, "CPU": _cpu_of_children() - spent}


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
