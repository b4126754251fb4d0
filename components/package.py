"""A function's code as a deployment package: the same for the same source, on every machine."""

from __future__ import annotations

import ast
from pathlib import Path

import pulumi

_NOT_CODE = frozenset({"__pycache__"})


def package(folder: str) -> pulumi.AssetArchive:
    """Every source file of a folder, without what a local run leaves behind and would change the hash."""
    root = Path(folder)
    files = sorted(path for path in root.rglob("*") if path.is_file() and not _NOT_CODE & set(path.parts))
    return pulumi.AssetArchive({path.relative_to(root).as_posix(): pulumi.FileAsset(str(path)) for path in files})


def handler_problems(folder: str, handler: str) -> list[str]:
    """What is wrong with a handler such as `handler.lambda_handler` in a folder of code; nothing is executed."""
    module, _, function = handler.rpartition(".")
    if not module:
        return [f"handler {handler!r} must be <file>.<function>, such as 'handler.lambda_handler'"]
    if not Path(folder).is_dir():
        return [f"code folder {folder!r} does not exist: set code to the folder that holds {module}.py"]
    file = Path(folder, *module.split(".")).with_suffix(".py")
    if not file.is_file():
        return [
            f"handler file {file} does not exist: add it, or set handler to <file>.<function> of a file in {folder}"
        ]
    names = [node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    if function not in names:
        there = f" (it has {', '.join(names)})" if names else ""
        return [f"handler file {file} has no function {function!r}{there}: add it, or set handler to one that is there"]
    return []
