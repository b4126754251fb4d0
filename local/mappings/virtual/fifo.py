"""A model of an SQS FIFO queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from local.mappings.virtual.messages import CHANGED, IN_FLIGHT, RETURNED, Message
from local.mappings.virtual.queues import Queue

DEDUPLICATION_SECONDS = 300
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html"""


class FifoQueue(Queue):
    """Every message once, in the order of its group; nothing of a group is received while some of it is in flight.

    A receive takes as many messages of one group as it can, and goes on with the group that waits longest.
    """

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._groups: dict[str, deque[Message]] = {}
        """Visible messages, of groups that have some."""
        self._open = deque[str]()
        """Those of these groups of which nothing is in flight."""
        self._locked = Counter[str]()
        """Messages in flight."""
        self._sent: dict[str, float] = {}
        """Deduplication id -> until when it counts."""

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of message groups."""
        return True

    def send(
        self,
        *bodies: str,
        group: str = "",
        delay: float | None = None,
        extra: dict[str, Any] | None = None,
        deduplication_id: str = "",
    ) -> list[str]:
        """Send messages to a group; one that was sent in the last five minutes is taken and dropped.

        Args:
            bodies: One for each message.
            group: Message group id.
            delay: Of the queue only, on FIFO.
            extra: As for a standard queue.
            deduplication_id: Of a single message; else it follows from the body.

        Returns:
            The ids of those that were not dropped.
        """
        assert group, "a message of a FIFO queue has a group"
        assert delay is None, "on a FIFO queue only the queue has a delay"
        now = self._clock.now
        while self._sent and (oldest := next(iter(self._sent.items())))[1] <= now:
            del self._sent[oldest[0]]
        fresh: list[str] = []
        for body in bodies:
            one = deduplication_id or sha256(body.encode()).hexdigest()
            if one not in self._sent:
                self._sent[one] = now + DEDUPLICATION_SECONDS
                fresh.append(body)
        if len(fresh) < len(bodies):
            self.counts["NumberOfDeduplicatedSentMessages"] += len(bodies) - len(fresh)
        return super().send(*fresh, group=group, extra=extra) if fresh else []

    def delete(self, messages: Iterable[Message], why: str = "deleted") -> list[str]:
        """Delete messages; on FIFO only while they are in flight."""
        self._return(self._clock.now)
        held = [message for message in messages if message.state in (IN_FLIGHT, CHANGED)]
        gone = super().delete(held, why)
        self._release(held)
        return gone

    def take_over(self, message: Message) -> None:
        """Take a message that another queue gave up; its age begins anew."""
        message.sent_at = self._clock.now
        super().take_over(message)

    def _visible(self) -> Iterable[Message]:
        return [message for group in self._groups.values() for message in group]

    def _put(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._group(message.group).append(message)

    def _group(self, name: str) -> deque[Message]:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = deque()
            if not self._locked[name]:
                self._open.append(name)
        return group

    def _next(self, limit: int, now: float) -> list[Message]:
        batch: list[Message] = []
        while self._open and len(batch) < limit:
            name = self._open.popleft()
            group, taken = self._groups[name], 0
            while group and len(batch) < limit:
                message = self._received(group.popleft(), now)
                if message:
                    batch.append(message)
                    taken += 1
            if not group:
                del self._groups[name]
            if taken:
                self._locked[name] = taken
        return batch

    def _give_back(self, messages: Sequence[Message]) -> None:
        self.in_flight -= len(messages)
        for message in messages:
            message.state = RETURNED
            group = self._group(message.group)
            place = next((place for place, other in enumerate(group) if other.number > message.number), len(group))
            group.insert(place, message)
        self._release(messages)

    def _release(self, messages: Sequence[Message]) -> None:
        """Open the groups of which nothing is in flight any more."""
        if not messages:
            return
        for message in messages:
            self._locked[message.group] -= 1
        for name in dict.fromkeys(message.group for message in messages):
            if self._locked[name] <= 0:
                del self._locked[name]
                if name in self._groups:
                    self._open.append(name)
        self._serve_at(self._clock.now)
