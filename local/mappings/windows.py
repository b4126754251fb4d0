"""Tumbling windows: a function that sums up a stream keeps its state from one invocation to the next.

Each record belongs to the window in which the stream took it. The function gets the state of the window and returns the
new one; at the end of a window it is invoked once more, without records, and the state is dropped.
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

MAX_STATE_BYTES = 1024 * 1024
"""Of one shard; with more the window ends early. The page above."""


@dataclass
class Window:
    """An open window of a shard."""

    start: float
    """Seconds since 1970."""
    length: float
    """Seconds."""
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    is_too_large: bool = False

    @classmethod
    def around(cls, time: float, length: float) -> Window:
        """The window that a time is in."""
        return cls(time // length * length, length)

    @property
    def end(self) -> float:
        """When it ends; that moment is in the next one."""
        return self.start + self.length

    def holds(self, time: float) -> bool:
        """Whether a time is in it, or was before it: a record that comes late is not left out."""
        return time < self.end

    def event(self, *, is_final: bool) -> dict[str, Any]:
        """What the event of an invocation says of it."""
        return {
            "window": {"start": iso_time(self.start), "end": iso_time(self.end)},
            "state": self.state,
            "isFinalInvokeForWindow": is_final,
            "isWindowTerminatedEarly": self.is_too_large,
        }

    def keep(self, payload: Any) -> bool:
        """Keep the state that the function returned; whether it returned one, else the invocation failed."""
        state: Any = cast("dict[str, Any]", payload).get("state") if isinstance(payload, dict) else None
        if not isinstance(state, dict):
            return False
        self.state = cast("dict[str, Any]", state)
        self.is_too_large = len(json.dumps(self.state).encode()) > MAX_STATE_BYTES
        return True


def iso_time(time: float) -> str:
    """Seconds since 1970 as the events of windows say them."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
