"""`OrderPipeline` can be served to programs in other languages: the schema that Pulumi derives from the class."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest
from pulumi.provider.experimental.component import ComponentProvider

from components import OrderPipeline
from tests.support.pipelines import changes, record, refusal
from tests.support.recorder import Recorder

TOKEN = "order-pipelines:index:OrderPipeline"

TEXT = {"type": "string"}
PLAIN_TEXT = {**TEXT, "plain": True}
FLAG = {"type": "boolean", "plain": True}
WHOLE_NUMBER = {"type": "integer"}
PLAIN_NUMBER = {**WHOLE_NUMBER, "plain": True}
ANYTHING = {"plain": True, "$ref": "pulumi.json#/Any"}


def list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "plain": True}


def dictionary_of(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values, "plain": True}


def ours(name: str) -> dict[str, Any]:
    return {"plain": True, "$ref": f"#/types/order-pipelines:index:{name}"}


INPUTS: dict[str, dict[str, Any]] = {
    "alarmActions": list_of(TEXT),
    "alarms": dictionary_of(ours("AlarmSettings")),
    "architecture": PLAIN_TEXT,
    "batchSize": WHOLE_NUMBER,
    "batchWindow": WHOLE_NUMBER,
    "buckets": dictionary_of(ours("BucketProducer")),
    "claimCheck": FLAG,
    "code": PLAIN_TEXT,
    "contentBasedDeduplication": FLAG,
    "customerKey": FLAG,
    "deadLetterAtOnce": FLAG,
    "deadLetterReason": PLAIN_TEXT,
    "delay": WHOLE_NUMBER,
    "enabled": FLAG,
    "environment": dictionary_of(TEXT),
    "ephemeralStorage": WHOLE_NUMBER,
    "events": dictionary_of(ours("EventProducer")),
    "existingFunction": PLAIN_TEXT,
    "existingQueue": PLAIN_TEXT,
    "fair": FLAG,
    "fifo": FLAG,
    "filterReason": PLAIN_TEXT,
    "filters": list_of(ours("Filter")),
    "frontDoor": ours("FrontDoor"),
    "groupFailures": PLAIN_TEXT,
    "handler": PLAIN_TEXT,
    "highThroughput": FLAG,
    "image": TEXT,
    "kmsKeyArn": TEXT,
    "layers": list_of(TEXT),
    "logRetention": WHOLE_NUMBER,
    "maxAge": WHOLE_NUMBER,
    "maxBacklog": WHOLE_NUMBER,
    "maxConcurrency": WHOLE_NUMBER,
    "maxMessageSize": WHOLE_NUMBER,
    "maxPollers": WHOLE_NUMBER,
    "maxReceiveCount": WHOLE_NUMBER,
    "memory": WHOLE_NUMBER,
    "minPollers": WHOLE_NUMBER,
    "permissions": list_of(dictionary_of(ANYTHING)),
    "protect": FLAG,
    "reportBatchItemFailures": FLAG,
    "reservedConcurrency": WHOLE_NUMBER,
    "retention": WHOLE_NUMBER,
    "retryAfter": FLAG,
    "runtime": PLAIN_TEXT,
    "securityGroupIds": list_of(TEXT),
    "subnetIds": list_of(TEXT),
    "tags": dictionary_of(TEXT),
    "timeout": WHOLE_NUMBER,
    "topics": dictionary_of(ours("TopicProducer")),
    "tracing": FLAG,
    "transform": dictionary_of(dictionary_of(ANYTHING)),
    "visibilityReason": PLAIN_TEXT,
    "visibilityTimeout": WHOLE_NUMBER,
}
TYPES: dict[str, tuple[dict[str, dict[str, Any]], list[str]]] = {
    "AlarmSettings": (
        {
            "datapoints": PLAIN_NUMBER,
            "enabled": FLAG,
            "periods": PLAIN_NUMBER,
            "severity": PLAIN_TEXT,
            "threshold": PLAIN_NUMBER,
        },
        [],
    ),
    "BucketProducer": (
        {"events": list_of(PLAIN_TEXT), "name": TEXT, "prefix": PLAIN_TEXT, "suffix": PLAIN_TEXT},
        ["name"],
    ),
    "EventProducer": (
        {"bus": TEXT, "inputPath": PLAIN_TEXT, "messageGroup": PLAIN_TEXT, "pattern": dictionary_of(ANYTHING)},
        ["pattern"],
    ),
    "Filter": ({"body": dictionary_of(ANYTHING)}, ["body"]),
    "FrontDoor": (
        {
            "authorization": PLAIN_TEXT,
            "burstLimit": WHOLE_NUMBER,
            "deduplication": PLAIN_TEXT,
            "messageGroup": PLAIN_TEXT,
            "path": PLAIN_TEXT,
            "rateLimit": WHOLE_NUMBER,
            "requiredFields": list_of(PLAIN_TEXT),
        },
        [],
    ),
    "TopicProducer": ({"arn": TEXT, "filter": dictionary_of(ANYTHING)}, ["arn"]),
}
"""Properties of each type besides, and which it needs."""
OUTPUTS: dict[str, dict[str, Any]] = {
    "alarmNames": {"type": "array", "items": TEXT},
    "alarmTopicArn": TEXT,
    "claimCheckBucket": TEXT,
    "dashboardName": TEXT,
    "deadLetterQueueArn": TEXT,
    "deadLetterQueueUrl": TEXT,
    "frontDoorUrl": TEXT,
    "functionName": TEXT,
    "logGroupName": TEXT,
    "mappingId": TEXT,
    "queueArn": TEXT,
    "queueUrl": TEXT,
    "undeliveredQueueUrl": TEXT,
}


@pytest.fixture(scope="module")
def provider() -> ComponentProvider:
    return ComponentProvider([OrderPipeline], "order-pipelines")


@pytest.fixture(scope="module")
def schema(provider: ComponentProvider) -> dict[str, Any]:
    return json.loads(provider.schema or "")


@pytest.fixture(scope="module")
def component(schema: dict[str, Any]) -> dict[str, Any]:
    return schema["resources"][TOKEN]


def without_words(value: Any) -> Any:
    """A part of the schema without its descriptions."""
    if not isinstance(value, dict):
        return value
    part = cast("dict[str, Any]", value)
    return {key: without_words(item) for key, item in part.items() if key != "description"}


def serve(provider: ComponentProvider, inputs: dict[str, Any]) -> Recorder:
    """The pipeline of a program in another language."""
    recorder = Recorder()
    recorder.run(lambda: provider.construct("orders", TOKEN, cast("Any", {"code": "functions/orders", **inputs})))
    return recorder


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def test_the_inputs_are_these_and_none_is_required(component: dict[str, Any]) -> None:
    assert without_words(component["inputProperties"]) == INPUTS
    assert component["requiredInputs"] == []


def test_the_types_of_the_inputs_are_these(schema: dict[str, Any]) -> None:
    assert {
        token.rpartition(":")[2]: (without_words(found["properties"]), found.get("required", []))
        for token, found in schema["types"].items()
    } == TYPES


def test_the_outputs_are_these_and_all_are_there(component: dict[str, Any]) -> None:
    assert without_words(component["properties"]) == OUTPUTS
    assert component["required"] == sorted(OUTPUTS)
    assert record().outputs["orders"].keys() == OUTPUTS.keys()


def test_every_input_and_output_is_described(schema: dict[str, Any], component: dict[str, Any]) -> None:
    parts = [
        component["inputProperties"],
        component["properties"],
        *(t["properties"] for t in schema["types"].values()),
    ]

    assert [name for part in parts for name, found in part.items() if not found.get("description")] == []


def test_a_program_in_another_language_gets_the_same_pipeline(provider: ComponentProvider) -> None:
    served = serve(
        provider,
        {
            "batchSize": 20.0,
            "batchWindow": 5.0,
            "environment": {"A": "1"},
            "permissions": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            "filters": [{"body": {"total": [{"numeric": [">", 100.0]}]}}],
            "filterReason": "others are for another function",
            "fair": True,
            "topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store", "filter": {"a": ["b"]}}},
            "events": {"placed": {"pattern": {"detail-type": ["Placed"]}, "inputPath": "$", "messageGroup": "all"}},
            "buckets": {"drop": {"name": "drop", "events": ["s3:ObjectCreated:Put"]}},
            "frontDoor": {"messageGroup": "$request.body.id", "requiredFields": ["orderId"], "rateLimit": 5.0},
            "alarms": {"dead-letters": {"threshold": 5.0, "severity": "warning"}},
            "transform": {"queue": {"receive_wait_time_seconds": 0.0}},
            "tags": {"costCentre": "42"},
        },
    )

    program = record(
        batch_size=20,
        batch_window=5,
        environment={"A": "1"},
        permissions=[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
        filters=[{"body": {"total": [{"numeric": [">", 100]}]}}],
        filter_reason="others are for another function",
        fair=True,
        topics={"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store", "filter": {"a": ["b"]}}},
        events={"placed": {"pattern": {"detail-type": ["Placed"]}, "input_path": "$", "message_group": "all"}},
        buckets={"drop": {"name": "drop", "events": ["s3:ObjectCreated:Put"]}},
        front_door={"message_group": "$request.body.id", "required_fields": ["orderId"], "rate_limit": 5},
        alarms={"dead-letters": {"threshold": 5, "severity": "warning"}},
        transform={"queue": {"receive_wait_time_seconds": 0}},
        tags={"costCentre": "42"},
    )
    assert served.made == program.made


OF_AWS = {"ephemeralStorage": 512, "maxPollers": 200}
"""Described defaults that AWS has, so that nothing is sent."""
OF_A_FIFO_QUEUE = ("contentBasedDeduplication", "groupFailures", "highThroughput")


def described_defaults(properties: dict[str, Any]) -> dict[str, Any]:
    """The defaults that descriptions say: numbers, truth values and texts."""
    found = {
        name: re.search(r"Default: (?:(\d+)|(true|false)|`([^`]+)`)", " ".join(property["description"].split()))
        for name, property in properties.items()
    }
    return {
        name: float(match[1]) if match[1] else match[2] == "true" if match[2] else match[3]
        for name, match in found.items()
        if match
    }


def test_the_described_defaults_are_the_real_ones(provider: ComponentProvider, component: dict[str, Any]) -> None:
    described = described_defaults(component["inputProperties"])

    assert described.keys() == {
        *(name for name, found in INPUTS.items() if found == FLAG),
        *(name for name, found in INPUTS.items() if found == WHOLE_NUMBER),
        *("architecture", "groupFailures", "handler", "runtime"),
    } - {"maxConcurrency", "minPollers", "reservedConcurrency", "visibilityTimeout"}
    assert {name: described[name] for name in OF_AWS} == OF_AWS
    standard = {name: value for name, value in described.items() if name not in (*OF_AWS, *OF_A_FIFO_QUEUE)}
    assert changes(serve(provider, standard), record()) == {}
    fifo = {"fifo": True, **{name: described[name] for name in OF_A_FIFO_QUEUE}}
    assert changes(serve(provider, fifo), record(fifo=True)) == {}


def test_so_are_those_of_the_types(provider: ComponentProvider, schema: dict[str, Any]) -> None:
    types = {token.rpartition(":")[2]: found["properties"] for token, found in schema["types"].items()}
    door, event, bucket, alarm = (
        described_defaults(types[name]) for name in ("FrontDoor", "EventProducer", "BucketProducer", "AlarmSettings")
    )

    assert door == {"path": "/orders", "authorization": "AWS_IAM", "rateLimit": 100, "burstLimit": 200}
    assert (event, bucket, alarm) == ({"inputPath": "$.detail"}, {"events": "s3:ObjectCreated:*"}, {"enabled": True})
    pattern = {"source": ["store"]}
    served = serve(
        provider,
        {
            "frontDoor": door,
            "events": {"placed": {**event, "pattern": pattern}},
            "buckets": {"drop": {"events": [bucket["events"]], "name": "drop"}},
            "alarms": {"age": alarm},
        },
    )
    plain = record(front_door={}, events={"placed": {"pattern": pattern}}, buckets={"drop": {"name": "drop"}})
    assert changes(served, plain) == {}


def test_the_described_ranges_are_the_real_ones(schema: dict[str, Any], component: dict[str, Any]) -> None:
    door = schema["types"]["order-pipelines:index:FrontDoor"]["properties"]
    ranges = {
        (where, snake(name)): (int(match[1]), int(match[2]))
        for where, properties in (("", component["inputProperties"]), ("front_door", door))
        for name, found in properties.items()
        if found.get("type") == "integer" and (match := re.search(r"(\d+)\.\.(\d+)", found["description"]))
    }

    assert {snake(name) for name, found in INPUTS.items() if found == WHOLE_NUMBER} - {name for _, name in ranges} == {
        "log_retention",  # one of some
        "max_age",  # below retention
        "max_backlog",
        "reserved_concurrency",  # what the account has
        "visibility_timeout",
    }
    for (where, name), (low, high) in ranges.items():
        for value in (low - 1, high + 1):
            arguments: dict[str, Any] = {where: {name: value}} if where else {name: value}
            said = f"{where}.{name}" if where else name
            assert [problem for problem in refusal(**arguments) if problem.startswith(f"{said} ")], (said, value)
