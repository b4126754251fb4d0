"""Mistakes of a user: one clear sentence, nothing changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import environment
from local.environment import PROJECT, EngineMissingError
from tests.end_to_end.conftest import embedded_aws
from tests.support.command import LocalCommand
from tests.support.program import Program


def _config(folder: Path, line: str) -> str:
    """A copy of the stack's configuration with one more line; the path of it."""
    text = (PROJECT / "Pulumi.local.yaml").read_text().replace("config:\n", f"config:\n  {line}\n", 1)
    path = folder / "Pulumi.local.yaml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "order-pipelines:batchSise: 5",
            "error: Pulumi.local.yaml: unknown config key 'batchSise': did you mean 'batchSize'?",
        ),
        (
            "order-pipelines:maxAge: soon",
            "error: validating stack config: Stack 'local' with configuration key 'maxAge' must be of type 'integer'",
        ),
        (
            "order-pipelines:batchSize: 20000",
            "error: orders: batch_size must be 1..10000 messages, got 20000",
        ),
    ],
)
def test_a_wrong_configuration_is_named_and_nothing_is_deployed(
    local_command: LocalCommand, tmp_path: Path, line: str, message: str
) -> None:
    code, text = local_command.run("up", "--config-file", _config(tmp_path, line))

    assert code != 0
    assert message in text
    assert "Traceback" not in text
    assert embedded_aws(local_command).sqs.list_queues().get("QueueUrls", []) == []


def test_a_pipeline_that_cannot_work_is_refused_with_every_problem(program: Program) -> None:
    program.folder.joinpath("code").mkdir()
    program.write(
        """
        from components import OrderPipeline

        OrderPipeline("orders", {"code": "code", "timeout": 60, "visibility_timeout": 60})
        """
    )

    result = program.up()

    assert result.code != 0
    assert (
        "error: orders: handler file code/handler.py does not exist: add it, or set handler to <file>.<function> of a "
        "file in code; "
        "visibility 60 s < 6 x 60 s + 0 s = 360 s: set visibility_timeout >= 360 or lower timeout to 10"
    ) in result.text
    assert "Traceback" not in result.text
    assert result.changed() == {}
    assert program.aws.sqs.list_queues().get("QueueUrls", []) == []


def test_a_missing_engine_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    with pytest.raises(EngineMissingError, match="the Pulumi engine is not set up: run `make setup`"):
        environment.engine()

    tmp_path.joinpath(".local").mkdir()
    tmp_path.joinpath(".local", "engine-missing.txt").write_text("install the Pulumi CLI\n")
    with pytest.raises(EngineMissingError, match=r"^install the Pulumi CLI$"):
        environment.engine()


def test_a_checkout_that_was_not_set_up_says_so(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "local", tmp_path / "local", ignore=shutil.ignore_patterns(".venv", "__pycache__"))

    done = subprocess.run(
        [sys.executable, "-m", "local", "up"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (1, "error: the embedded AWS is not installed: run `make setup`\n")
