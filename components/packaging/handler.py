"""A function's handler: whether Lambda will find it in the code, and what it answers, without running any of it."""

from __future__ import annotations

import ast
import importlib.util
import platform
import symtable
from pathlib import Path

MARKER = "REPORTS_BATCH_ITEM_FAILURES"
"""By this name a handler's module says, at its top level, whether it answers with `batchItemFailures`."""


def handler_problems(folder: str, handler: str, *, reports: bool = True) -> list[str]:
    """What is wrong with a handler such as `handler.lambda_handler` in a folder of code; nothing is executed.

    Args:
        folder: The folder.
        handler: The handler.
        reports: Whether the mapping has `ReportBatchItemFailures`. The marker of the handler's module has to say the
            same; without a marker nothing is known of the answer, and nothing is checked.
    """
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
        source = importlib.util.decode_source(file.read_bytes())
        tree = ast.parse(source)
        functions, has_function = _names(file, source, tree, function)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        return [f"handler file {file}{line}: Python {platform.python_version()} says {error.msg}"]
    problems: list[str] = []
    if not has_function:
        there = f" (it has {', '.join(functions)})" if functions else ""
        problems.append(
            f"handler file {file} has no function {function!r}{there}: add it, or set handler to one that is there"
        )
    return problems + _marker_problems(file, tree, reports)


def _names(file: Path, source: str, tree: ast.Module, name: str) -> tuple[list[str], bool]:
    """The functions of a module, and whether it has a name: as a function, by import or by assignment."""
    symbols = symtable.symtable(source, str(file), "exec").get_symbols()
    bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    imports_all = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body)
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], name in bound or imports_all


def _marker_problems(file: Path, tree: ast.Module, reports: bool) -> list[str]:
    marked = [node for node in ast.walk(tree) if _gives_the_marker(node)]
    values = [value for node in tree.body if (value := _marker_value(node)) is not None]
    if len(values) != len(marked) or len(marked) > 1:
        lines = ", ".join(str(line) for line in sorted({getattr(node, "lineno", 0) for node in marked}))
        return [
            f"handler file {file}, line {lines}: {MARKER} must be True or False, assigned once and at the top level, "
            "because it is read and nothing is run"
        ]
    if values == [not reports]:
        return [_DISAGREEMENTS[reports].format(file=file)]
    return []


_DISAGREEMENTS = {
    False: (
        f"handler file {{file}} says {MARKER} = True and report_batch_item_failures is false: Lambda would take every "
        "answer for a success, and delete the orders that failed as done; leave report_batch_item_failures out, or let "
        "the handler raise when an order fails and say False"
    ),
    True: (
        f"handler file {{file}} says {MARKER} = False and report_batch_item_failures is true: every failure would "
        "repeat the whole batch, with the orders that were done; let the handler answer with batchItemFailures and say "
        "True, or set report_batch_item_failures to false"
    ),
}
"""By whether the mapping has `ReportBatchItemFailures`: what the other answer would do."""


def _gives_the_marker(node: ast.AST) -> bool:
    """Whether a node gives the marker's name to something, in whatever way and wherever."""
    if isinstance(getattr(node, "ctx", None), ast.Load):
        return False
    given = (getattr(node, field, None) for field in ("asname", "name", "id", "rest"))
    return next(filter(None, given), None) == MARKER


def _marker_value(node: ast.stmt) -> bool | None:
    """What a statement such as `REPORTS_BATCH_ITEM_FAILURES = True` says; `None` of any other."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=bool(value)))
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=bool(value)))
        ) if name == MARKER:
            return value
        case _:
            return None
