"""Orders by HTTP."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.features.deployed import Pipeline
from tests.support.front_door import post, signature


def test_an_order_that_the_front_door_takes_is_processed(standard: Pipeline) -> None:
    assert post(standard.front_door, '{"orderId": "by-http", "item": "teapot"}') == 200

    standard.wait_for("by-http")
    (entry,) = [entry for entry in standard.handled() if entry["order"] == {"orderId": "by-http", "item": "teapot"}]
    assert entry["attributes"] == {"orderId": "by-http"}


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (None, "", 400),
        ("", "", 400),
        ('{"item": "nameless"}', "", 400),
        ('{"orderId": null}', "", 400),
        ("not JSON", "", 400),
        ('{"orderId": "lost"}', "/elsewhere", 404),
    ],
)
def test_the_front_door_refuses_what_is_no_order(standard: Pipeline, body: str | None, path: str, status: int) -> None:
    assert post(standard.front_door + path, body) == status
    assert standard.history("lost") == []


def test_the_front_door_of_a_fifo_queue_needs_the_message_group(fifo: Pipeline) -> None:
    assert post(fifo.front_door, '{"orderId": "of-nobody"}') == 400
    assert post(fifo.front_door, '{"orderId": "of-ada", "customerId": "ada"}') == 200

    fifo.wait_for("of-ada")
    groups = {entry["order"]["orderId"]: entry["group"] for entry in fifo.handled()}
    assert groups["of-ada"] == "ada"
    assert "of-nobody" not in groups


def test_the_front_door_takes_only_signed_requests_unless_it_is_opened(filtered: Pipeline) -> None:
    stranger, ours = (json.dumps({"orderId": f"{who}-{uuid.uuid4()}", "amount": 500}) for who in ("stranger", "ours"))

    assert post(filtered.front_door, stranger) == 403
    assert post(filtered.front_door, ours, signature(filtered.aws, filtered.front_door, ours)) == 200

    filtered.wait_for(json.loads(ours)["orderId"])
    assert filtered.history(json.loads(stranger)["orderId"]) == []
