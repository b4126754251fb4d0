"""Version numbers: what a tool says of itself, and what this repository pins."""

from __future__ import annotations

import re
from pathlib import Path


def parse(text: str) -> tuple[int, ...]:
    """Returns the first version number in a text, or nothing where there is none."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(map(int, found.group().split("."))) if found else ()


def dotted(version: tuple[int, ...]) -> str:
    """Returns a version as it is written."""
    return ".".join(map(str, version)) or "of no known version"


def pinned(requirement: Path) -> str:
    """Returns the version that a requirements file of one package pins."""
    return _find(r"==(\S+)", requirement)


def required(module: Path, name: str) -> str:
    """Returns the version of a module that a go.mod requires, or of `go` itself."""
    return _find(rf"\b{re.escape(name)} v?([\d.]+)$", module)


def _find(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    assert found, f"{path} has no {pattern}"
    return found.group(1)
