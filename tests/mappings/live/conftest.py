"""One embedded AWS whose mappings are driven, for all tests that do not break it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.supervisor import Instance, serving
from tests.mappings.live.account import Account


@pytest.fixture(scope="session")
def driven_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with serving(tmp_path_factory.mktemp("driven") / "emulator", drives=True) as instance:
        yield instance


@pytest.fixture
def account(driven_aws: Instance, tmp_path: Path) -> Account:
    return Account(driven_aws, tmp_path)
