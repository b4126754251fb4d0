"""How long the local stack takes, with the set-up done: `.venv/bin/python bench/local_stack.py [RUNS]`.

Runs `up` of an empty stack, `up` without a change, and `destroy`, each as a user does, and prints the median and the
range of whole-command times.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local.environment import PROJECT

_STEPS = {"up, empty stack": "up", "up, no change": "up", "destroy": "destroy"}


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: dict[str, list[float]] = {step: [] for step in _STEPS}
    with tempfile.TemporaryDirectory() as workspace:
        environment = {**os.environ, "ORDER_PIPELINES_WORKSPACE": str(Path(workspace))}
        for _ in range(runs):
            for step, command in _STEPS.items():
                started = time.monotonic()
                _run(command, environment)
                seconds[step].append(time.monotonic() - started)
        _run("stop", environment)
    print(f"{'median of ' + str(runs):<18} seconds  (range)")
    for step, values in seconds.items():
        print(f"{step:<18} {statistics.median(values):7.1f}  ({min(values):.1f}..{max(values):.1f})")


def _run(command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
