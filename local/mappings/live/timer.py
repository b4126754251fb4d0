"""Calls what is due."""

from __future__ import annotations

import math
import threading
import time
from typing import Protocol


class Timed(Protocol):
    """What is called when its time has come."""

    def tick(self) -> None:
        """Do what is due, elsewhere."""
        ...


class Timer:
    """One thread that waits for the earliest time of all."""

    def __init__(self) -> None:
        self._due: dict[Timed, float] = {}
        self._changed = threading.Condition()
        self._next = math.inf
        threading.Thread(target=self._run, daemon=True, name="timer").start()

    def set(self, timed: Timed, due: float) -> None:
        """Call it then, and not when it said before; never at infinity."""
        with self._changed:
            if due == math.inf:
                self._due.pop(timed, None)
                return
            self._due[timed] = due
            if due < self._next:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._next = min(self._due.values(), default=math.inf)
                if (wait := self._next - time.time()) > 0:
                    self._changed.wait(None if wait == math.inf else wait)
                    continue
                ready = [timed for timed, due in self._due.items() if due <= time.time()]
                for timed in ready:
                    del self._due[timed]
            for timed in ready:
                timed.tick()
