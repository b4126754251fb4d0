"""Files that are made once and that all checkouts of one user share, such as packages of code."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from components.errors import PipelineError

_KEPT_SECONDS = 30 * 86_400
"""What nobody used for so long goes when the next file is made, so that the folder does not grow for ever."""


def folder() -> Path:
    """Where the files are: the same folder in which set-up keeps its tools (`tools/cache.py`)."""
    own = os.environ.get("ORDER_PIPELINES_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own or Path(base, "order-pipelines")).absolute()


def stored(name: str, make: Callable[[], bytes]) -> Path:
    """The file of a name, made when it is not there.

    It is there whole or not at all, however a run ends. Two runs at once that both miss it both make it, and the last
    one stays: a name must say all that its content depends on.

    Args:
        name: Path in the cache, such as `packages/<hash>.zip`.
        make: Gives the content.

    Raises:
        PipelineError: The cache cannot be written.
    """
    path = folder() / name
    try:
        os.utime(path)  # it is in use: its time to go starts again
    except OSError:
        content = make()
        try:
            _write(path, content)
        except OSError as error:
            raise PipelineError(
                "cache",
                [f"{path} cannot be written, {error.strerror}: set ORDER_PIPELINES_CACHE to a folder that can"],
            ) from error
    return path


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _forget(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
        partial = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave a file that has its name and not its content
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _forget(place: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for path in place.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run forgets at the same time
            if path.stat().st_mtime < oldest:
                path.unlink()
