"""Starts, finds and stops the embedded AWS of a state folder."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.mappings.live import process as driver

HERE = Path(__file__).parent / "emulator"
PYTHON = HERE / ".venv" / "bin" / "python"
_SERVE = HERE / "serve.py"
_FOLDER_HELD, _PORT_TAKEN = 3, 4  # exit codes of serve.py
_START_SECONDS = 60
_STOP_SECONDS = 20
_POLL_SECONDS = 0.02
_DRIVES = True
"""Whether event source mappings are driven by `local.mappings`, when a caller does not say; else the emulator polls."""


class EmulatorError(RuntimeError):
    """The embedded AWS cannot be started or used; the message says why and what to do."""


@dataclass(frozen=True)
class Instance:
    """A running embedded AWS.

    Attributes:
        folder: Its state folder.
        pid: Its process.
        port: Its TCP port on loopback.
        epoch: Stays the same while it keeps its state, over stops and starts; another one after a kill.
    """

    folder: Path
    pid: int
    port: int
    epoch: str

    @property
    def endpoint(self) -> str:
        """URL of every AWS service."""
        return f"http://127.0.0.1:{self.port}"


def start(folder: Path, *, drives: bool = _DRIVES) -> Instance:
    """Start the embedded AWS on a state folder, to run until `stop`, and wait until it answers.

    Args:
        folder: Where it keeps its state and its log; made when missing. Stopped in order, it finds its state again, and
            it takes the port that it had before, since queue URLs in a stack's state hold it.
        drives: Whether event source mappings are driven by `local.mappings`, in a process of its own.

    Raises:
        EmulatorError: Another instance holds the folder, the port is taken, or it did not come up.
    """
    instance, _ = _launch(folder, "detached", drives=drives)
    return instance


@contextmanager
def serving(folder: Path, *, drives: bool = _DRIVES) -> Generator[Instance]:
    """An embedded AWS for the length of a `with` block, or of this process if that ends first, however it ends.

    Raises:
        EmulatorError: As for `start`.
    """
    instance, processes = _launch(folder, "attached", drives=drives)
    try:
        yield instance
    finally:
        stop(folder)
        for process in processes:
            process.wait()
            if process.stdin:
                process.stdin.close()


def running(folder: Path) -> Instance | None:
    """The instance that holds the folder, if one does."""
    lock, published = folder / "lock", folder / "instance.json"
    if not lock.exists() or not _is_locked(lock) or not published.exists():
        return None
    return Instance(folder, **json.loads(published.read_text()))


def stop(folder: Path) -> bool:
    """Stop the instance that holds the folder, so that it saves its state; whether there was one.

    Raises:
        EmulatorError: It did not end in time and was killed: state of this session is lost.
    """
    driver.stop(folder)  # what it still does, it does to the other
    instance = running(folder)
    if instance is None:
        return False
    os.kill(instance.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _is_locked(folder / "lock"):
        if time.monotonic() > deadline:
            os.kill(instance.pid, signal.SIGKILL)
            raise EmulatorError(
                f"the embedded AWS (pid {instance.pid}) did not stop in {_STOP_SECONDS} s and was killed: what it held "
                f"is lost, the next `make up` deploys it again (log: {folder / 'emulator.log'})"
            )
        time.sleep(_POLL_SECONDS)
    return True


def _launch(
    folder: Path, lifetime: Literal["attached", "detached"], *, drives: bool
) -> tuple[Instance, list[subprocess.Popen[bytes]]]:
    if not PYTHON.exists():
        raise EmulatorError("the embedded AWS is not installed: run `make setup`")
    if (held := running(folder)) is not None:
        raise EmulatorError(
            f"an embedded AWS (pid {held.pid}, {held.endpoint}) already holds {folder}: stop it with `make stop`"
        )
    folder.mkdir(parents=True, exist_ok=True)
    port = _last_port(folder)
    with (folder / "emulator.log").open("ab") as log:
        process = subprocess.Popen(
            [PYTHON, "-u", _SERVE, folder.resolve(), str(port), lifetime, "driven" if drives else "polled"],
            env=_environment(folder.resolve()),
            cwd=folder,
            stdin=subprocess.PIPE if lifetime == "attached" else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the command in front, which then stops the emulator in order
        )
    started = [process, *(driver.start(folder, lifetime) if drives else ())]  # which waits for it
    try:
        return _wait_for_health(folder, process, port), started
    except EmulatorError:
        for one in started:
            one.terminate()
            one.communicate()
        raise


def _environment(folder: Path) -> dict[str, str]:
    # Nothing of the host's environment: handlers inherit this one.
    return {
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(_made(folder / "tmp")),
        "LANG": "C.UTF-8",
        "AUTH": "true",  # IAM is enforced, as on AWS
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
        "LOG_LEVEL": "WARNING",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(_made(folder / "s3")),
        "STATE_DIR": str(_made(folder / "state")),
    }


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _last_port(folder: Path) -> int:
    remembered = folder / "port"
    return int(remembered.read_text()) if remembered.exists() else 0


def _is_locked(lock: Path) -> bool:
    with lock.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _wait_for_health(folder: Path, process: subprocess.Popen[bytes], port: int) -> Instance:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        instance = running(folder)
        if instance is not None and instance.pid == process.pid and _is_healthy(instance):
            return instance
        time.sleep(_POLL_SECONDS)
    log = folder / "emulator.log"
    if process.poll() is None:
        process.kill()
        raise EmulatorError(f"the embedded AWS did not answer in {_START_SECONDS} s: see {log}")
    if process.returncode == _FOLDER_HELD:
        raise EmulatorError(f"another embedded AWS is just starting on {folder}: wait for it, or `make stop`")
    if process.returncode == _PORT_TAKEN:
        raise EmulatorError(
            f"port {port} on 127.0.0.1 is taken by another program: end that program, or `make clean` to let the "
            "embedded AWS start anew on a free port"
        )
    raise EmulatorError(f"the embedded AWS ended with code {process.returncode} while starting: see {log}")


def _is_healthy(instance: Instance) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{instance.endpoint}/_ministack/health", timeout=1) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except (urllib.error.URLError, OSError):
        return False
