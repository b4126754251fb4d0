"""A model of a Kinesis stream, or of the stream of a DynamoDB table.

https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
"""

from __future__ import annotations

import bisect
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, Literal

from local.mappings import events
from local.mappings.stream import ShardInfo
from local.mappings.virtual.clock import Clock

_KEYS = 2**128
_NUMBER_LENGTH = 56
_RECORD_LIMIT = {"kinesis": 10_000, "dynamodb": 1_000}
_BYTE_LIMIT = {"kinesis": 10 * 1024 * 1024, "dynamodb": 1024 * 1024}
"""Of one `GetRecords`.
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html"""
_BYTES_A_SECOND = 2 * 1024 * 1024
_READS_A_SECOND = 5
"""Of one shard of Kinesis, by all that share it. https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html"""


class Record:
    """A record of a stream."""

    __slots__ = ("arrived_at", "key", "sequence_number", "size", "text")

    def __init__(self, sequence_number: str, key: str, text: str, arrived_at: float, size: int) -> None:
        self.sequence_number = sequence_number
        self.key = key
        self.text = text
        """Its data; of a DynamoDB stream the change as JSON."""
        self.arrived_at = arrived_at
        self.size = size

    @property
    def content(self) -> Any:
        """What filters look at: the data, or the record of the change."""
        return self.text


class Change(Record):
    """A record of the stream of a DynamoDB table."""

    __slots__ = ()

    @property
    def content(self) -> Any:
        """The record, as the function gets it."""
        return json.loads(self.text)


@dataclass
class Shard:
    """A part of a stream: the keys whose checksums are in its range."""

    name: str
    first_key: int = 0
    last_key: int = _KEYS - 1
    parents: tuple[str, ...] = ()
    records: list[Record] = field(default_factory=list[Record])
    is_closed: bool = False
    closed_at: float = 0
    trimmed: int = 0
    """How many of its first records are over their retention."""
    free_at: float = 0
    """When it can be read again by those that share its throughput."""
    waiting: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Consumers with enhanced fan-out that have all, and get what comes."""


class Stream:
    """A stream.

    Args:
        clock: Of the simulation.
        name: Of the stream, or of the table.
        shards: How many there are at first.
        retention: Seconds for which records are kept: 24 hours on DynamoDB, up to a year on Kinesis.
        kind: Of what.

    Attributes:
        arn: As AWS would name it.
        counts: As the stream's CloudWatch metrics.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        shards: int = 1,
        retention: float = 86_400,
        kind: Literal["kinesis", "dynamodb"] = "kinesis",
    ) -> None:
        self.name = name
        self.kind = kind
        self.retention = retention
        self.counts = Counter[str]()
        self.shards: dict[str, Shard] = {}
        self._clock = clock
        self._count = 0
        self._named = 0
        self._open: dict[str, Shard] = {}
        """Key -> the shard that takes its records."""
        resource = f"stream/{name}" if kind == "kinesis" else f"table/{name}/stream/2024-01-01T00:00:00.000"
        self.arn = f"arn:aws:{kind}:eu-central-1:000000000000:{resource}"
        self._overhead = 0
        """Bytes of a record's event besides its key and data."""
        step = _KEYS // shards
        for place in range(shards):
            self._new_shard(place * step, _KEYS - 1 if place == shards - 1 else (place + 1) * step - 1)

    def put(self, key: str, *texts: str) -> list[str]:
        """Put records of one key.

        Args:
            key: Partition key, or primary key of an item.
            texts: Data of each; on a DynamoDB stream the new image as JSON, such as `{"id": {"S": "1"}}`.

        Returns:
            Their sequence numbers.
        """
        shard = self._shard(key)
        now = self._clock.now
        added = [self._record(key, text, now) for text in texts]
        shard.records += added
        numbers = [record.sequence_number for record in added]
        self.counts["IncomingRecords"] += len(added)
        self._clock.log.append((now, "put", self.name, numbers, shard.name, key))
        waiting, shard.waiting = shard.waiting, []
        for resume in waiting:
            self._clock.at(now, resume)
        return numbers

    def split(self, name: str) -> tuple[str, str]:
        """Close a shard; two new ones take its keys.

        https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding-split.html
        """
        parent = self._close(name)
        middle = (parent.first_key + parent.last_key) // 2
        return (
            self._new_shard(parent.first_key, middle, name),
            self._new_shard(middle + 1, parent.last_key, name),
        )

    def merge(self, one: str, other: str) -> str:
        """Close two shards whose keys are neighbours; a new one takes them.

        https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding-merge.html
        """
        low, high = sorted((self._close(one), self._close(other)), key=lambda shard: shard.first_key)
        assert low.last_key + 1 == high.first_key
        return self._new_shard(low.first_key, high.last_key, low.name, high.name)

    def infos(self) -> list[ShardInfo]:
        """The shards as the stream lists them: also closed ones, as long as a record of theirs is kept."""
        now = self._clock.now
        listed: list[ShardInfo] = []
        for shard in [*self.shards.values()]:
            if shard.is_closed and shard.closed_at <= now - self.retention:
                del self.shards[shard.name]
            else:
                listed.append(ShardInfo(shard.name, shard.parents))
        return listed

    def place(self, shard: Shard, after: str, starts_at: float) -> int:
        """The place in a shard that comes after a record, or with the first that came at a time or later.

        What is no longer kept is passed over.
        https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
        """
        records = shard.records
        oldest = self._clock.now - self.retention
        while shard.trimmed < len(records) and records[shard.trimmed].arrived_at <= oldest:
            shard.trimmed += 1
        if after:
            place = bisect.bisect_right(records, after, key=lambda record: record.sequence_number)
        else:
            place = bisect.bisect_left(records, starts_at, key=lambda record: record.arrived_at)
        return max(place, shard.trimmed)

    def records(self, shard: Shard, place: int, limit: int) -> tuple[list[Record], bool]:
        """What one `GetRecords` returns, and whether there is more."""
        records = shard.records[place : place + min(limit, _RECORD_LIMIT[self.kind])]
        size = 0
        for count, record in enumerate(records):
            size += record.size
            if size > _BYTE_LIMIT[self.kind] and count:
                size -= record.size
                del records[count:]
                break
        shard.free_at = self._clock.now + max(1 / _READS_A_SECOND, size / _BYTES_A_SECOND)
        return records, place + len(records) < len(shard.records)

    def event(self, record: Record, shard: str, role_arn: str) -> dict[str, Any]:
        """A record as the function gets it."""
        if self.kind == "dynamodb":
            return json.loads(record.text)
        described = {
            "SequenceNumber": record.sequence_number,
            "PartitionKey": record.key,
            "Data": record.text.encode(),
            "ApproximateArrivalTimestamp": record.arrived_at,
        }
        return events.data_event(described, shard, self.arn, role_arn)

    def _record(self, key: str, text: str, now: float) -> Record:
        self._count += 1
        number = str(self._count).zfill(_NUMBER_LENGTH)
        if self.kind == "kinesis":
            return Record(number, key, text, now, self._size(key, text))
        change = {
            "eventID": number,
            "eventName": "INSERT",
            "dynamodb": {
                "ApproximateCreationDateTime": now,
                "Keys": {"id": {"S": key}},
                "NewImage": json.loads(text),
                "SequenceNumber": number,
                "SizeBytes": len(text),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        }
        event = events.change_event(change, self.arn)
        return Change(number, key, events.text_of(event), now, events.size_of(event))

    def _size(self, key: str, text: str) -> int:
        if not self._overhead:
            empty = Record("0" * _NUMBER_LENGTH, "", "", 1e9 + 0.123, 0)
            self._overhead = events.size_of(self.event(empty, "shardId-000000000000", "role" * 10))
        return self._overhead + len(key) + 4 * -(-len(text.encode()) // 3)

    def _shard(self, key: str) -> Shard:
        shard = self._open.get(key)
        if shard is None:
            place = int.from_bytes(md5(key.encode(), usedforsecurity=False).digest(), "big")
            shard = next(
                one for one in self.shards.values() if not one.is_closed and one.first_key <= place <= one.last_key
            )
            self._open[key] = shard
        return shard

    def _close(self, name: str) -> Shard:
        shard = self.shards[name]
        assert not shard.is_closed
        shard.is_closed, shard.closed_at = True, self._clock.now
        self._open.clear()
        waiting, shard.waiting = shard.waiting, []
        for resume in waiting:
            self._clock.at(self._clock.now, resume)
        return shard

    def _new_shard(self, first_key: int, last_key: int, *parents: str) -> str:
        name = f"shardId-{self._named:012}"
        self._named += 1
        self.shards[name] = Shard(name, first_key, last_key, parents)
        self._clock.log.append((self._clock.now, "shard", self.name, name, list(parents)))
        return name
