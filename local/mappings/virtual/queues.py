"""A model of an SQS queue, as far as its consumers can tell it from the real one.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local.mappings.virtual.clock import Clock
from local.mappings.virtual.messages import (
    CHANGED,
    GONE,
    IN_FLIGHT,
    RECEIVED_AGAIN,
    RETURNED,
    WAITS,
    Message,
    size_of,
)

MAX_IN_FLIGHT = 120_000
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""
_OFTEN = 3
"""A message that was received so often goes behind the others.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
_FARTHEST = 10
"""How far from its place a message may come on a queue with disorder."""

Take = Callable[[list[Message]], None]


@dataclass(slots=True)
class _Receive:
    """A long poll."""

    deadline: float
    limit: int
    take: Take | None
    """`None` when it is over."""


class Queue:
    """A standard queue: every message at least once, in no promised order.

    Args:
        clock: Of the simulation.
        name: Of the queue.
        visibility_timeout: Seconds for which a received message is hidden, 0..43,200.
        delay: Seconds for which a sent message is hidden, 0..900.
        retention: Seconds after which a message is deleted, 60..1,209,600.
        max_receives: How often a message is received before it goes to the dead-letter queue.
        dead_letters: The dead-letter queue.
        disorder: Chance that a receive gets messages from some places behind the first, 0..1.
        duplicates: Chance that a received message is not hidden, so that it is received again, 0..1.

    Attributes:
        counts: As the queue's CloudWatch metrics, `NumberOfMessagesSent` and so on.
        in_flight: Messages that are received and hidden.
        is_up: Whether it takes what a mapping's failure destination gets.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        visibility_timeout: float = 30,
        delay: float = 0,
        retention: float = 345_600,
        max_receives: int | None = None,
        dead_letters: Queue | None = None,
        disorder: float = 0,
        duplicates: float = 0,
    ) -> None:
        self.name = name
        self.arn = f"arn:aws:sqs:eu-central-1:000000000000:{name}"
        self.visibility_timeout = visibility_timeout
        self.delay = delay
        self.retention = retention
        self.max_receives = max_receives if dead_letters else None
        self.dead_letters = dead_letters
        self.disorder = disorder
        self.duplicates = duplicates
        self.counts = Counter[str]()
        self.in_flight = 0
        self.is_up = True
        self._clock = clock
        self._count = 0
        self._ready = deque[Message]()
        self._hidden = deque[tuple[float, tuple[Message, ...]]]()
        """Of each receive, until when its messages are hidden."""
        self._later: list[tuple[float, int, Message]] = []
        """Messages that are delayed, or whose visibility was changed."""
        self._waiting = deque[_Receive]()
        self._serves_at = math.inf

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of message groups."""
        return False

    def send(
        self, *bodies: str, group: str = "", delay: float | None = None, extra: dict[str, Any] | None = None
    ) -> list[str]:
        """Send messages.

        Args:
            bodies: One for each message.
            group: Message group id; on a standard queue it promises nothing.
            delay: Of these messages, seconds. Default: the queue's.
            extra: What else they have, as `ReceiveMessage` names it: `MessageAttributes`, more `Attributes`.

        Returns:
            Their ids.
        """
        now = self._clock.now
        name, first = self.name, self._count + 1
        messages = [
            Message(number, body, now, size_of(body, name, group), group, extra)
            for number, body in enumerate(bodies, first)
        ]
        self._count += len(messages)
        ids = [message.id for message in messages]
        self.counts["NumberOfMessagesSent"] += len(messages)
        self._clock.log.append((now, "sent", self.name, ids, group))
        self._add(messages, self.delay if delay is None else delay)
        return ids

    def wait(self, limit: int, seconds: float, take: Take) -> _Receive:
        """Receive messages as soon as there are some, or nothing when the wait is over.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
        """
        receive = _Receive(self._clock.now + seconds, limit, take)
        self._waiting.append(receive)
        self._clock.at(receive.deadline, self._give_up, receive)
        self._serve_at(self._next_change())
        return receive

    def receive(self, limit: int) -> list[Message]:
        """Receive what is there; a message that was received too often goes to the dead-letter queue instead."""
        now = self._clock.now
        self._return(now)
        limit = min(limit, MAX_IN_FLIGHT - self.in_flight)
        batch = self._next(limit, now)
        if not batch:
            return batch
        self._clock.log.append((now, "received", self.name, [message.id for message in batch]))
        self.in_flight += len(batch)
        self.counts["NumberOfMessagesReceived"] += len(batch)
        self._hidden.append((now + self.visibility_timeout, tuple(batch)))
        if self.duplicates:
            self._duplicate(batch)
        return batch

    def delete(self, messages: Iterable[Message], why: str = "deleted") -> list[str]:
        """Delete messages by the receipt handles of these receives; the ids of those that are gone now.

        The handle of an earlier receive deletes nothing.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
        """
        self._return(self._clock.now)
        held = 0
        gone: list[str] = []
        for message in messages:
            state = message.state
            if IN_FLIGHT <= state <= RETURNED:
                message.state = GONE
                held += state != RETURNED
                gone.append(message.id)
        self.in_flight -= held
        self.counts["NumberOfMessagesDeleted"] += len(gone)
        if gone:
            self._clock.log.append((self._clock.now, why, self.name, gone))
        return gone

    def change_visibility(self, message: Message, seconds: float) -> None:
        """Hide a received message for so long from now; 0 returns it at once."""
        self._return(self._clock.now)
        if message.state not in (IN_FLIGHT, CHANGED):
            return
        message.state = CHANGED
        message.until = self._clock.now + seconds
        heapq.heappush(self._later, (message.until, message.number, message))
        self._serve_at(message.until)

    def waiting(self) -> list[Message]:
        """All messages that are neither deleted nor expired, in flight or not, oldest first."""
        hidden = [message for _, batch in self._hidden for message in batch]
        there = [*self._visible(), *hidden, *(message for *_, message in self._later)]
        oldest = self._clock.now - self.retention
        one_each = {message.number: message for message in there if message.state not in (GONE, RECEIVED_AGAIN)}
        return [one for _, one in sorted(one_each.items()) if one.sent_at > oldest]

    def cancel(self, receive: _Receive) -> None:
        """End a long poll: its consumer is gone."""
        receive.take = None

    def _add(self, messages: Sequence[Message], delay: float) -> None:
        if delay:
            until = self._clock.now + delay
            for message in messages:
                message.until = until
                heapq.heappush(self._later, (until, message.number, message))
            self._serve_at(until)
        else:
            self._put(messages)
            self._serve_at(self._clock.now)

    def _visible(self) -> Iterable[Message]:
        return self._ready

    def _put(self, messages: Sequence[Message]) -> None:
        """Make new messages visible."""
        self._ready.extend(messages)

    def _next(self, limit: int, now: float) -> list[Message]:
        ready = self._ready
        places = 0
        if self.disorder and len(ready) > 1 and self._clock.random.random() < self.disorder:
            places = self._clock.random.randrange(min(len(ready), _FARTHEST))
            ready.rotate(-places)
        batch = [ready.popleft() for _ in range(min(limit, len(ready)))]
        if not self._receive_new(batch, now):
            ready.extendleft(reversed(batch))
            batch.clear()
            while ready and len(batch) < limit:
                message = self._received(ready.popleft(), now)
                if message:
                    batch.append(message)
        if places:
            ready.rotate(min(places, len(ready)))
        return batch

    def _receive_new(self, batch: Sequence[Message], now: float) -> bool:
        """Receive messages that wait for the first time, all of them or none: this is the most of all work."""
        oldest = now - self.retention
        for message in batch:
            if message.state or message.sent_at <= oldest:
                return False
        for message in batch:
            message.first_at = now
            message.receives = 1
            message.state = IN_FLIGHT
        return True

    def _received(self, message: Message, now: float) -> Message | None:
        """The message as this receive of it, if it is one."""
        if message.state == GONE:
            return None
        if message.sent_at <= now - self.retention:
            message.state = GONE
            self._clock.log.append((now, "expired", self.name, [message.id]))
            return None
        if message.receives:
            if message.receives == self.max_receives:
                self._redrive(message)
                return None
            earlier = message
            message = earlier.again()
            earlier.state = RECEIVED_AGAIN
        else:
            message.first_at = now
        message.receives += 1
        message.state = IN_FLIGHT
        return message

    def _redrive(self, message: Message) -> None:
        """It keeps its id, and its age on a standard queue.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
        """
        assert self.dead_letters  # where there is a limit
        moved = message.again()
        message.state = GONE
        self._clock.log.append((self._clock.now, "dead", self.name, [message.id], self.dead_letters.name))
        self.dead_letters.take_over(moved)

    def take_over(self, message: Message) -> None:
        """Take a message that another queue gave up."""
        message.receives = 0
        self._count += 1
        message.number = self._count
        self._add([message], 0)

    def _return(self, now: float) -> None:
        """Make visible what was hidden long enough."""
        hidden, later = self._hidden, self._later
        while hidden and hidden[0][0] <= now:
            _, batch = hidden.popleft()
            self._give_back([message for message in batch if message.state == IN_FLIGHT])
        while later and later[0][0] <= now:
            *_, message = heapq.heappop(later)
            if message.state == WAITS:
                self._put([message])
            elif message.state == CHANGED and message.until <= now:
                self._give_back([message])

    def _give_back(self, messages: Sequence[Message]) -> None:
        self.in_flight -= len(messages)
        for message in reversed(messages):
            message.state = RETURNED
            if message.receives < _OFTEN:
                self._ready.appendleft(message)
            else:
                self._ready.append(message)

    def _duplicate(self, batch: Sequence[Message]) -> None:
        for message in batch:
            if self._clock.random.random() < self.duplicates:
                message.state = RETURNED
                self.in_flight -= 1
                self._ready.append(message)

    def _next_change(self) -> float:
        """When a message may become visible by itself."""
        hidden = self._hidden[0][0] if self._hidden else math.inf
        return min(hidden, self._later[0][0]) if self._later else hidden

    def _serve_at(self, time: float) -> None:
        """Look at a time whether a long poll can be answered."""
        if self._waiting and time < self._serves_at:
            self._serves_at = time
            self._clock.at(time, self._serve, time)

    def _serve(self, time: float) -> None:
        if time != self._serves_at:
            return
        self._serves_at = math.inf
        waiting = self._waiting
        while waiting:
            # That which began last, so that what comes in one after the other comes together in a batching window.
            receive = waiting[-1]
            if receive.take:
                messages = self.receive(receive.limit)
                if not messages:
                    break
                take, receive.take = receive.take, None
                waiting.pop()
                take(messages)
            else:
                waiting.pop()
        self._serve_at(self._next_change())

    def _give_up(self, receive: _Receive) -> None:
        if receive.take:
            take, receive.take = receive.take, None
            take([])
        while self._waiting and not self._waiting[0].take:
            self._waiting.popleft()
