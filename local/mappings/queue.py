"""The event source mapping of an SQS queue, standard or FIFO, as a state machine.

A driver calls `start`, then a method for everything that happens, each with the time, and carries out the actions that
it gets back. Nothing here waits, calls AWS or reads a clock.

Lambda takes batches in parallel. Each of these lanes receives a batch, invokes the function with it, deletes what
succeeded, and begins again; what failed stays in the queue until its visibility timeout is over. How many lanes there
are follows from the load, from errors and from the mapping's limits.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from local.mappings.actions import Action, Answer, Delete, Invoke, Receive
from local.mappings.answers import failed_ids
from local.mappings.settings import PAYLOAD_BYTES, QueueSettings

RECEIVE_LIMIT = 10
"""Messages of one receive.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
LONG_POLL_SECONDS = 20.0
"""Longest wait of one receive, as above."""
GROWTH_SECONDS = 1.0
"""Between two times that lanes are added while there are messages. AWS gives the rate, and not the steps."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 60.0
"""Between two tries to invoke a function that is throttled. AWS says that Lambda backs off, and not by how much."""


class _Lane:
    """One batch at a time."""

    __slots__ = (
        "batch",
        "deadline",
        "is_invoking",
        "limit",
        "number",
        "opened_at",
        "overflow",
        "retry_at",
        "size",
        "tries",
    )

    def __init__(self, number: int, now: float) -> None:
        self.number = number
        self.limit = RECEIVE_LIMIT
        """Of its last receive."""
        self.overflow: list[Any] = []
        """What was received with the batch and did not fit into one event with it."""
        self.begin(now)

    def begin(self, now: float) -> None:
        self.is_invoking = False
        self.batch: list[Any] = []
        self.size = 0
        self.opened_at = now
        """When its batching window began."""
        self.deadline = math.inf
        """When its first message is visible to others again."""
        self.retry_at = math.inf
        self.tries = 0


class QueueMapping:
    """The mapping of one queue to one function.

    Args:
        settings: Of the mapping.
        passes: Whether a message with this body gets past the filters. Default: all do.

    Attributes:
        counts: Events by the name of their CloudWatch metric, `PolledEventCount` and so on; a driver takes them out.
    """

    def __init__(self, settings: QueueSettings, passes: Callable[[str], bool] | None = None) -> None:
        self._settings = settings
        self._passes = passes
        self._lanes: dict[int, _Lane] = {}
        self._next_number = 0
        self._capacity = float(settings.first_lanes)
        self._grows_at = math.inf
        """When lanes are added next."""
        self._is_busy = False
        """Whether there was more than the last receive could take."""
        self._is_enabled = False
        self._waiting: dict[int, _Lane] = {}
        """Lanes with a batch for which the function was throttled."""
        self.counts = Counter[str]()

    @property
    def due(self) -> float:
        """When `tick` has to be called at the latest; infinity when nothing waits."""
        if not self._waiting:
            return self._grows_at
        return min(self._grows_at, *(lane.retry_at for lane in self._waiting.values()))

    @property
    def concurrency(self) -> int:
        """Invocations at this moment."""
        return sum(lane.is_invoking for lane in self._lanes.values())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is outstanding: no receive and no invocation."""
        return not self._lanes

    def start(self, now: float) -> list[Action]:
        """Begin, or go on after `stop`."""
        self._is_enabled = True
        return self._open_lanes(now)

    def stop(self) -> None:
        """Receive no more. What was received is still processed: AWS does not say what becomes of it."""
        self._is_enabled = False
        self._grows_at = math.inf

    def received(self, now: float, number: int, messages: Sequence[Any]) -> list[Action]:
        """A receive of a lane is over, with messages or without.

        A lane that got nothing ends, down to the fewest.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        lane = self._lanes[number]
        self._is_busy = len(messages) >= lane.limit
        actions: list[Action] = []
        if messages:
            self.counts["PolledEventCount"] += len(messages)
            if self._passes:
                messages = self._filtered(messages, actions)
            self._take(lane, now, messages)
            if self._is_busy and self._is_enabled:
                if self._grows_at == math.inf and self._capacity < self._settings.most_lanes:
                    self._grows_at = now + GROWTH_SECONDS
                actions += self._open_lanes(now)
        elif not lane.batch and len(self._lanes) > self._settings.fewest_lanes:
            self._capacity = max(self._settings.fewest_lanes, self._capacity - 1)
            del self._lanes[number]
            return actions
        if lane.overflow or self._is_complete(lane, now):
            actions.append(self._invoke(lane))
        else:
            self._receive(lane, now, actions)
        return actions

    def answered(self, now: float, number: int, answer: Answer) -> list[Action]:
        """The invocation of a lane is over.

        What failed stays in the queue until its visibility timeout is over. On a FIFO queue what follows it stays too.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        lane = self._lanes[number]
        lane.is_invoking = False
        self.counts["InvokedEventCount"] += len(lane.batch)
        actions: list[Action] = []
        if answer.kind == "throttled":
            self._wait(lane, now)
            return actions
        done = self._succeeded(lane.batch, answer)
        if len(done) < len(lane.batch):
            self.counts["FailedInvokeEventCount"] += len(lane.batch) - len(done)
            if self._settings.is_fifo:
                lane.overflow = []
        if done:
            self.counts["DeletedEventCount"] += len(done)
            actions.append(Delete(done))
        # A function that says what failed is not slowed down for its failures.
        self._adjust(is_error=answer.kind == "failed" and not self._settings.reports_failures)
        self._again(lane, now, actions)
        return actions

    def tick(self, now: float) -> list[Action]:
        """Time has passed: do what is due."""
        actions: list[Action] = []
        if now >= self._grows_at:
            actions += self._grow(now)
        for lane in [lane for lane in self._waiting.values() if lane.retry_at <= now]:
            del self._waiting[lane.number]
            if now >= lane.deadline:  # its messages are back in the queue
                self._again(lane, now, actions)
            else:
                actions.append(self._invoke(lane))
        return actions

    def _succeeded(self, batch: list[Any], answer: Answer) -> list[Any]:
        if answer.kind == "failed":
            return []
        if not self._settings.reports_failures or not answer.payload:
            return batch
        failed = failed_ids(answer.payload, {message.id for message in batch})
        if failed is None:
            return []
        return [message for message in batch if message.id not in failed] if failed else batch

    def _open_lanes(self, now: float) -> list[Action]:
        actions: list[Action] = []
        while self._is_enabled and len(self._lanes) < int(self._capacity):
            lane = _Lane(self._next_number, now)
            self._lanes[lane.number] = lane
            self._next_number += 1
            self._receive(lane, now, actions)
        return actions

    def _receive(self, lane: _Lane, now: float, actions: list[Action]) -> None:
        settings = self._settings
        wait, room = LONG_POLL_SECONDS, settings.batch_size - len(lane.batch)
        if settings.batch_window:
            if now >= lane.opened_at + settings.batch_window:
                lane.opened_at = now  # nothing came in the window that is over: the next one begins
            wait = min(wait, lane.opened_at + settings.batch_window - now)
        if self._is_enabled:
            lane.limit = min(RECEIVE_LIMIT, room)
            actions.append(Receive(lane.number, lane.limit, wait))
        elif lane.batch:
            actions.append(self._invoke(lane))
        else:
            del self._lanes[lane.number]

    def _filtered(self, messages: Sequence[Any], actions: list[Action]) -> list[Any]:
        """Lambda deletes what no filter matches, before it makes batches of the rest.

        https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
        """
        passes: Any = self._passes
        wanted: list[Any] = []
        others: list[Any] = []
        for message in messages:
            (wanted if passes(message.body) else others).append(message)
        if others:
            self.counts["FilteredOutEventCount"] += len(others)
            actions.append(Delete(others))
        return wanted

    def _take(self, lane: _Lane, now: float, messages: Sequence[Any]) -> None:
        """Put messages into the batch, as many as fit into an event. What else came waits for the lane's next one.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        if not lane.batch:
            lane.deadline = now + self._settings.visibility_timeout
        size = lane.size + sum([message.size for message in messages])
        if size <= PAYLOAD_BYTES:
            lane.size = size
            lane.batch += messages
            return
        for place, message in enumerate(messages):
            if lane.size + message.size > PAYLOAD_BYTES and lane.batch:
                lane.overflow = list(messages[place:])
                return
            lane.size += message.size
            lane.batch.append(message)

    def _is_complete(self, lane: _Lane, now: float) -> bool:
        """A batch is complete when it is full, or its window is over.

        A window begins when the lane's last invocation ended, and the next one when it is over with nothing in it.
        On a quiet queue AWS may wait for 20 s where the window is shorter: here a receive waits no longer than it.
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
        https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        """
        if not lane.batch:
            return False
        return len(lane.batch) >= self._settings.batch_size or now >= lane.opened_at + self._settings.batch_window

    def _invoke(self, lane: _Lane) -> Invoke:
        lane.is_invoking = True
        return Invoke(lane.number, lane.batch)

    def _wait(self, lane: _Lane, now: float) -> None:
        """A throttled batch is tried until its messages are visible to others: all of it costs one receive of each.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy
        """
        pause = min(FIRST_RETRY_SECONDS * 2**lane.tries, LONGEST_RETRY_SECONDS)
        lane.tries += 1
        lane.retry_at = min(now + pause, lane.deadline)
        self._waiting[lane.number] = lane
        self._adjust(is_error=True)

    def _again(self, lane: _Lane, now: float, actions: list[Action]) -> None:
        """The lane is free: it goes on, or ends where there are more than there shall be."""
        overflow, lane.overflow = lane.overflow, []
        deadline = lane.deadline
        lane.begin(now)
        if overflow and now < deadline:
            self._take(lane, now, overflow)
            lane.deadline = deadline  # they were received with what was in front of them
            actions.append(self._invoke(lane))
        elif len(self._lanes) > int(self._capacity):
            del self._lanes[lane.number]
        else:
            self._receive(lane, now, actions)

    def _grow(self, now: float) -> list[Action]:
        """As long as there are messages, Lambda adds lanes at a steady rate.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        self._grows_at = math.inf
        if not self._is_busy:
            return []
        more = GROWTH_SECONDS * self._settings.lanes_per_second
        self._capacity = min(self._settings.most_lanes, self._capacity + more)
        if self._capacity < self._settings.most_lanes:
            self._grows_at = now + GROWTH_SECONDS
        return self._open_lanes(now)

    def _adjust(self, *, is_error: bool) -> None:
        """Errors take lanes away, and successes bring back those that it began with. AWS says only: gradually.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-backoff-strategy
        """
        if is_error:
            self._capacity = max(1.0, self._capacity - 1)
        elif self._capacity < self._settings.first_lanes:
            self._capacity += 1
