from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from functions.orders.processing import batch
from functions.orders.processing.settings import Settings
from tests.functions.messages import Log


@pytest.fixture
def log() -> Iterator[Log]:
    """The log of the function, which holds on to the standard output that it first saw."""
    service = Settings().service_name
    batch.logger(service)
    (handler,) = logging.getLogger(service).handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    former = handler.setStream(stream)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    yield Log(stream)
    handler.setStream(former)  # pyright: ignore[reportUnknownMemberType]
