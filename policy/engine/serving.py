"""The policy pack as a process, which the Pulumi engine starts and asks."""

from __future__ import annotations

import gc
import io
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pulumi_policy import PolicyPack

from policy.engine.analysis import policies
from policy.engine.recording import VARIABLE, recorder
from policy.engine.remedies import remedies
from policy.rules import RULES

YOUNG_OBJECTS = 50_000
"""New objects that wait for a garbage collection. The SDK makes many that live as long as a policy runs; with Python's
own number, 700 or 2000, the collector takes a third of the time of an analysis: `bench/policy.py`."""
_ADDRESS = re.compile(r"\S+:\d+")


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether a command line is the engine's: its address comes first, and a language host may add options."""
    return bool(arguments) and _ADDRESS.fullmatch(arguments[0]) is not None


def serve() -> None:
    """Serve the pack to the engine that started this process; it does not return.

    The console script `order-policy-pack` does just this.
    """
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    # The SDK writes its port without flushing it, and not every language host starts Python with -u.
    sys.stdout = io.TextIOWrapper(io.FileIO(sys.stdout.fileno(), "w", closefd=False), write_through=True)
    # The engine ends its plugins by SIGINT, which a shell has its background jobs, and so their children, ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_engine, daemon=True).start()
    record = os.environ.get(VARIABLE)
    judging = [recorder(Path(record))] if record else policies()
    PolicyPack(name="order-pipelines", policies=[*judging, *remedies(RULES)])


def _end_with_engine() -> None:
    """End this process when the engine that started it is gone: killed, it cannot end its plugins itself."""
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(1)
    os._exit(0)
