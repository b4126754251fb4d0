"""Zips whose bytes follow from their contents alone: no time, no machine, no tool shows in them."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

FORMAT = "1"
"""Part of cache keys: to be raised when the same files give other bytes than before, or other files are chosen."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_UNIX = 3
"""The system on which permissions mean something; Python would write the one that it runs on."""
_PROGRAMS = (b"\x7fELF", b"#!")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by their names, sorted.

    Permissions follow from a file's content, not from the checkout, whose modes differ with umask and system. Lambda
    needs to read every file and to run programs: 644 and 755, says AWS.
    https://repost.aws/knowledge-center/lambda-deployment-package-errors

    Nothing is compressed, for what deflate makes of the same content depends on the machine's zlib
    (https://github.com/zlib-ng/zlib-ng/issues/2216). It costs upload: source code would shrink to a third, and what may
    be uploaded directly counts as it is.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | (0o755 if content.startswith(_PROGRAMS) else 0o644)) << 16
            target.writestr(entry, content)
    return buffer.getvalue()


def unzipped(path: Path) -> dict[str, bytes]:
    """The files of a zip by their names."""
    with zipfile.ZipFile(path) as source:
        return {name: source.read(name) for name in source.namelist()}
