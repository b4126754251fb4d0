"""`OrderPipeline` can be served to programs in other languages: the schema that Pulumi derives from the class."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components import OrderPipeline, OrderPipelineArgs
from tests.support.recorder import Recorder, Registration

TOPIC = "arn:aws:sns:eu-central-1:1:alarms"
ARGS: OrderPipelineArgs = {"code": "functions/orders", "alarm_topic_arn": TOPIC}
TOKEN = "order-pipelines:index:OrderPipeline"

TEXT = {"type": "string"}
WHOLE_NUMBER = {"type": "integer", "plain": True}
INPUTS: dict[str, dict[str, Any]] = {
    "alarmTopicArn": TEXT,
    "batchSize": WHOLE_NUMBER,
    "batchWindow": WHOLE_NUMBER,
    "code": {**TEXT, "plain": True},
    "environment": {"type": "object", "plain": True, "additionalProperties": TEXT},
    "handler": {**TEXT, "plain": True},
    "maxAge": WHOLE_NUMBER,
    "maxBacklog": WHOLE_NUMBER,
    "maxReceiveCount": WHOLE_NUMBER,
    "memory": WHOLE_NUMBER,
    "retention": WHOLE_NUMBER,
    "timeout": WHOLE_NUMBER,
    "visibilityTimeout": WHOLE_NUMBER,
}
OUTPUTS: dict[str, dict[str, Any]] = {
    "alarmNames": {"type": "array", "items": TEXT},
    "deadLetterQueueArn": TEXT,
    "deadLetterQueueUrl": TEXT,
    "functionName": TEXT,
    "logGroupName": TEXT,
    "queueArn": TEXT,
    "queueUrl": TEXT,
}


@pytest.fixture(scope="module")
def provider() -> ComponentProvider:
    return ComponentProvider([OrderPipeline], "order-pipelines")


@pytest.fixture(scope="module")
def schema(provider: ComponentProvider) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(provider.schema or "")["resources"][TOKEN]
    return found


def without_words(value: Any) -> Any:
    """A part of the schema without its descriptions."""
    if not isinstance(value, dict):
        return value
    part = cast("dict[str, Any]", value)
    return {key: without_words(item) for key, item in part.items() if key != "description"}


def recorded(program: Callable[[], object]) -> Recorder:
    recorder = Recorder()
    recorder.run(program)
    return recorder


def children(recorder: Recorder) -> dict[str, Registration]:
    return {name: made for name, made in recorder.made.items() if made.parent == "orders"}


def test_the_inputs_are_these_and_two_are_required(schema: dict[str, Any]) -> None:
    assert without_words(schema["inputProperties"]) == INPUTS
    assert schema["requiredInputs"] == ["alarmTopicArn", "code"]


def test_the_outputs_are_these_and_all_are_there(schema: dict[str, Any]) -> None:
    assert without_words(schema["properties"]) == OUTPUTS
    assert schema["required"] == sorted(OUTPUTS)


def test_every_input_and_output_is_described(schema: dict[str, Any]) -> None:
    described = {
        name
        for part in ("inputProperties", "properties")
        for name, found in schema[part].items()
        if "description" in found
    }
    assert described == INPUTS.keys() | OUTPUTS.keys()


def test_a_program_in_another_language_gets_the_same_pipeline(provider: ComponentProvider) -> None:
    inputs = {
        "alarmTopicArn": TOPIC,
        "code": "functions/orders",
        "batchSize": 20.0,
        "batchWindow": 5.0,
        "environment": {"A": "1"},
    }
    served = recorded(lambda: provider.construct("orders", TOKEN, cast("Any", inputs)))

    assert (
        served.made
        == recorded(
            lambda: OrderPipeline("orders", {**ARGS, "batch_size": 20, "batch_window": 5, "environment": {"A": "1"}})
        ).made
    )


def test_the_described_defaults_are_the_real_ones(provider: ComponentProvider, schema: dict[str, Any]) -> None:
    described = {
        name: float(default[1])
        for name, found in schema["inputProperties"].items()
        if (default := re.search(r"Default: (\d+)", found["description"]))
    }
    assert described.keys() == {
        name for name, found in INPUTS.items() if found == WHOLE_NUMBER and name != "visibilityTimeout"
    }

    inputs = {"alarmTopicArn": TOPIC, "code": "functions/orders", **described}
    explicit = recorded(lambda: provider.construct("orders", TOKEN, cast("Any", inputs)))

    assert children(explicit) == children(recorded(lambda: OrderPipeline("orders", ARGS)))
