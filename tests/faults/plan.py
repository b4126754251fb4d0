"""What each order of a run goes through, all of it from a seed: the test sends by it, and the handler fails by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """What befalls the delivery of an order, in the order in which a delivery gets there."""

    KILLED_BEFORE_EFFECT = "killed before the effect"
    THROTTLED_FOR_A_WHILE = "throttled, but not for longer than the client tries"
    THROTTLED = "throttled before the put"
    UNFORESEEN = "raised something between put and publish"
    TIMED_OUT = "timed out between put and publish"
    SLOW = "slow between put and publish"
    KILLED_BEFORE_PUBLISH = "killed between put and publish"
    THROTTLED_BEFORE_MARK = "throttled between publish and mark"
    KILLED_BEFORE_MARK = "killed between publish and mark"
    KILLED_AFTER_EFFECT = "killed between mark and the end of the lock"
    KILLED_BEFORE_ANSWER = "killed before answering"


class End(StrEnum):
    """Where an order ends: applied, or a dead letter of this kind."""

    APPLIED = "applied"
    POISON = "poison"
    PERMANENT = "permanent"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True)
class Sent:
    """One order of the plan."""

    order_id: str
    body: str
    faults: tuple[Fault, ...] = ()
    """What befalls its first deliveries, one each."""
    copies: int = 1
    """How many messages there are of it."""
    end: End = End.APPLIED

    @property
    def fifo(self) -> bool:
        """Whether it goes to the FIFO queue."""
        return self.order_id.startswith("F")

    @property
    def group(self) -> str:
        """Its message group, of which the orders are sent one after the other, though not by their numbers."""
        if self.end == End.EXHAUSTED and self.fifo:
            return self.order_id  # what waits behind it in a batch would lose every attempt but the last with it
        return f"group-{int(self.order_id[1:]) % FIFO_GROUPS}" if self.fifo else ""

    @property
    def item(self) -> dict[str, dict[str, object]]:
        """What is in the table of an order that was applied."""
        fields = json.dumps(json.loads(self.body), sort_keys=True)
        return {
            "orderId": {"S": self.order_id},
            "version": {"N": "1"},
            "order": {"S": fields},
            "published": {"BOOL": True},
        }


class _Story(NamedTuple):
    """What happens alike to some orders of the standard and of the FIFO queue."""

    standard: int
    fifo: int
    faults: tuple[Fault, ...] = ()
    copies: int = 1
    end: End = End.APPLIED
    body: str = '{"orderId": "ID", "number": NUMBER, "amount": 9.5, "item": "book"}'


STANDARD, FIFO, FIFO_GROUPS = 1600, 400, 80
_STORIES = (
    _Story(4, 1, (Fault.KILLED_BEFORE_EFFECT,)),
    _Story(4, 1, (Fault.KILLED_BEFORE_PUBLISH,)),
    _Story(4, 1, (Fault.KILLED_BEFORE_MARK,)),
    _Story(4, 1, (Fault.KILLED_AFTER_EFFECT,)),
    _Story(4, 1, (Fault.KILLED_BEFORE_ANSWER,)),
    _Story(3, 1, (Fault.TIMED_OUT,)),
    _Story(5, 1, (Fault.THROTTLED_FOR_A_WHILE,)),
    _Story(5, 2, (Fault.THROTTLED,)),
    _Story(5, 2, (Fault.THROTTLED_BEFORE_MARK,)),
    _Story(15, 5, (Fault.UNFORESEEN,)),
    # More than one delivery goes wrong.
    _Story(2, 1, (Fault.KILLED_BEFORE_EFFECT, Fault.KILLED_BEFORE_MARK)),
    _Story(2, 0, (Fault.THROTTLED, Fault.KILLED_BEFORE_PUBLISH)),
    _Story(2, 0, (Fault.TIMED_OUT, Fault.KILLED_BEFORE_ANSWER)),
    _Story(2, 1, (Fault.UNFORESEEN, Fault.THROTTLED_BEFORE_MARK)),
    _Story(2, 0, (Fault.THROTTLED, Fault.KILLED_BEFORE_MARK, Fault.KILLED_AFTER_EFFECT)),
    # Duplicates, of which the second comes while the first is at work, or after the first has died.
    _Story(30, 10, copies=2),
    _Story(15, 5, copies=3),
    _Story(15, 0, (Fault.SLOW,), copies=3),
    _Story(3, 1, (Fault.KILLED_BEFORE_PUBLISH,), copies=2),
    _Story(3, 1, (Fault.KILLED_BEFORE_MARK,), copies=3),
    # What never succeeds. Duplicates of it are dead letters of their own.
    _Story(10, 3, end=End.POISON, body="no JSON: ID"),
    _Story(10, 3, end=End.POISON, body='{"number": NUMBER}'),
    _Story(10, 3, end=End.POISON, body='{"orderId": "ID", "version": 2}'),
    _Story(10, 3, end=End.PERMANENT, body='{"orderId": "ID", "amount": -NUMBER, "item": ""}'),
    _Story(2, 1, copies=2, end=End.PERMANENT, body='{"orderId": "ID", "item": NUMBER}'),
    _Story(10, 2, end=End.EXHAUSTED, body='{"orderId": "ID", "fail": true}'),
)


def plan(seed: str) -> list[Sent]:
    """All orders of a run, in the order in which they are sent. A hash of seed and order id decides about each."""
    orders = [*_orders(seed, "S", STANDARD), *_orders(seed, "F", FIFO)]
    # What is tried again and again takes longest, so it is sent first.
    return sorted(orders, key=lambda order: (order.end != End.EXHAUSTED, len(order.faults) < 2))


def _orders(seed: str, queue: str, count: int) -> list[Sent]:
    ids = [f"{queue}{number:04}" for number in range(count)]
    ids.sort(key=lambda order_id: hashlib.sha256(f"{seed}/{order_id}".encode()).digest())
    stories = [story for story in _STORIES for _ in range(story.fifo if queue == "F" else story.standard)]
    stories += [_Story(0, 0)] * (count - len(stories))
    told = [
        Sent(
            order_id,
            story.body.replace("ID", order_id).replace("NUMBER", str(int(order_id[1:]) + 1)),
            story.faults,
            story.copies,
            story.end,
        )
        for order_id, story in zip(ids, stories, strict=True)
    ]
    # By another hash, so that a story is not told all at once.
    return sorted(told, key=lambda it: (it.group, hashlib.sha256(f"{it.order_id}/{seed}".encode()).digest()))
