"""Makes this checkout ready to run: `python3 tools/setup.py [step ...]`.

A step that is ready already costs next to nothing. This runs before anything is installed, so it needs no
more than the standard library of Python 3.8.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

import cache
import versions
from progress import StepError, Task

ROOT = Path(__file__).resolve().parent.parent
STAMPS = Path(".local", "setup")
UV = Path(".local", "uv")
UV_PIN = Path("tools", "uv.txt")
UV_MINIMUM = (0, 9)
ENGINE = Path(".local", "engine")
# The tests read it to say why they cannot run.
ENGINE_MISSING = Path(".local", "engine-missing.txt")
INTERRUPTED = 130


class Step(NamedTuple):
    """A part of the set-up: what makes it, what it is made from, and what shows that it is there."""

    make: Callable[[Task], str]
    inputs: tuple[str, ...]
    results: tuple[str, ...]


def make_uv(task: Task) -> str:
    """Links uv: the one on PATH when it is new enough, else one fetched with pip."""
    found = shutil.which("uv")
    if found:
        version = versions.parse(task.run(found, "--version", capture=True))
        if version >= UV_MINIMUM:
            link(UV, Path(found).absolute())
            return f"uv {versions.dotted(version)} on PATH"
        task.say(f"{found} not used: {versions.dotted(version)} is older than {versions.dotted(UV_MINIMUM)}")
    pin = versions.pinned(UV_PIN)
    target = cache.folder() / "uv" / pin
    told = "from the cache"
    with cache.lock(cache.folder() / "uv.lock", task):
        if not target.exists():
            task.doing(f"fetching uv {pin}")
            fetch_uv(task, target)
            told = f"fetched in {task.elapsed()}"
    link(UV, target / "bin" / "uv")
    return f"uv {pin} {told}"


def fetch_uv(task: Task, target: Path) -> None:
    """Installs the pinned uv into a folder of its own."""
    with cache.placed(target) as folder:
        try:
            task.run(sys.executable, "-m", "venv", str(folder))
            python, options = str(folder / "bin" / "python"), ()
        except StepError:
            # Some systems ship venv apart from Python, yet have pip.
            python, options = sys.executable, ("--target", str(folder))
        pip = (python, "-m", "pip", "install", "--disable-pip-version-check", *options)
        try:
            task.run(*pip, "--require-hashes", "--only-binary=:all:", "-r", str(UV_PIN))
        except StepError as error:
            minimum = versions.dotted(UV_MINIMUM)
            raise StepError(
                f"uv cannot be fetched ({error}): install uv >= {minimum} (https://docs.astral.sh/uv/), "
                "then run `make setup`"
            ) from error


def sync(folder: str, task: Task) -> str:
    """Makes a project's virtual environment what its lock file says."""
    # The first two would send uv to another environment; the last would leave bytecode uncached.
    unwanted = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if name not in unwanted}
    venv = Path(folder, ".venv")
    task.doing(f"installing packages into {venv}")
    task.run(str(UV.absolute()), "sync", "--locked", "--compile-bytecode", cwd=Path(folder), env=env)
    return f"{venv} ready in {task.elapsed()}"


def make_engine(task: Task) -> str:
    """Links the folder that holds the Pulumi engine, or notes why there is none."""
    # Only here: what it imports would take a good part of the time of a set-up that finds all ready.
    from engine import resolve  # noqa: PLC0415

    try:
        folder, told = resolve.engine(task, UV)
    except (StepError, OSError) as error:
        ENGINE.unlink(missing_ok=True)
        ENGINE_MISSING.write_text(f"{error}\n")
        raise
    link(ENGINE, folder)
    ENGINE_MISSING.unlink(missing_ok=True)
    return told


def link(path: Path, target: Path) -> None:
    """Points a link to its target, in one move for whoever is using it."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)


STEPS = {
    "uv": Step(make_uv, ("tools/uv.txt",), (".local/uv",)),
    # pyvenv.cfg names an environment's Python and maker, so that one made otherwise is not taken for ours.
    "python": Step(
        functools.partial(sync, "."), ("pyproject.toml", "uv.lock", ".venv/pyvenv.cfg"), (".venv/bin/python",)
    ),
    "emulator": Step(
        functools.partial(sync, "local/emulator"),
        ("local/emulator/pyproject.toml", "local/emulator/uv.lock", "local/emulator/.venv/pyvenv.cfg"),
        ("local/emulator/.venv/bin/python",),
    ),
    "engine": Step(
        make_engine,
        (
            "tools/go.txt",
            "tools/engine/resolve.py",
            "tools/engine/cli/go.mod",
            "tools/engine/cli/go.sum",
            "tools/engine/python-host/go.mod",
            "tools/engine/python-host/go.sum",
        ),
        (".local/engine/pulumi",),
    ),
}


def fingerprint(step: Step) -> str:
    """Returns a digest of what a step was made from, or nothing when part of it is missing."""
    if not all(Path(name).exists() for name in step.inputs + step.results):
        return ""
    digest = hashlib.sha256(os.environ.get("UV_PYTHON", "").encode())
    for name in ("tools/setup.py", *step.inputs):
        digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
    return digest.hexdigest()


def ready(name: str) -> bool:
    """Tells whether a step is as an earlier set-up left it."""
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == fingerprint(STEPS[name]) != ""


def make(name: str, task: Task) -> None:
    """Makes a step and stamps it."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp = STAMPS / name
    # A step that is cut short is not ready, whatever it was before.
    stamp.unlink(missing_ok=True)
    told = STEPS[name].make(task)
    stamp.write_text(fingerprint(STEPS[name]))
    task.say(told)


def set_up(names: list[str], engine_optional: bool) -> int:
    """Makes the steps that are not ready, in order; returns the exit code."""
    with cache.lock(Path(".local", "setup.lock"), Task("setup")):
        for name in names:
            if ready(name):
                continue
            task = Task(name)
            try:
                make(name, task)
            except (StepError, OSError) as error:
                task.fail(error)
                if not (name == "engine" and engine_optional):
                    return 1
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Lets other signals that end a set-up end it as Ctrl-C does: with its commands stopped."""
    raise KeyboardInterrupt


def main() -> int:
    """Reads the command line and sets up."""
    parser = argparse.ArgumentParser(description="Makes this checkout ready to run.")
    parser.add_argument("steps", nargs="*", metavar="step", help=f"{', '.join(STEPS)}; all when none is named")
    parser.add_argument("--engine-optional", action="store_true", help="go on without a Pulumi engine")
    options = parser.parse_args()
    unknown = set(options.steps) - set(STEPS)
    if unknown:
        parser.error(f"no step {', '.join(unknown)}: name any of {', '.join(STEPS)}")
    # The others are made with uv.
    names = [name for name in STEPS if not options.steps or name in ("uv", *options.steps)]
    os.chdir(ROOT)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        return set_up(names, options.engine_optional)
    except KeyboardInterrupt:
        print("\nset-up interrupted: run it again to go on", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
