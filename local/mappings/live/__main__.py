"""`python -m local.mappings.live FOLDER attached|detached`: see the package."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from local.mappings.live.driver import Driver
from local.mappings.live.process import LOCK, PUBLISHED


def main() -> None:
    """Drive until a signal, the end of the parent, or of the embedded AWS."""
    folder, attached = Path(sys.argv[1]), sys.argv[2] == "attached"
    lock = (folder / LOCK).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # there is one
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    draft = folder / f"{PUBLISHED}.new"
    draft.write_text(json.dumps({"pid": os.getpid()}))
    draft.replace(folder / PUBLISHED)
    driver = Driver(folder)

    def end(*_: object) -> None:
        driver.end()

    signal.signal(signal.SIGTERM, end)
    if attached:
        threading.Thread(target=_end_with_parent, args=[driver], daemon=True).start()
    driver.run()
    logging.shutdown()
    os._exit(0)  # threads may be in long polls, and in functions that take their time


def _end_with_parent(driver: Driver) -> None:
    sys.stdin.buffer.read()
    driver.end()


if __name__ == "__main__":
    main()
