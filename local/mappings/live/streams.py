"""Runs the mapping of a stream: threads of a pool read its shards and invoke the function."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.mappings.actions import Action, Checkpoint, Discard, Invoke, ListShards, Read
from local.mappings.destinations import Origin
from local.mappings.events import text_of
from local.mappings.filters import filter_of
from local.mappings.live.checkpoints import Checkpoints
from local.mappings.live.emulator import Emulator, Mapping, Unreachable
from local.mappings.live.runner import RETRY_SECONDS, Runner
from local.mappings.live.sinks import Sink
from local.mappings.live.sources import DataStream, StreamRecord, TableStream
from local.mappings.live.timer import Timer
from local.mappings.settings import StreamSettings
from local.mappings.stream import StreamMapping

_logger = logging.getLogger("stream")


class StreamRunner(Runner):
    """The mapping of a stream. The arguments are those of `Runner`, and `checkpoints`: how far its shards are done."""

    def __init__(
        self,
        emulator: Emulator,
        mapping: Mapping,
        pool: ThreadPoolExecutor,
        timer: Timer,
        checkpoints: Checkpoints,
    ) -> None:
        super().__init__(emulator, mapping, pool, timer)
        self._checkpoints = checkpoints
        self._engine = StreamMapping(StreamSettings.of(mapping), filter_of(mapping), checkpoints.of_shards())
        source = mapping["EventSourceArn"]
        self._source = (TableStream if ":dynamodb:" in source else DataStream)(self.aws, mapping)
        options: dict[str, dict[str, str]] = mapping.get("DestinationConfig") or {}
        self._sink = Sink(self.aws, (options.get("OnFailure") or {}).get("Destination", ""))
        self._ages: list[float] = []
        """How old the last record was each time that the function was invoked, in milliseconds."""

    @property
    def engine(self) -> StreamMapping:
        """The mapping as a state machine."""
        return self._engine

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._engine.concurrency

    def take_ages(self) -> list[float]:
        """The iterator ages since they were last asked for."""
        ages, self._ages = self._ages, []
        return ages

    def do_in_order(self, actions: Sequence[Action]) -> None:
        """What is given up arrives before it is behind a checkpoint, and checkpoints are kept in their order."""
        for action in actions:
            if isinstance(action, Discard):
                self._give_up(action)
            elif isinstance(action, Checkpoint):
                self._checkpoints.keep(action)

    def do(self, actions: Sequence[Action]) -> None:
        """Reads and invocations get a thread each."""
        for action in actions:
            if isinstance(action, Invoke):
                self.later(self._invoke, action)
            elif isinstance(action, Read):
                self.later(self._read, action)
            elif isinstance(action, ListShards):
                self.later(self._list)

    def _invoke(self, action: Invoke) -> None:
        records: Sequence[StreamRecord] = action.batch
        if records:
            self._ages.append((time.time() - records[-1].arrived_at) * 1_000)
        answer = self.function.invoke(self._event(records, action.more, action.shard))
        self.step(lambda now: self._engine.answered(now, action.lane, answer))

    def _read(self, action: Read) -> None:
        found = self._asked(lambda: self._source.read(action))
        if found is None:
            return
        self.polls += 1
        self.step(
            lambda now: self._engine.read(
                now, action.shard, found.records, is_end=found.is_end, is_behind=found.is_behind
            )
        )

    def _list(self) -> None:
        shards = self._asked(self._source.shards)
        if shards is not None:
            self.step(lambda now: self._engine.listed(now, shards))

    def _asked(self, ask: Any) -> Any:
        """What the stream answers, however long that takes; nothing when the mapping is gone meanwhile."""
        while not self.is_closed:
            try:
                return ask()
            except (BotoCoreError, ClientError, Unreachable, OSError) as error:
                _logger.info("%s cannot be read: %s", self.mapping["EventSourceArn"], error)
                time.sleep(RETRY_SECONDS)
        return None

    def _event(self, records: Sequence[StreamRecord], more: dict[str, Any], shard: str = "") -> str:
        rest = text_of({**more, "shardId": shard, "eventSourceARN": self.mapping["EventSourceArn"]}) if more else "{}"
        tail = f",{rest[1:]}" if more else "}"
        return f'{{"Records":[{",".join([record.text for record in records])}]{tail}'

    def _give_up(self, discard: Discard) -> None:
        origin = Origin(
            self._source.stream_arn,
            self.mapping["FunctionArn"],
            self.mapping["UUID"],
            getattr(discard.answer, "version", "$LATEST"),
        )
        event = self._event(discard.batch, {})
        arrived = self._sink.take(discard, origin, event, lambda: not self.is_closed)
        counted = "OnFailureDestinationDeliveredEventCount" if arrived else "DroppedEventCount"
        self._engine.counts[counted] += len(discard.batch)
