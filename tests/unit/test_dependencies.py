"""Locked dependencies: which locks are refused, which wheels are taken, and what of them gets into a package."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from components.errors import PipelineError
from components.packaging.dependencies import installed, lock_problems
from local.environment import PROJECT
from tests.support.folder import write
from tests.support.wheels import Wheelhouse

PLENTY = 1_000_000
HASH = "--hash=sha256:" + 64 * "0"
COMPILE = "run `uv pip compile --universal --generate-hashes --no-build --python-version 3.13"
TO_LOCK = f"{COMPILE} requirements.in -o requirements.txt` in CODE"
TO_LOCK_PROJECT = f"{COMPILE} pyproject.toml -o requirements.txt` in CODE"
TO_EXPORT = "run `uv export --frozen --no-dev --no-emit-project -o requirements.txt` in CODE"
UNLOCKED = "dependencies and there is no CODE/requirements.txt that locks them"
PROJECT_FILE = '[project]\nname = "orders"\ndependencies = ["Six[x]>=1", "tomli; python_version < \'3.11\'"]\n'


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"requirements.txt": "# nothing\n"},
        {"requirements.in": "# nothing\n"},
        {"pyproject.toml": "[tool.ruff]\n"},
        {"pyproject.toml": '[project]\nname = "orders"\n'},
        {"requirements.txt": f"six==1.17.0 {HASH}"},
        {"requirements.txt": f"six==1.17.0 \\\n    {HASH} \\\n    {HASH}\n    # via x\n", "requirements.in": "Six\n"},
        {"requirements.txt": f"six[a,b]==1!1.0+local ; sys_platform == 'linux' {HASH}", "pyproject.toml": PROJECT_FILE},
        {"requirements.txt": f"zope-a==1 \\\r\n    {HASH}\r\n", "requirements.in": "zope.A>=1 # comment\n-c other\n"},
    ],
    ids=str,
)
def test_a_lock_that_pins_everything_is_taken(tmp_path: Path, files: Mapping[str, str]) -> None:
    assert lock_problems(Path(write(tmp_path, files)), "python3.13") == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"requirements.in": "six\n"},
            f"CODE/requirements.in names {UNLOCKED}: {TO_LOCK}",
        ),
        (
            {"pyproject.toml": PROJECT_FILE},
            f"CODE/pyproject.toml names {UNLOCKED}: {TO_LOCK_PROJECT}",
        ),
        (
            {"pyproject.toml": PROJECT_FILE, "uv.lock": ""},
            f"CODE/pyproject.toml names {UNLOCKED}: {TO_EXPORT}",
        ),
        (
            {"pylock.toml": ""},
            "CODE/pylock.toml is not read: put the same into CODE/requirements.txt, with == and hashes",
        ),
        (
            {"requirements.txt": "six==1.17.0\n"},
            "CODE/requirements.txt is no lock, for six has no version with == or no --hash=sha256: rename it to "
            f"CODE/requirements.in, then {TO_LOCK}",
        ),
        (
            {"requirements.txt": f"six>=1 {HASH}\n", "requirements.in": "six\n"},
            f"CODE/requirements.txt is no lock, for six has no version with == or no --hash=sha256: {TO_LOCK}",
        ),
        (
            {
                "requirements.txt": "-i https://u:secret@x/\ngit+https://u:secret@x/\na @ https://u:secret@x/\nb\n-r c"
                f"\nsix==1.17.0 {HASH}"
            },
            "CODE/requirements.txt is no lock, for -i, git, a and 2 more has no version with == or no --hash=sha256: "
            f"rename it to CODE/requirements.in, then {TO_LOCK}",
        ),
        (
            {"requirements.txt": f"six==1.17.0 {HASH}\n", "requirements.in": "six\nhttpx\nidna>=3\n"},
            f"CODE/requirements.txt lacks httpx, idna of CODE/requirements.in: {TO_LOCK}",
        ),
        (
            {"requirements.txt": f"idna==3.10 {HASH}\n", "pyproject.toml": PROJECT_FILE},
            f"CODE/requirements.txt lacks six of CODE/pyproject.toml: {TO_LOCK_PROJECT}",
        ),
        (
            {"pyproject.toml": "[project\n"},
            "what CODE depends on cannot be read: Expected ']' at the end of a table declaration (at line 1, column 9)",
        ),
    ],
    ids=str,
)
def test_what_is_not_locked_is_named_with_the_command_that_locks_it(
    tmp_path: Path, files: Mapping[str, str], problem: str
) -> None:
    folder = write(tmp_path, files)

    assert [found.replace(folder, "CODE") for found in lock_problems(Path(folder), "python3.13")] == [problem]


@pytest.fixture
def code(tmp_path: Path, cache: Path) -> Path:
    return Path(write(tmp_path / "code", {}))


def install(code: Path, lock: str, runtime: str = "python3.13", architecture: str = "arm64") -> dict[str, bytes]:
    """The files of the dependencies that a lock gives, by their names."""
    path = installed(Path(write(code, {"requirements.txt": lock})), runtime, architecture, PLENTY)
    assert path
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refusal(code: Path, lock: str, runtime: str = "python3.13", architecture: str = "arm64") -> str:
    with pytest.raises(PipelineError) as refused:
        install(code, lock, runtime, architecture)
    return str(refused.value).replace(str(code), "CODE")


def test_a_folder_without_dependencies_installs_nothing(code: Path, cache: Path) -> None:
    assert installed(code, "python3.13", "arm64", PLENTY) is None
    assert installed(Path(write(code, {"requirements.txt": "# none\n"})), "python3.13", "arm64", PLENTY) is None
    assert not cache.exists()


def test_what_depends_on_the_machine_stays_out_and_what_tells_of_a_package_stays_in(
    code: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add(
        "rates",
        {
            "rates/__init__.py": b"def main(): ...\n",
            "rates/__pycache__/x.pyc": b"x",
            "rates/bin/INSTALLER": b"data",
            "rates-1.0.data/scripts/rate.sh": b"#!python\n",
        },
        command="rate",
    )

    assert install(code, wheelhouse.lock()) == {
        "rates-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: rates\nVersion: 1.0\n",
        "rates-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "rates-1.0.dist-info/entry_points.txt": b"[console_scripts]\nrate = rates:main\n",
        "rates/__init__.py": b"def main(): ...\n",
        "rates/bin/INSTALLER": b"data",
    }


@pytest.mark.parametrize(
    ("runtime", "architecture", "taken"),
    [
        ("python3.13", "arm64", b"cp313 arm64"),
        ("python3.13", "x86_64", b"cp313 x86_64"),
        ("python3.12", "arm64", b"cp312 arm64"),
        ("python3.11", "arm64", b"cp311 arm64, old glibc"),
    ],
)
def test_the_wheel_is_the_one_for_the_runtime_and_the_architecture_whatever_this_machine_is(
    code: Path, wheelhouse: Wheelhouse, runtime: str, architecture: str, taken: bytes
) -> None:
    for tag, content in {
        "cp313-cp313-manylinux_2_34_aarch64": b"cp313 arm64",
        "cp313-cp313-manylinux_2_34_x86_64": b"cp313 x86_64",
        "cp312-cp312-manylinux_2_28_aarch64": b"cp312 arm64",
        "cp311-cp311-manylinux_2_17_aarch64": b"cp311 arm64, old glibc",
        "cp311-cp311-manylinux_2_28_aarch64": b"cp311 arm64, new glibc",
        "cp313-cp313-manylinux_2_39_aarch64": b"cp313 arm64, newer glibc",
        "cp313-cp313-macosx_11_0_arm64": b"cp313 mac",
    }.items():
        wheelhouse.add("native", {"native.so": content}, tag)

    assert install(code, wheelhouse.lock(), runtime, architecture)["native.so"] == taken


def test_what_is_locked_for_the_platform_is_installed_and_nothing_else(code: Path, wheelhouse: Wheelhouse) -> None:
    wheelhouse.add("rates", {"rates.py": b""}, needs="unlocked")
    wheelhouse.add("winonly", {"winonly.py": b""})
    wheelhouse.add("unlocked", {"unlocked.py": b""})
    lock = wheelhouse.lock("rates") + wheelhouse.lock("winonly").replace("1.0", "1.0 ; sys_platform == 'win32'", 1)

    assert sorted(install(code, lock)) == ["rates-1.0.dist-info/METADATA", "rates-1.0.dist-info/WHEEL", "rates.py"]


REFUSED = "code: CODE/requirements.txt cannot be installed for python3.13 on arm64, from wheels alone: "


def test_a_package_without_a_wheel_is_refused_by_its_name(code: Path, cache: Path, wheelhouse: Wheelhouse) -> None:
    wheelhouse.add("rates", {"rates.py": b""})
    wheelhouse.add_source("sourceonly")

    assert refusal(code, wheelhouse.lock()) == (
        f"{REFUSED}No solution found when resolving dependencies: Because sourceonly==1.0 has no usable wheels and you "
        "require sourceonly==1.0, we can conclude that your requirements are unsatisfiable"
    )
    assert not cache.exists()


def test_a_package_without_a_wheel_for_the_platform_is_refused_by_its_name(code: Path, wheelhouse: Wheelhouse) -> None:
    wheelhouse.add("native", {"native.so": b""}, "cp313-cp313-manylinux_2_34_x86_64")

    assert "native==1.0" in refusal(code, wheelhouse.lock())


def test_a_wheel_that_is_not_the_locked_one_is_refused(
    code: Path, cache: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_NO_VERIFY_HASHES", "1")
    wheelhouse.add("rates", {"rates.py": b""})
    locked = wheelhouse.lock()
    wheel = next(wheelhouse.folder.iterdir())
    found = re.findall("[0-9a-f]{64}", locked)[0]
    other = Wheelhouse(wheelhouse.folder / "other")
    other.add("rates", {"rates.py": b"evil"})
    wheel.write_bytes((other.folder / wheel.name).read_bytes())

    text = refusal(code, locked)

    assert "Hash mismatch for `rates==1.0`: Expected: sha256:" + found in text
    assert not cache.exists()


def test_more_than_a_zip_may_have_is_refused_before_it_is_packed(
    code: Path, cache: Path, wheelhouse: Wheelhouse
) -> None:
    wheelhouse.add("rates", {"rates.py": b"#" * 2_000_000})

    assert refusal(code, wheelhouse.lock()) == (
        "code: CODE/requirements.txt makes 2.0 MB, and a function's zip may have 1 MB: leave out what it does not "
        "need, put dependencies into layers, or deploy a container image"
    )
    assert not cache.exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_DEFAULT_INDEX", "http://user:secret@[bad/simple"),
        ("UV_DEFAULT_INDEX", "http://user:sec/ret@bad/simple"),
        ("UV_FIND_LINKS", "http://user:secret@127.0.0.1:9/"),
    ],
)
def test_credentials_of_an_index_are_never_printed(
    code: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.delenv("UV_OFFLINE")

    text = refusal(code, f"rates==1.0 {HASH}")

    assert text.startswith(REFUSED)
    assert "***@" in text
    assert not re.search("user|sec", text)


def test_settings_of_uv_do_not_change_what_a_lock_means(
    code: Path, tmp_path: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheelhouse.add("rates", {"rates.py": b""})
    write(tmp_path, {"exclude": "rates\n", "other": "rates==2.0\n", "uv.toml": "no setting"})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UV_COMPILE_BYTECODE", "1")
    monkeypatch.setenv("UV_CONSTRAINT", str(tmp_path / "other"))
    monkeypatch.setenv("UV_EXCLUDE", str(tmp_path / "exclude"))
    monkeypatch.setenv("UV_OVERRIDE", str(tmp_path / "other"))
    monkeypatch.setenv("UV_WORKING_DIR", "/nonexistent")
    monkeypatch.setenv("VIRTUAL_ENV", "/nonexistent")

    assert sorted(install(code, wheelhouse.lock())) == [
        "rates-1.0.dist-info/METADATA",
        "rates-1.0.dist-info/WHEEL",
        "rates.py",
    ]


def test_the_same_lock_is_installed_once_for_each_runtime_and_architecture(
    code: Path, tmp_path: Path, wheelhouse: Wheelhouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheelhouse.add("rates", {"rates.py": b""})
    lock = wheelhouse.lock()
    first = install(code, lock)
    for wheel in wheelhouse.folder.iterdir():
        wheel.unlink()
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "nothing"))  # now uv could not install it again

    assert install(code, lock) == first
    for target in (("python3.13", "x86_64"), ("python3.12", "arm64")):
        assert "rates" in refusal(code, lock, *target)
    assert "rates" in refusal(code, lock + "# another lock\n")


def test_uv_is_of_one_version_everywhere() -> None:
    project = tomllib.loads(PROJECT.joinpath("pyproject.toml").read_text())
    pin = PROJECT.joinpath("tools", "uv.txt").read_text().split()[0]

    assert pin == f"uv=={importlib.metadata.version('uv')}"
    assert pin in project["dependency-groups"]["program"]
    assert project["build-system"]["requires"] == [pin.replace("uv", "uv_build")]
