"""A world of queues, streams, functions and mappings in virtual time.

simulation = Simulation(seed=1)
dead = simulation.queue("dead")
orders = simulation.queue("orders", visibility_timeout=60, max_receives=3, dead_letters=dead)
function = simulation.function(duration=(0.1, 2))
simulation.mapping(orders, function, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"])
simulation.every(1, lambda: orders.send("an order"), times=3600)
simulation.run(until=4000)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from components.garbage import collect_less_often
from local.mappings.virtual.clock import Clock
from local.mappings.virtual.fifo import FifoQueue
from local.mappings.virtual.functions import Duration, Function, Handler, Reply
from local.mappings.virtual.mapping import Mapping
from local.mappings.virtual.queue_mapping import QueueProcess
from local.mappings.virtual.queues import Queue
from local.mappings.virtual.sinks import Bucket, Topic
from local.mappings.virtual.stream_mapping import Destination, StreamProcess
from local.mappings.virtual.streams import Stream

Entry = tuple[Any, ...]


class Simulation:
    """A world with a clock of its own, in which the same seed gives the same run.

    Args:
        seed: Of all chance.
        start: The time at which it begins, seconds since 1970.
    """

    def __init__(self, seed: int = 0, start: float = 0) -> None:
        self.clock = Clock(seed, start)
        self._mappings = 0

    @property
    def now(self) -> float:
        """The time, seconds."""
        return self.clock.now

    @property
    def log(self) -> list[Entry]:
        """What happened, in its order.

        Each entry is plain data: the time, what happened, the name of whom it happened to, and

        - `sent`, `received`, `deleted`, `expired` of a queue: ids of messages; `dead`: also the dead-letter queue;
        - `put`, `shard` of a stream: sequence numbers, shard and key; the new shard and its parents;
        - `invoked`, `throttled`, `lost` (killed while it ran), `returned`, `failed` of a function: ids of its batch,
          the mapping, the number of the run; then what the event said of a window; or what it returned;
        - `enabled`, `disabled`, `killed` of a mapping;
        - `checkpoint` of a mapping: shard and sequence number; `discarded`: sequence numbers, condition, invocations;
        - `published` and `stored` of a destination.
        """
        return self.clock.log

    def lines(self) -> str:
        """The log as lines of JSON, the same bytes for the same seed."""
        return "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in self.log)

    def of(self, *what: str) -> list[Entry]:
        """The entries of the log that say these things."""
        return [entry for entry in self.log if entry[1] in what]

    def queue(self, name: str = "queue", **attributes: Any) -> Queue:
        """Make a standard queue; its attributes are those of `Queue`."""
        return Queue(self.clock, name, **attributes)

    def fifo_queue(self, name: str = "queue.fifo", **attributes: Any) -> FifoQueue:
        """Make a FIFO queue."""
        return FifoQueue(self.clock, name, **attributes)

    def stream(
        self,
        name: str = "stream",
        *,
        shards: int = 1,
        retention: float = 86_400,
        kind: Literal["kinesis", "dynamodb"] = "kinesis",
    ) -> Stream:
        """Make a stream; see `Stream`."""
        return Stream(self.clock, name, shards=shards, retention=retention, kind=kind)

    def topic(self, name: str = "topic") -> Topic:
        """Make a topic."""
        return Topic(self.clock, name)

    def bucket(self, name: str = "bucket") -> Bucket:
        """Make a bucket."""
        return Bucket(self.clock, name)

    def function(
        self,
        name: str = "function",
        *,
        duration: Duration = 0.1,
        timeout: float = 30,
        concurrency: int | None = None,
        reply: Reply | None = None,
        handler: Handler | None = None,
    ) -> Function:
        """Make a function; see `Function`."""
        return Function(self.clock, name, duration, timeout, concurrency, reply, handler)

    def mapping(
        self,
        source: Queue | Stream,
        function: Function,
        destination: Destination | None = None,
        *,
        is_enabled: bool = True,
        **settings: Any,
    ) -> Mapping:
        """Map a queue or a stream to a function.

        Args:
            source: The queue or the stream.
            function: The function.
            destination: On-failure destination of a stream's mapping.
            is_enabled: Whether it begins now.
            settings: By their names in Lambda's API: `BatchSize`, `ScalingConfig` and so on.
                https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
        """
        name = f"mapping-{self._mappings}"
        self._mappings += 1
        if isinstance(source, Queue):
            # Lambda refuses it. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            if function.timeout > source.visibility_timeout:
                raise ValueError(
                    f"the queue's visibility timeout of {source.visibility_timeout} s is less than the function's "
                    f"timeout of {function.timeout} s: make it longer"
                )
            mapping: Mapping = QueueProcess(self.clock, name, source, function, settings)
        else:
            mapping = StreamProcess(self.clock, name, source, function, settings, destination)
        if is_enabled:
            mapping.enable()
        return mapping

    def at(self, time: float, call: Callable[[], Any]) -> None:
        """Call something at a time."""
        self.clock.at(time, call)

    def every(self, seconds: float, call: Callable[[], Any], times: int) -> None:
        """Call something now, and again after so many seconds, so many times in all."""
        if times > 0:
            call()
            self.clock.at(self.clock.now + seconds, self.every, seconds, call, times - 1)

    def run(self, until: float) -> None:
        """Let time pass until then."""
        collect_less_often()  # all messages live until they are deleted, and would be looked through again and again
        self.clock.run(until)

    def jump(self, seconds: float) -> None:
        """Pass time in which nothing happens, as when a machine sleeps: what was due happens late, all at once."""
        self.clock.jump(seconds)
