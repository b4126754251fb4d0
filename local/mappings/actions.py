"""What an event source mapping asks its driver to do, and what it is told of a function's answer.

A driver carries out each action and reports back by the method that the action names. The drivers differ in what is
behind them: the embedded AWS and the clock on the wall, or models in virtual time. The mappings know neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

WHOLE = "the whole batch"


class Message(Protocol):
    """A message as a mapping sees it."""

    @property
    def id(self) -> str:
        """Its message id, by which an answer names it."""
        ...

    @property
    def body(self) -> str:
        """What filters look at."""
        ...

    @property
    def size(self) -> int:
        """Bytes that it takes in the function's event."""
        ...


class Record(Protocol):
    """A record of a stream as a mapping sees it."""

    @property
    def sequence_number(self) -> str:
        """Its place in the shard, by which an answer names it."""
        ...

    @property
    def key(self) -> str:
        """What keeps it in order: the partition key, or the primary key of the item."""
        ...

    @property
    def arrived_at(self) -> float:
        """When the stream took it, in seconds."""
        ...

    @property
    def size(self) -> int:
        """Bytes that it takes in the function's event."""
        ...

    @property
    def content(self) -> Any:
        """What filters look at."""
        ...


@dataclass(slots=True)
class Receive:
    """Receive messages, by one long poll; then call `received`."""

    lane: int
    limit: int
    """Most messages, 1..10."""
    wait: float
    """Longest wait for the first of them, seconds, 0..20."""


@dataclass(slots=True)
class Invoke:
    """Invoke the function; then call `answered`."""

    lane: int
    """Or a number of its own for the records of a stream; it names the invocation."""
    batch: Sequence[Any]
    """The messages, or the records of one shard."""
    shard: str = ""
    """Of a stream: where the records are from, also when there are none at the end of a window."""
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the event says besides its records: the window of a stream."""


@dataclass(slots=True)
class Delete:
    """Delete messages from their queue; nothing is called."""

    messages: Sequence[Any]


@dataclass(slots=True)
class ListShards:
    """List the shards of the stream; then call `listed`."""


@dataclass(slots=True)
class Read:
    """Read records of a shard; then call `read`."""

    shard: str
    after: str
    """Sequence number of the last record that was read, or nothing: from the mapping's starting position."""
    limit: int
    is_new: bool = False
    """Whether the shard came from others after the mapping began. It is then read from its start, where `after` is
    nothing, whatever the starting position."""


@dataclass(slots=True)
class Checkpoint:
    """Keep how far a shard is done, so that a mapping that starts anew goes on there; nothing is called."""

    shard: str
    sequence_number: str
    """All up to here is done."""
    window: dict[str, Any] | None = None
    """The open tumbling window with its state."""


@dataclass(slots=True)
class Discard:
    """Give up records, and send what is known of them to the on-failure destination where there is one."""

    shard: str
    batch: Sequence[Any]
    condition: str
    """Why, as the destination's record says it: `RetryAttemptsExhausted` or `RecordAgeExceeded`."""
    invocations: int
    """How often the function was invoked for them."""
    answer: Answer | None
    """The last answer of the function."""


@dataclass(slots=True)
class Answer:
    """What became of an invocation."""

    kind: Literal["returned", "failed", "throttled"] = "returned"
    """`failed` is an error of the function, a timeout or a crash; `throttled` says that it was not invoked."""
    payload: Any = None
    """What it returned, read as JSON; its text where it is none."""


Action = Receive | Invoke | Delete | ListShards | Read | Checkpoint | Discard
