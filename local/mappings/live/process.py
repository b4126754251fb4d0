"""Starts, finds and stops the driver of the embedded AWS of a state folder."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

_PROJECT = Path(__file__).parents[3]
_STOP_SECONDS = 5
_POLL_SECONDS = 0.02

LOCK, PUBLISHED, LOG = "driver.lock", "driver.json", "driver.log"
"""In the state folder: held as long as it runs; its process; what it has to say."""


def start(folder: Path, lifetime: Literal["attached", "detached"]) -> list[subprocess.Popen[bytes]]:
    """Start the driver, unless one runs already; it waits for the embedded AWS, and ends a while after it.

    Args:
        folder: State folder of the embedded AWS.
        lifetime: Whether it also ends with this process, however that ends.
    """
    if running(folder):
        return []
    environment = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    with (folder / LOG).open("ab") as log:
        return [
            subprocess.Popen(
                [sys.executable, "-u", "-m", "local.mappings.live", folder.resolve(), lifetime],
                env={**environment, "LANG": "C.UTF-8"},  # nothing of the host's credentials
                cwd=_PROJECT,
                stdin=subprocess.PIPE if lifetime == "attached" else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the command in front
            )
        ]


def running(folder: Path) -> int | None:
    """The process of the driver, if one runs."""
    published = folder / PUBLISHED
    return json.loads(published.read_text())["pid"] if is_held(folder / LOCK) and published.exists() else None


def stop(folder: Path) -> bool:
    """Stop the driver, so that what the functions have done is still deleted; whether there was one."""
    pid = running(folder)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while is_held(folder / LOCK):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    return True


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock on a file."""
    if not lock.exists():
        return False
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
