"""A function's handler: which mistakes are named before anything is deployed."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from components.packaging.handler import handler_problems
from tests.support.folder import write

FUNCTION = "def lambda_handler(event, context): ...\n"


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"handler.py": FUNCTION}, "handler.lambda_handler"),
        ({"orders/worker.py": "def work(event, context): ...\n"}, "orders.worker.work"),
        ({"handler.py": "from orders import lambda_handler\n"}, "handler.lambda_handler"),
        ({"handler.py": "from orders import work as lambda_handler\n"}, "handler.lambda_handler"),
        ({"handler.py": "from orders import *\n"}, "handler.lambda_handler"),
        ({"handler.py": "lambda_handler = traced(work)\n"}, "handler.lambda_handler"),
        ({"handler.py": f"if True:\n    {FUNCTION}"}, "handler.lambda_handler"),
        ({"handler.py": f"# Ä\n{FUNCTION}"}, "handler.lambda_handler"),
    ],
    ids=str,
)
def test_a_handler_that_lambda_can_call_is_taken(tmp_path: Path, files: dict[str, str], handler: str) -> None:
    assert handler_problems(write(tmp_path, files), handler) == []


@pytest.mark.parametrize(
    ("files", "handler", "problem"),
    [
        (
            {},
            "lambda_handler",
            "handler 'lambda_handler' must be <file>.<function>, such as 'handler.lambda_handler'",
        ),
        (
            {"other.py": FUNCTION},
            "handler.lambda_handler",
            "handler file CODE/handler.py does not exist: add it, or set handler to <file>.<function> of a file in "
            "CODE",
        ),
        (
            {"orders/__init__.py": FUNCTION},
            "orders.worker.work",
            "handler file CODE/orders/worker.py does not exist: add it, or set handler to <file>.<function> of a file "
            "in CODE",
        ),
        (
            {"handler.py": ""},
            "handler.lambda_handler",
            "handler file CODE/handler.py has no function 'lambda_handler': add it, or set handler to one that is "
            "there",
        ),
        (
            {"handler.py": f"def work(): ...\n\n\nclass Orders:\n    {FUNCTION}\n\ndef rest(): ...\n"},
            "handler.lambda_handler",
            "handler file CODE/handler.py has no function 'lambda_handler' (it has work, rest): add it, or set handler "
            "to one that is there",
        ),
        (
            {"handler.py": "def work():\n    lambda_handler = 1\n    return lambda_handler\n"},
            "handler.lambda_handler",
            "handler file CODE/handler.py has no function 'lambda_handler' (it has work): add it, or set handler to "
            "one that is there",
        ),
        (
            {"handler.py": "\ndef lambda_handler(event, context:\n"},
            "handler.lambda_handler",
            f"handler file CODE/handler.py, line 2: Python {platform.python_version()} says '(' was never closed",
        ),
    ],
    ids=str,
)
def test_a_handler_that_lambda_cannot_call_is_named(
    tmp_path: Path, files: dict[str, str], handler: str, problem: str
) -> None:
    folder = write(tmp_path, files)

    assert handler_problems(folder, handler) == [problem.replace("CODE", folder)]


def test_a_missing_folder_is_named() -> None:
    assert handler_problems("functions/returns", "handler.lambda_handler") == [
        "code folder 'functions/returns' does not exist: set code to the folder that holds handler.py"
    ]


def test_the_code_is_read_and_never_run(tmp_path: Path) -> None:
    folder = write(tmp_path, {"handler.py": f"raise SystemExit\n{FUNCTION}"})

    assert handler_problems(folder, "handler.lambda_handler") == []
