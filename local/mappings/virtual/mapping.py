"""What carries out, on the models, what a mapping asks for: its process, which may die and begin anew."""

from __future__ import annotations

import abc
import math
from collections import Counter, deque
from collections.abc import Callable, Sequence

from local.mappings.actions import Action, Answer, Invoke
from local.mappings.events import Event
from local.mappings.queue import QueueMapping
from local.mappings.stream import StreamMapping
from local.mappings.virtual.clock import Clock
from local.mappings.virtual.functions import Function, Invocation


class Mapping(abc.ABC):
    """A mapping of a queue or a stream to a function.

    Args:
        clock: Of the simulation.
        name: Of the mapping, for the log.
        function: It invokes.

    Attributes:
        counts: Events by the name of their CloudWatch metric.
        most_at_once: The most invocations that it ever had at once.
    """

    def __init__(self, clock: Clock, name: str, function: Function) -> None:
        self.name = name
        self.function = function
        self.counts = Counter[str]()
        self.most_at_once = 0
        self._clock = clock
        self._engine: QueueMapping | StreamMapping | None = None
        self._life = 0
        """How often the process has begun."""
        self._running: dict[int, Invocation] = {}
        self._ticks_at = math.inf

    @property
    def is_alive(self) -> bool:
        """Whether there is a process."""
        return self._engine is not None

    def enable(self) -> None:
        """Begin, or go on after `disable` or `kill`."""
        self._clock.log.append((self._clock.now, "enabled", self.name))
        if self._engine is None:
            self._life += 1
            self._engine = self._new_engine()
            self._engine.counts = self.counts
        self._do(self._engine.start(self._clock.now))

    def disable(self) -> None:
        """Read no more."""
        self._clock.log.append((self._clock.now, "disabled", self.name))
        if self._engine:
            self._engine.stop()

    def kill(self, *, finishes: float = 0) -> None:
        """End the process as `kill -9` does: nothing that it knew is left but what it kept.

        Args:
            finishes: Chance that a run of the function goes on to its end, 0..1. Nobody hears its answer.
        """
        self._clock.log.append((self._clock.now, "killed", self.name))
        self._engine = None
        self._life += 1
        self._ticks_at = math.inf
        self._forget()
        for run in self._running.values():
            self.function.kill(run, mapping=self.name, finishes=self._clock.random.random() < finishes)
        self._running.clear()

    @abc.abstractmethod
    def _new_engine(self) -> QueueMapping | StreamMapping: ...

    @abc.abstractmethod
    def _forget(self) -> None:
        """Drop what the process waits for."""

    @abc.abstractmethod
    def _do_one(self, action: Action, todo: deque[Action]) -> None:
        """Carry out an action; what follows at once goes to the end of what is to be done."""

    def _do(self, actions: Sequence[Action]) -> None:
        todo = deque(actions)
        while todo:
            self._do_one(todo.popleft(), todo)
        engine = self._engine
        if engine and (due := engine.due) < self._ticks_at:
            self._ticks_at = max(due, self._clock.now)
            self._clock.at(self._ticks_at, self._tick, self._life, self._ticks_at)

    def _tick(self, life: int, time: float) -> None:
        if life != self._life or time != self._ticks_at or not self._engine:
            return
        self._ticks_at = math.inf
        self._do(self._engine.tick(self._clock.now))

    def _invoke(self, action: Invoke, ids: list[str], event: Callable[[], Event]) -> None:
        number, life = action.lane, self._life

        def answered(answer: Answer) -> None:
            if life == self._life and self._engine:
                del self._running[number]
                self._do(self._engine.answered(self._clock.now, number, answer))

        self._running[number] = self.function.invoke(action.batch, ids, action.more, event, answered, self.name)
        self.most_at_once = max(self.most_at_once, len(self._running))
