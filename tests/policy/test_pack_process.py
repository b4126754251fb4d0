"""The policy pack as a process, started as each of Pulumi's language hosts starts one."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from local.environment import PROJECT
from tests.support.analyzer import request
from tests.support.resources import function, mapping, queue

MEND = "Mend it, or waive it with a reason in order-policy.yaml."
ENGINE = "127.0.0.1:1"
PYTHON = str(PROJECT / ".venv" / "bin" / "python")
PACK = PROJECT / "policy"
LAUNCHES = {
    "the executable": [str(PACK / "pack"), ENGINE],
    "the directory": [PYTHON, str(PACK), ENGINE],
    "the directory, by Pulumi's runner": [PYTHON, "-m", "pulumi.policy", ENGINE, str(PACK)],
    "the module": [PYTHON, "-P", "-m", "policy", ENGINE],
}


@contextmanager
def serving(command: list[str], folder: Path) -> Generator[Any]:
    """The pack started in an environment that says nothing about buffering, and a client of its port."""
    environment = {"PATH": f"{PROJECT / '.venv' / 'bin'}:/usr/bin:/bin"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            options = [("grpc.enable_http_proxy", 0)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()


@pytest.mark.timeout(30)  # a port that stays in a buffer never comes
@pytest.mark.parametrize("command", LAUNCHES.values(), ids=LAUNCHES.keys())
def test_the_pack_prints_its_port_and_serves_its_policies(command: list[str], tmp_path: Path) -> None:
    source, worker = queue(visibilityTimeoutSeconds=60), function()

    with serving(command, tmp_path) as analyzer:
        info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
        answer = analyzer.AnalyzeStack(request([source, worker, mapping(source, worker)]))

    assert (info.name, [(policy.name, policy.enforcementLevel, policy.policy_type) for policy in info.policies]) == (
        "order-pipelines",
        [
            ("rules", analyzer_pb2.MANDATORY, analyzer_pb2.POLICY_TYPE_STACK),
            ("advice", analyzer_pb2.ADVISORY, analyzer_pb2.POLICY_TYPE_STACK),
        ],
    )
    said = {(found.policyName, found.urn, found.message.split("] ")[0]) for found in answer.diagnostics}
    assert {
        ("rules", source.urn, f"{MEND}\n[ORD-SQS-001 sqs-visibility-timeout"),
        ("rules", source.urn, f"{MEND}\n[ORD-SQS-002 sqs-dead-letter-queue"),
    } <= said
    assert {policy for policy, *_ in said} == {"rules", "advice"}


def test_the_directory_says_how_to_run_it() -> None:
    declared = yaml.safe_load(PACK.joinpath("PulumiPolicy.yaml").read_text())

    assert declared == {
        "version": "0.1.0",
        "description": "Rules for order pipelines on AWS",
        "runtime": {"name": "python", "options": {"virtualenv": "../.venv"}},
    }
    assert PACK.joinpath(declared["runtime"]["options"]["virtualenv"], "bin", "python").exists()
