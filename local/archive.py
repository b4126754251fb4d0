"""Pulumi archives as zip files: the same bytes for the same content, on every machine."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks a value that is more than plain data."""
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
"""The signature of an archive."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can hold: real times would give other bytes at every checkout."""
_READABLE = 0o644 << 16


class UnsupportedArchiveError(ValueError):
    """The contents are somewhere that the embedded AWS does not fetch from."""


class Archive:
    """An archive as Pulumi sends it: with its contents, or only its hash when it comes from a state.

    Args:
        wire: Pulumi's own form: a signature, a `hash` of the contents, and `assets`, `path` or `text`.
    """

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self.wire = wire

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Archive) and self.wire.get("hash") == other.wire.get("hash")

    def __hash__(self) -> int:
        return hash(self.wire.get("hash"))

    def zip_bytes(self) -> bytes:
        """The contents as a zip, its files sorted by name; a zip file as it is.

        Raises:
            UnsupportedArchiveError: The contents are somewhere that the embedded AWS does not fetch from.
        """
        path = self.wire.get("path", "")
        if zipfile.is_zipfile(path):
            return Path(path).read_bytes()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
            for name, content in sorted(_files(self.wire, "")):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.external_attr = _READABLE
                target.writestr(entry, content, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def _files(node: Mapping[str, Any], name: str) -> Iterator[tuple[str, bytes]]:
    is_archive = node.get(SIGNATURE) == ARCHIVE
    match node:
        case {"assets": assets}:
            for inner, value in assets.items():
                yield from _files(value, f"{name}/{inner}" if name else inner)
        case {"path": path} if is_archive and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as zipped:
                for entry in zipped.infolist():
                    if not entry.is_dir():
                        yield f"{name}/{entry.filename}" if name else entry.filename, zipped.read(entry)
        case {"path": path} if is_archive and Path(path).is_dir():
            for file in Path(path).rglob("*"):
                if file.is_file():
                    inner = file.relative_to(path).as_posix()
                    yield f"{name}/{inner}" if name else inner, file.read_bytes()
        case {"path": path} if not is_archive:
            yield name, Path(path).read_bytes()
        case {"text": text}:
            yield name, text.encode()
        case _:
            raise UnsupportedArchiveError(
                f"the local aws provider can only package texts, local files, folders and zips, not "
                f"{name or 'this code'!r}"
            )
