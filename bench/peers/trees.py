"""Values at places in nested objects: `A.B` is B inside A, `A[0].B` is B of the first item of a list A."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

Tree = dict[str, Any]
_STEP = re.compile(r"^(\w+)(?:\[(\d+)\])?$")


def put(tree: Tree, path: str, value: Any) -> None:
    """Put a value at a place, beside what is there."""
    *way, (last, index) = _steps(path)
    for name, at in way:
        tree = tree.setdefault(name, {}) if at is None else _item(tree.setdefault(name, []), at)
    if index is not None:
        tree.setdefault(last, []).append(value)
    elif isinstance(value, dict):
        merge(tree, {last: value})
    else:
        tree[last] = value


def put_all(tree: Tree, more: Mapping[str, Any]) -> None:
    """Put values at places, by place."""
    for path, value in more.items():
        put(tree, path, value)


def has(tree: Tree, path: str) -> bool:
    """Whether there is a value at a place."""
    found: Any = tree
    for name, at in _steps(path):
        found = found.get(name)
        if found is None:
            return False
        found = found if at is None else found[at]
    return True


def merge(tree: Tree, more: Tree) -> None:
    """Add one tree to another: lists grow, and of a value that both have the new one stays."""
    for name, value in more.items():
        there = tree.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            merge(cast("Tree", there), cast("Tree", value))
        elif isinstance(there, list) and isinstance(value, list):
            tree[name] = [*cast("list[Any]", there), *cast("list[Any]", value)]
        else:
            tree[name] = value


def _steps(path: str) -> Iterator[tuple[str, int | None]]:
    for step in path.split("."):
        match = _STEP.match(step)
        assert match, f"{path} is not a path"
        yield match[1], int(match[2]) if match[2] else None


def _item(items: list[Any], at: int) -> Tree:
    while len(items) <= at:
        items.append({})
    return items[at]
