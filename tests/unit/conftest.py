"""Unit tests run in the project's folder, where its program runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.environment import PROJECT


@pytest.fixture(autouse=True, scope="module")
def _in_the_project() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        yield
