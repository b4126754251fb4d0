"""What a person sees of the set-up: one line for each step, with the time it has taken so far."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

REFRESH = 1.0
HEARTBEAT = 30.0
GRACE = 5.0
TAIL = 15


class StepError(Exception):
    """A step that cannot be done: the text says what is wrong, where, and how to mend it."""


def elapsed(seconds: float) -> str:
    """Returns a span of time as a person says it: `0.4 s`, `42 s`, `4 min 2 s`."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Task:
    """A step under way: its line on the screen, its commands and their log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = Path(".local", "log", f"setup-{name}.log")
        self._mode = "w"
        self._live = sys.stderr.isatty()
        self._began = self._shown = time.monotonic()
        self._doing = ""

    def say(self, text: str) -> None:
        """Writes a line that stays, on the screen and in the log."""
        with self._open_log() as log:
            print(text, file=log)
        self._show(text, "\n")

    def doing(self, text: str) -> None:
        """Starts a line that shows the time as it passes."""
        self._doing = text
        self._show(text, "" if self._live else "\n")

    def tick(self) -> None:
        """Brings the line up to date when that is due; to be called often."""
        if time.monotonic() - self._shown >= (REFRESH if self._live else HEARTBEAT):
            self._show(f"{self._doing}: {self.elapsed()}", "" if self._live else "\n")

    def elapsed(self) -> str:
        """Returns how long the step has taken so far."""
        return elapsed(time.monotonic() - self._began)

    def fail(self, error: Exception) -> None:
        """Writes what went wrong, after the last lines of the log."""
        for line in self.log.read_text(errors="replace").splitlines()[-TAIL:] if self.log.exists() else ():
            self._show(f"| {line}", "\n")
        self._show(f"failed: {error}", "\n")

    def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        capture: bool = False,
    ) -> str:
        """Runs a command with its output in the log; returns its stdout when that is captured instead."""
        with self._open_log() as log:
            print("$", " ".join(map(shlex.quote, command)), file=log, flush=True)
            # A session of its own lets the command be stopped together with whatever it has started.
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if capture else log,
                stderr=log,
                start_new_session=True,
            )
            try:
                output = self._wait(process)
            except BaseException:
                _stop(process)
                raise
        if process.returncode:
            told = " ".join((Path(command[0]).name, *command[1:3]))
            where = (cwd or Path()).resolve()
            raise StepError(f"`{told}` in {where} failed with exit code {process.returncode}: see {self.log}")
        return output

    def _open_log(self) -> IO[str]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        log = self.log.open(self._mode)
        self._mode = "a"
        return log

    def _wait(self, process: subprocess.Popen[str]) -> str:
        while True:
            try:
                return process.communicate(timeout=REFRESH)[0] or ""
            except subprocess.TimeoutExpired:
                self.tick()

    def _show(self, text: str, end: str) -> None:
        self._shown = time.monotonic()
        line = f"{self.name:<12}{text}"
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            # Blanks clear what the line held before; an escape sequence would need a terminal that knows it.
            line = "\r" + (line if end else line[:width]).ljust(width)
        print(line, end=end, file=sys.stderr, flush=True)


def _stop(process: subprocess.Popen[str]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(GRACE)
