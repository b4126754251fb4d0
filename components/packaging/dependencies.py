"""What a function's code depends on: locked in its folder, installed as wheels for the machine that Lambda runs it on.

The lock is a `requirements.txt` in which every line has a version and hashes. Of the two locks that `uv pip install`
takes it is the one to rely on: uv calls its reading of `pylock.toml` (PEP 751) experimental. It names no hosts, so it
works behind any mirror, with the index that the user's uv is set to; and every scanner of dependencies reads it.

Nothing is built here and no Docker is needed: a wheel for another machine only has to be unpacked.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

import uv

from components.errors import PipelineError
from components.packaging import cache
from components.packaging.deterministic_zip import FORMAT, zipped

LOCK = "requirements.txt"
ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's names for the instruction sets, and those of wheels."""
RUNTIMES = {
    "python3.10": "manylinux2014",
    "python3.11": "manylinux2014",
    "python3.12": "manylinux_2_34",
    "python3.13": "manylinux_2_34",
    "python3.14": "manylinux_2_34",
}
"""The newest wheels that a runtime can load. It follows from its system's glibc: 2.26 in Amazon Linux 2, for which uv
knows nothing between 2.17 (manylinux2014) and 2.28, and 2.34 in Amazon Linux 2023.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
https://docs.aws.amazon.com/linux/al2023/ug/glibc-gcc-and-binutils.html
"""

_SOURCES = ("requirements.in", "pyproject.toml")
"""What a lock is made from."""
_OTHER_LOCKS = ("Pipfile.lock", "poetry.lock", "pylock.toml")
_PINNED = re.compile(
    r"[A-Za-z0-9][\w.-]* (\[.*?\])? \s* == [^\s;=]+ (\s*;.*?)? (\s+--hash=sha256:[0-9a-f]{64})+", re.VERBOSE
)
_NAMED = 3
"""So many wrong lines are named in a message."""
_MEDDLING = frozenset(
    {"COLUMNS", "UV_COMPILE_BYTECODE", "UV_CONSTRAINT", "UV_EXCLUDE", "UV_OVERRIDE", "UV_WORKING_DIR"}
)
"""Settings of uv that would install other than what is locked, or break its messages into lines. Those that say from
where are the user's business."""
_ASIDES = ("For more information", "hint:", "warning:")
_COMMANDS = "bin"
"""Commands begin with the path of this machine's Python, and nobody calls them in Lambda."""
_OF_THE_INSTALLATION = frozenset(
    {".lock", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
"""What uv writes beside what the wheels hold, about this installation. `RECORD` has the hashes of the commands."""


def lock_problems(root: Path, runtime: str) -> list[str]:
    """What keeps the dependencies of a folder from being installed, in words; nothing is downloaded."""
    try:
        return _lock_problems(root, runtime)
    except ValueError as error:  # of TOML, or of an encoding
        return [f"what {root} depends on cannot be read: {error}"]


def installed(root: Path, runtime: str, architecture: str, limit: int) -> Path | None:
    """A zip with the dependencies of a folder, from the cache or by uv; `None` where there are none.

    Args:
        root: The folder; its lock has no problems.
        runtime: Of `RUNTIMES`.
        architecture: Of `ARCHITECTURES`.
        limit: The most bytes that they may have.

    Raises:
        PipelineError: They cannot be installed; nothing of them stays.
    """
    lock = root / LOCK
    if not lock.is_file() or not _requirements(lock):
        return None
    platform = f"{ARCHITECTURES[architecture]}-{RUNTIMES[runtime]}"
    made_from = "\0".join([FORMAT, _uv_version(), runtime, platform]).encode() + lock.read_bytes()
    key = hashlib.sha256(made_from).hexdigest()

    def install() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            reason = _install(lock, Path(folder), runtime.removeprefix("python"), platform)
            if reason:
                raise PipelineError(
                    "code", [f"{lock} cannot be installed for {runtime} on {architecture}, from wheels alone: {reason}"]
                )
            files = _wanted(Path(folder))
            size = sum(path.stat().st_size for path in files.values())
            if size > limit:
                raise PipelineError("code", [too_big(str(lock), size, limit)])
            return zipped({name: path.read_bytes() for name, path in files.items()})

    return cache.stored(f"packages/dependencies-{key}.zip", install)


def too_big(what: str, size: int, limit: int) -> str:
    """The message about code that is more than may be uploaded."""
    return (
        f"{what} makes {size / 1e6:.1f} MB, and a function's zip may have {limit / 1e6:.0f} MB: leave out what it does "
        "not need, put dependencies into layers, or deploy a container image"
    )


def _lock_problems(root: Path, runtime: str) -> list[str]:
    lock, source = root / LOCK, _source(root)
    declared = _declared(source) if source else []
    remedy = _remedy(source or root / _SOURCES[0], runtime)
    if not lock.is_file():
        others = [name for name in _OTHER_LOCKS if (root / name).is_file()]
        if declared:
            return [f"{source} names dependencies and there is no {lock} that locks them: {remedy}"]
        return [f"{root / name} is not read: put the same into {lock}, with == and hashes" for name in others]
    lines = _requirements(lock)
    if loose := [_first_word(line) for line in lines if not _PINNED.fullmatch(line)]:
        named = ", ".join(loose[:_NAMED]) + (f" and {len(loose) - _NAMED} more" if len(loose) > _NAMED else "")
        rename = "" if declared else f"rename it to {root / _SOURCES[0]}, then "
        return [f"{lock} is no lock, for {named} has no version with == or no --hash=sha256: {rename}{remedy}"]
    if missing := sorted(_names(line for line in declared if ";" not in line) - _names(lines)):
        return [f"{lock} lacks {', '.join(missing)} of {source}: {remedy}"]
    return []


def _install(lock: Path, folder: Path, version: str, platform: str) -> str:
    """Install what the lock says, that and no more, into a folder; why it could not be done, or nothing."""
    done = subprocess.run(
        [
            uv.find_uv_bin(), "pip", "install", "--requirements", str(lock.absolute()), "--target", str(folder),
            "--python", sys.executable, "--no-python-downloads", "--python-version", version,
            "--python-platform", platform, "--no-build", "--no-deps", "--require-hashes",
            "--link-mode", "copy", "--quiet", "--no-progress", "--color", "never",
        ],
        cwd=folder,  # so that no project's uv.toml or pyproject.toml says how to install
        env={name: value for name, value in os.environ.items() if name not in _MEDDLING},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return (_reason(done.stderr) or f"uv ended with exit code {done.returncode}") if done.returncode else ""


def _reason(text: str) -> str:
    """What uv says, as one sentence, without the credentials that a URL can hold."""
    lines = [line.strip() for line in text.splitlines()]
    said = [re.sub(r"^(error|cause): ", "", line) for line in lines if line and not line.startswith(_ASIDES)]
    return re.sub(r"[^\s'`]+@", "***@", ": ".join(said).replace(":: ", ": ").rstrip("."))


def _wanted(folder: Path) -> dict[str, Path]:
    """What was installed, without what would differ on another machine."""
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {name.as_posix(): path for name, path in found.items() if not _is_of_this_machine(name)}


def _is_of_this_machine(name: Path) -> bool:
    of_uv = name.parent.suffix == ".dist-info" or name.parent == Path()
    return (
        name.parts[0] == _COMMANDS
        or "__pycache__" in name.parts  # bytecode is of one Python
        or (of_uv and name.name in _OF_THE_INSTALLATION)
    )


@functools.cache
def _uv_version() -> str:
    return importlib.metadata.version("uv")


def _source(root: Path) -> Path | None:
    """The file of a folder that names dependencies, from which a lock is made."""
    return next((root / name for name in _SOURCES if (root / name).is_file() and _declared(root / name)), None)


def _declared(source: Path) -> list[str]:
    if source.suffix == ".toml":
        return [*tomllib.loads(source.read_text(encoding="utf-8")).get("project", {}).get("dependencies", ())]
    return _requirements(source)


def _requirements(file: Path) -> list[str]:
    """The requirements and options of a file, each on one line and without comments."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in file.read_text(encoding="utf-8").splitlines())
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [line.strip() for line in joined if line.strip()]


def _names(requirements: Iterable[str]) -> set[str]:
    """The normalised names of requirements; of options, paths and URLs nothing."""
    named = (line for line in requirements if line[0].isalnum() and "://" not in line)
    return {re.sub(r"[-_.]+", "-", _first_word(line)).lower() for line in named}


def _first_word(line: str) -> str:
    """The name of a requirement or option, and nothing of a URL, which can hold credentials."""
    return re.sub(r"[^\w.-].*", "", line)


def _remedy(source: Path, runtime: str) -> str:
    if source.with_name("uv.lock").is_file():
        command = f"uv export --frozen --no-dev --no-emit-project -o {LOCK}"
    else:
        version = runtime.removeprefix("python")
        options = f"--universal --generate-hashes --no-build --python-version {version}"
        command = f"uv pip compile {options} {source.name} -o {LOCK}"
    return f"run `{command}` in {source.parent}"
