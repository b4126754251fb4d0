"""A door for the driver of the mappings: AWS's API beside the emulator's own, without what makes that slow.

The HTTP server that the emulator comes with takes longer for a request than the emulator does. This one knows what its
one client sends, HTTP/1.1 with a length and no more, and gives a request up when its caller is gone. It listens on
loopback, on a port that it writes down.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Callable
from pathlib import Path
from typing import Any

_END = b"\r\n\r\n"
_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
_KEPT = {b"content-type", b"x-amz-function-error", b"x-amz-executed-version", b"x-amzn-requestid"}
"""Headers of an answer that its client reads."""
FILE = "door"
"""In the state folder: the port."""


def opening(app: Any, behind: Any, folder: Path) -> Any:
    """The emulator, which opens the door when it starts.

    Args:
        app: The emulator.
        behind: What is behind the door.
        folder: State folder of the emulator.
    """
    (folder / FILE).unlink(missing_ok=True)  # of an earlier process
    opened: list[asyncio.Server] = []

    async def call(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            server = await asyncio.get_running_loop().create_server(lambda: _Caller(behind), "127.0.0.1", 0)
            opened.append(server)
            draft = folder / f"{FILE}.new"
            draft.write_text(str(server.sockets[0].getsockname()[1]))
            draft.replace(folder / FILE)
        await app(scope, receive, send)

    return call


class _Caller(asyncio.Protocol):
    """A connection: one request after the other."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._read = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._read += data
        self._next()

    def _next(self) -> None:
        end = self._read.find(_END)
        if self._task or end < 0:
            return
        first, *lines = bytes(self._read[:end]).split(b"\r\n")
        headers = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
        length = int(dict(headers).get(b"content-length", b"0"))
        if len(self._read) < (whole := end + len(_END) + length):
            return
        body = bytes(self._read[whole - length : whole])
        del self._read[:whole]
        method, target, _ = first.split(b" ")
        path, _, query = target.partition(b"?")
        scope = {
            **{"type": "http", "http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"}},
            **{"method": method.decode(), "path": path.decode(), "raw_path": path, "query_string": query},
            **{"headers": headers, "client": self._transport.get_extra_info("peername")},
        }
        self._task = asyncio.ensure_future(self._answer(scope, body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> None:
        status, headers, parts = 500, [], list[bytes]()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message["headers"]
            else:
                parts.append(message.get("body", b""))

        try:
            await self._app(scope, receive, send)
        finally:
            content = b"".join(parts)
            lines = [f"HTTP/1.1 {status} {_REASONS.get(status, '')}".encode(), b"content-length: %d" % len(content)]
            lines += [name + b": " + value for name, value in headers if name.lower() in _KEPT]
            self._transport.write(b"\r\n".join(lines) + _END + content)
            self._task = None
        self._next()
