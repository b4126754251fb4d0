"""Writes the pages of components and rules, and the settings in docs/functions.md, from the docstrings of the code.

Run `make docs` after a change of a docstring; `make check` fails when a page is not what this would write.
Exit codes: 0 written, or up to date with `--check`; 1 out of date.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import conformance
import rule_pages

PROJECT = Path(__file__).parent.parent
COMPONENTS = PROJECT / "components"
FUNCTIONS = PROJECT / "docs" / "functions.md"
SETTINGS = PROJECT / "functions" / "orders" / "processing" / "settings.py"
_MARKED = re.compile(r"(<!-- settings: [^\n]* -->\n).*(<!-- end of settings -->)", re.DOTALL)
_VARIABLE = re.compile(r"`([A-Z_]+)`: (.+)")
_WRAPPER = re.compile(r"^(?:NotRequired|Required|pulumi\.Input|pulumi\.Output)\[(.*)\]$")
_COMMENT = re.compile(r"^ {4}# (.+)$")


def page(name: str, file: str, arguments_file: str) -> str:
    """The whole page of a component.

    Args:
        name: Its class.
        file: The file in components/ that it is in.
        arguments_file: The file with its arguments.
    """
    main = f"{name}Args"
    source = (COMPONENTS / arguments_file).read_text()
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    tree = ast.parse((COMPONENTS / file).read_text())
    component = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    parts = [
        f"# {name}",
        "<!-- Written by tools/reference.py from the docstrings in components/: change those and run `make docs`. -->",
        _text(component),
        "## Arguments",
        _text(classes[main]),
        *_groups(classes[main], source.splitlines()),
    ]
    for other, node in classes.items():
        if other not in (main, name):
            parts += [f"### {other}", _text(node), _table(_fields(node), "field")]
    parts += ["## Outputs", _table(_fields(component), "output")]
    for node in component.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            kind = "Property" if node.decorator_list else "Method"
            parts += [f"## {kind} `{node.name}`", _text(node)]
    return "\n\n".join(parts) + "\n"


def functions_page() -> str:
    """The page about functions, of which the table of settings is written."""
    tree = ast.parse(SETTINGS.read_text())
    settings = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    found = sorted(match.groups() for *_, words in _fields(settings) if (match := _VARIABLE.fullmatch(words)))
    rows = [f"| `{name}` | {words[0].upper()}{words[1:]} |\n" for name, words in found]
    table = "".join(["\n| variable | |\n| --- | --- |\n", *rows, "\n"])
    return _MARKED.sub(lambda match: match[1] + table + match[2], FUNCTIONS.read_text())


def _groups(node: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    """The arguments, under the comments that group them where there are some."""
    fields = _fields(node)
    starts = [number for number in range(node.lineno, (node.end_lineno or 0)) if _COMMENT.match(lines[number])]
    if not starts:
        yield _table(fields, "argument")
    for start, end in zip(starts, [*starts[1:], len(lines)][: len(starts)], strict=True):
        title = lines[start].strip(" #.")
        yield f"### {title}"
        yield _table([field for field in fields if start < field[0] <= end], "argument")


def _fields(node: ast.ClassDef) -> list[tuple[int, str, str, str]]:
    """Line, name, type and docstring of each attribute."""
    found: list[tuple[int, str, str, str]] = []
    for field, after in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            words = " ".join(inspect.cleandoc(str(after.value.value)).split())
            found.append((field.lineno, ast.unparse(field.target), _type(ast.unparse(field.annotation)), words))
    return found


def _type(annotation: str) -> str:
    while match := _WRAPPER.match(annotation):
        annotation = match[1]
    return re.sub(r"pulumi\.(?:Input|Output)\[([\w.]+)\]", r"\1", annotation)


def _table(fields: list[tuple[int, str, str, str]], what: str) -> str:
    rows = [f"| `{name}` | `{kind}` | {words.replace('|', chr(92) + '|')} |" for _, name, kind, words in fields]
    return "\n".join([f"| {what} | type | |", "| --- | --- | --- |", *rows])


def _text(node: ast.ClassDef | ast.FunctionDef) -> str:
    """A docstring, with its example as code and its sections as paragraphs."""
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    found: list[str] = []
    for block in re.split(r"\n\n+", text):
        head, _, rest = block.partition("\n")
        if head == "Example:":
            found.append(f"```python\n{textwrap.dedent(rest)}\n```")
        elif head in ("Raises:", "Args:", "Returns:"):
            entries = re.split(r"\n(?=\S)", textwrap.dedent(rest))
            found.append(f"{head}\n")
            found[-1] += "".join(f"\n- {' '.join(entry.split())}" for entry in entries)
        else:
            found.append(" ".join(block.split()))
    return "\n\n".join(found)


def main() -> int:
    """Write the pages, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the pages are up to date")
    docs = PROJECT / "docs"
    pages = {
        docs / "order-pipeline.md": page("OrderPipeline", "order_pipeline.py", "order_pipeline_args.py"),
        docs / "order-store.md": page("OrderStore", "order_store.py", "order_store.py"),
        FUNCTIONS: functions_page(),
        conformance.PAGE: conformance.page(),
        **rule_pages.pages(),
    }
    strays = rule_pages.strays()
    if parser.parse_args().check:
        stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
        for path in [*stale, *strays]:
            print(f"{path.relative_to(PROJECT)} is not what the docstrings say: run `make docs`", file=sys.stderr)
        return 1 if stale or strays else 0
    for path, text in pages.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for path in strays:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
