"""A function's handler: whether Lambda will find it in the code, without running any of it."""

from __future__ import annotations

import ast
import importlib.util
import platform
import symtable
from pathlib import Path


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
    try:
        functions, has_function = _names(file, function)
    except SyntaxError as error:
        return [f"handler file {file}, line {error.lineno}: Python {platform.python_version()} says {error.msg}"]
    if not has_function:
        there = f" (it has {', '.join(functions)})" if functions else ""
        return [f"handler file {file} has no function {function!r}{there}: add it, or set handler to one that is there"]
    return []


def _names(file: Path, name: str) -> tuple[list[str], bool]:
    """The functions of a module, and whether it has a name: as a function, by import or by assignment."""
    source = importlib.util.decode_source(file.read_bytes())
    body = ast.parse(source).body
    symbols = symtable.symtable(source, str(file), "exec").get_symbols()
    bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    imports_all = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in body)
    return [node.name for node in body if isinstance(node, ast.FunctionDef)], name in bound or imports_all
