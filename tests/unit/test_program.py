"""The program of the project: its pipelines, what it exports, and its configuration in every stack."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
import yaml

from components import OrderPipeline, OrderStore, PipelineError
from components.order_pipeline_args import EventProducer
from components.stack_config import StackConfig
from local.environment import PROJECT
from tests.support.recorder import PROJECT as PROJECT_NAME
from tests.support.recorder import ROOT, Recorder

DECLARED: dict[str, dict[str, Any]] = yaml.safe_load(PROJECT.joinpath("Pulumi.yaml").read_text())["config"]
DEFAULTS = {key: declaration["default"] for key, declaration in DECLARED.items()}
STACKS = sorted(PROJECT.glob("Pulumi.*.yaml"))
TOPIC = "arn:aws:sns:eu-central-1:000000000001:alarms"
ALARMS = (
    "age", "backlog", "dead-letters", "dead-letters-expiring", "dead-letters-grew", "duration", "errors",
    "mapping-failing", "not-polling", "stalled", "throttles",
)  # fmt: skip
SET: dict[str, Any] = {
    "timeout": 20,
    "memory": 200,
    "batchSize": 30,
    "batchWindow": 40,
    "maxConcurrency": 60,
    "maxReceiveCount": 6,
    "largestAmount": 65,
    "maxBacklog": 70,
    "maxAge": 80,
    "logRetention": 90,
    "frontDoorAuthorization": "NONE",
    "customerKey": True,
    "protect": True,
}
"""A value for every key that differs from its default."""


def configured(file: Path) -> dict[str, Any]:
    """The keys of the project that a stack sets."""
    keys: dict[str, Any] = yaml.safe_load(file.read_text())["config"]
    return {key.partition(":")[2]: value for key, value in keys.items() if key.startswith(f"{PROJECT_NAME}:")}


def run(monkeypatch: pytest.MonkeyPatch, config: Mapping[str, Any]) -> Recorder:
    """The program with a configuration that the engine has checked and completed."""
    texts = {key: written(value) for key, value in {**DEFAULTS, **config}.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({f"{PROJECT_NAME}:{key}": value for key, value in texts.items()}))
    recorder = Recorder()
    recorder.run(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), texts)
    return recorder


def written(value: Any) -> str:
    """A value as the engine hands it to a program."""
    return value if isinstance(value, str) else json.dumps(value)


def test_the_program_exports_what_its_users_need(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = run(monkeypatch, {})

    assert recorder.outputs[ROOT] == {
        "queueUrl": "<url of orders-queue>",
        "deadLetterQueueUrl": "<url of orders-dead-letters>",
        "claimCheckBucket": "<bucket of orders-bodies>",
        "ordersTableName": "<name of store-orders>",
        "eventBusName": "<name of store-bus>",
        "functionName": "<name of orders-function>",
        "logGroupName": "<name of orders-logs>",
        "alarmNames": [f"<name of orders-{alarm}-alarm>" for alarm in ALARMS],
        "frontDoorUrl": "<invokeUrl of orders-front-door-stage>/orders",
        "paymentsQueueUrl": "<url of payments-queue>",
        "paymentsDeadLetterQueueUrl": "<url of payments-dead-letters>",
        "paymentsLogGroupName": "<name of payments-logs>",
        "alarmTopicArn": TOPIC,
    }


def test_the_program_is_one_topic_and_two_pipelines_that_notify_it_each_with_its_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = run(monkeypatch, {})

    assert {name: made.type for name, made in recorder.made.items() if made.parent == ROOT} == {
        "alarms": "aws:sns/topic:Topic",
        "orders": "order-pipelines:index:OrderPipeline",
        "payment-book": "order-pipelines:index:OrderStore",
        "payments": "order-pipelines:index:OrderPipeline",
        "store": "order-pipelines:index:OrderStore",
    }
    told = {
        tuple(made.inputs["alarmActions"])
        for made in recorder.of_type("aws:cloudwatch/metricAlarm:MetricAlarm").values()
    }
    assert told == {(TOPIC,)}


def writing_to(store: str, recorder: Recorder, pipeline: str) -> dict[str, Any]:
    """The arguments of a pipeline whose handler writes to a store: what they hold is the store's business."""
    given = recorder.made[pipeline].inputs
    assert given["environment"]["ORDERS_TABLE"] == f"<name of {store}-orders>"
    assert given["permissions"][0]["Resource"] == f"arn:aws:dynamodb:eu-central-1:000000000001:{store}-orders"
    return {"environment": given["environment"], "permissions": given["permissions"]}


def test_every_declared_key_reaches_a_pipeline_or_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SET.keys() == DECLARED.keys()
    assert [key for key, value in SET.items() if value == DECLARED[key]["default"]] == []

    recorder = run(monkeypatch, SET)

    everywhere = {
        "code": "functions/orders",
        "timeout": 20,
        "memory": 200,
        "max_receive_count": 6,
        "max_backlog": 70,
        "max_age": 80,
        "log_retention": 90,
        "customer_key": True,
        "protect": True,
        "alarm_actions": [TOPIC],
    }
    assert recorder.made["store"].inputs == {"largest_amount": 65, "protect": True}
    assert recorder.made["payment-book"].inputs == {"protect": True}
    assert recorder.made["orders"].inputs == {
        **everywhere,
        **writing_to("store", recorder, "orders"),
        "claim_check": True,
        "dead_letter_at_once": True,
        "retry_after": True,
        "batch_size": 30,
        "batch_window": 40,
        "max_concurrency": 60,
        "front_door": {"authorization": "NONE", "required_fields": ["orderId"]},
    }
    assert recorder.made["payments"].inputs == {
        **everywhere,
        **writing_to("payment-book", recorder, "payments"),
        "dead_letter_at_once": True,
        "fifo": True,
        "dead_letter_reason": "a payment that failed is settled by hand",
        "events": {"received": {"pattern": {"detail-type": ["PaymentReceived"]}, "message_group": "payments"}},
    }


def test_the_declared_defaults_are_those_of_the_component(monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        told: list[pulumi.Input[str]] = [aws.sns.Topic("alarms").arn]
        store, payment_book = OrderStore("store", {"largest_amount": 10_000}), OrderStore("payment-book", {})
        OrderPipeline(
            "orders",
            {
                "code": "functions/orders",
                **store.for_handlers,
                "claim_check": True,
                "dead_letter_at_once": True,
                "retry_after": True,
                "alarm_actions": told,
                # The account's limit would be the component's, and is no number.
                "max_concurrency": DECLARED["maxConcurrency"]["default"],
                "front_door": {"required_fields": ["orderId"]},
            },
        )
        received: EventProducer = {"pattern": {"detail-type": ["PaymentReceived"]}, "message_group": "payments"}
        OrderPipeline(
            "payments",
            {
                "code": "functions/orders",
                **payment_book.for_handlers,
                "alarm_actions": told,
                "dead_letter_at_once": True,
                "fifo": True,
                "dead_letter_reason": "a payment that failed is settled by hand",
                "events": {"received": received},
            },
        )

    plain = Recorder()
    plain.run(program)

    by_default = run(monkeypatch, {})

    assert by_default.made.keys() == plain.made.keys()
    assert {name for name in plain.made if by_default.made[name] != plain.made[name]} == {
        "orders",
        "payment-book",
        "payments",
        "store",
    }


@pytest.mark.parametrize("file", STACKS, ids=lambda file: file.name)
def test_each_stack_of_the_project_sets_declared_keys_to_something_else_and_works(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(file)

    assert config.keys() <= DECLARED.keys()
    assert [key for key, value in config.items() if value == DECLARED[key]["default"]] == []
    assert run(monkeypatch, config).made.keys() >= run(monkeypatch, {}).made.keys()


def test_production_keeps_its_orders_and_development_can_be_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(stack: str) -> set[str]:
        made = run(monkeypatch, configured(PROJECT / f"Pulumi.{stack}.yaml")).made
        return {name for name, child in made.items() if child.is_retained}

    assert {stack: kept(stack) for stack in ("dev", "prod")} == {
        "dev": set(),
        "prod": {
            "payments-undelivered",
            "orders-bodies",
            "store-orders",
            "payment-book-orders",
            *(f"{name}-{role}" for name in ("orders", "payments") for role in ("queue", "dead-letters", "key")),
        },
    }


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["order-pipelines:batchSise"], "unknown config key 'batchSise': did you mean 'batchSize'?"),
        (
            ["order-pipelines:fifo"],
            "unknown config key 'fifo': there are batchSize, batchWindow, customerKey, frontDoorAuthorization, "
            "largestAmount, logRetention, maxAge, maxBacklog, maxConcurrency, maxReceiveCount, memory, protect, "
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
