"""SNS, EventBridge and S3 send orders, and only where the policies of the queue and of its key let them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.features.deployed import Deployed, Pipeline
from tests.support.waiting import eventually


def _publish(store: Deployed, order: dict[str, Any]) -> None:
    store.aws.sns.publish(TopicArn=store.output("topic")["arn"], Message=json.dumps(order))


def _put_event(store: Deployed, order: dict[str, Any], kind: str = "OrderPaid", bus: str = "default") -> None:
    entry = {"Source": "store", "DetailType": kind, "Detail": json.dumps(order), "EventBusName": bus}
    store.aws.events.put_events(Entries=[entry])  # pyright: ignore[reportArgumentType]


def _put_object(store: Deployed, order: dict[str, Any], bucket: str = "locked-bucket") -> None:
    store.aws.s3.put_object(Bucket=store.output(bucket)["bucket"], Key=order["orderId"], Body=b"order")


def _objects(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Event and key of every object that was announced."""
    found = [
        record for entry in pipeline.handled() if "Records" in entry["order"] for record in entry["order"]["Records"]
    ]
    return [(record["eventName"], record["s3"]["object"]["key"]) for record in found]


def _arrived(pipeline: Pipeline) -> set[str]:
    """Ids of orders and keys of objects that were processed."""
    orders = [entry["order"] for entry in pipeline.handled()]
    return {order["orderId"] for order in orders if "orderId" in order} | {key for _, key in _objects(pipeline)}


PRODUCERS = {"Topic1": _publish, "Event1": _put_event, "Bucket1": _put_object}
"""Id of their statements in the policies of queue and key -> what sends."""


def test_a_message_of_a_topic_is_an_order_as_it_was_published_if_its_body_matches(
    store: Deployed, standard: Pipeline
) -> None:
    _publish(store, {"orderId": "gossip", "kind": "gossip"})
    _publish(store, {"orderId": "published", "kind": "order"})

    standard.wait_for("published")

    orders = [entry["order"] for entry in standard.handled()]
    assert {"orderId": "published", "kind": "order"} in orders
    assert standard.history("gossip") == []


def test_a_fifo_topic_keeps_the_message_group(store: Deployed, fifo: Pipeline) -> None:
    topic, order = store.output("fifo-topic")["arn"], {"orderId": "published-in-order"}
    store.aws.sns.publish(TopicArn=topic, Message=json.dumps(order), MessageGroupId="readers")

    fifo.wait_for("published-in-order")

    assert [entry["group"] for entry in fifo.handled() if entry["order"] == order] == ["readers"]


def test_the_detail_of_an_event_that_matches_is_an_order(store: Deployed, standard: Pipeline, fifo: Pipeline) -> None:
    bus = store.output("bus")["name"]
    _put_event(store, {"orderId": "cancelled"}, "OrderCancelled", bus)
    _put_event(store, {"orderId": "on-another-bus"}, "OrderPlaced")
    _put_event(store, {"orderId": "placed", "item": "kettle"}, "OrderPlaced", bus)

    standard.wait_for("placed")
    fifo.wait_for("placed")

    order = {"orderId": "placed", "item": "kettle"}
    assert [entry["order"] for entry in standard.handled()].count(order) == 1
    assert [entry["group"] for entry in fifo.handled() if entry["order"] == order] == ["from-events"]
    assert standard.history("cancelled", "on-another-bus") == fifo.history("cancelled", "on-another-bus") == []


@pytest.mark.parametrize(("name", "keeper"), [("standard", "dead-letters"), ("fifo", "undelivered")])
def test_an_event_that_the_queue_does_not_let_in_is_kept_by_a_standard_queue(
    store: Deployed, name: str, keeper: str
) -> None:
    pipeline, bus, order = store.pipeline(name), store.output("bus")["name"], {"orderId": f"shut-out-of-{name}"}

    with _without(pipeline, "queue", "Event1"):
        _put_event(store, order, "OrderPlaced", bus)

        assert pipeline.take_undelivered(keeper) == [
            (
                order,
                {
                    "ERROR_CODE": "NO_PERMISSIONS",
                    "RULE_ARN": store.output(f"{name}-event-placed-rule")["arn"],
                    "TARGET_ARN": pipeline.arn,
                },
            )
        ]
    assert pipeline.history(order["orderId"]) == []


def test_new_objects_with_the_prefix_and_the_suffix_are_announced(store: Deployed, standard: Pipeline) -> None:
    for key in ("out/a.json", "in/a.txt", "in/a.json"):
        _put_object(store, {"orderId": key}, "bucket")

    eventually(lambda: _objects(standard) == [("ObjectCreated:Put", "in/a.json")])


def test_the_notification_of_a_bucket_begins_with_a_test_event(standard: Pipeline) -> None:
    """S3 sends it as the notification is made: a handler has to let it pass, or it becomes a dead letter."""
    orders = [entry["order"] for entry in standard.handled()]

    assert [order["Event"] for order in orders if "Event" in order] == ["s3:TestEvent"]


@pytest.mark.parametrize("producer", sorted(PRODUCERS))
@pytest.mark.parametrize("of", ["queue", "key"])
def test_a_producer_sends_to_an_encrypted_queue_by_one_statement_of_its_policy_and_one_of_the_keys(
    store: Deployed, locked: Pipeline, producer: str, of: str
) -> None:
    send: Callable[..., None] = PRODUCERS[producer]
    before, without, after = (f"{producer}-{of}-{when}" for when in ("before", "without", "after"))

    send(store, {"orderId": before})
    eventually(lambda: before in _arrived(locked))
    with _without(locked, of, producer):
        send(store, {"orderId": without})
    send(store, {"orderId": after})
    eventually(lambda: after in _arrived(locked))

    assert without not in _arrived(locked)
    # The dead-letter queue has the same key, and a policy of its own.
    kept = [order["orderId"] for order, _ in locked.take_undelivered("dead-letters")]
    assert kept == ([without] if (producer, of) == ("Event1", "queue") else [])


@contextmanager
def _without(pipeline: Pipeline, of: str, sid: str) -> Generator[None]:
    """Take one statement out of the policy of the queue or of its key for a while."""
    write = _write_queue_policy if of == "queue" else _write_key_policy
    policy = json.loads(pipeline.child("queue-policy" if of == "queue" else "key")["policy"])
    rest = [statement for statement in policy["Statement"] if statement["Sid"] != sid]
    assert len(rest) == len(policy["Statement"]) - 1
    write(pipeline, {**policy, "Statement": rest})
    try:
        yield
    finally:
        write(pipeline, policy)


def _write_queue_policy(pipeline: Pipeline, policy: dict[str, Any]) -> None:
    pipeline.aws.sqs.set_queue_attributes(QueueUrl=pipeline.url, Attributes={"Policy": json.dumps(policy)})


def _write_key_policy(pipeline: Pipeline, policy: dict[str, Any]) -> None:
    key = pipeline.child("key")["keyId"]
    pipeline.aws.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
