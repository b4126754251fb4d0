"""What a case is: a source, a mapping, what happens, and what must be seen. It is data, the same for every runner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from tests.mappings.conformance.function import RAISES

GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg"
REPORTS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
BEGINNING: dict[str, Any] = {"StartingPosition": "TRIM_HORIZON"}


@dataclass(frozen=True)
class Send:
    """Send orders to the source, in this order.

    An order is what the function reads: its `id`, and where they matter its `key` (message group or partition key), how
    often it `fails` or the process of its function `exits`, and the `seconds` that it takes, as often as it is `slow`.
    """

    orders: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Wait:
    """Let so many seconds pass."""

    seconds: float


@dataclass(frozen=True)
class Until:
    """Wait until there were so many invocations."""

    calls: int


@dataclass(frozen=True)
class Align:
    """Wait for the beginning of a span of so many seconds since 1970."""

    seconds: float


@dataclass(frozen=True)
class Reserve:
    """Reserve so much concurrency for the function; `None` takes that back."""

    concurrency: int | None


@dataclass(frozen=True)
class Enable:
    """Enable or disable the mapping."""

    is_enabled: bool


@dataclass(frozen=True)
class Split:
    """Split the first shard of the stream."""


@dataclass(frozen=True)
class Count:
    """See how many invocations there were up to here."""


Step = Send | Wait | Until | Align | Reserve | Enable | Split | Count


@dataclass(frozen=True)
class Case:
    """One run."""

    source: Literal["queue", "fifo", "stream", "consumer", "table"]
    before: tuple[Step, ...]
    """What happens before there is a mapping."""
    expects: dict[str, Any]
    """What must be seen: some keys of what `seen.py` makes of a run."""
    after: tuple[Step, ...] = ()
    """What happens when there is one."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    """Of the mapping, as Lambda's API names them."""
    plan: dict[str, Any] = field(default_factory=lambda: {"says": RAISES})
    """Of the function."""
    timeout: int = 4
    """Of the function, seconds."""
    visibility: int = 4
    """Timeout of the queue, seconds."""
    max_receives: int = 0
    """Before a message goes to the dead-letter queue; 0 is none."""
    shards: int = 1
    destination: Literal["", "queue", "bucket"] = ""
    order: Literal["", "any", "key"] = ""
    """Which order of batches AWS leaves open: of all of them, or of those of different keys."""

    @property
    def needs(self) -> set[str]:
        """What ends a run of the function from outside: its timeout, or the end of its process."""
        orders = [order for step in (*self.before, *self.after) if isinstance(step, Send) for order in step.orders]
        found = {"timeout"} if any(order.get("seconds", 0) > self.timeout for order in orders) else set[str]()
        return found | ({"exit"} if any("exits" in order for order in orders) else set())


@dataclass(frozen=True)
class Row:
    """A behaviour: it is there when every case sees what it must."""

    name: str
    says: str
    page: str
    """Of AWS, behind `GUIDE`."""
    cases: tuple[Case, ...]


def orders(*ids: str, **more: Any) -> tuple[dict[str, Any], ...]:
    """Orders that have all but their id in common."""
    return tuple({"id": one, **more} for one in ids)


def send(*ids: str, **more: Any) -> Send:
    """Send orders that have all but their id in common."""
    return Send(orders(*ids, **more))
