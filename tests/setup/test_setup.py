"""The set-up resolves the Pulumi engine by the first way that works, says which, and what to install if none does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.environment import PROJECT

PINNED = "3.259.0"
NO_NETWORK = {
    "GOPROXY": "off",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "UV_HTTP_RETRIES": "0",
}


class Checkout:
    """A checkout with nothing but the set-up tool, a cache of its own, and a PATH of its own without any network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.cache = folder / "cache"
        self.path = folder / "bin"
        self.path.mkdir()
        shutil.copytree(PROJECT / "tools", self.folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        self.path.joinpath("uv").symlink_to((PROJECT / ".local" / "uv").resolve())

    def set_up(self, *arguments: str) -> tuple[int, str]:
        """Run the engine's step; its exit code and all that it printed."""
        done = subprocess.run(
            [sys.executable, "tools/setup.py", "engine", *arguments],
            cwd=self.folder,
            env={
                "PATH": str(self.path),
                "HOME": str(self.cache),
                "ORDER_PIPELINES_CACHE": str(self.cache),
                **NO_NETWORK,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def engine(self) -> Path:
        return self.folder / ".local" / "engine"

    @property
    def reason(self) -> Path:
        return self.folder / ".local" / "engine-missing.txt"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def _put_engine(folder: Path, version: str) -> None:
    """A program that calls itself Pulumi of a version, with what belongs beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho v{version}\n")
        program.chmod(0o755)


def test_an_engine_on_path_is_taken_and_the_second_run_says_nothing(checkout: Checkout) -> None:
    _put_engine(checkout.path, "3.300.1")

    code, text = checkout.set_up()

    assert code == 0, text
    assert "engine      pulumi v3.300.1 on PATH\n" in text
    assert checkout.engine.resolve() == checkout.path
    assert checkout.set_up() == (0, "")


def test_an_engine_that_is_too_old_is_passed_over_for_the_one_in_the_cache(checkout: Checkout) -> None:
    _put_engine(checkout.path, "3.254.9")
    built = checkout.cache / "engine" / f"v{PINNED}-built"
    _put_engine(built, PINNED)

    code, text = checkout.set_up()

    assert code == 0, text
    assert f"{checkout.path / 'pulumi'} not used: it is 3.254.9, older than 3.255" in text
    assert f"engine      pulumi v{PINNED} built from Go modules, from the cache\n" in text
    assert checkout.engine.resolve() == built


def test_without_any_engine_it_says_what_to_install(checkout: Checkout) -> None:
    code, text = checkout.set_up()

    explanation = (
        "no Pulumi engine was found, fetched or built: install the Pulumi CLI >= 3.255 "
        "(https://www.pulumi.com/docs/install/) or Go >= 1.25.11 (https://go.dev/doc/install), then run `make setup` "
    )
    assert code == 1
    assert explanation in text
    assert checkout.reason.read_text().startswith(explanation)
    assert not checkout.engine.exists()
    assert list((checkout.cache / "engine").glob("*")) == []  # nothing half-done

    assert checkout.set_up("--engine-optional")[0] == 0  # so that what needs no engine still runs


def test_an_engine_that_vanished_is_resolved_again(checkout: Checkout) -> None:
    _put_engine(checkout.path, "3.300.1")
    assert checkout.set_up()[0] == 0
    for program in checkout.path.glob("pulumi*"):
        program.unlink()
    built = checkout.cache / "engine" / f"v{PINNED}-built"
    _put_engine(built, PINNED)

    assert checkout.set_up()[0] == 0
    assert checkout.engine.resolve() == built


def test_an_unknown_step_is_refused(checkout: Checkout) -> None:
    code, text = checkout.set_up("motor")

    assert code == 2
    assert "no step motor: name any of uv, python, emulator, engine" in text
