"""The store that the handlers of functions/orders write to: its tables, and what a handler needs to use them."""

from __future__ import annotations

from typing import Any

import pytest

from components import OrderPipeline, OrderStore, PipelineError
from functions.orders.processing.settings import Settings
from tests.support.recorder import PROJECT as PROJECT_NAME
from tests.support.recorder import STACK, Recorder

TAGS = {"pulumi:project": PROJECT_NAME, "pulumi:stack": STACK}
ARN = "arn:aws:{}:eu-central-1:000000000001:{}"


def record(**args: Any) -> Recorder:
    """A store, and a pipeline whose handler writes to it."""

    def program() -> None:
        store = OrderStore("store", args)  # pyright: ignore[reportArgumentType]
        OrderPipeline("orders", {"code": "functions/orders", **store.for_handlers})

    recorder = Recorder()
    recorder.run(program)
    return recorder


def test_a_store_is_a_table_of_orders_another_of_locks_and_a_bus() -> None:
    made = {name: child for name, child in record().made.items() if child.parent == "store"}

    assert {name: (child.type, child.inputs) for name, child in made.items()} == {
        "store-orders": (
            "aws:dynamodb/table:Table",
            {
                "attributes": [{"name": "orderId", "type": "S"}],
                "billingMode": "PAY_PER_REQUEST",
                "deletionProtectionEnabled": False,
                "hashKey": "orderId",
                "pointInTimeRecovery": {"enabled": True},
                "tags": TAGS,
            },
        ),
        "store-locks": (
            "aws:dynamodb/table:Table",
            {
                "attributes": [{"name": "id", "type": "S"}],
                "billingMode": "PAY_PER_REQUEST",
                "hashKey": "id",
                "tags": TAGS,
                "ttl": {"attributeName": "expiration", "enabled": True},
            },
        ),
        "store-bus": ("aws:cloudwatch/eventBus:EventBus", {"tags": TAGS}),
    }


def test_its_handlers_are_told_of_it_and_may_do_what_they_do_there_and_no_more() -> None:
    made = record(largest_amount=1000).made

    variables = made["orders-function"].inputs["environment"]["variables"]
    assert variables == {
        "EVENT_BUS": "<name of store-bus>",
        "IDEMPOTENCY_TABLE": "<name of store-locks>",
        "LARGEST_AMOUNT_PARAMETER": "<name of store-largest-amount>",
        "ORDERS_TABLE": "<name of store-orders>",
    }
    statements = made["orders-policy"].inputs["policy"]["Statement"]
    lock = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    assert [(each["Sid"], each["Action"], each["Resource"]) for each in statements[-5:]] == [
        ("ApplyOrders", ["dynamodb:PutItem", "dynamodb:UpdateItem"], ARN.format("dynamodb", "store-orders")),
        ("LockOrders", lock, ARN.format("dynamodb", "store-locks")),
        ("PublishOrders", "events:PutEvents", ARN.format("cloudwatch", "store-bus")),
        ("ReadLargestAmount", "ssm:GetParameter", ARN.format("ssm", "store-largest-amount")),
        ("FindOrders", "dynamodb:GetItem", ARN.format("dynamodb", "store-orders")),
    ]
    assert made["store-largest-amount"].inputs == {"type": "String", "value": {"secret": "1000"}, "tags": TAGS}
    Settings.read(dict.fromkeys(variables, "name"))  # the handlers know these variables, and take them together


def test_a_protected_store_keeps_its_orders_when_the_stack_goes() -> None:
    made = record(protect=True).made

    assert {name for name, child in made.items() if child.is_protected and child.is_retained} == {"store-orders"}
    assert made["store-orders"].inputs["deletionProtectionEnabled"] is True


def test_its_outputs_are_the_names() -> None:
    assert record().outputs["store"] == {
        "ordersTableName": "<name of store-orders>",
        "locksTableName": "<name of store-locks>",
        "busName": "<name of store-bus>",
    }


def test_wrong_arguments_are_one_error_and_nothing_is_registered() -> None:
    recorder = Recorder()
    wrong: Any = {"largest_amount": -1, "protekt": True, "tags": {"team": 7}}

    with pytest.raises(PipelineError) as caught:
        recorder.run(lambda: OrderStore("1-store", wrong))

    assert str(caught.value) == (
        "1-store: unknown argument 'protekt': did you mean 'protect'?; tags.team must be a text, got a value of type "
        "int; the name '1-store' must be letters, digits and hyphens, beginning with a letter, as AWS wants it of "
        "names; largest_amount must be 0 or more, got -1"
    )
    assert recorder.made == {}
