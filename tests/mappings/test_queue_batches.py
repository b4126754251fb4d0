"""How messages of a queue come to the function: batches, windows, the payload, lanes, throttles, filters."""

from __future__ import annotations

from typing import Any

import pytest

from local.mappings.actions import Answer
from local.mappings.events import event_of, message_event, text_of
from local.mappings.queue import QueueMapping
from local.mappings.settings import QueueSettings
from local.mappings.virtual import Simulation

MB = 1024 * 1024
KEPT = {"Filters": [{"Pattern": '{"body":{"kind":["order"]}}'}]}


def batches(simulation: Simulation) -> list[tuple[float, list[str]]]:
    """When the function was invoked with which messages."""
    return [(round(entry[0], 6), entry[3]) for entry in simulation.of("invoked")]


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_a_batch_is_what_one_receive_got_at_most_ten_messages_and_success_deletes_it() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send(*"abcdefghijklm")

    simulation.mapping(queue, simulation.function(duration=2))
    simulation.run(until=5)

    assert batches(simulation) == [(0, numbers(1, 10)), (0, numbers(11, 13))]
    assert [(entry[0], entry[3]) for entry in simulation.of("deleted")] == [(2, numbers(1, 10)), (2, numbers(11, 13))]


def test_a_long_poll_hands_over_a_message_as_soon_as_it_is_there_and_asks_again_after_twenty_seconds() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    mapping = QueueMapping(QueueSettings())
    asked: list[Any] = mapping.start(0)

    simulation.mapping(queue, simulation.function())
    simulation.at(47.5, lambda: queue.send("one"))
    simulation.run(until=50)

    assert [(action.limit, action.wait) for action in asked] == [(10, 20)] * 5
    assert batches(simulation) == [(47.5, ["1"])]


def test_a_window_gathers_a_batch_and_a_full_one_does_not_wait() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    settings: dict[str, Any] = {"BatchSize": 25, "MaximumBatchingWindowInSeconds": 4}
    simulation.mapping(queue, simulation.function(), **settings, ScalingConfig={"MaximumConcurrency": 2})

    simulation.at(1, lambda: queue.send(*["x"] * 6))
    simulation.run(until=9)
    early = batches(simulation)
    simulation.at(9.5, lambda: queue.send(*["x"] * 60))
    simulation.run(until=30)

    assert early == [(4, numbers(1, 6))]
    assert sorted(len(ids) for _, ids in batches(simulation)[1:]) == [10, 25, 25]
    assert [time for time, ids in batches(simulation) if len(ids) == 25] == [9.5, 9.5]


def test_the_next_window_begins_when_the_last_invocation_ended() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    lanes = QueueSettings(batch_size=100, batch_window=5, first_lanes=1, fewest_lanes=1, most_lanes=1)
    mapping = QueueMapping(lanes)
    queue.send("a")

    mapping.start(0)
    said: list[Any] = [*mapping.received(0, 0, queue.receive(10)), *mapping.received(5, 0, [])]
    said += [*mapping.answered(7, 0, Answer())[-1:], *mapping.received(9, 0, [])]

    receive, invoke, next_receive, rest = said
    assert (receive.wait, [message.id for message in invoke.batch]) == (5, ["1"])
    assert (next_receive.wait, rest.wait) == (5, 3)


def test_an_event_has_at_most_six_megabytes_and_the_rest_of_a_receive_is_the_next_batch() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send(*["x" * (MB - 10)] * 10)
    events: list[int] = []

    def handler(event: Any, _: Any) -> None:
        events.append(len(text_of(event).encode()))

    simulation.mapping(queue, simulation.function(handler=handler))
    simulation.run(until=5)

    assert [len(ids) for _, ids in batches(simulation)] == [5, 5]
    assert all(size <= 6 * MB for size in events)
    assert queue.counts["NumberOfMessagesReceived"] == 10


def test_the_size_of_a_message_is_that_of_its_part_of_the_event() -> None:
    simulation = Simulation(start=1.7e9)
    queue = simulation.queue()
    queue.send('täxt with "quotes"')
    [message] = queue.receive(1)
    described = message.described() | {"MessageId": "0" * 36, "ReceiptHandle": "0" * 412}

    event = event_of([message_event(described, queue.arn)], {})

    assert message.size == len(text_of(event).encode()) - len('{"Records":[]}') + len(",")


def test_five_batches_at_once_at_first_and_three_hundred_more_each_minute_up_to_1250() -> None:
    simulation = Simulation()
    queue = simulation.queue(visibility_timeout=1000)
    queue.send(*["x"] * 20_000)
    function = simulation.function(duration=800, timeout=900)

    simulation.mapping(queue, function)
    running: list[int] = []
    for second in (0, 1, 2, 60, 248, 249, 250, 300):
        simulation.run(until=second)
        running.append(function.running)

    assert running == [5, 10, 15, 305, 1245, 1250, 1250, 1250]


def test_lanes_grow_with_batches_smaller_than_a_receive_too() -> None:
    simulation = Simulation()
    queue = simulation.queue(visibility_timeout=1000)
    queue.send(*["x"] * 100)
    function = simulation.function(duration=500, timeout=900)

    simulation.mapping(queue, function, BatchSize=2)
    simulation.run(until=3)

    assert function.running == 20


def test_a_quiet_queue_keeps_two_lanes_and_all_of_them_with_a_maximum_concurrency() -> None:
    limit = {"ScalingConfig": {"MaximumConcurrency": 4}}
    waits: list[int] = []
    for mapping in (QueueMapping(QueueSettings()), QueueMapping(QueueSettings.of(limit, 30))):
        asked: list[Any] = mapping.start(0)
        lanes = [receive.lane for receive in asked]
        waits.append(sum(bool(mapping.received(20, lane, [])) for lane in lanes))

    assert waits == [2, 4]


@pytest.mark.parametrize(("most", "messages", "running"), [(2, 100, 2), (7, 100, 7), (1000, 30, 3)])
def test_a_maximum_concurrency_stops_the_receives_so_that_no_message_is_received_in_vain(
    most: int, messages: int, running: int
) -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send(*["x"] * messages)
    function = simulation.function(duration=10)

    simulation.mapping(queue, function, ScalingConfig={"MaximumConcurrency": most})
    simulation.run(until=9)

    assert (function.most_running, queue.counts["NumberOfMessagesReceived"]) == (running, min(messages, 10 * running))
    simulation.run(until=10_000)
    assert queue.waiting() == []
    assert queue.counts["NumberOfMessagesReceived"] == messages


def test_provisioned_pollers_run_ten_batches_each_and_grow_by_a_thousand_each_minute() -> None:
    simulation = Simulation()
    queue = simulation.queue(visibility_timeout=1000)
    queue.send(*["x"] * 5_000)
    function = simulation.function(duration=800, timeout=900)

    simulation.mapping(queue, function, ProvisionedPollerConfig={"MinimumPollers": 3, "MaximumPollers": 9})
    running: list[int] = []
    for second in (0, 1, 3, 60):
        simulation.run(until=second)
        running.append(function.running)

    assert running == [30, 46, 80, 90]


def test_a_throttled_batch_is_tried_again_until_its_messages_are_visible_and_costs_one_receive() -> None:
    simulation = Simulation()
    dead = simulation.queue("dead")
    queue = simulation.queue(max_receives=2, dead_letters=dead)
    queue.send("x")
    function = simulation.function(concurrency=0)

    simulation.mapping(queue, function)
    simulation.run(until=29)
    tries = [entry[0] for entry in simulation.of("throttled")]
    received = queue.counts["NumberOfMessagesReceived"]
    simulation.run(until=200)

    assert tries == [0, 1, 3, 7, 15]
    assert received == 1
    assert [(entry[0], entry[1], entry[3]) for entry in simulation.of("received", "dead")] == [
        (0, "received", ["1"]),
        (30, "received", ["1"]),
        (60, "dead", ["1"]),
    ]


def test_a_function_with_too_little_reserved_concurrency_is_over_pulled() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send(*["x"] * 50)
    function = simulation.function(duration=10, concurrency=1)

    simulation.mapping(queue, function)
    simulation.run(until=1)

    assert queue.counts["NumberOfMessagesReceived"] == 50
    assert (function.running, len(simulation.of("throttled"))) == (1, 4 + 4)


def test_errors_take_lanes_away_unless_the_function_reports_failures() -> None:
    running: list[int] = []
    for types in ([], ["ReportBatchItemFailures"]):
        simulation = Simulation()
        queue = simulation.queue(visibility_timeout=10)
        queue.send(*["x"] * 50)
        function = simulation.function(duration=1, timeout=5, reply=lambda _: 1 / 0)
        simulation.mapping(queue, function, FunctionResponseTypes=types, ScalingConfig={"MaximumConcurrency": 5})
        simulation.run(until=10.5)
        running.append(function.running)

    assert running == [1, 5]


def test_what_no_filter_matches_is_deleted_at_once_and_a_batch_is_made_of_the_rest() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send('{"kind":"order"}', '{"kind":"offer"}', "no JSON", '{"kind":"order"}')

    mapping = simulation.mapping(queue, simulation.function(duration=1), FilterCriteria=KEPT)
    simulation.run(until=5)

    assert batches(simulation) == [(0, ["1", "4"])]
    assert [(entry[0], entry[3]) for entry in simulation.of("deleted")] == [(0, ["2", "3"]), (1, ["1", "4"])]
    assert mapping.counts == {
        "PolledEventCount": 4,
        "FilteredOutEventCount": 2,
        "InvokedEventCount": 2,
        "DeletedEventCount": 2,
    }


def test_a_window_fills_with_messages_that_pass_the_filter_only() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    settings: dict[str, Any] = {"BatchSize": 12, "MaximumBatchingWindowInSeconds": 5, "FilterCriteria": KEPT}
    simulation.mapping(queue, simulation.function(), **settings, ScalingConfig={"MaximumConcurrency": 2})
    queue.send(*['{"kind":"offer"}'] * 20, *['{"kind":"order"}'] * 12)

    simulation.run(until=20)

    assert sorted(one for _, ids in batches(simulation) for one in ids) == sorted(numbers(21, 32))


def test_a_disabled_mapping_ends_its_long_polls_and_what_it_has_is_processed() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a")
    mapping = simulation.mapping(queue, simulation.function(duration=5))

    simulation.at(1, mapping.disable)
    simulation.at(3, lambda: queue.send("b"))  # a long poll is under way
    simulation.at(30, lambda: queue.send("c"))
    simulation.at(100, mapping.enable)
    simulation.run(until=110)

    assert batches(simulation) == [(0, ["1"]), (3, ["2"]), (100, ["3"])]
    assert [entry[0] for entry in simulation.of("deleted")] == [5, 8, 105]


def test_a_killed_mapping_leaves_its_messages_to_the_visibility_timeout() -> None:
    simulation = Simulation()
    queue = simulation.queue()
    queue.send("a")
    mapping = simulation.mapping(queue, simulation.function(duration=5))

    simulation.at(1, lambda: mapping.kill(finishes=1))
    simulation.at(2, mapping.enable)
    simulation.run(until=60)

    assert batches(simulation) == [(0, ["1"]), (30, ["1"])]
    assert [entry[0] for entry in simulation.of("returned")] == [5, 35]
    assert [entry[0] for entry in simulation.of("deleted")] == [35]


def test_a_mapping_whose_function_may_run_longer_than_messages_are_hidden_is_refused() -> None:
    simulation = Simulation()

    with pytest.raises(ValueError, match="visibility timeout of 10 s is less than the function's timeout of 30 s"):
        simulation.mapping(simulation.queue(visibility_timeout=10), simulation.function(timeout=30))
