"""The cache: whole files only, found again, and not for ever."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.errors import PipelineError
from components.packaging import cache as shared

DAY = 86_400


def test_it_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", "/home/of")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setenv("ORDER_PIPELINES_CACHE", "own")
    monkeypatch.chdir(tmp_path)
    places = [shared.folder()]
    for variable in ("ORDER_PIPELINES_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable)
        places.append(shared.folder())

    assert places == [tmp_path / "own", Path("/caches/order-pipelines"), Path("/home/of/.cache/order-pipelines")]


def test_a_file_is_made_once(cache: Path) -> None:
    first = shared.stored("packages/a.zip", lambda: b"first")

    assert shared.stored("packages/a.zip", lambda: b"second") == first == cache / "packages" / "a.zip"
    assert first.read_bytes() == b"first"


def test_nobody_sees_a_file_that_is_not_whole(cache: Path) -> None:
    content, path = b"#" * 30_000_000, cache / "packages" / "a.zip"
    seen: set[int] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            with contextlib.suppress(FileNotFoundError):
                seen.add(path.stat().st_size)

    with ThreadPoolExecutor() as others:
        looking = others.submit(look)
        shared.stored("packages/a.zip", lambda: content)
        time.sleep(0.05)
        ended.set()
        looking.result()

    assert seen == {len(content)}


def test_a_file_that_cannot_be_made_leaves_nothing(cache: Path) -> None:
    def fail() -> bytes:
        raise PipelineError("code", ["no wheel"])

    with pytest.raises(PipelineError, match=r"^code: no wheel$"):
        shared.stored("packages/a.zip", fail)

    assert not cache.exists()


def test_a_write_that_fails_half_way_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(PipelineError) as refused:
        shared.stored("packages/a.zip", lambda: b"content")

    assert str(refused.value) == (
        f"cache: {cache}/packages/a.zip cannot be written, No space left on device: set ORDER_PIPELINES_CACHE to a "
        "folder that can"
    )
    assert list(cache.joinpath("packages").iterdir()) == []


def test_a_place_that_cannot_be_a_folder_is_named(cache: Path) -> None:
    cache.write_text("")

    with pytest.raises(
        PipelineError, match=r"^cache: \S+/packages/a.zip cannot be written, \w.*: set ORDER_PIPELINES_CACHE"
    ):
        shared.stored("packages/a.zip", lambda: b"content")


def test_what_nobody_used_for_thirty_days_goes_when_the_next_file_is_made(cache: Path) -> None:
    ages = {"unused": 31, "used": 31, "young": 29}
    paths = {name: shared.stored(f"packages/{name}.zip", name.encode) for name in ages}
    for name, days in ages.items():
        last = time.time() - days * DAY
        os.utime(paths[name], (last, last))
    shared.stored("packages/used.zip", bytes)

    shared.stored("packages/new.zip", bytes)

    assert sorted(path.name for path in cache.joinpath("packages").iterdir()) == ["new.zip", "used.zip", "young.zip"]
