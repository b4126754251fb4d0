"""How tests are spread over processes that run at the same time."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # pyright: ignore[reportMissingTypeStubs]

_FIRST = ("test_any_arguments.py", "test_lifecycle.py")
"""The files with the longest single pieces, of a minute and more: nothing would run beside them at the end."""
_TOGETHER = ("tests/faults", "tests/features")
"""Folders whose files share what takes long to deploy."""


def sort(items: list[pytest.Item]) -> None:
    """Put the longest first; all else stays as it is."""
    items.sort(key=lambda item: item.path.name not in _FIRST)


class ByFile(LoadScopeScheduling):
    """A file's tests go to one process, as they share what they deploy; files go in the order in which they stand."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(nodeid.partition("::")[0])
        return str(file.parent if str(file.parent) in _TOGETHER else file)
