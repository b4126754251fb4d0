"""Orders through standard and FIFO queues, as far as a dead-letter queue, and what filters discard."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.features.deployed import Pipeline
from tests.support.waiting import eventually


def test_of_a_batch_only_the_order_that_failed_is_tried_again_until_it_is_a_dead_letter(standard: Pipeline) -> None:
    eventually(lambda: standard.dead_letters() == ["failing"])

    assert sorted(standard.history("good-1", "failing", "good-2")) == [
        ("failed", "failing", 1),
        ("failed", "failing", 2),
        ("processed", "good-1", 1),
        ("processed", "good-2", 1),
    ]
    assert standard.waiting() == 0


def test_a_fifo_queue_keeps_the_order_within_each_group_and_a_failing_head_delays_only_its_own(fifo: Pipeline) -> None:
    groups = {group: [f"{group}-{number}" for number in range(4)] for group in ("north", "south")}
    fifo.wait_for("behind-1", "behind-2", *groups["north"], *groups["south"])

    for orders in groups.values():
        assert fifo.history(*orders) == [("processed", order, 1) for order in orders]
    assert fifo.history("failing", "behind-1", "behind-2") == [
        ("failed", "failing", 1),
        ("failed", "failing", 2),
        ("processed", "behind-1", 1),
        ("processed", "behind-2", 1),
    ]
    everything = fifo.history("failing", *groups["north"], *groups["south"])
    assert everything[-1] == ("failed", "failing", 2)
    assert fifo.dead_letters() == ["failing"]


def test_a_fifo_queue_takes_the_same_content_for_one_order_in_each_group(fifo: Pipeline) -> None:
    for group in ("twice", "twice", "elsewhere"):
        fifo.send({"orderId": "double"}, MessageGroupId=group)
    fifo.send({"orderId": "after-double"}, MessageGroupId="twice")

    fifo.wait_for("after-double")
    eventually(lambda: len(fifo.history("double")) == 2)

    found = [(entry["order"]["orderId"], entry["group"]) for entry in fifo.handled()]
    assert sorted(it for it in found if it[0] == "double") == [("double", "elsewhere"), ("double", "twice")]


def test_the_dead_letter_queue_of_a_fifo_queue_is_one(fifo: Pipeline) -> None:
    url = fifo.child("dead-letters")["url"]
    attributes = fifo.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})

    assert {name: attributes[name] for name in ("FifoQueue", "DeduplicationScope", "FifoThroughputLimit")} == {
        "FifoQueue": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    }


def test_orders_flow_through_queues_with_a_customer_key(locked: Pipeline) -> None:
    locked.send({"orderId": "secret"})

    locked.wait_for("secret")
    eventually(lambda: locked.dead_letters() == ["failing"])

    key = locked.child("key")["arn"]
    for role in ("queue", "dead-letters"):
        found = locked.aws.sqs.get_queue_attributes(QueueUrl=locked.child(role)["url"], AttributeNames=["All"])
        assert found.get("Attributes", {})["KmsMasterKeyId"] == key


def test_what_no_filter_matches_is_gone(filtered: Pipeline) -> None:
    discarded = [{"orderId": "cheap", "amount": 100}, {"orderId": "neither"}, "not an order"]
    for order in [*discarded, {"orderId": "dear", "amount": 101}, {"orderId": "vip", "amount": 1, "kind": "vip"}]:
        filtered.send(order)

    filtered.wait_for("dear", "vip")
    eventually(lambda: filtered.waiting() == 0)

    assert filtered.processed("cheap", "neither", "not an order", "dear", "vip") == {"dear", "vip"}
    assert filtered.dead_letters() == []


def test_orders_wait_where_the_function_is_not_enabled_and_are_processed_once_it_is(paused: Pipeline) -> None:
    mapping = paused.child("mapping")["uuid"]
    assert (paused.waiting(), paused.handled()) == (1, [])

    paused.aws.lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)

    paused.wait_for("waited")
    paused.aws.lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)


def test_a_request_that_did_not_come_over_tls_is_refused(standard: Pipeline) -> None:
    events = standard.aws.sqs.meta.events

    def over_http(request: Any, **_: Any) -> None:
        request.headers["x-forwarded-proto"] = "http"

    events.register("before-sign.sqs", over_http)
    try:
        with pytest.raises(ClientError, match="AccessDenied"):
            standard.send({"orderId": "overheard"})
        with pytest.raises(ClientError, match="AccessDenied"):
            standard.dead_letters()
    finally:
        events.unregister("before-sign.sqs", over_http)

    standard.send({"orderId": "private"})
    standard.wait_for("private")
    assert standard.history("overheard") == []
