"""The example program and its configuration."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
import yaml

from components import OrderPipeline, PipelineError
from components.stack_config import StackConfig
from local.environment import PROJECT
from tests.support.recorder import PROJECT as PROJECT_NAME
from tests.support.recorder import ROOT, Recorder

DECLARED: dict[str, dict[str, Any]] = yaml.safe_load(PROJECT.joinpath("Pulumi.yaml").read_text())["config"]
DEFAULTS = {key: str(declaration["default"]) for key, declaration in DECLARED.items()}


def run(monkeypatch: pytest.MonkeyPatch, config: Mapping[str, str]) -> Recorder:
    """The program with a configuration that the engine has checked and completed."""
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({f"{PROJECT_NAME}:{key}": value for key, value in config.items()}))
    recorder = Recorder()
    recorder.run(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), config)
    return recorder


def test_the_program_exports_what_its_users_need(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = run(monkeypatch, DEFAULTS)

    assert recorder.outputs[ROOT] == {
        "queueUrl": "<url of orders-queue>",
        "deadLetterQueueUrl": "<url of orders-dead-letters>",
        "functionName": "<name of orders-function>",
        "logGroupName": "<name of orders-logs>",
        "alarmNames": [
            "<name of orders-backlog-alarm>",
            "<name of orders-age-alarm>",
            "<name of orders-dead-letter-alarm>",
        ],
        "alarmTopicArn": "<arn of alarms>",
    }


def test_the_program_is_one_topic_and_one_pipeline_that_notifies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = run(monkeypatch, DEFAULTS)

    assert {name: made.type for name, made in recorder.made.items() if made.parent == ROOT} == {
        "alarms": "aws:sns/topic:Topic",
        "orders": "order-pipelines:index:OrderPipeline",
    }
    assert recorder.made["orders"].inputs["alarm_topic_arn"] == "<arn of alarms>"


def test_the_declared_keys_are_those_that_the_program_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {key: str(number) for number, key in enumerate(DECLARED, start=200)}

    recorder = run(monkeypatch, config)

    assert recorder.made["orders"].inputs == {
        "alarm_topic_arn": "<arn of alarms>",
        "code": "functions/orders",
        **{re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", key): int(value) for key, value in config.items()},
    }


def test_the_declared_defaults_are_those_of_the_component(monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        topic = aws.sns.Topic("alarms")
        OrderPipeline("orders", {"code": "functions/orders", "alarm_topic_arn": topic.arn})

    plain = Recorder()
    plain.run(program)

    configured = run(monkeypatch, DEFAULTS)

    assert configured.made.keys() == plain.made.keys()
    assert {name for name in plain.made if configured.made[name] != plain.made[name]} == {"orders"}


@pytest.mark.parametrize("file", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda file: file.name)
def test_the_stacks_of_the_project_set_only_declared_keys(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: dict[str, Any] = yaml.safe_load(file.read_text())["config"]

    given = {key.partition(":")[2] for key in keys if key.startswith("order-pipelines:")}
    assert given - DECLARED.keys() == set()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["order-pipelines:batchSise"], "unknown config key 'batchSise': did you mean 'batchSize'?"),
        (
            ["order-pipelines:fifo"],
            "unknown config key 'fifo': there are batchSize, batchWindow, maxAge, maxBacklog, maxReceiveCount, memory, "
            "timeout",
        ),
        (
            ["order-pipelines:timeOut", "order-pipelines:timeout", "order-pipelines:batchsize", "aws:anything"],
            "unknown config key 'batchsize': did you mean 'batchSize'?; "
            "unknown config key 'timeOut': did you mean 'timeout'?",
        ),
    ],
    ids=str,
)
def test_a_key_that_nobody_declared_is_refused(keys: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(dict.fromkeys(keys, "5")))

    with pytest.raises(PipelineError) as caught:
        Recorder().run(StackConfig)

    assert str(caught.value) == f"Pulumi.unit.yaml: {message}"


def test_keys_of_other_packages_are_their_own_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"aws:anything": "eu-central-1", "order-pipelines:timeout": "7"}))
    read: list[int] = []

    Recorder().run(lambda: read.append(StackConfig().integer("timeout")), {"timeout": "7"})

    assert read == [7]
