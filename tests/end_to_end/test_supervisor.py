"""The embedded AWS as a process: it is found, refuses a second one, keeps its state, and is never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import supervisor
from local.aws import Aws
from local.engine import is_alive
from local.environment import ACCOUNT, REGION
from local.mappings.live import process
from local.supervisor import EmulatorError, Instance, serving
from tests.support.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    supervisor.stop(tmp_path)


def _queues(instance: Instance) -> list[str]:
    return Aws(instance.endpoint, REGION, ACCOUNT).sqs.list_queues().get("QueueUrls", [])


def _listening(pid: int) -> set[tuple[str, int]]:
    """Address and port of every TCP socket on which a process listens, from the kernel's own tables."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.exists()}
    found: set[tuple[str, int]] = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (row.split()[column] for column in (1, 3, 9))
            if state == "0A" and f"socket:[{inode}]" in inodes:
                address, port = local.split(":")
                found.add((address, int(port, 16)))
    return found


def test_it_listens_on_loopback_for_its_users_and_for_its_driver_which_listens_on_nothing(folder: Path) -> None:
    loopback = "0100007F"  # 127.0.0.1 as the kernel prints it
    door = folder / "door"

    with serving(folder) as instance:
        for_driver = int(eventually(lambda: door.exists() and door.read_text()))
        driver = eventually(lambda: process.running(folder))

        assert _listening(instance.pid) == {(loopback, instance.port), (loopback, for_driver)}
        assert for_driver != instance.port
        assert driver
        assert _listening(driver) == set()


def test_a_second_one_on_the_same_folder_is_refused(folder: Path) -> None:
    with serving(folder) as first:
        holder = f"an embedded AWS (pid {first.pid}, {first.endpoint})"
        with pytest.raises(EmulatorError) as refusal, serving(folder):
            pass

        assert str(refusal.value) == f"{holder} already holds {folder}: stop it with `make stop`"
        assert supervisor.running(folder) == first

    assert supervisor.running(folder) is None


def test_stopped_in_order_it_keeps_its_state_its_port_and_its_epoch(folder: Path) -> None:
    with serving(folder) as first:
        Aws(first.endpoint, REGION, ACCOUNT).sqs.create_queue(QueueName="orders")
        queues = _queues(first)
    with serving(folder) as second:
        assert (second.port, second.epoch) == (first.port, first.epoch)
        assert second.pid != first.pid
        assert _queues(second) == queues == [f"{first.endpoint}/{ACCOUNT}/orders"]


def test_killed_it_comes_back_empty_in_another_epoch(folder: Path) -> None:
    with serving(folder) as first:
        Aws(first.endpoint, REGION, ACCOUNT).sqs.create_queue(QueueName="orders")
        os.kill(first.pid, signal.SIGKILL)

    with serving(folder) as second:
        assert second.port == first.port
        assert second.epoch != first.epoch
        assert _queues(second) == []


def test_a_port_that_another_program_took_is_a_clear_refusal(folder: Path) -> None:
    with serving(folder) as first:
        pass
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", first.port))
        squatter.listen()
        with pytest.raises(EmulatorError) as refusal, serving(folder):
            pass

    assert str(refusal.value) == (
        f"port {first.port} on 127.0.0.1 is taken by another program: end that program, or `make clean` to let the "
        "embedded AWS start anew on a free port"
    )
    assert supervisor.running(folder) is None


def test_it_ends_with_a_parent_that_is_killed(folder: Path) -> None:
    script = f"""
        import sys, time
        from pathlib import Path
        from local.supervisor import serving
        with serving(Path({str(folder)!r})) as instance:
            print(instance.pid, flush=True)
            time.sleep(600)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)

        parent.kill()

    assert eventually(lambda: not is_alive(pid))
    assert supervisor.running(folder) is None


def test_stopping_what_does_not_run_is_no_error(folder: Path) -> None:
    assert supervisor.stop(folder) is False
