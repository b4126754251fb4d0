"""Serves the policy pack to the Pulumi engine; it does not return."""

import io
import os
import signal
import sys
import threading
import time

from pulumi_policy import PolicyPack

from policy.analysis import policies


def _end_with_engine() -> None:
    """End this process when the engine that started it is gone: killed, it cannot end its plugins itself."""
    engine = os.getppid()
    while os.getppid() == engine:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    # The SDK writes its port without flushing it, and not every language host starts Python with -u.
    sys.stdout = io.TextIOWrapper(io.FileIO(sys.stdout.fileno(), "w", closefd=False), write_through=True)
    # The engine ends its plugins by SIGINT, which a shell has its background jobs, and so their children, ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_engine, daemon=True).start()
    PolicyPack(name="order-pipelines", policies=[*policies()])
