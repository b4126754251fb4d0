"""The folder that all checkouts of one user share, so that a tool is fetched or built once."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Generator
from pathlib import Path

from progress import Task


def folder() -> Path:
    """Returns where the shared cache is."""
    own = os.environ.get("ORDER_PIPELINES_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own).absolute() if own else Path(base, "order-pipelines")


@contextlib.contextmanager
def lock(path: Path, task: Task) -> Generator[None]:
    """Holds a lock between set-ups; the system frees it however its holder ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        waiting = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    task.doing(f"waiting for another set-up, which holds {path}")
                    waiting = True
                time.sleep(0.2)
                task.tick()
        if waiting:
            task.say("the other set-up has ended")
        yield


@contextlib.contextmanager
def placed(target: Path) -> Generator[Path]:
    """Gives a folder to fill that takes its place once it is whole; the caller holds the lock for it."""
    partial = target.with_name(target.name + ".partial")
    # One may be left of a set-up that was killed.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
