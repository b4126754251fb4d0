"""Shows the pipelines until the user ends it: drawn anew in a terminal, else a line for each change."""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from local import supervisor
from local.environment import Workspace
from local.supervisor import EmulatorError
from local.watch.deployed import deployed, state_file
from local.watch.drawing import draw, tell
from local.watch.reading import Reader
from local.watch.snapshot import Pipeline, Snapshot

_NO_WRAP, _WRAP = "\033[?7l", "\033[?7h"
_CLEAR, _CLEAR_LINE, _CLEAR_BELOW = "\033[2J\033[H", "\033[K", "\033[J"


def watch(workspace: Workspace, every: float = 1, seconds: float | None = None) -> int:
    """Show the pipelines of the stack `local`; the exit code.

    Args:
        workspace: Where its state is, and the embedded AWS's.
        every: Seconds between two looks.
        seconds: How long; without end when it is not given.

    Raises:
        EmulatorError: There is nothing to watch.
    """
    state = state_file(workspace)
    if supervisor.running(workspace.emulator) is None or not deployed(state):
        raise EmulatorError("no pipeline runs here: deploy the stack with `make up`, then watch it")
    show = _Screen() if sys.stdout.isatty() and os.environ.get("TERM") != "dumb" else _Changes()
    reader = Reader(workspace.emulator, state)
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    try:
        while True:
            begun = time.monotonic()
            show(reader.read())
            if begun >= end:
                return 0
            time.sleep(max(0, min(begun + every, end) - time.monotonic()))
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        reader.close()


class _Screen:
    """A terminal. Each frame is drawn over the one before; the last one stays."""

    def __init__(self) -> None:
        self._size: tuple[int, ...] = ()
        self._lines = 0

    def __call__(self, snapshot: Snapshot) -> None:
        width, height = size = shutil.get_terminal_size()
        is_coloured = not os.environ.get("NO_COLOR")
        frame = draw(snapshot, width, height - 1)  # the cursor has the last line
        # A terminal of another size has broken the lines anew, so that nobody knows where the last frame begins.
        begin = _CLEAR if self._lines and size != self._size else f"\033[{self._lines}A" if self._lines else ""
        text = "".join(f"{line.coloured if is_coloured else line.text}{_CLEAR_LINE}\n" for line in frame)
        sys.stdout.write(f"{begin}{_NO_WRAP}{text}{_CLEAR_BELOW}{_WRAP}")
        sys.stdout.flush()
        self._size, self._lines = size, len(frame)


class _Changes:
    """No terminal: one line when something about a pipeline has changed, which its age alone does not tell."""

    def __init__(self) -> None:
        self._known: dict[str, Pipeline | str] = {}

    def __call__(self, snapshot: Snapshot) -> None:
        now = {"": snapshot.notice, **{one.name: replace(one, age=0) for one in snapshot.pipelines}}
        for name, text in tell(snapshot).items():
            if self._known.get(name) != now[name]:
                print(f"{datetime.fromtimestamp(snapshot.at, UTC):%Y-%m-%dT%H:%M:%SZ} {text}", flush=True)
        self._known = now
