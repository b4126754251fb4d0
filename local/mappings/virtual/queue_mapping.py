"""The process of a queue's mapping, on models."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from local.mappings.actions import Action, Delete, Invoke, Receive
from local.mappings.events import Event, event_of, message_event
from local.mappings.filters import filter_of
from local.mappings.queue import QueueMapping
from local.mappings.settings import QueueSettings
from local.mappings.virtual.clock import Clock
from local.mappings.virtual.functions import Function
from local.mappings.virtual.mapping import Mapping as Process
from local.mappings.virtual.messages import Message
from local.mappings.virtual.queues import Queue


class QueueProcess(Process):
    """A mapping of a queue.

    Args:
        clock: Of the simulation.
        name: Of the mapping.
        queue: It receives from.
        function: It invokes.
        settings: As Lambda's API names them.
    """

    def __init__(self, clock: Clock, name: str, queue: Queue, function: Function, settings: Mapping[str, Any]) -> None:
        super().__init__(clock, name, function)
        mapping = {**settings, "EventSourceArn": queue.arn}
        self.settings = QueueSettings.of(mapping, queue.visibility_timeout)
        self._passes = filter_of(mapping)
        self._queue = queue
        self._receives: dict[int, Any] = {}
        """Long polls of lanes."""
        self._served = -1
        """The lane that received last."""

    def _new_engine(self) -> QueueMapping:
        self._mapping = QueueMapping(self.settings, self._passes)
        return self._mapping

    def _forget(self) -> None:
        for receive in self._receives.values():
            self._queue.cancel(receive)
        self._receives.clear()

    def _do_one(self, action: Action, todo: deque[Action]) -> None:
        if isinstance(action, Receive):
            messages = self._queue.receive(action.limit)
            if messages:
                # At once, so that a lane with a batching window receives all that is there before others do.
                todo.extendleft(reversed(self._mapping.received(self._clock.now, action.lane, messages)))
                self._served = action.lane
            elif todo and action.lane == self._served:
                todo.append(action)  # it waits behind the others, and so is the first to get what comes
            else:
                lane = action.lane
                self._receives[lane] = self._queue.wait(action.limit, action.wait, self._taker(lane))
        elif isinstance(action, Invoke):
            self._invoke(action, [message.id for message in action.batch], self._eventer(action.batch))
        elif isinstance(action, Delete):
            self._queue.delete(action.messages)

    def _taker(self, lane: int) -> Callable[[list[Message]], None]:
        def take(messages: list[Message]) -> None:
            del self._receives[lane]
            if messages:
                self._served = lane
            self._do(self._mapping.received(self._clock.now, lane, messages))

        return take

    def _eventer(self, batch: Sequence[Message]) -> Callable[[], Event]:
        arn = self._queue.arn
        return lambda: event_of([message_event(message.described(), arn) for message in batch], {})
