"""Waiting for something that another process does, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.05


def eventually(look: Callable[[], T], seconds: float = 120) -> T:
    """The first true result of a look, which is repeated until then.

    Raises:
        AssertionError: There was none in time; the message holds the last result.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing in {seconds} s, the last look gave {found!r}")
        time.sleep(_POLL_SECONDS)
    return found
