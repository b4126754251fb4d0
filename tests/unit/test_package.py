"""A folder of code as a zip: what is in it, that its bytes follow from nothing else, and what is refused."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pytest

from components.errors import PipelineError
from components.packaging.package import package, package_problems
from tests.support.folder import write
from tests.support.wheels import Wheelhouse

FUNCTION = "def lambda_handler(event, context): ...\n"
CODE = {"handler.py": FUNCTION, "orders/rules.py": "", "orders/data/rates.json": "{}", "NOTICE": "Ä"}
SHA256 = "5460717dfd7147a2bde70dfccfccfb20daa239ffbb1f8fad936c9a5d5e5b2f4b"
"""Of the zip of `CODE`, on every machine."""


def packed(folder: str, architecture: str = "arm64") -> Path:
    """The zip of a folder."""
    archive = package(folder, runtime="python3.13", architecture=architecture)
    assert isinstance(archive, pulumi.FileArchive)
    return Path(archive.path)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def problems(folder: str) -> list[str]:
    return [problem.replace(folder, "CODE") for problem in package_problems(folder, "python3.13", "arm64")]


def refusal(folder: str) -> str:
    with pytest.raises(PipelineError) as refused:
        packed(folder)
    return str(refused.value).replace(folder, "CODE")


def test_a_package_is_one_zip_with_every_file_of_the_folder_sorted(tmp_path: Path) -> None:
    path = packed(write(tmp_path / "code", CODE))

    assert path.suffix == ".zip"
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    assert list(contents(path).items()) == [
        ("NOTICE", "Ä".encode()),
        ("handler.py", FUNCTION.encode()),
        ("orders/data/rates.json", b"{}"),
        ("orders/rules.py", b""),
    ]
    assert {(entry.date_time, entry.compress_type, entry.create_system) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED, 3)
    }


def test_order_times_modes_and_place_of_files_do_not_change_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write(tmp_path / "one", CODE)
    two = write(tmp_path / "__pycache__" / ".git" / "two", dict(reversed(CODE.items())))
    for number, path in enumerate(sorted(Path(two).rglob("*"))):
        path.chmod(0o700)
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    monkeypatch.setenv("ORDER_PIPELINES_CACHE", str(tmp_path / "first"))
    first = packed(one).read_bytes()
    monkeypatch.setenv("ORDER_PIPELINES_CACHE", str(tmp_path / "second"))

    assert packed(two).read_bytes() == first
    assert hashlib.sha256(first).hexdigest() == SHA256


@pytest.mark.parametrize(
    "other",
    [
        {"handler.py": "x = 1\n", "rules.py": ""},
        {"handler.py": FUNCTION, "rules2.py": ""},
        {"handler.py": FUNCTION, "rules.py": "", "more.py": ""},
        {"handler.py": "", "rules.py": FUNCTION},
    ],
    ids=["another content", "another name", "another file", "swapped"],
)
def test_other_code_gives_another_zip(tmp_path: Path, other: Mapping[str, str]) -> None:
    before = packed(write(tmp_path / "one", {"handler.py": FUNCTION, "rules.py": ""}))

    after = packed(write(tmp_path / "two", other))

    assert after != before
    assert contents(after) == {name: text.encode() for name, text in other.items()}


def test_other_dependencies_give_another_zip(tmp_path: Path, cache: Path, wheelhouse: Wheelhouse) -> None:
    for machine in ("aarch64", "x86_64"):
        wheelhouse.add("native", {"native.so": machine.encode()}, f"cp313-cp313-manylinux_2_34_{machine}")
    wheelhouse.add("rates", {"rates.py": b""})
    folder = write(tmp_path / "code", {**CODE, "requirements.txt": wheelhouse.lock("native")})
    zips = [packed(folder), packed(folder, "x86_64")]
    zips.append(packed(write(tmp_path / "code", {"requirements.txt": wheelhouse.lock()})))

    assert [contents(path).get("native.so") for path in zips] == [b"aarch64", b"x86_64", b"aarch64"]
    assert ["rates.py" in contents(path) for path in zips] == [False, False, True]


def test_what_tools_and_runs_leave_behind_does_not_change_the_package(tmp_path: Path) -> None:
    folder = write(tmp_path, CODE)
    before = packed(folder)
    write(
        tmp_path,
        {
            "__pycache__/handler.cpython-313.pyc": "",
            "orders/__pycache__/rules.cpython-313.pyc": "",
            "orders/old.pyc": "",
            "orders/.DS_Store": "",
            ".git/HEAD": "",
            ".venv/lib/six.py": "",
            ".mypy_cache/x.json": "",
            ".pytest_cache/x": "",
            ".ruff_cache/x": "",
        },
    )
    tmp_path.joinpath("orders", ".venv").symlink_to("/")

    assert packed(folder) == before


def test_programs_are_executable_whatever_the_modes_of_the_checkout(tmp_path: Path) -> None:
    files = {"handler.py": FUNCTION, "tool": b"\x7fELF\x02", "run.sh": "#!/bin/sh\n"}
    folder = write(tmp_path, files)
    tmp_path.joinpath("handler.py").chmod(0o600)

    with zipfile.ZipFile(packed(folder)) as archive:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}

    regular, program = oct(stat.S_IFREG | 0o644), oct(stat.S_IFREG | 0o755)
    assert modes == {"handler.py": regular, "run.sh": program, "tool": program}


def test_a_link_to_a_file_of_the_folder_is_that_file(tmp_path: Path) -> None:
    folder = write(tmp_path, {"handler.py": FUNCTION})
    tmp_path.joinpath("worker.py").symlink_to("handler.py")

    assert contents(packed(folder)) == {"handler.py": FUNCTION.encode(), "worker.py": FUNCTION.encode()}


def test_what_a_zip_cannot_hold_is_named_and_never_followed(tmp_path: Path) -> None:
    write(tmp_path, {"secret": "secret"})
    folder = write(tmp_path / "code", CODE)
    links = {"out.py": "../secret", "above": "..", "in": "orders", "gone.py": "nowhere.py", "self.py": "self.py"}
    for name, target in links.items():
        tmp_path.joinpath("code", name).symlink_to(target)
    os.mkfifo(tmp_path / "code" / "orders" / "pipe")

    found = problems(folder)

    assert found == [
        "CODE/above leads out of the code folder: put a copy in its place",
        "CODE/gone.py is not a file: take it out of the code folder",
        "CODE/in leads to a folder: put a copy in its place",
        "CODE/out.py leads out of the code folder: put a copy in its place",
        "CODE/self.py is not a file: take it out of the code folder",
        "CODE/orders/pipe is not a file: take it out of the code folder",
    ]
    assert refusal(folder) == "code: " + "; ".join(found)


def test_an_unknown_runtime_and_architecture_are_named(tmp_path: Path) -> None:
    assert package_problems(write(tmp_path, CODE), "python3.9", "arm") == [
        "runtime must be python3.10, python3.11, python3.12, python3.13 or python3.14, got 'python3.9'",
        "architecture must be arm64 or x86_64, got 'arm'",
    ]


def test_a_folder_that_is_not_there_is_no_problem_of_the_package_but_is_never_packed(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")

    assert problems(missing) == []
    with pytest.raises(FileNotFoundError):
        packed(missing)


def test_more_than_lambda_takes_is_refused_before_anything_is_read(tmp_path: Path, cache: Path) -> None:
    folder = write(tmp_path / "code", {"handler.py": FUNCTION})
    with tmp_path.joinpath("code", "model.bin").open("wb") as file:
        file.truncate(61_300_000)

    found = problems(folder)

    assert found == [
        "CODE makes 61.3 MB, and a function's zip may have 50 MB: leave out what it does not need, put dependencies "
        "into layers, or deploy a container image"
    ]
    assert refusal(folder) == "code: " + "".join(found)
    assert not cache.exists()


def test_code_and_dependencies_together_are_refused_when_they_are_more_than_lambda_takes(
    tmp_path: Path, cache: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add("rates", {"rates.py": b"#" * 1_000_000})
    folder = write(tmp_path / "code", {"handler.py": FUNCTION, "requirements.txt": wheelhouse.lock()})
    with tmp_path.joinpath("code", "model.bin").open("wb") as file:
        file.truncate(49_900_000)

    assert problems(folder) == []
    assert refusal(folder).startswith("code: CODE makes 50.9 MB, and a function's zip may have 50 MB: ")
    assert [path.name[:13] for path in cache.joinpath("packages").iterdir()] == ["dependencies-"]


def test_dependencies_lie_beside_the_code_and_the_lock_stays_behind(
    tmp_path: Path, cache: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add("rates", {"rates/__init__.py": b"RATE = 1\n"})
    folder = write(tmp_path / "code", {**CODE, "requirements.txt": wheelhouse.lock(), "orders/requirements.txt": "x"})

    assert list(contents(packed(folder))) == [
        "NOTICE",
        "handler.py",
        "orders/data/rates.json",
        "orders/requirements.txt",
        "orders/rules.py",
        "rates-1.0.dist-info/METADATA",
        "rates-1.0.dist-info/WHEEL",
        "rates/__init__.py",
    ]


def test_a_file_that_would_hide_one_of_a_dependency_is_refused(
    tmp_path: Path, cache: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add("rates", {"rates.py": b"", "handler.py": b""})
    folder = write(tmp_path / "code", {**CODE, "rates.py": "", "requirements.txt": wheelhouse.lock()})

    assert refusal(folder) == "code: CODE/handler.py would hide that of a dependency: rename it"


def test_runs_at_once_give_one_zip_and_leave_nothing_half_made(
    tmp_path: Path, cache: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add("rates", {f"rates/{number}.py": b"#" * 10_000 for number in range(100)})
    folder = write(tmp_path / "code", {**CODE, "requirements.txt": wheelhouse.lock()})
    program = (
        "import sys; from components.packaging.package import package; sys.stdin.readline(); "
        "print(package(sys.argv[1], runtime='python3.13', architecture='arm64').path)"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for run in runs:
        assert run.stdin
        run.stdin.write("go\n")
        run.stdin.flush()

    paths = {run.communicate()[0].strip() for run in runs}

    assert paths == {str(packed(folder))}
    names = sorted(path.name for path in cache.joinpath("packages").iterdir())
    assert [Path(name).suffix for name in names] == [".zip", ".zip"]
    assert len(contents(packed(folder))) == len(CODE) + 102
