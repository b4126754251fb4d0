"""Packages with real wheels: these tests fetch four small files from PyPI."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components.packaging.package import package
from local.environment import PROJECT
from tests.support.folder import write

pytestmark = pytest.mark.pypi

LOCK = """\
markupsafe==3.0.4 \\
    --hash=sha256:7018d4af1cd272e847aa5917983ab5e83e4f6579f9dbfecd4a79c0ca80b144c2 \\
    --hash=sha256:434139499bb20b502ed3baa1f169e618f924a97e7a777fea1a49446d80106cf6
tabulate==0.10.0 \\
    --hash=sha256:f0b0622e567335c8fabaaa659f1b33bcb6ddfe2e496071b743aa113f8774f2d3
"""
"""markupsafe has a wheel for each machine; tabulate has a pure one, and a command."""
CODE = {"handler.py": "import markupsafe, tabulate\n", "requirements.txt": LOCK}
SHA256 = "14c0b53f6d09a285455b5a1fbbd85abe37c881822d9baa98769cfea19007540f"
"""Of the package of `CODE` for arm64, on every machine."""
ELF_MACHINES = {"arm64": 183, "x86_64": 62}


@pytest.mark.parametrize(("architecture", "name"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_native_code_is_for_the_functions_architecture(
    tmp_path: Path, cache: Path, architecture: str, name: str
) -> None:
    archive = package(write(tmp_path / "code", CODE), runtime="python3.13", architecture=architecture)

    with zipfile.ZipFile(archive.path) as zipped:  # pyright: ignore
        native = {file: zipped.read(file) for file in zipped.namelist() if file.endswith(".so")}
        names = zipped.namelist()
    assert list(native) == [f"markupsafe/_speedups.cpython-313-{name}-linux-gnu.so"]
    assert [int.from_bytes(content[18:20], "little") for content in native.values()] == [ELF_MACHINES[architecture]]
    assert {file.partition("/")[0] for file in names} == {
        "handler.py",
        "markupsafe",
        "markupsafe-3.0.4.dist-info",
        "tabulate",
        "tabulate-0.10.0.dist-info",
    }
    assert "tabulate-0.10.0.dist-info/entry_points.txt" in names


def test_another_user_in_another_place_gets_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import sys; from components.packaging.package import package; "
        "print(package(sys.argv[1], runtime='python3.13', architecture='arm64').path)"
    )
    hashes: list[str] = []
    for user, umask in (("one", "022"), ("two", "077")):
        home = tmp_path / user
        write(home / "work", CODE if user == "one" else dict(reversed(CODE.items())))
        kept = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "UV_CACHE_DIR")}
        del kept["ORDER_PIPELINES_CACHE"]
        done = subprocess.run(
            ["sh", "-c", f'umask {umask}; exec "$@"', "sh", sys.executable, "-c", program, str(home / "work")],
            env={**kept, "HOME": str(home), "TZ": f"UTC{len(user)}", "LC_ALL": "C"},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        path = Path(done.stdout.strip())
        assert path.is_relative_to(home)
        hashes.append(hashlib.sha256(path.read_bytes()).hexdigest())

    assert hashes == [SHA256, SHA256]
