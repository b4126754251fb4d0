"""The event source mapping of a Kinesis stream, or of the stream of a DynamoDB table, as a state machine.

It is driven as that of a queue is (`queue.py`). What becomes of the records of a shard is in `shard.py`; here is which
shards there are, and when each is read.
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.mappings.actions import Action, Answer, Checkpoint, Invoke, ListShards, Read
from local.mappings.settings import StreamSettings
from local.mappings.shard import END, Shard

READ_LIMIT = 10_000
"""Records of one read. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html"""
LIST_SECONDS = 10.0
"""Between two looks at which shards there are, besides those when one ends."""


@dataclass(frozen=True)
class ShardInfo:
    """A shard as its stream lists it."""

    name: str
    parents: tuple[str, ...] = ()
    """The shards that it came from, when a stream was split or merged."""


class StreamMapping:
    """The mapping of one stream, or of one registered consumer of it, to one function.

    Args:
        settings: Of the mapping.
        passes: Whether a record with this content gets past the filters. Default: all do.
        checkpoints: Shard -> the last `Checkpoint` of an earlier run.

    Attributes:
        counts: Events by the name of their CloudWatch metric, `PolledEventCount` and so on; a driver takes them out.
    """

    def __init__(
        self,
        settings: StreamSettings,
        passes: Callable[[Any], bool] | None = None,
        checkpoints: Mapping[str, Checkpoint] | None = None,
    ) -> None:
        self._settings = settings
        self._passes = passes
        self._checkpoints = {**(checkpoints or {})}
        self._shards: dict[str, Shard] = {}
        self._ended = {name for name, kept in self._checkpoints.items() if kept.sequence_number == END}
        self._numbers = itertools.count()
        self._at_work: dict[int, Shard] = {}
        self._read_at: dict[str, float] = {}
        """When a shard is read next; none for one that is just being read."""
        self._first: frozenset[str] | None = None
        """The shards that were there at first."""
        self._list_at = math.inf
        self._is_enabled = False
        self.counts = Counter[str]()

    @property
    def due(self) -> float:
        """When `tick` has to be called at the latest; infinity when nothing waits."""
        if not self._is_enabled:
            return math.inf
        reads = [at for name, at in self._read_at.items() if self._shards[name].has_room]
        return min([self._list_at, *reads, *(shard.due for shard in self._shards.values())], default=math.inf)

    @property
    def concurrency(self) -> int:
        """Invocations at this moment."""
        return len(self._at_work)

    def start(self, now: float) -> list[Action]:
        """Begin, or go on after `stop`."""
        self._is_enabled = True
        self._list_at = math.inf
        return [ListShards(), *self._step(now, self._shards.values())]

    def stop(self) -> None:
        """Read no more, and begin no invocation. The position in each shard is kept."""
        self._is_enabled = False

    def listed(self, now: float, shards: Sequence[ShardInfo]) -> list[Action]:
        """The stream has these shards. One that came from others is begun when all of it is done that they hold.

        What was in a shard that is gone is lost, as its retention is over.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
        """
        known = {shard.name for shard in shards}
        if self._first is None:
            self._first = frozenset() if self._checkpoints else frozenset(known)
        there = known | self._shards.keys()
        for shard in shards:
            waits = any(parent in there and parent not in self._ended for parent in shard.parents)
            if shard.name not in self._shards and shard.name not in self._ended and not waits:
                self._begin(shard, now)
        for name in self._shards.keys() - known:
            if not self._shards[name].concurrency:  # its records are gone: their retention is over
                self._forget(name)
        self._list_at = now + LIST_SECONDS
        return self._read_all(now)

    def read(
        self, now: float, name: str, records: Sequence[Any], *, is_end: bool = False, is_behind: bool = False
    ) -> list[Action]:
        """A read of a shard is over.

        Args:
            now: The time.
            name: The shard.
            records: What it held, in its order.
            is_end: Whether it is closed, and this is the last of it.
            is_behind: Whether it holds more already.
        """
        shard = self._shards.get(name)
        if shard is None:  # it is gone
            return []
        self.counts["PolledEventCount"] += len(records)
        shard.take(now, records)
        if not is_behind:
            shard.seen_up_to = shard.reading_since
        if is_end:
            shard.is_read = True
        else:
            self._read_at[name] = now if records or is_behind else now + self._settings.poll_seconds
        return self._step(now, [shard])

    def answered(self, now: float, number: int, answer: Answer) -> list[Action]:
        """An invocation is over."""
        shard = self._at_work.pop(number)
        return shard.answered(now, number, answer) + self._step(now, [shard])

    def tick(self, now: float) -> list[Action]:
        """Time has passed: do what is due."""
        actions: list[Action] = []
        if now >= self._list_at:
            self._list_at = math.inf
            actions.append(ListShards())
        return actions + self._step(now, self._shards.values())

    def _begin(self, info: ShardInfo, now: float) -> None:
        name = info.name
        kept = self._checkpoints.get(name) or Checkpoint(name, "")
        shard = Shard(
            name, self._settings, self._numbers.__next__, self.counts, self._passes, kept.sequence_number, kept.window
        )
        came_later = name not in (self._first or ())
        shard.is_new = came_later and any(one in self._ended or one in self._checkpoints for one in info.parents)
        self._shards[name] = shard
        self._read_at[name] = now

    def _forget(self, name: str) -> None:
        del self._shards[name]
        self._read_at.pop(name, None)

    def _step(self, now: float, shards: Iterable[Shard]) -> list[Action]:
        actions: list[Action] = []
        for shard in [*shards]:
            actions += self._follow(shard, shard.step(now, begins=self._is_enabled))
        return actions + self._read_all(now)

    def _follow(self, shard: Shard, actions: list[Action]) -> list[Action]:
        """Remember which invocation is of which shard, and look for the children of a shard that has ended."""
        for action in actions:
            if isinstance(action, Invoke):
                self._at_work[action.lane] = shard
        if shard.is_done:
            self._ended.add(shard.name)
            self._forget(shard.name)
            return [*actions, ListShards()]
        return actions

    def _read_all(self, now: float) -> list[Action]:
        if not self._is_enabled:
            return []
        due = [self._shards[name] for name, at in self._read_at.items() if at <= now and self._shards[name].has_room]
        for shard in due:
            del self._read_at[shard.name]
            shard.reading_since = now
        return [Read(shard.name, shard.after, READ_LIMIT, shard.is_new) for shard in due]
