"""What becomes of a batch by the function's answer: deleted, received again, or in the dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.orders import handler
from local.mappings.events import message_event, text_of
from local.mappings.virtual import Simulation

REPORTS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def named(*ids: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


@pytest.mark.parametrize(
    ("answer", "deleted"),
    [
        (None, ["1", "2", "3"]),
        ({}, ["1", "2", "3"]),
        ("", ["1", "2", "3"]),
        (named(), ["1", "2", "3"]),
        ({"batchItemFailures": None}, ["1", "2", "3"]),
        ({"batchItemFailure": [{"itemIdentifier": "1"}]}, ["1", "2", "3"]),
        (named("2"), ["1", "3"]),
        (named("1", "2", "3"), []),
        (named(None), []),
        (named(""), []),
        (named("unknown"), []),
        (named("2", "unknown"), []),
        (named(2), []),
        ({"batchItemFailures": [{"id": "2"}]}, []),
        ({"batchItemFailures": ["2"]}, []),
        ({"batchItemFailures": {"itemIdentifier": "2"}}, []),
        ("no JSON", []),
    ],
    ids=json.dumps,
)
def test_an_answer_says_which_messages_are_deleted_and_one_without_sense_fails_the_batch(
    answer: Any, deleted: list[str]
) -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a", "b", "c")

    simulation.mapping(queue, simulation.function(reply=lambda _: answer), **REPORTS)
    simulation.run(until=29)

    assert [one for entry in simulation.of("deleted") for one in entry[3]] == deleted
    simulation.run(until=31)
    again = [one for entry in simulation.of("invoked")[1:] for one in entry[3]]
    assert again == [one for one in ("1", "2", "3") if one not in deleted]


def test_without_the_option_an_answer_that_names_failures_is_a_success() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a", "b")

    simulation.mapping(queue, simulation.function(reply=lambda _: named("1", "nothing")))
    simulation.run(until=1)

    assert [entry[3] for entry in simulation.of("deleted")] == [["1", "2"]]


@pytest.mark.parametrize("duration", [0.5, 60], ids=["error", "timeout"])
def test_a_failed_batch_is_received_again_until_the_receive_that_moves_it(duration: float) -> None:
    simulation = Simulation()
    dead = simulation.queue("dead")
    queue = simulation.queue(max_receives=2, dead_letters=dead)
    queue.send("a")
    function = simulation.function(duration=duration, timeout=10, reply=lambda _: 1 / 0)

    simulation.mapping(queue, function)
    simulation.run(until=100)

    end = min(duration, 10)
    assert [(entry[0], entry[1]) for entry in simulation.log if entry[1] in {"received", "failed", "dead"}] == [
        (0, "received"),
        (end, "failed"),
        (30, "received"),
        (30 + end, "failed"),
        (60, "dead"),
    ]
    assert [(message.id, message.body, message.sent_at, message.receives) for message in dead.waiting()] == [
        ("1", "a", 0, 0)
    ]
    assert dead.counts["NumberOfMessagesSent"] == 0


def test_metrics_count_what_was_polled_invoked_failed_and_deleted() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a", "b", "c")

    mapping = simulation.mapping(queue, simulation.function(reply=lambda _: named("2")), **REPORTS)
    simulation.run(until=35)

    assert mapping.counts == {
        "PolledEventCount": 4,
        "InvokedEventCount": 4,
        "FailedInvokeEventCount": 2,
        "DeletedEventCount": 2,
    }


def test_one_receive_of_a_fifo_queue_has_messages_of_several_groups_in_order_and_locks_them() -> None:
    simulation = Simulation()
    queue = simulation.fifo_queue()
    for number, group in enumerate("aabacb"):
        queue.send(f"{group}{number}", group=group)

    simulation.mapping(queue, simulation.function(duration=5))
    simulation.at(1, lambda: queue.send("a late", group="a"))
    simulation.at(1, lambda: queue.send("d", group="d"))
    simulation.run(until=20)

    assert [(entry[0], entry[3]) for entry in simulation.of("invoked")] == [
        (0, ["1", "2", "4", "3", "6", "5"]),
        (1, ["8"]),
        (5, ["7"]),
    ]


def test_groups_of_a_fifo_queue_go_in_parallel_as_far_as_there_are_groups_and_lanes() -> None:
    most: list[int] = []
    for limit in (10, 4):
        simulation = Simulation()
        queue = simulation.fifo_queue(visibility_timeout=100)
        for group in range(6):
            queue.send(*(f"{group}.{number}" for number in range(30)), group=str(group))
        function = simulation.function(duration=9)
        simulation.mapping(queue, function, ScalingConfig={"MaximumConcurrency": limit})
        simulation.run(until=8)
        most.append(function.most_running)

    assert most == [6, 4]


def test_a_failed_message_of_a_fifo_queue_holds_its_group_back_and_no_other() -> None:
    simulation = Simulation()
    queue = simulation.fifo_queue()
    queue.send("a1", "a2", group="a")
    queue.send("b1", group="b")
    tries: list[list[str]] = []

    def reply(batch: Any) -> Any:
        tries.append([message.body for message in batch])
        return named(*(message.id for message in batch if message.group == "a")) if len(tries) == 1 else None

    simulation.mapping(queue, simulation.function(reply=reply), **REPORTS)
    simulation.at(1, lambda: queue.send("a3", group="a"))
    simulation.at(1, lambda: queue.send("b2", group="b"))
    simulation.run(until=40)

    assert tries == [["a1", "a2", "b1"], ["b2"], ["a1", "a2", "a3"]]


def test_after_a_failure_the_rest_of_a_receive_of_a_fifo_queue_does_not_overtake_it() -> None:
    simulation = Simulation()
    queue = simulation.fifo_queue()
    bodies = [f"{number}" + "x" * 1_000_000 for number in range(8)]
    queue.send(*bodies, group="a")
    tries: list[str] = []

    def reply(batch: Any) -> None:
        tries.append("".join(message.id for message in batch))
        if len(tries) == 1:
            raise RuntimeError

    simulation.mapping(queue, simulation.function(reply=reply))
    simulation.run(until=70)

    assert tries == ["123456", "123456", "78"]


def test_a_message_sent_twice_to_a_fifo_queue_within_five_minutes_comes_once() -> None:
    simulation = Simulation()
    queue = simulation.fifo_queue()

    sent = [queue.send("same", group="a")]
    for seconds in (299, 300):
        simulation.run(until=seconds)
        sent.append(queue.send("same", group="b"))

    assert sent == [["1"], [], ["2"]]


def test_a_function_may_change_the_visibility_of_its_messages() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a")

    def reply(batch: Any) -> None:
        queue.change_visibility(batch[0], 7)
        raise RuntimeError

    simulation.mapping(queue, simulation.function(duration=0, reply=reply))
    simulation.run(until=8)

    assert [entry[0] for entry in simulation.of("received")] == [0, 7]


def test_the_handle_of_an_earlier_receive_deletes_nothing() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a")
    [first] = queue.receive(1)
    simulation.run(until=30)
    [second] = queue.receive(1)

    assert queue.delete([first]) == []
    assert [message.receives for message in queue.waiting()] == [2]
    assert queue.delete([second]) == ["1"]
    assert queue.waiting() == []


def test_a_delayed_message_comes_late_and_an_old_one_not_at_all() -> None:
    simulation = Simulation()
    queue = simulation.queue(retention=60)
    mapping = simulation.mapping(queue, simulation.function(), is_enabled=False)
    queue.send("old")
    queue.send("late", delay=55)

    simulation.at(57, lambda: queue.send("new"))
    simulation.at(60, mapping.enable)
    simulation.run(until=70)

    assert [(entry[0], entry[3]) for entry in simulation.of("expired", "invoked")] == [
        (60, ["1"]),
        (60, ["2"]),
        (60, ["3"]),
    ]


def test_the_real_handler_gets_a_real_event_and_its_answer_counts() -> None:
    simulation = Simulation(start=1.7e9)
    dead = simulation.queue("dead")
    queue = simulation.queue("orders", max_receives=2, dead_letters=dead)
    queue.send('{"orderId": "1"}', '{"orderId": "2", "fail": true}', "no order")

    simulation.mapping(queue, simulation.function(handler=handler.lambda_handler), **REPORTS)
    simulation.run(until=simulation.now + 100)

    assert [entry[3] for entry in simulation.of("deleted")] == [["1"]]
    assert [message.body for message in dead.waiting()] == ['{"orderId": "2", "fail": true}', "no order"]


def test_a_message_becomes_an_event_with_all_that_aws_says_of_it() -> None:
    message = {
        "MessageId": "id",
        "ReceiptHandle": "handle",
        "Body": "body",
        "MD5OfBody": "841a2d689ad86bd1611447453c22c6fc",
        "MD5OfMessageAttributes": "md5",
        "Attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "a", "SequenceNumber": "7"},
        "MessageAttributes": {
            "text": {"StringValue": "x", "DataType": "String"},
            "bytes": {"BinaryValue": b"foobar", "DataType": "Binary"},
        },
    }

    assert message_event(message, "arn:aws:sqs:eu-central-1:1:orders.fifo") == {
        "messageId": "id",
        "receiptHandle": "handle",
        "body": "body",
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "a", "SequenceNumber": "7"},
        "messageAttributes": {
            "text": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "bytes": {"binaryValue": "Zm9vYmFy", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfMessageAttributes": "md5",
        "md5OfBody": "841a2d689ad86bd1611447453c22c6fc",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:1:orders.fifo",
        "awsRegion": "eu-central-1",
    }
    assert text_of({"ä": 1}) == '{"ä":1}'


def busy(seed: int) -> str:
    simulation = Simulation(seed)
    queue = simulation.queue(disorder=0.5, duplicates=0.1, max_receives=3, dead_letters=simulation.queue("dead"))
    function = simulation.function(duration=(0.1, 3), reply=lambda _: 1 / simulation.clock.random.randrange(3))
    mapping = simulation.mapping(queue, function)
    simulation.every(0.3, lambda: queue.send("a", "b"), times=200)
    simulation.at(20, lambda: mapping.kill(finishes=0.5))
    simulation.at(21, mapping.enable)
    simulation.run(until=300)
    return simulation.lines()


def test_a_seed_is_one_run_to_the_byte_and_another_seed_is_another() -> None:
    assert busy(1) == busy(1)
    assert busy(1) != busy(2)
