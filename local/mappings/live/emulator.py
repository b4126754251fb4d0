"""The embedded AWS as its driver sees it: what it tells of mappings and figures, and clients."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from local.aws import Aws
from local.mappings.live.process import is_held
from local.mappings.live.wire import Wire

_OPTIONS = {
    "max_pool_connections": 256,
    "retries": {"total_max_attempts": 1},  # who calls says itself what is tried again
}
_OK = 200
Mapping = dict[str, Any]


class Unreachable(ConnectionError):  # noqa: N818 - it says how things are
    """The embedded AWS does not answer: it is stopped, or being started again."""


class Emulator:
    """The embedded AWS of a state folder, whichever process serves it.

    Args:
        folder: Its state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._wire = Wire(0)
        self._clients: dict[tuple[int, str, str], Aws] = {}

    @property
    def is_up(self) -> bool:
        """Whether a process serves the folder."""
        return is_held(self._folder / "lock")

    def aws(self, account: str, region: str) -> Aws:
        """Clients of an account in a region."""
        key = (self._port, region, account)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = Aws(f"http://127.0.0.1:{key[0]}", region, account, **_OPTIONS)
            return self._clients[key]

    def wire(self) -> Wire:
        """The fast way to it, for the process that serves it now."""
        try:
            port = int((self._folder / "door").read_text())
        except (OSError, ValueError) as error:
            raise Unreachable("it has not come up") from error
        if port != self._wire.port:
            self._wire.close()
            self._wire = Wire(port)
        return self._wire

    def close(self) -> None:
        """Close what is open to it."""
        self._wire.close()

    def ask(self, path: str) -> dict[str, Any]:
        """What the emulator tells its driver.

        Raises:
            Unreachable: It does not answer.
        """
        try:
            answer = self.wire().call("GET", f"/_order-pipelines/{path}", {})
            told: dict[str, Any] = answer.content
        except (OSError, ValueError) as error:
            raise Unreachable(str(error)) from error
        if answer.status != _OK:
            raise Unreachable(f"it answers {answer.status}")
        return told

    @property
    def _port(self) -> int:
        try:
            return int(json.loads((self._folder / "instance.json").read_text())["port"])
        except (OSError, ValueError) as error:
            raise Unreachable("it has not come up") from error
