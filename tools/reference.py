"""Writes docs/order-pipeline.md and docs/rules/ from the docstrings of the component and of the rules.

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

import rule_pages

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "order-pipeline.md"
ARGUMENTS = PROJECT / "components" / "order_pipeline_args.py"
COMPONENT = PROJECT / "components" / "order_pipeline.py"
_MAIN = "OrderPipelineArgs"
_WRAPPER = re.compile(r"^(?:NotRequired|Required|pulumi\.Input|pulumi\.Output)\[(.*)\]$")
_COMMENT = re.compile(r"^ {4}# (.+)$")


def page() -> str:
    """The whole page."""
    arguments, component = ast.parse(ARGUMENTS.read_text()), ast.parse(COMPONENT.read_text())
    classes = {node.name: node for node in arguments.body if isinstance(node, ast.ClassDef)}
    pipeline = next(node for node in component.body if isinstance(node, ast.ClassDef) and node.name == "OrderPipeline")
    parts = [
        "# OrderPipeline",
        "<!-- Written by tools/reference.py from the docstrings in components/: change those and run `make docs`. -->",
        _text(pipeline),
        "## Arguments",
        _text(classes[_MAIN]),
        *_groups(classes[_MAIN]),
    ]
    for name, node in classes.items():
        if name != _MAIN:
            parts += [f"### {name}", _text(node), _table(_fields(node), "field")]
    parts += ["## Outputs", _table(_fields(pipeline), "output")]
    for node in pipeline.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            parts += [f"## Method `{node.name}`", _text(node)]
    return "\n\n".join(parts) + "\n"


def _groups(node: ast.ClassDef) -> Iterator[str]:
    """The arguments under the comments that group them."""
    lines = ARGUMENTS.read_text().splitlines()
    fields = _fields(node)
    starts = [number for number in range(node.lineno, (node.end_lineno or 0)) if _COMMENT.match(lines[number])]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
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
    pages, strays = {PAGE: page(), **rule_pages.pages()}, rule_pages.strays()
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
