"""Tiny wheels that a test makes, in a folder that uv installs from instead of an index."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

VERSION = "1.0"
"""Of every package."""


class Wheelhouse:
    """A folder of packages, and the lines of a lock for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._hashes: dict[str, list[str]] = {}

    def add(
        self, name: str, files: Mapping[str, bytes], tag: str = "py3-none-any", command: str = "", needs: str = ""
    ) -> None:
        """Make a wheel.

        Args:
            name: Of the package, with underscores.
            files: Its files by their names.
            tag: What it runs on.
            command: A command that it installs, the first of its functions.
            needs: A package that it says it needs.
        """
        info = f"{name}-{VERSION}.dist-info"
        requires = f"Requires-Dist: {needs}\n" if needs else ""
        contents = {
            **files,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n{requires}".encode(),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        }
        if command:
            contents[f"{info}/entry_points.txt"] = f"[console_scripts]\n{command} = {name}:main\n".encode()
        record = "".join(f"{file},{_digest(content)},{len(content)}\n" for file, content in contents.items())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as target:
            for file, content in {**contents, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
                target.writestr(file, content)
        self._keep(name, f"{name}-{VERSION}-{tag}.whl", buffer.getvalue())

    def add_source(self, name: str) -> None:
        """Make a source distribution, for which something would have to be built."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as target:
            content = f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSION}\n".encode()
            entry = tarfile.TarInfo(f"{name}-{VERSION}/PKG-INFO")
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
        self._keep(name, f"{name}-{VERSION}.tar.gz", buffer.getvalue())

    def lock(self, *names: str) -> str:
        """A lock of packages, in the form that uv writes; of all when none is named."""
        pinned = {name: self._hashes[name] for name in names or self._hashes}
        return "".join(
            f"{name}=={VERSION} \\\n" + " \\\n".join(f"    --hash=sha256:{one}" for one in hashes) + "\n    # via x\n"
            for name, hashes in pinned.items()
        )

    def _keep(self, name: str, file: str, content: bytes) -> None:
        self.folder.joinpath(file).write_bytes(content)
        self._hashes.setdefault(name, []).append(hashlib.sha256(content).hexdigest())


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
