"""Calls of AWS's API at the emulator's door, without what makes an SDK slow: for those that each batch needs.

An SDK takes longer for a call than the embedded AWS does, and a batch needs three. These are the same calls.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple

_END = b"\r\n\r\n"
_CONNECT_SECONDS, _READ_SECONDS = 5.0, 1_000.0
"""The second is longer than any function and any long poll."""
_CHUNK = 65_536


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body) if self.body else None


class Wire:
    """Connections to the door, kept for the next call. Any thread may call.

    Args:
        port: Of the door, on loopback.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._free: list[socket.socket] = []

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._free:
            self._free.pop().close()

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Make a call and wait for the answer.

        Raises:
            OSError: The connection was refused, or lost.
        """
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        request = "\r\n".join([*lines, f"content-length: {len(body)}"]).encode() + _END + body
        try:
            connection = self._free.pop()
        except IndexError:
            connection = socket.create_connection(("127.0.0.1", self.port), _CONNECT_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(_READ_SECONDS)
        try:
            connection.sendall(request)
            answer = _read(connection)
        except BaseException:
            connection.close()
            raise
        self._free.append(connection)
        return answer


def caller(account: str, region: str) -> dict[str, str]:
    """Headers that say who calls."""
    return {"x-order-pipelines-caller": f"{account}/{region}"}


def _read(connection: socket.socket) -> Answer:
    data = bytearray()
    while (end := data.find(_END)) < 0:
        data += _more(connection)
    first, *lines = bytes(data[:end]).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    whole = end + len(_END) + int(headers["content-length"])
    while len(data) < whole:
        data += _more(connection)
    return Answer(int(first.split(" ")[1]), headers, bytes(data[end + len(_END) : whole]))


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(_CHUNK)
    if not data:
        raise ConnectionResetError("the connection was closed")
    return data
