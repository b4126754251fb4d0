"""Runs the embedded AWS in its own virtual environment: `serve.py FOLDER PORT attached|detached polled|driven`.

It holds a lock on FOLDER for as long as it lives, listens on loopback only, writes `instance.json` once the port is
its own, and, when attached, ends itself when the process that started it is gone (its standard input closes). Event
source mappings are polled by the emulator, or driven by another process (`mappings.py`).
Exit codes: 3 another instance holds the folder, 4 the port is taken.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

FOLDER_HELD = 3
PORT_TAKEN = 4
LOOPBACK = "127.0.0.1"


def main() -> None:
    """Serve until a signal, or the end of the parent."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    attached, driven = sys.argv[3] == "attached", sys.argv[4] == "driven"
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(FOLDER_HELD)
    (folder / "instance.json").unlink(missing_ok=True)  # an earlier instance's

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        sys.exit(PORT_TAKEN)
    port = listener.getsockname()[1]

    if attached:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["GATEWAY_PORT"] = str(port)  # read when the emulator is imported
    import alarms
    import concurrency
    import http_apis
    import queues
    import streams
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    # It has read its own level by now. Handlers inherit the rest, and Powertools would take this one for theirs.
    del os.environ["LOG_LEVEL"]
    alarms.mend()
    concurrency.mend()
    queues.mend()
    http_apis.mend()
    streams.mend()
    serving = app
    if driven:
        import door
        import mappings

        mappings.mend()
        serving = door.opening(app, mappings.for_driver((folder / "epoch").read_text), folder)
    # Warm workers must not inherit the lock, or a worker that outlives a killed emulator would go on holding it;
    # Python opens files as not inheritable, so nothing has to be done for that.
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    _publish(folder, port)
    asyncio.run(serve(_over_tls(serving), config))
    (folder / "saved").touch()


def _over_tls(app: Any) -> Any:
    async def call(scope: Any, receive: Any, send: Any) -> None:
        # A request over loopback is as safe from others as one over TLS, and policies that demand TLS (a Deny where
        # `aws:SecureTransport` is false) would else refuse everything here. One that says `http` is taken at its word.
        if scope["type"] == "http" and all(name != b"x-forwarded-proto" for name, _ in scope["headers"]):
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return call


def _publish(folder: Path, port: int) -> None:
    # A stop in order leaves `saved`. Without it the emulator has lost what it held: what follows is another epoch.
    epoch = folder / "epoch"
    if not (folder / "saved").exists() or not epoch.exists():
        epoch.write_text(secrets.token_hex(4))
    (folder / "saved").unlink(missing_ok=True)
    (folder / "port").write_text(str(port))
    draft = folder / "instance.json.new"
    draft.write_text(json.dumps({"pid": os.getpid(), "port": port, "epoch": epoch.read_text()}))
    draft.replace(folder / "instance.json")


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
