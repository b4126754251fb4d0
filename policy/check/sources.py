"""Where `check` gets a program from: a file, or a preview of the program in this folder."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from policy.check.offline import offline
from policy.check.usage import UsageError
from policy.engine.recording import VARIABLE
from policy.settings import VARIABLE as SETTINGS_VARIABLE
from policy.state import Program, StateError, decode

_LAUNCHER = """\
#!/bin/sh
exec {python} -P -m policy "$@"
"""
_SHOWN_LINES = 30
"""Of what a preview that failed printed last: its errors stand at the end."""


def from_file(name: str) -> Program:
    """The program in a state file; `-` is standard input."""
    what = "standard input" if name == "-" else name
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return decode(content)
    except OSError as error:
        raise UsageError(f"{what} cannot be read ({error.strerror}): name a file, or - for standard input") from error
    except StateError as error:
        raise UsageError(f"{what} is no state: {error}. `pulumi stack export --file FILE` writes one") from error


def from_preview(stack: str, settings: Path | None, *, without_account: bool) -> Program:
    """The program in this folder as `pulumi preview` sees it, in the environment of this process.

    Args:
        stack: The stack; the selected one when empty.
        settings: The settings file, which says whether Pulumi mends anything first.
        without_account: Preview a new stack that no account and no backend knows.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise UsageError("pulumi is not on PATH: install it, or name a file that `pulumi stack export` wrote")
    with tempfile.TemporaryDirectory(prefix="order-policy-") as temporary:
        folder = Path(temporary)
        environment, options = dict(os.environ), ["--stack", stack] if stack else []
        if without_account:
            environment, options = offline(folder, stack, environment)
        if settings:
            environment[SETTINGS_VARIABLE] = str(settings.absolute())
        recording = folder / "resources.json"
        done = subprocess.run(
            [pulumi, "preview", "--non-interactive", "--policy-pack", str(_launcher(folder)), *options],
            env={**environment, VARIABLE: str(recording)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode or not recording.exists():
            said = "\n".join(f"  {line}" for line in done.stdout.rstrip().splitlines()[-_SHOWN_LINES:])
            raise UsageError(f"pulumi preview ended with exit code {done.returncode}, mend that first:\n{said}")
        return decode(recording.read_bytes())


def _launcher(folder: Path) -> Path:
    """This very pack as an executable, whatever Python is on PATH."""
    launcher = folder / "order-policy-pack"
    launcher.write_text(_LAUNCHER.format(python=shlex.quote(sys.executable)))
    launcher.chmod(stat.S_IRWXU)
    return launcher
