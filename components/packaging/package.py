"""A function's code as a deployment package: one zip, the same bytes for the same source on every machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NoReturn

import pulumi

from components.errors import PipelineError
from components.packaging import cache
from components.packaging.dependencies import ARCHITECTURES, LOCK, RUNTIMES, installed, lock_problems, too_big
from components.packaging.deterministic_zip import FORMAT, unzipped, zipped

MAX_ZIP_BYTES = 50_000_000
"""What Lambda takes directly, and what it means is a request of at most 69,905,067 bytes with the zip in it as Base64:
this leaves room for the rest. As nothing is compressed, the 262,144,000 bytes that code may have unzipped are never
reached.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_NOT_CODE = frozenset(
    {
        ".DS_Store",
        ".env",
        ".git",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
        "__pycache__",
    }
)
"""What editors, tools and runs leave behind: it would differ on every machine, and some of it is secret."""


def package(folder: str, *, runtime: str, architecture: str) -> pulumi.Archive:
    """A zip of a folder's code and of the dependencies that it locks.

    The code is every file of the folder but the lock itself, bytecode, and what tools leave behind. A link counts as
    the file that it leads to, if that is in the folder; any other link is refused, so nothing gets in unseen.

    Dependencies are locked in `requirements.txt`, each with a version and hashes, and installed as wheels for the
    runtime and the architecture, whatever this machine is; a package without such a wheel is refused. A lock is made by
    `uv pip compile --universal --generate-hashes --no-build --python-version 3.13 requirements.in -o requirements.txt`.

    The same content gives the same bytes, and the engine compares archives by the hash of these: not by where they are,
    so another machine or another cache changes nothing. The official provider uploads a `.zip` file as it is.

    Nothing of the content is remembered between calls: every call reads the code, and finds both the dependencies and
    the zip in the cache by what they are made from.

    Args:
        folder: Folder with the source code.
        runtime: Python of the function, such as `python3.13`.
        architecture: Instruction set of the function, `arm64` or `x86_64`.

    Raises:
        PipelineError: The folder has problems (`package_problems`), its dependencies cannot be installed, or it is more
            than Lambda takes.
    """
    if problems := package_problems(folder, runtime, architecture):
        raise PipelineError("code", problems)
    files, _ = _code(Path(folder))
    code = {name: path.read_bytes() for name, path in files.items()}
    dependencies = installed(Path(folder), runtime, architecture, MAX_ZIP_BYTES)
    key = hashlib.sha256(f"{FORMAT}\0{dependencies.name if dependencies else ''}\0".encode())
    for name, content in code.items():
        key.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\0".encode())

    def combine() -> bytes:
        libraries = unzipped(dependencies) if dependencies else {}
        if twice := sorted(libraries.keys() & code.keys()):
            raise PipelineError("code", [f"{Path(folder, twice[0])} would hide that of a dependency: rename it"])
        content = zipped({**libraries, **code})
        if len(content) > MAX_ZIP_BYTES:
            raise PipelineError("code", [too_big(folder, len(content), MAX_ZIP_BYTES)])
        return content

    return pulumi.FileArchive(str(cache.stored(f"packages/{key.hexdigest()}.zip", combine)))


def package_problems(folder: str, runtime: str, architecture: str) -> list[str]:
    """What keeps a folder from being packaged, in words; nothing is downloaded and nothing is written.

    `handler_problems` says of a folder that it is not there; here it has no problems.
    """
    if not Path(folder).is_dir():
        return []
    choices = (("runtime", runtime, RUNTIMES), ("architecture", architecture, ARCHITECTURES))
    problems = [
        f"{name} must be {', '.join([*known][:-1])} or {[*known][-1]}, got {value!r}"
        for name, value, known in choices
        if value not in known
    ]
    files, unfit = _code(Path(folder))
    problems += unfit
    size = sum(path.stat().st_size for path in files.values())
    if size > MAX_ZIP_BYTES:
        problems.append(too_big(folder, size, MAX_ZIP_BYTES))
    return problems + lock_problems(Path(folder), runtime)


def _code(root: Path) -> tuple[dict[str, Path], list[str]]:
    """The files of a folder by their names in the zip, in one order, and what is no file that a zip can hold."""
    files: dict[str, Path] = {}
    problems: list[str] = []
    for place, folders, names in os.walk(root, onerror=_cannot_read):
        folders[:] = sorted(set(folders) - _NOT_CODE)
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted({*names, *links} - _NOT_CODE):
            path = Path(place, name)
            if problem := _problem(root, path):
                problems.append(f"{path} {problem}")
            elif path != root / LOCK and path.suffix != ".pyc":
                files[path.relative_to(root).as_posix()] = path
    return files, problems


def _problem(root: Path, path: Path) -> str:
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        return "leads out of the code folder: put a copy in its place"
    if path.is_symlink() and path.is_dir():
        return "leads to a folder: put a copy in its place"
    return "" if path.is_file() else "is not a file: take it out of the code folder"


def _cannot_read(error: OSError) -> NoReturn:
    raise error  # else what cannot be read would silently be left out
