"""Serves the policy pack to the Pulumi engine; it does not return."""

import gc
import io
import os
import signal
import sys
import threading
import time

from pulumi_policy import PolicyPack

from policy.analysis import policies

YOUNG_OBJECTS = 50_000
"""New objects that wait for a garbage collection. The SDK makes many that live as long as a policy runs; with Python's
own number, 700 or 2000, the collector takes a third of the time of an analysis: `bench/policy.py`."""


def _end_with_engine() -> None:
    """End this process when the engine that started it is gone: killed, it cannot end its plugins itself."""
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
    # The SDK writes its port without flushing it, and not every language host starts Python with -u.
    sys.stdout = io.TextIOWrapper(io.FileIO(sys.stdout.fileno(), "w", closefd=False), write_through=True)
    # The engine ends its plugins by SIGINT, which a shell has its background jobs, and so their children, ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_engine, daemon=True).start()
    PolicyPack(name="order-pipelines", policies=[*policies()])
