"""The policy pack as an installed package, in a project that is not this one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from local.environment import PROJECT, Workspace, pulumi_environment
from local.supervisor import Instance
from tests.support.states import queue, saved

UV = PROJECT / ".local" / "uv"
RESOURCE = "aws:sqs/queue:Queue orders"
FOUND = "ORD-SQS-002 sqs-dead-letter-queue"
PROGRAM = """\
import pulumi_aws as aws

aws.sqs.Queue("orders")
"""
DIRECTORY = {
    "PulumiPolicy.yaml": "runtime: {name: python, options: {virtualenv: ../.venv}}\n",
    "__main__.py": "from policy.engine.serving import serve; serve()\n",
}
"""The pack as a directory, for a CLI that starts no executables: `docs/policy.md` shows it."""

pytestmark = [pytest.mark.pypi, pytest.mark.timeout(600)]


class Installed(NamedTuple):
    """Someone else's project, with an environment of its own."""

    folder: Path
    environment: dict[str, str]

    @property
    def commands(self) -> Path:
        return self.folder / ".venv" / "bin"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*map(str, command)], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module", params=["highest", "lowest-direct"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedded_aws: Instance
) -> Installed:
    """The wheel of this project in a new virtual environment, with the newest and the oldest of what it needs."""
    root = tmp_path_factory.mktemp("elsewhere")
    folder = root / "shop"
    folder.mkdir()
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    environment.pop("VIRTUAL_ENV", None)

    def uv(*arguments: str | Path) -> None:
        done = subprocess.run([UV, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    uv("build", "--wheel", "--out-dir", root / "wheel", PROJECT)
    [wheel] = root.glob("wheel/*.whl")
    uv("venv", "--python", PROJECT / ".venv" / "bin" / "python", folder / ".venv")
    python = folder / ".venv" / "bin" / "python"
    # A program needs the provider's package, whatever the pack needs; pip is asked by the language host.
    beside = [f"{package}=={_pinned(package)}" for package in ("pulumi-aws", "pip")]
    uv("pip", "install", "--python", python, "--resolution", request.param, wheel, *beside)
    folder.joinpath("__main__.py").write_text(PROGRAM)
    options = {"name": "python", "options": {"virtualenv": ".venv"}}
    folder.joinpath("Pulumi.yaml").write_text(yaml.safe_dump({"name": "shop", "runtime": options}))
    local = pulumi_environment(Workspace(root / "workspace"), embedded_aws, os.environ)
    return Installed(folder, {**local, "PULUMI_DEBUG_COMMANDS": "1"})


def _pinned(package: str) -> str:
    [line] = [line for line in PROJECT.joinpath("pyproject.toml").read_text().splitlines() if f'"{package}==' in line]
    return line.split('"')[1].partition("==")[2]


def test_nothing_of_the_checkout_is_imported(installed: Installed) -> None:
    asked = (
        "import sys, policy.engine.serving, policy.check.command\n"
        "print([module.__file__ for name, module in sys.modules.items() if 'policy' in name])"
    )

    done = installed.run(installed.commands / "python", "-P", "-c", asked)

    assert done.stderr == ""
    assert str(PROJECT) not in done.stdout
    others = "import importlib.util as u; print([u.find_spec(name) for name in ('components', 'functions', 'local')])"
    assert installed.run(installed.commands / "python", "-P", "-c", others).stdout == "[None, None, None]\n"


def test_a_state_is_judged_without_an_engine(installed: Installed) -> None:
    state = saved(installed.folder, queue("orders"))

    done = installed.run("env", "-i", installed.commands / "order-policy", "check", state)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"{RESOURCE}\n")
    assert FOUND in done.stdout


def test_the_program_is_previewed_and_judged(installed: Installed) -> None:
    done = installed.run(installed.commands / "order-policy", "check", "--offline", "--stack", "dev")

    assert (done.returncode, done.stderr) == (1, "")
    assert f"{RESOURCE}\n" in done.stdout
    assert FOUND in done.stdout


def test_the_engine_starts_the_script_as_its_policy_pack(installed: Installed) -> None:
    installed.run("pulumi", "stack", "init", "test", "--no-select")
    log = installed.folder / "events.json"

    done = installed.run(
        "pulumi", "preview", "--stack", "test", "--event-log", log,
        "--policy-pack", installed.commands / "order-policy-pack",
    )  # fmt: skip

    events = [json.loads(line) for line in log.read_text().splitlines()]
    found = [event["policyEvent"]["message"] for event in events if "policyEvent" in event]
    assert done.returncode != 0
    assert [message for message in found if f"[{FOUND}]" in message] != []


def test_explain_names_the_command_that_was_run(installed: Installed) -> None:
    done = installed.run(installed.commands / "order-policy", "--help")

    assert done.stdout.startswith("usage: order-policy ")
    assert "ORD-SQS-002" in installed.run(installed.commands / "order-policy", "explain").stdout


def test_the_directory_that_the_documentation_shows_serves_the_pack(installed: Installed) -> None:
    directory = installed.folder / "order-policy"
    directory.mkdir(exist_ok=True)
    for name, content in DIRECTORY.items():
        assert content.strip() in PROJECT.joinpath("docs", "policy.md").read_text()
        directory.joinpath(name).write_text(content)
    address = "127.0.0.1:1"

    with subprocess.Popen(
        [installed.commands / "python", "-m", "pulumi.policy", address, str(directory)],
        cwd=installed.folder, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            assert int(process.stdout.readline()) > 0
        finally:
            process.kill()
