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


TRUE, FALSE = (f"REPORTS_BATCH_ITEM_FAILURES = {value}\n" for value in (True, False))
IS_READ = (
    "REPORTS_BATCH_ITEM_FAILURES must be True or False, assigned once and at the top level, because it is read and "
    "nothing is run"
)


@pytest.mark.parametrize(
    ("marker", "reports"),
    [
        ("", True),
        ("", False),
        (TRUE, True),
        (FALSE, False),
        ("REPORTS_BATCH_ITEM_FAILURES: bool = True\n", True),
        ("from typing import Final\nREPORTS_BATCH_ITEM_FAILURES: Final = False\n", False),
        (f'{TRUE}"""What it answers."""\n__all__ = ["REPORTS_BATCH_ITEM_FAILURES"]\n', True),
        (f"{TRUE}if REPORTS_BATCH_ITEM_FAILURES:\n    ANSWER = []\n", True),
        # Of another module, or by another name, it is not this one.
        (f"import other\nother.REPORTS_BATCH_ITEM_FAILURES = False\n{TRUE}", True),
        (f"from other import REPORTS_BATCH_ITEM_FAILURES as OF_THE_OTHER\n{TRUE}", True),
        (f"# {FALSE}", True),
    ],
)
def test_a_handler_that_says_what_the_mapping_takes_is_taken(tmp_path: Path, marker: str, reports: bool) -> None:
    folder = write(tmp_path, {"handler.py": f"{marker}{FUNCTION}"})

    assert handler_problems(folder, "handler.lambda_handler", reports=reports) == []


@pytest.mark.parametrize(
    ("marker", "reports", "problem"),
    [
        (
            TRUE,
            False,
            "handler file CODE/handler.py says REPORTS_BATCH_ITEM_FAILURES = True and report_batch_item_failures is "
            "false: Lambda would take every answer for a success, and delete the orders that failed as done; leave "
            "report_batch_item_failures out, or let the handler raise when an order fails and say False",
        ),
        (
            FALSE,
            True,
            "handler file CODE/handler.py says REPORTS_BATCH_ITEM_FAILURES = False and report_batch_item_failures is "
            "true: every failure would repeat the whole batch, with the orders that were done; let the handler answer "
            "with batchItemFailures and say True, or set report_batch_item_failures to false",
        ),
    ],
)
def test_a_handler_that_says_the_other_is_named_with_what_would_happen(
    tmp_path: Path, marker: str, reports: bool, problem: str
) -> None:
    folder = write(tmp_path, {"handler.py": f"{marker}{FUNCTION}"})

    found = handler_problems(folder, "handler.lambda_handler", reports=reports)

    assert found == [problem.replace("CODE", folder)]


@pytest.mark.parametrize(
    ("marker", "lines"),
    [
        ("REPORTS_BATCH_ITEM_FAILURES = 1\n", "1"),
        ('REPORTS_BATCH_ITEM_FAILURES = "True"\n', "1"),
        ("REPORTS_BATCH_ITEM_FAILURES = None\n", "1"),
        ("REPORTS_BATCH_ITEM_FAILURES = not False\n", "1"),
        ("REPORTS_BATCH_ITEM_FAILURES = bool(1)\n", "1"),
        ("REPORTS_BATCH_ITEM_FAILURES: bool\n", "1"),
        ("A = REPORTS_BATCH_ITEM_FAILURES = True\n", "1"),
        ("A, REPORTS_BATCH_ITEM_FAILURES = True, True\n", "1"),
        (f"import os\nif os.environ:\n    {TRUE}", "3"),
        (f"try:\n    {TRUE}finally:\n    pass\n", "2"),
        ("from other import REPORTS_BATCH_ITEM_FAILURES\n", "1"),
        ("from other import ANSWERS as REPORTS_BATCH_ITEM_FAILURES\n", "1"),
        ("def REPORTS_BATCH_ITEM_FAILURES(): ...\n", "1"),
        (f"{TRUE}{TRUE}", "1, 2"),
        (f"{TRUE}{FALSE}", "1, 2"),
        (f"{TRUE}REPORTS_BATCH_ITEM_FAILURES &= False\n", "1, 2"),
        (f"{TRUE}del REPORTS_BATCH_ITEM_FAILURES\n", "1, 2"),
        (f"{TRUE}def work():\n    global REPORTS_BATCH_ITEM_FAILURES\n    {FALSE}", "1, 4"),
        (f"class Orders:\n    {TRUE}", "2"),
    ],
)
@pytest.mark.parametrize("reports", [True, False])
def test_what_a_handler_answers_must_be_there_to_read(tmp_path: Path, marker: str, lines: str, reports: bool) -> None:
    folder = write(tmp_path, {"handler.py": f"{marker}{FUNCTION}"})

    found = handler_problems(folder, "handler.lambda_handler", reports=reports)

    assert found == [f"handler file {folder}/handler.py, line {lines}: {IS_READ}"]


def test_every_problem_of_a_handler_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, {"handler.py": FALSE})

    assert [problem.partition(":")[0] for problem in handler_problems(folder, "handler.lambda_handler")] == [
        f"handler file {folder}/handler.py has no function 'lambda_handler'",
        f"handler file {folder}/handler.py says REPORTS_BATCH_ITEM_FAILURES = False and report_batch_item_failures is "
        "true",
    ]


def test_a_file_in_no_encoding_that_python_knows_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, {"handler.py": f"# coding: klingon\n{FUNCTION}"})

    assert handler_problems(folder, "handler.lambda_handler") == [
        f"handler file {folder}/handler.py: Python {platform.python_version()} says unknown encoding: klingon"
    ]


def test_a_missing_folder_is_named() -> None:
    assert handler_problems("functions/returns", "handler.lambda_handler") == [
        "code folder 'functions/returns' does not exist: set code to the folder that holds handler.py"
    ]


def test_the_code_is_read_and_never_run(tmp_path: Path) -> None:
    folder = write(tmp_path, {"handler.py": f"raise SystemExit\n{FUNCTION}"})

    assert handler_problems(folder, "handler.lambda_handler") == []
