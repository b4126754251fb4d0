"""The peers: pinned, installed in `.local/peers`, and run over a folder of templates, one process for all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_HERE = Path(__file__).parent
_PROJECT = _HERE.parent.parent
_HOME = _PROJECT / ".local" / "peers"
_PYTHON, _NODE = _HOME / "python", _HOME / "node"
_REGION = "eu-central-1"
_SERVERLESS = re.compile(r"^[EW]S\d")
"""Ids of serverless-rules, which runs inside cfn-lint."""
_NOT_OF_THE_PROGRAM = {"E0002", "E3002", "E3006", "E3012"}
"""That a rule failed by itself, or that a template has names or kinds of values that CloudFormation has not: what is
wrong is the comparison."""

Finding = tuple[str, str]
"""Id of the rule, and name of the resource in the template."""
Findings = dict[str, set[Finding]]
"""By template."""

PEERS = {
    "cfn-lint": "cfn-lint",
    "serverless-rules": "cfn-lint-serverless",
    "CDK": "aws-cdk-lib",
    "cdk-nag": "cdk-nag",
    "checkov": "checkov",
}
"""The peers, and the package of each."""


class ToolError(Exception):
    """A peer that cannot be installed or run."""


def versions() -> dict[str, str]:
    """What is pinned of each peer."""
    python = tomllib.loads((_HERE / "pyproject.toml").read_text())["project"]["dependencies"]
    pins = dict(requirement.split("==") for requirement in python)
    pins |= json.loads((_HERE / "package.json").read_text())["dependencies"]
    return {peer: pins[package] for peer, package in PEERS.items()}


def install() -> None:
    """Make the environments of the peers what the lock files say."""
    uv, npm = _PROJECT / ".local" / "uv", shutil.which("npm")
    if not uv.exists():
        raise ToolError("uv is missing: run `make setup`")
    if not npm:
        raise ToolError("npm is missing: install Node.js 20 or newer")
    _install(uv, "sync", "--locked", "--quiet", "--project", _HERE, UV_PROJECT_ENVIRONMENT=str(_PYTHON))
    lock = _HERE / "package-lock.json"
    installed = _NODE / lock.name
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        shutil.rmtree(_NODE, ignore_errors=True)
        _NODE.mkdir(parents=True)
        shutil.copy(_HERE / "package.json", _NODE)
        shutil.copy(lock, _NODE)
        try:
            _install(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=_NODE)
        except BaseException:
            # It stands for all that is installed.
            installed.unlink()
            raise


def run(templates: Path) -> dict[str, Findings]:
    """What each peer says of the templates in a folder."""
    found: dict[str, Findings] = {peer: {} for peer in PEERS}

    def said(runner: Callable[[Path], Iterator[tuple[str, str, str, str]]]) -> list[tuple[str, str, str, str]]:
        return [*runner(templates)]

    with ThreadPoolExecutor() as pool:
        for findings in pool.map(said, (_cfn_lint, _cdk, _checkov)):
            for peer, template, rule, resource in findings:
                found[peer].setdefault(template, set()).add((rule, resource))
    return found


def _cfn_lint(templates: Path) -> Iterator[tuple[str, str, str, str]]:
    files = sorted(path.name for path in templates.iterdir())
    options = ("--format", "json", "--regions", _REGION, "--non-zero-exit-code", "none")
    more = ("--append-rules", "cfn_lint_serverless.rules")
    command = (_PYTHON / "bin" / "cfn-lint", *options, *more, "--template", *files)
    for finding in json.loads(_run(*command, cwd=templates)):
        rule = finding["Rule"]["Id"]
        match finding["Location"]["Path"]:
            case ["Resources", str(resource), *_]:
                pass
            case _:
                resource = ""
        if rule in _NOT_OF_THE_PROGRAM:
            raise ToolError(f"{rule} of {finding['Filename']}: {finding['Message']}")
        peer = "serverless-rules" if _SERVERLESS.match(rule) else "cfn-lint"
        yield peer, Path(finding["Filename"]).stem, rule, resource


def _cdk(templates: Path) -> Iterator[tuple[str, str, str, str]]:
    assembly = _HOME / "assembly"
    shutil.rmtree(assembly, ignore_errors=True)
    node = shutil.which("node")
    assert node, "npm comes with node"
    _run(node, _HERE / "cdk_nag.js", templates, assembly, env={"NODE_PATH": str(_NODE / "node_modules")})
    for template in json.loads((assembly / "refused.json").read_text()):
        yield "CDK", template, "refused", ""
    for report in json.loads((assembly / "validation-report.json").read_text())["pluginReports"]:
        peer = "CDK" if report["pluginName"] == "CloudFormation Validate" else "cdk-nag"
        for violation in report["violations"]:
            for place in violation["violatingConstructs"]:
                template, _, resource = place["constructPath"].split("/")[:3]
                yield peer, template, violation["ruleName"].removeprefix("Additional-"), resource


def _checkov(templates: Path) -> Iterator[tuple[str, str, str, str]]:
    options = ("--framework", "cloudformation", "--output", "json", "--compact", "--quiet")
    command = (_PYTHON / "bin" / "checkov", "--directory", templates, *options, "--skip-download", "--soft-fail")
    report = json.loads(_run(*command))
    if report["summary"]["parsing_errors"]:
        raise ToolError(f"checkov cannot read {report['results']['parsing_errors']}")
    for finding in report["results"]["failed_checks"]:
        resource = finding["resource"].rpartition(".")[2]
        yield "checkov", Path(finding["file_path"]).stem, finding["check_id"], resource


def _run(
    command: str | Path, *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    # A home of its own and nothing else of the environment: no credentials, and no settings of the user's.
    return _done([command, *arguments], cwd, {"PATH": os.environ["PATH"], "HOME": str(_HOME), **(env or {})})


def _install(command: str | Path, *arguments: str | Path, cwd: Path | None = None, **env: str) -> None:
    # With the environment as it is, which may say how registries are reached.
    _done([command, *arguments], cwd, {**os.environ, **env})


def _done(command: Sequence[str | Path], cwd: Path | None, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        told = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
        raise ToolError(f"{Path(command[0]).name} failed with exit code {done.returncode}:\n{told}")
    return done.stdout
