"""`python -m local watch` as a user and as CI runs it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import supervisor
from local.environment import PROJECT, Workspace
from tests.end_to_end.conftest import Deployment, deploy
from tests.support.command import LocalCommand
from tests.support.waiting import eventually

_QUIET = "depth=0 in-flight=0 oldest=- dead-letters=0 invocations=0 errors=0 throttles=0 mapping=Enabled"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    command = LocalCommand(tmp_path_factory.mktemp("deployment"))
    try:
        yield deploy(command)
    finally:
        supervisor.stop(Workspace(command.workspace).emulator)


def _states(deployment: Deployment) -> set[str]:
    found = deployment.aws.cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]
    return {alarm.get("StateValue", "") for alarm in found}


def test_without_a_terminal_each_pipeline_has_a_line_and_none_where_nothing_changes(deployment: Deployment) -> None:
    eventually(lambda: _states(deployment) == {"OK"})  # each is evaluated when it is first heard of
    begun = time.monotonic()

    code, text = deployment.command.run("watch", "--for", "3")

    assert code == 0, text
    assert time.monotonic() - begun >= 3
    timed = [re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (\w+) (.*) alarms=OK:\d+", it) for it in text.splitlines()]
    assert [match and match.groups() for match in timed] == [("orders", _QUIET), ("payments", _QUIET)], text


def test_each_change_is_a_line_until_ctrl_c_ends_it_as_other_commands(deployment: Deployment) -> None:
    watching = deployment.command.start("watch", "--every", "0.2")
    assert watching.stdout
    first = watching.stdout.readline()
    order = json.dumps({"orderId": "ORD-7"})
    deployment.aws.sqs.send_message(QueueUrl=deployment.outputs["queueUrl"], MessageBody=order)
    lines = [first]
    while "ORD-7 order processed" not in lines[-1]:
        lines.append(watching.stdout.readline())
        assert lines[-1], lines
    watching.send_signal(signal.SIGINT)
    rest, _ = watching.communicate(timeout=20)

    assert re.search(
        r" orders depth=0 .* dead-letters=0 invocations=1 errors=0 .* log=\"ORD-7 order processed\"$", lines[-1]
    )
    assert (watching.returncode, "Traceback" in rest) == (130, False)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_is_drawn_anew_in_place_with_colours_unless_they_are_not_wanted(
    deployment: Deployment, no_color: str, coloured: bool
) -> None:
    text = _in_a_terminal(deployment.command.workspace, {"NO_COLOR": no_color}, "watch", "--for", "1", "--every", "0.5")

    frames = text.split("\033[?7l")[1:]
    assert len(frames) > 1
    assert [frame.startswith("\033[1mpipelines at ") for frame in frames] == [coloured] * len(frames)
    assert re.search(r"\033\[(1|31|33)m", text) is not None or not coloured
    assert coloured or re.search(r"\033\[\d*m", text) is None
    height = frames[0].count("\n")
    assert [frame.endswith(f"\033[{height}A") for frame in frames] == [True] * (len(frames) - 1) + [
        False
    ]  # back to the beginning
    table = re.sub(r"\033\[[\d?]*[A-Za-z]", "", frames[-1]).splitlines()
    assert table[2].split("   ") == [
        *("pipeline", "depth", "in flight", "oldest", "dead letters", "invocations", "errors", "throttles", "mapping"),
    ]
    assert [line.split()[0] for line in table[3:5]] == ["orders", "payments"]


def test_a_reader_that_has_read_enough_is_no_error(deployment: Deployment) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "local", "watch", "--for", "5"],
        cwd=PROJECT,
        env={**os.environ, "ORDER_PIPELINES_WORKSPACE": str(deployment.command.workspace)},
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, b"")


def test_where_nothing_runs_it_says_what_to_do_and_starts_nothing(tmp_path: Path) -> None:
    command = LocalCommand(tmp_path / "workspace")

    assert command.run("watch") == (1, "error: no pipeline runs here: deploy the stack with `make up`, then watch it\n")
    assert not command.workspace.exists()


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf"])
def test_seconds_are_a_number_above_0(tmp_path: Path, text: str) -> None:
    code, said = LocalCommand(tmp_path).run("watch", f"--every={text}")

    assert code == 2
    assert said.endswith(f"error: argument --every: '{text}' is not a number of seconds above 0\n")


def _in_a_terminal(workspace: Path, extra: dict[str, str], *arguments: str) -> str:
    """All that a command writes to a terminal of 120 columns and 30 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "local", *arguments],
        cwd=PROJECT,
        env={**environment, "TERM": "xterm", "ORDER_PIPELINES_WORKSPACE": str(workspace), **extra},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            text += (more := os.read(ours, 65_536))
        except OSError:  # the other end is closed
            break
        if not more:
            break
    os.close(ours)
    assert process.wait() == 0, text
    return text.decode()
