"""Zips of code: the same bytes for the same content, and every form of archive that Pulumi has."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.archive import ARCHIVE, SIGNATURE, Archive, UnsupportedArchiveError

_ASSET = "c44067f5952c0a294b673a41bacd8c17"


def _asset(**content: str) -> dict[str, Any]:
    return {SIGNATURE: _ASSET, "hash": "h", **content}


def _archive(**content: Any) -> dict[str, Any]:
    return {SIGNATURE: ARCHIVE, "hash": "h", **content}


def _folder(root: Path, files: dict[str, str], time: int) -> str:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (time, time))
        file.chmod(0o600 if time % 2 else 0o755)
    return str(root)


def _unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip_file(path: Path, files: dict[str, str]) -> str:
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("folder/", "")
        for name, text in files.items():
            target.writestr(name, text)
    return str(path)


def test_order_times_and_modes_of_files_do_not_change_the_bytes(tmp_path: Path) -> None:
    files = {"handler.py": "handle", "lib/a.py": "a", "lib/b.py": "b"}
    one = _folder(tmp_path / "one", files, time=1_000_000_000)
    two = _folder(tmp_path / "two", dict(reversed(files.items())), time=1_700_000_001)

    first, second = Archive(_archive(path=one)).zip_bytes(), Archive(_archive(path=two)).zip_bytes()

    assert first == second
    assert _unzipped(first) == {name: text.encode() for name, text in files.items()}
    entries = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0o644)}


def test_the_order_of_assets_does_not_change_the_bytes() -> None:
    assets = {"b.py": _asset(text="b"), "a.py": _asset(text="a")}

    first = Archive(_archive(assets=assets)).zip_bytes()

    assert first == Archive(_archive(assets=dict(reversed(assets.items())))).zip_bytes()
    assert list(_unzipped(first)) == ["a.py", "b.py"]


def test_another_content_or_another_name_gives_other_bytes() -> None:
    contents = [("a.py", "a"), ("a.py", "b"), ("b.py", "a")]

    zips = {Archive(_archive(assets={name: _asset(text=text)})).zip_bytes() for name, text in contents}

    assert len(zips) == len(contents)


def test_every_form_of_archive_and_asset_is_packaged_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "single.txt").write_text("single")
    wire = _archive(
        assets={
            "text.py": _asset(text="text"),
            "renamed.txt": _asset(path=str(tmp_path / "single.txt")),
            "folder": _archive(path=_folder(tmp_path / "folder", {"deep/file.py": "file"}, time=0)),
            "zipped": _archive(path=_zip_file(tmp_path / "some.zip", {"folder/inner.py": "inner"})),
            "nested": _archive(assets={"more": _archive(assets={"most.py": _asset(text="most")})}),
        }
    )

    assert _unzipped(Archive(wire).zip_bytes()) == {
        "folder/deep/file.py": b"file",
        "nested/more/most.py": b"most",
        "renamed.txt": b"single",
        "text.py": b"text",
        "zipped/folder/inner.py": b"inner",
    }


def test_a_zip_file_is_uploaded_as_it_is(tmp_path: Path) -> None:
    path = _zip_file(tmp_path / "code.zip", {"handler.py": "handle"})

    assert Archive(_archive(path=path)).zip_bytes() == Path(path).read_bytes()


@pytest.mark.parametrize(
    ("wire", "what"),
    [
        (_archive(uri="https://example.invalid/code.zip"), "this code"),
        (_archive(assets={"model.bin": _asset(uri="https://example.invalid/model.bin")}), "model.bin"),
        (_archive(path="/nonexistent.tar.gz"), "this code"),
    ],
)
def test_what_cannot_be_packaged_is_named(wire: dict[str, Any], what: str) -> None:
    message = f"the local aws provider can only package texts, local files, folders and zips, not '{what}'"

    with pytest.raises(UnsupportedArchiveError, match=f"^{re.escape(message)}$"):
        Archive(wire).zip_bytes()


def test_archives_are_equal_when_their_hashes_are() -> None:
    with_contents, from_a_state = Archive(_archive(path="/code")), Archive({SIGNATURE: ARCHIVE, "hash": "h"})

    assert with_contents == from_a_state
    assert hash(with_contents) == hash(from_a_state)
    assert with_contents != Archive({SIGNATURE: ARCHIVE, "hash": "other"})
