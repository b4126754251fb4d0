"""Unit tests run in the project's folder, where its program runs, and on machines that have other things to do."""

from __future__ import annotations

import hypothesis
import pytest

from local.environment import PROJECT

hypothesis.settings.register_profile("unit", deadline=None)
hypothesis.settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.chdir(PROJECT)
