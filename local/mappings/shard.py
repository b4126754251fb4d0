"""One shard of a stream: its records on their way through the function, in order by key.

With a parallelization factor a shard has several lanes, and all records of a key are in one of them. A lane has one
batch at the function. A batch that failed comes back before anything behind it: whole, from the record that failed, or
in halves. The checkpoint of the shard is the last record with nothing unfinished before it.
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import math
import zlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from local.mappings.actions import Action, Answer, Checkpoint, Discard, Invoke
from local.mappings.answers import failed_ids
from local.mappings.settings import PAYLOAD_BYTES, StreamSettings
from local.mappings.windows import Window

RETRIES_EXHAUSTED, TOO_OLD = "RetryAttemptsExhausted", "RecordAgeExceeded"
"""Why records were given up, as their destination is told.
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html"""
END = "SHARD_END"
"""The checkpoint of a shard that was closed, when all of it is done."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 60.0
"""Between two tries of a batch, doubled each time. AWS does not say how long Lambda waits."""
_BATCHES_AHEAD = 2
"""A shard is read while fewer batches than that, for each lane, are unfinished."""


class _Entry:
    """A record, and whether it is done."""

    __slots__ = ("is_done", "record")

    def __init__(self, record: Any) -> None:
        self.record = record
        self.is_done = False


class _Batch:
    """Records that the function gets together."""

    __slots__ = ("answer", "entries", "invocations", "is_final", "retries", "throttles")

    def __init__(self, entries: list[_Entry], *, is_final: bool = False) -> None:
        self.entries = entries
        self.is_final = is_final
        """Whether it ends a window, without a record."""
        self.retries = 0
        self.throttles = 0
        self.invocations = 0
        self.answer: Answer | None = None

    def part(self, start: int, end: int | None = None) -> _Batch:
        """Some of its records, with its history."""
        part = _Batch(self.entries[start:end])
        part.retries, part.invocations, part.answer = self.retries, self.invocations, self.answer
        return part


class _Lane:
    """What the function gets one after the other."""

    __slots__ = ("again", "at_work", "opened_at", "pending", "retry_at", "size", "window")

    def __init__(self) -> None:
        self.pending: deque[_Entry] = deque()
        self.size = 0
        """Bytes of the pending records."""
        self.opened_at = -math.inf
        """When its batching window began."""
        self.again: deque[_Batch] = deque()
        """Batches that failed, and what was cut from them, in their order."""
        self.retry_at = -math.inf
        self.at_work: _Batch | None = None
        self.window: Window | None = None


class Shard:
    """A shard as its mapping goes through it.

    Args:
        name: Its id.
        settings: Of the mapping.
        number: Gives each invocation a number of its own.
        counts: Of the mapping.
        passes: Whether a record with this content gets past the filters. Default: all do.
        after: Sequence number of the last record that is done already, or nothing.
        window: The open window of an earlier run, as its checkpoint has it.

    Attributes:
        after: Sequence number of the last record that was read, or nothing.
        is_read: Whether the shard is closed and was read to its end.
        is_new: Whether it came from others after the mapping began.
        reading_since: When its last read began.
        seen_up_to: All that the stream took before this time was read.
    """

    def __init__(
        self,
        name: str,
        settings: StreamSettings,
        number: Callable[[], int],
        counts: Counter[str],
        passes: Callable[[Any], bool] | None = None,
        after: str = "",
        window: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.after = after
        self.is_read = False
        self.is_new = False
        self.reading_since = -math.inf
        self.seen_up_to = -math.inf
        self._settings = settings
        self._number = number
        self._counts = counts
        self._passes = passes
        self._done_up_to = after
        self._kept = window
        self._entries: deque[_Entry] = deque()
        self._lanes = [_Lane() for _ in range(1 if settings.tumbling_window else settings.parallelization_factor)]
        self._at_work: dict[int, _Lane] = {}
        if window and settings.tumbling_window:
            self._lanes[0].window = Window(window["start"], settings.tumbling_window, window["state"])

    @property
    def has_room(self) -> bool:
        """Whether more is read ahead."""
        return len(self._entries) < self._settings.batch_size * len(self._lanes) * _BATCHES_AHEAD

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left, now and later."""
        return self.is_read and not self._entries and not any(lane.window or lane.again for lane in self._lanes)

    @property
    def concurrency(self) -> int:
        """Invocations at this moment."""
        return len(self._at_work)

    @property
    def due(self) -> float:
        """When `step` may find something to do that no call announces."""
        return min(map(self._lane_due, self._lanes))

    def take(self, now: float, records: Sequence[Any]) -> None:
        """Records were read, in their order.

        AWS does not say which keys share a lane: here it follows from the key's checksum.
        https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
        """
        passes, count = self._passes, len(self._lanes)
        for record in records:
            entry = _Entry(record)
            self._entries.append(entry)
            if passes and not passes(record.content):
                entry.is_done = True  # passed over: on a stream nothing is deleted
                self._counts["FilteredOutEventCount"] += 1
                continue
            lane = self._lanes[zlib.crc32(record.key.encode()) % count if count > 1 else 0]
            if not lane.pending and now >= lane.opened_at + self._settings.batch_window:
                lane.opened_at = now  # nothing came in the window that is over: the next one begins
            lane.pending.append(entry)
            lane.size += record.size
        if records:
            self.after = records[-1].sequence_number

    def step(self, now: float, *, begins: bool = True) -> list[Action]:
        """Do what can be done now; invocations only where it may begin some."""
        actions: list[Action] = []
        for lane in self._lanes if begins else ():
            while lane.at_work is None and (batch := self._next(lane, now)) is not None:
                self._give_up_the_old(batch, now, actions)
                if batch.is_final and lane.window and lane.window.end < self._oldest(now):
                    lane.window = None  # its function failed for so long that its last record would be too old, too
                elif batch.entries or batch.is_final:
                    actions.append(self._invoke(lane, batch))
        self._advance(actions)
        return actions

    def answered(self, now: float, number: int, answer: Answer) -> list[Action]:
        """An invocation is over."""
        lane = self._at_work.pop(number)
        batch, lane.at_work = lane.at_work, None
        lane.opened_at = now
        assert batch is not None  # a lane of `_at_work` has one
        actions: list[Action] = []
        self._counts["InvokedEventCount"] += len(batch.entries)
        if answer.kind == "throttled":  # it costs no retry, as the function got nothing
            batch.throttles += 1
            self._try_again(lane, now, batch, batch.throttles)
            return actions
        batch.throttles = 0
        batch.invocations += 1
        batch.answer = answer
        failed_at = self._first_failure(lane, batch, answer)
        done = batch.entries[:failed_at]
        for entry in done:
            entry.is_done = True
        if failed_at is not None:
            self._counts["FailedInvokeEventCount"] += len(batch.entries) - len(done)
            self._retry(lane, now, batch, failed_at, actions)
        elif batch.is_final:
            lane.window = None
        if failed_at is None and not batch.is_final and lane.window and lane.window.is_too_large:
            lane.again.appendleft(_Batch([], is_final=True))  # the function hears of the early end too
        return actions

    def _retry(self, lane: _Lane, now: float, batch: _Batch, failed_at: int, actions: list[Action]) -> None:
        """Try a batch again: in halves, or from the record that failed, as long as it has retries left.

        A split is no retry. AWS does not say what becomes of the count of retries: here it goes on in both halves, and
        from one failed record to the next. An answer that is none fails the batch, and does not halve it: that is for
        errors of the function.
        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
        """
        size = len(batch.entries)
        if self._settings.bisects and batch.answer and batch.answer.kind == "failed" and size > 1:
            lane.again.extendleft((batch.part(size // 2), batch.part(0, size // 2)))
            return
        rest = batch if batch.is_final else batch.part(failed_at)
        rest.retries += 1
        if rest.retries <= self._settings.max_retries:
            self._try_again(lane, now, rest, rest.retries)
            return
        self._give_up(rest.entries, RETRIES_EXHAUSTED, rest, actions)
        if rest.is_final:
            lane.window = None

    def _first_failure(self, lane: _Lane, batch: _Batch, answer: Answer) -> int | None:
        """The place in the batch from which on it is tried again; `None` where all succeeded.

        An answer to a window keeps its state where a record succeeded, and without a state it is a failure.
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
        """
        if answer.kind == "failed":
            return 0
        place = None
        if self._settings.reports_failures and answer.payload:
            places = {entry.record.sequence_number: place for place, entry in enumerate(batch.entries)}
            failed = failed_ids(answer.payload, places)
            place = 0 if failed is None else min((places[one] for one in failed), default=None)
        if place != 0 and lane.window and not lane.window.keep(answer.payload):
            return 0
        return place

    def _try_again(self, lane: _Lane, now: float, batch: _Batch, failures: int) -> None:
        """Nothing behind a batch that failed begins before it; retries of throttles are never counted.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
        """
        lane.again.appendleft(batch)
        lane.retry_at = now + min(FIRST_RETRY_SECONDS * 2 ** (failures - 1), LONGEST_RETRY_SECONDS)

    def _next(self, lane: _Lane, now: float) -> _Batch | None:
        """The batch that the function gets next, if it is time for it."""
        if lane.again and now < lane.retry_at:
            return None
        if self._settings.tumbling_window and lane.window is None and (first := self._first(lane)):
            lane.window = Window.around(first.record.arrived_at, self._settings.tumbling_window)
        if lane.again:
            return lane.again.popleft()
        if lane.window and self._is_over(lane, lane.window):
            return _Batch([], is_final=True)
        return self._batch(lane) if self._is_complete(lane, now) else None

    def _first(self, lane: _Lane) -> _Entry | None:
        entries = lane.again[0].entries if lane.again else lane.pending
        return entries[0] if entries else None

    def _is_complete(self, lane: _Lane, now: float) -> bool:
        """Whether the pending records make a batch: enough of them, or enough bytes, or the batching window is over.

        A batching window begins when the lane's last invocation ended, or with the first record after an empty one.
        https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html#invocation-eventsourcemapping-batching
        """
        settings = self._settings
        if not lane.pending:
            return False
        if now >= lane.opened_at + settings.batch_window or len(lane.pending) >= settings.batch_size:
            return True
        if self.is_read or (lane.window and not lane.window.holds(lane.pending[-1].record.arrived_at)):
            return True
        return lane.size > PAYLOAD_BYTES

    def _is_over(self, lane: _Lane, window: Window) -> bool:
        """Whether all records of a tumbling window were read: those of the next one show it, or a look in vain."""
        if lane.pending:
            return not window.holds(lane.pending[0].record.arrived_at)
        return self.is_read or self.seen_up_to >= window.end

    def _batch(self, lane: _Lane) -> _Batch:
        entries: list[_Entry] = []
        size, pending, window = 0, lane.pending, lane.window
        while pending and len(entries) < self._settings.batch_size:
            record = pending[0].record
            size += record.size
            if entries and (size > PAYLOAD_BYTES or (window and not window.holds(record.arrived_at))):
                break
            entries.append(pending.popleft())
            lane.size -= record.size
        return _Batch(entries)

    def _invoke(self, lane: _Lane, batch: _Batch) -> Invoke:
        lane.at_work = batch
        number = self._number()
        self._at_work[number] = lane
        more = lane.window.event(is_final=batch.is_final) if lane.window else {}
        return Invoke(number, [entry.record for entry in batch.entries], self.name, more)

    def _give_up_the_old(self, batch: _Batch, now: float, actions: list[Action]) -> None:
        """Records that are too old are given up one by one, and not with their batch.

        One that the stream itself no longer keeps is gone: AWS says that it is tried no more, and of no destination.
        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        """
        kept, oldest = now - self._settings.retention, now - self._settings.max_record_age
        if not batch.entries or batch.entries[0].record.arrived_at >= self._oldest(now):
            return
        entries = [entry for entry in batch.entries if entry.record.arrived_at >= kept]
        for entry in batch.entries[: len(batch.entries) - len(entries)]:
            entry.is_done = True
        old = [entry for entry in entries if entry.record.arrived_at < oldest]
        batch.entries = entries[len(old) :]
        self._give_up(old, TOO_OLD, batch, actions)

    def _oldest(self, now: float) -> float:
        """When a record arrived at the earliest that is still tried."""
        return now - min(self._settings.retention, self._settings.max_record_age)

    def _give_up(self, entries: list[_Entry], condition: str, batch: _Batch, actions: list[Action]) -> None:
        for entry in entries:
            entry.is_done = True
        if entries:
            records = [entry.record for entry in entries]
            actions.append(Discard(self.name, records, condition, batch.invocations, batch.answer))

    def _advance(self, actions: list[Action]) -> None:
        """Move the checkpoint behind all that is done.

        AWS does not say how it keeps the positions of lanes: here none goes past an unfinished record of another one,
        and what is done behind it comes again after a restart.
        """
        entries, last = self._entries, None
        while entries and entries[0].is_done:
            last = entries.popleft()
        window = self._lanes[0].window
        kept = {"start": window.start, "state": window.state} if window else None
        if last is not None or kept != self._kept:
            self._done_up_to = last.record.sequence_number if last else self._done_up_to
            self._kept = kept
            actions.append(Checkpoint(self.name, self._done_up_to, kept))
        if self.is_done and self._done_up_to != END:
            self._done_up_to = END
            actions.append(Checkpoint(self.name, END))

    def _lane_due(self, lane: _Lane) -> float:
        if lane.at_work is not None:
            return math.inf
        if lane.again:
            return lane.retry_at
        return lane.opened_at + self._settings.batch_window if lane.pending else math.inf
