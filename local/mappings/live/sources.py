"""Reads Kinesis streams, and the streams of DynamoDB tables, by their iterators.

A mapping whose source is a registered consumer reads as often as records may come, and not over a subscription: what it
gets is the same, and when it gets it too, as the embedded AWS looks for records of a subscription five times a second.
"""

from __future__ import annotations

import abc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Aws
from local.mappings.actions import Read
from local.mappings.events import change_event, data_event, text_of
from local.mappings.live.emulator import Mapping
from local.mappings.stream import ShardInfo

_CONSUMER = "/consumer/"
_PUSH_SECONDS, _LOOK_SECONDS = 2.0, 0.2
"""A read for a consumer waits so long for the first record, and looks so often."""
_TABLE_LIMIT = 1_000
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html"""
_STALE = {"ExpiredIteratorException", "TrimmedDataAccessException"}
_GONE = "ResourceNotFoundException"


@dataclass(slots=True, frozen=True)
class StreamRecord:
    """A record of a stream, as the mapping and the function see it."""

    shard: str
    sequence_number: str
    key: str
    arrived_at: float
    content: Any
    text: str
    """As a part of the function's event."""

    @property
    def size(self) -> int:
        """Bytes of the event, with a comma."""
        return len(self.text.encode()) + 1


@dataclass(frozen=True)
class Found:
    """What a read found."""

    records: Sequence[StreamRecord] = ()
    is_end: bool = False
    is_behind: bool = False


class Source(abc.ABC):
    """The stream of a mapping.

    Args:
        aws: Gives clients of the mapping's account and region.
        mapping: As the emulator tells of it.
    """

    def __init__(self, aws: Callable[[], Aws], mapping: Mapping) -> None:
        self._aws = aws
        self._mapping = mapping
        self._source = mapping["EventSourceArn"]
        self.stream_arn, consumer, _ = self._source.partition(_CONSUMER)
        self._is_pushed = bool(consumer)
        self._iterators: dict[str, tuple[str, str]] = {}
        """Shard -> the record that was read last, and the iterator behind it."""

    @abc.abstractmethod
    def shards(self) -> list[ShardInfo]:
        """The shards that there are."""

    def read(self, wanted: Read) -> Found:
        """Read records behind the last one. A shard that is gone has none, and is at its end."""
        until = time.monotonic() + _PUSH_SECONDS
        while True:
            found = self._read(wanted)
            if found.records or found.is_end or not self._is_pushed or time.monotonic() > until:
                return found
            time.sleep(_LOOK_SECONDS)

    def _read(self, wanted: Read) -> Found:
        after, iterator = self._iterators.pop(wanted.shard, ("", ""))
        try:
            if not iterator or after != wanted.after:
                iterator = self._iterator(wanted)
            answer = self._get(iterator, wanted.limit)
        except ClientError as error:
            code = _code(error)
            if code == _GONE:
                return Found(is_end=True)
            if code not in _STALE:
                raise
            return Found(is_behind=True)  # once more, with an iterator of its own
        records = [self._record(one, wanted.shard) for one in answer["Records"]]
        following = answer.get("NextShardIterator")
        if following:
            self._iterators[wanted.shard] = (records[-1].sequence_number if records else wanted.after, following)
        return Found(records, is_end=not following, is_behind=bool(answer.get("MillisBehindLatest")))

    def _iterator(self, wanted: Read) -> str:
        after = wanted.after or self._mapping.get("_BeginsAfter", "")
        if not after:
            return self._request_iterator(wanted.shard, **self._beginning())
        try:
            return self._request_iterator(wanted.shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER", **self._at(after))
        except ClientError as error:
            if _code(error) not in _STALE:
                raise
            # Its retention is over: the oldest that is left comes after it.
            return self._request_iterator(wanted.shard, ShardIteratorType="TRIM_HORIZON")

    @abc.abstractmethod
    def _beginning(self) -> dict[str, Any]: ...

    @abc.abstractmethod
    def _at(self, sequence_number: str) -> dict[str, Any]: ...

    @abc.abstractmethod
    def _request_iterator(self, shard: str, **where: Any) -> str: ...

    @abc.abstractmethod
    def _get(self, iterator: str, limit: int) -> Any: ...

    @abc.abstractmethod
    def _record(self, record: Any, shard: str) -> StreamRecord: ...


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


class DataStream(Source):
    """A Kinesis stream."""

    def shards(self) -> list[ShardInfo]:
        """The shards that there are."""
        client = self._aws().kinesis
        answer: Any = client.list_shards(StreamARN=self.stream_arn)
        shards: list[Any] = answer["Shards"]
        while answer.get("NextToken"):
            answer = client.list_shards(NextToken=answer["NextToken"])
            shards += answer["Shards"]
        parents = ("ParentShardId", "AdjacentParentShardId")
        return [ShardInfo(one["ShardId"], tuple(one[name] for name in parents if name in one)) for one in shards]

    def _beginning(self) -> dict[str, Any]:
        position = self._mapping.get("StartingPosition", "TRIM_HORIZON")
        if position == "TRIM_HORIZON":
            return {"ShardIteratorType": position}
        # The latest is what came after the mapping was made: also for a driver that is started again before it came.
        at = self._mapping["_CreatedAt"] if position == "LATEST" else self._mapping["StartingPositionTimestamp"]
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": datetime.fromtimestamp(float(at), UTC)}

    def _at(self, sequence_number: str) -> dict[str, Any]:
        return {"StartingSequenceNumber": sequence_number}

    def _request_iterator(self, shard: str, **where: Any) -> str:
        client = self._aws().kinesis
        return client.get_shard_iterator(StreamARN=self.stream_arn, ShardId=shard, **where).get("ShardIterator", "")

    def _get(self, iterator: str, limit: int) -> Any:
        return self._aws().kinesis.get_records(ShardIterator=iterator, Limit=limit)

    def _record(self, record: Any, shard: str) -> StreamRecord:
        event = data_event(record, shard, self._source, self._mapping["Role"])
        arrived_at = event["kinesis"]["approximateArrivalTimestamp"]
        number, key = record["SequenceNumber"], record["PartitionKey"]
        return StreamRecord(shard, number, key, arrived_at, record["Data"], text_of(event))


class TableStream(Source):
    """The stream of a DynamoDB table."""

    def shards(self) -> list[ShardInfo]:
        """The shards that there are."""
        client = self._aws().dynamodbstreams
        answer: Any = client.describe_stream(StreamArn=self.stream_arn)["StreamDescription"]
        shards: list[Any] = answer["Shards"]
        while last := answer.get("LastEvaluatedShardId"):
            page = client.describe_stream(StreamArn=self.stream_arn, ExclusiveStartShardId=last)
            answer = page["StreamDescription"]
            shards += answer["Shards"]
        return [
            ShardInfo(one["ShardId"], tuple(one[name] for name in ("ParentShardId",) if name in one)) for one in shards
        ]

    def _beginning(self) -> dict[str, Any]:
        return {
            "ShardIteratorType": "TRIM_HORIZON"
        }  # what the latest is comes after a record, which the emulator names

    def _at(self, sequence_number: str) -> dict[str, Any]:
        return {"SequenceNumber": sequence_number}

    def _request_iterator(self, shard: str, **where: Any) -> str:
        answer = self._aws().dynamodbstreams.get_shard_iterator(StreamArn=self.stream_arn, ShardId=shard, **where)
        return answer.get("ShardIterator", "")

    def _get(self, iterator: str, limit: int) -> Any:
        return self._aws().dynamodbstreams.get_records(ShardIterator=iterator, Limit=min(limit, _TABLE_LIMIT))

    def _record(self, record: Any, shard: str) -> StreamRecord:
        event = change_event(record, self._source)
        change = event["dynamodb"]
        key = json.dumps(change["Keys"], sort_keys=True)
        number, created_at = change["SequenceNumber"], change["ApproximateCreationDateTime"]
        return StreamRecord(shard, number, key, created_at, event, text_of(event))
