"""The process of a stream's mapping, on models."""

from __future__ import annotations

import math
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from local.mappings.actions import Action, Checkpoint, Discard, Invoke, ListShards, Read
from local.mappings.destinations import Origin, failure_record, object_key, stored_record
from local.mappings.events import Event, event_of, text_of
from local.mappings.filters import filter_of
from local.mappings.settings import StreamSettings
from local.mappings.stream import StreamMapping
from local.mappings.virtual.clock import Clock
from local.mappings.virtual.functions import Function
from local.mappings.virtual.mapping import Mapping as Process
from local.mappings.virtual.queues import Queue
from local.mappings.virtual.sinks import Bucket, Topic
from local.mappings.virtual.streams import Record, Stream

Destination = Queue | Topic | Bucket


class StreamProcess(Process):
    """A mapping of a stream, or of a consumer with enhanced fan-out where the settings name one.

    Args:
        clock: Of the simulation.
        name: Of the mapping.
        stream: It reads.
        function: It invokes.
        settings: As Lambda's API names them.
        destination: On-failure destination.

    Attributes:
        checkpoints: What is kept of each shard when the process dies.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        stream: Stream,
        function: Function,
        settings: Mapping[str, Any],
        destination: Destination | None = None,
    ) -> None:
        super().__init__(clock, name, function)
        mapping = {"EventSourceArn": stream.arn, **settings}
        self.settings = StreamSettings.of(mapping, stream.retention)
        self.checkpoints: dict[str, Checkpoint] = {}
        self._passes = filter_of(mapping)
        self._stream = stream
        self._source_arn: str = mapping["EventSourceArn"]
        self._is_pushed = "/consumer/" in self._source_arn
        self._starts_at = self._start(mapping)
        self._destination = destination
        self._origin = Origin(self._source_arn, function.arn, str(self._uuid()))

    def _start(self, mapping: Mapping[str, Any]) -> float:
        """When the first record came that the function gets: the latest is what comes after the mapping began."""
        position = mapping.get("StartingPosition", "TRIM_HORIZON")
        if position == "LATEST":
            return self._clock.now
        if position == "TRIM_HORIZON":
            return -math.inf
        time: datetime | float = mapping["StartingPositionTimestamp"]
        return time.timestamp() if isinstance(time, datetime) else time

    def _new_engine(self) -> StreamMapping:
        self._mapping = StreamMapping(self.settings, self._passes, self.checkpoints)
        return self._mapping

    def _forget(self) -> None:
        """Reads that come late are known by the life of the process that asked for them."""

    def _do_one(self, action: Action, todo: deque[Action]) -> None:
        now = self._clock.now
        if isinstance(action, Invoke):
            self._begin(action)
        elif isinstance(action, Read):
            todo.extend(self._read(action))
        elif isinstance(action, Checkpoint):
            self.checkpoints[action.shard] = action
            self._clock.log.append((now, "checkpoint", self.name, action.shard, action.sequence_number))
        elif isinstance(action, ListShards):
            todo.extend(self._mapping.listed(now, self._stream.infos()))
        elif isinstance(action, Discard):
            self._discard(action)

    def _begin(self, action: Invoke) -> None:
        batch: Sequence[Record] = action.batch
        self._invoke(
            action, [record.sequence_number for record in batch], lambda: self._event(batch, action.more, action.shard)
        )

    def _event(self, batch: Sequence[Record], more: Mapping[str, Any], shard: str = "") -> Event:
        role = self.function.role_arn
        return event_of([self._stream.event(one, shard, role) for one in batch], more, shard, self._source_arn)

    def _read(self, action: Read) -> Sequence[Action]:
        now, life = self._clock.now, self._life
        shard = self._stream.shards.get(action.shard)
        if shard is None:
            return self._mapping.read(now, action.shard, [])

        def again() -> None:
            if life == self._life:
                self._do(self._read(action))

        if now < shard.free_at and not self._is_pushed:
            self._clock.at(shard.free_at, again)
            return []
        place = self._stream.place(shard, action.after, self._starts_at)
        records, is_behind = self._stream.records(shard, place, action.limit)
        is_end = shard.is_closed and not is_behind
        if self._is_pushed and not records and not is_end:
            shard.waiting.append(again)
            return []
        return self._mapping.read(now, action.shard, records, is_end=is_end, is_behind=is_behind)

    def _discard(self, discard: Discard) -> None:
        """Send what is known to the destination.

        What a destination does not take is dropped.
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        now, count = self._clock.now, len(discard.batch)
        numbers = [record.sequence_number for record in discard.batch]
        self._clock.log.append((now, "discarded", self.name, numbers, discard.condition, discard.invocations))
        destination = self._destination
        if destination is None or not destination.is_up:
            self.counts["DroppedEventCount"] += count
            self.counts["DestinationDeliveryFailures"] += destination is not None
            return
        record = failure_record(discard, self._origin, now, str(self._uuid()))
        if isinstance(destination, Bucket):
            event = text_of(self._event(discard.batch, {}, discard.shard))
            key = object_key(self._origin, discard.shard, now, str(self._uuid()))
            destination.put(key, text_of(stored_record(record, event)))
        else:
            destination.send(text_of(record))
        self.counts["OnFailureDestinationDeliveredEventCount"] += count

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self._clock.random.getrandbits(128), version=4)
