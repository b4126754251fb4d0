"""What the runners of queues and of streams have in common."""

from __future__ import annotations

import abc
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.mappings.actions import Action
from local.mappings.live.emulator import Emulator, Mapping
from local.mappings.live.functions import Function
from local.mappings.live.timer import Timer

_logger = logging.getLogger("mapping")
RETRY_SECONDS = 0.2
"""Between two tries to reach an embedded AWS that does not answer."""


class Runner(abc.ABC):
    """Carries out what a mapping says, and tells it what became of that.

    Args:
        emulator: The embedded AWS.
        mapping: As the emulator tells of it.
        pool: For invocations.
        timer: Calls it when the mapping waits for something.
    """

    def __init__(self, emulator: Emulator, mapping: Mapping, pool: ThreadPoolExecutor, timer: Timer) -> None:
        self.mapping = mapping
        self.is_closed = False
        """Whether it shall do nothing more, as its mapping is gone."""
        self.is_stopping = False
        self.emulator = emulator
        self._pool = pool
        self._timer = timer
        self._lock = threading.RLock()
        self.function = Function(emulator, mapping)
        self.polls = 0
        """How often the source was asked since it was last counted, whether there was something or not."""

    def aws(self) -> Any:
        """Clients of the mapping's account and region."""
        return self.emulator.aws(self.mapping["Account"], self.mapping["Region"])

    def start(self) -> None:
        """Begin."""
        self.step(self.engine.start)

    def stop(self) -> None:
        """Take nothing more; what is under way goes on to its end."""
        with self._lock:
            self.is_stopping = True
            self.engine.stop()

    def close(self) -> None:
        """Do nothing more: the mapping, or all of the embedded AWS, is gone."""
        self.is_closed = True
        self.stop()

    def tick(self) -> None:
        """Time has passed."""
        self.later(self.step, self.engine.tick)

    def step(self, say: Callable[[float], list[Action]]) -> None:
        """Tell the mapping something, and do what it answers."""
        self.do(self.tell(say))

    def tell(self, say: Callable[[float], list[Action]]) -> list[Action]:
        """Tell the mapping something; what it answers, of which is done what must be done in order."""
        with self._lock:
            if self.is_closed:
                return []
            actions = say(time.time())
            self.do_in_order(actions)
            self._timer.set(self, self.engine.due)
        return actions

    def later(self, call: Callable[..., None], *arguments: Any) -> None:
        """Have a thread of the pool do something."""

        def do() -> None:
            try:
                call(*arguments)
            except Exception:
                _logger.exception("the mapping %s has come to a stop", self.mapping["UUID"])
                raise

        self._pool.submit(do)

    def take_counts(self) -> tuple[Counter[str], int]:
        """What was counted since it was last asked, and in how many polls."""
        with self._lock:
            counts, polls = Counter[str](self.engine.counts), self.polls
            self.engine.counts.clear()
            self.polls = 0
        return counts, polls

    @property
    @abc.abstractmethod
    def engine(self) -> Any:
        """The mapping as a state machine."""

    @property
    @abc.abstractmethod
    def is_idle(self) -> bool:
        """Whether nothing is under way."""

    @abc.abstractmethod
    def do_in_order(self, actions: Sequence[Action]) -> None:
        """Carry out those actions that must be done before anything else is told to the mapping."""

    @abc.abstractmethod
    def do(self, actions: Sequence[Action]) -> None:
        """Carry out the others."""
