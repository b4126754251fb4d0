"""How records of a stream come to the function: positions, batches, lanes, filters, windows, resharding."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.orders import stream_handler
from local.mappings.actions import Read
from local.mappings.settings import StreamSettings
from local.mappings.stream import ShardInfo, StreamMapping
from local.mappings.virtual import Simulation

REPORTS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
MB = 1024 * 1024


def batches(simulation: Simulation) -> list[tuple[float, list[int]]]:
    """When the function was invoked with which records, by the order in which they were put."""
    return [(round(entry[0], 6), [int(one) for one in entry[3]]) for entry in simulation.of("invoked")]


def checkpoints(simulation: Simulation) -> list[tuple[float, str, str]]:
    return [(round(entry[0], 6), entry[3], entry[4].lstrip("0")) for entry in simulation.of("checkpoint")]


def test_a_shard_is_polled_once_a_second_and_has_one_batch_at_a_time() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    simulation.mapping(stream, simulation.function(duration=2), BatchSize=2)

    simulation.at(0.5, lambda: stream.put("a", "1", "2", "3", "4", "5"))
    simulation.run(until=10)

    assert batches(simulation) == [(1, [1, 2]), (3, [3, 4]), (5, [5])]
    name = "shardId-000000000000"
    assert checkpoints(simulation) == [(3, name, "2"), (5, name, "4"), (7, name, "5")]


def test_the_stream_of_a_table_is_polled_four_times_a_second() -> None:
    simulation = Simulation()
    stream = simulation.stream(kind="dynamodb")
    simulation.mapping(stream, simulation.function())

    simulation.at(0.3, lambda: stream.put("a", '{"id":{"S":"a"}}'))
    simulation.run(until=1)

    assert batches(simulation) == [(0.5, [1])]


def test_a_consumer_with_enhanced_fan_out_is_pushed_what_comes() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    simulation.mapping(stream, simulation.function(), EventSourceArn=f"{stream.arn}/consumer/one:1")

    simulation.at(0.123, lambda: stream.put("a", "1"))
    simulation.run(until=10)

    assert batches(simulation) == [(0.123, [1])]
    assert len(simulation.of("checkpoint")) == 1


@pytest.mark.parametrize(
    ("position", "seen"),
    [
        ({"StartingPosition": "TRIM_HORIZON"}, [2, 3, 4, 5]),
        ({"StartingPosition": "LATEST"}, [5]),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 40}, [3, 4, 5]),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": 45.5}, [4, 5]),
        ({"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": -1}, [2, 3, 4, 5]),
    ],
    ids=str,
)
def test_a_mapping_begins_at_its_starting_position(position: dict[str, Any], seen: list[int]) -> None:
    simulation = Simulation()
    stream = simulation.stream(retention=100)
    for time in (0, 30, 40, 50):
        simulation.run(until=time)
        stream.put("a", "x")
    simulation.run(until=110)

    simulation.mapping(stream, simulation.function(), **position)
    simulation.at(111, lambda: stream.put("a", "x"))
    simulation.run(until=115)

    assert [one for _, batch in batches(simulation) for one in batch] == seen


def test_a_window_begins_when_the_last_invocation_ended_and_a_full_batch_does_not_wait() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    mapping: dict[str, Any] = {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 5}
    simulation.mapping(stream, simulation.function(duration=2), **mapping)

    simulation.at(0.5, lambda: stream.put("a", "1", "2", "3", "4"))
    simulation.run(until=20)

    assert batches(simulation) == [(1, [1, 2, 3]), (8, [4])]


def test_an_event_has_at_most_six_megabytes_of_base64() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    stream.put("a", *["x" * MB] * 6)

    simulation.mapping(stream, simulation.function())
    simulation.run(until=20)

    assert [batch for _, batch in batches(simulation)] == [[1, 2, 3, 4], [5, 6]]


def test_lanes_of_a_shard_are_parallel_and_a_key_is_in_one_of_them() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    for key in "abcdefgh":
        stream.put(key, "1", "2")
    function = simulation.function(duration=2)

    simulation.mapping(stream, function, ParallelizationFactor=3, BatchSize=4)
    simulation.run(until=1)
    running = [batch for _, batch in batches(simulation)]
    simulation.run(until=20)

    assert function.most_running == 3
    keys = [{(one - 1) // 2 for one in batch} for batch in running]
    assert len(set[int]().union(*keys)) == sum(map(len, keys)) == 5  # two keys fill a batch, and one lane has one
    assert all(batch == sorted(batch) for _, batch in batches(simulation))


def test_the_checkpoint_of_a_shard_waits_for_its_slowest_lane() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    slow, fast = "a", next(key for key in "bcdefgh" if lane(key) != lane("a"))
    stream.put(slow, "slow")
    stream.put(fast, "1", "2")
    function = simulation.function(duration=lambda batch: 10 if batch[0].text == "slow" else 1)

    mapping = simulation.mapping(stream, function, ParallelizationFactor=2)
    simulation.at(5, mapping.kill)
    simulation.at(6, mapping.enable)
    simulation.run(until=20)

    assert [(entry[0], entry[1]) for entry in simulation.of("returned")] == [
        (1, "returned"),
        (7, "returned"),
        (16, "returned"),
    ]
    assert [(time, number) for time, _, number in checkpoints(simulation)] == [(16, "3")]


def lane(key: str) -> int:
    """Where the engine puts a key; that it is in one lane is all that AWS says."""
    import zlib  # noqa: PLC0415

    return zlib.crc32(key.encode()) % 2


def test_a_batch_is_of_one_shard_and_shards_are_parallel() -> None:
    simulation = Simulation()
    stream = simulation.stream(shards=4)
    for number in range(40):
        stream.put(f"key {number}", "x")
    shard_of = {int(entry[3][0]): entry[4] for entry in simulation.of("put")}

    function = simulation.function(duration=2)
    simulation.mapping(stream, function)
    simulation.run(until=1)

    found = [{shard_of[one] for one in batch} for _, batch in batches(simulation)]
    assert sorted(map(len, found)) == [1, 1, 1, 1]
    assert function.running == 4


def test_the_children_of_a_shard_wait_until_it_is_done() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    simulation.mapping(stream, simulation.function(duration=5), StartingPosition="LATEST", BatchSize=1)
    simulation.at(0.5, lambda: stream.put("a", "1", "2"))
    simulation.at(1.5, lambda: stream.split("shardId-000000000000"))
    simulation.at(2, lambda: stream.put("a", "3"))

    simulation.run(until=30)

    assert batches(simulation) == [(1, [1]), (6, [2]), (11, [3])]
    assert ("shardId-000000000000", "SHARD_END") in [entry[1:] for entry in checkpoints(simulation)]


def test_a_merged_shard_waits_for_both_its_parents() -> None:
    simulation = Simulation()
    stream = simulation.stream(shards=2)
    stream.put("a", "1", "2")
    stream.put("b", "3")
    assert len({entry[4] for entry in simulation.of("put")}) == 2
    simulation.mapping(stream, simulation.function(duration=4), BatchSize=1)
    simulation.at(0.5, lambda: stream.merge("shardId-000000000000", "shardId-000000000001"))
    simulation.at(0.6, lambda: stream.put("b", "last"))

    simulation.run(until=40)

    ends = [time for time, _, number in checkpoints(simulation) if number == "SHARD_END"]
    assert batches(simulation)[-1][0] >= max(ends)
    assert len(ends) == 2


def test_a_shard_that_came_later_is_read_from_its_start_whatever_the_starting_position() -> None:
    mapping = StreamMapping(StreamSettings(starting_position="LATEST"))
    mapping.start(0)
    first = mapping.listed(0, [ShardInfo("old"), ShardInfo("before", ("older",))])
    mapping.read(5, "old", [], is_end=True)

    later = mapping.listed(6, [ShardInfo("old"), ShardInfo("before", ("older",)), ShardInfo("new", ("old",))])

    assert [(read.shard, read.is_new) for read in [*first, *later] if isinstance(read, Read)] == [
        ("old", False),
        ("before", False),
        ("new", True),
    ]


def test_a_read_of_a_shard_that_is_gone_does_nothing() -> None:
    mapping = StreamMapping(StreamSettings())
    mapping.start(0)
    mapping.listed(0, [ShardInfo("old")])
    mapping.listed(10, [])

    assert mapping.read(11, "old", []) == []


def test_a_filter_passes_records_over_without_an_invocation_and_the_checkpoint_moves() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    stream.put("a", '{"v":1}', '{"v":2}', "no JSON", '{"v":1}')
    criteria = {"Filters": [{"Pattern": '{"data":{"v":[2]}}'}]}

    mapping = simulation.mapping(stream, simulation.function(), FilterCriteria=criteria)
    simulation.run(until=5)

    assert batches(simulation) == [(0, [2])]
    assert [number for _, _, number in checkpoints(simulation)] == ["1", "4"]
    assert mapping.counts == {"PolledEventCount": 4, "FilteredOutEventCount": 3, "InvokedEventCount": 1}


@pytest.mark.parametrize(
    ("pattern", "seen"),
    [
        ('{"dynamodb":{"NewImage":{"v":{"N":["2"]}}}}', [2]),
        ('{"eventName":["INSERT"]}', [1, 2]),
        ('{"eventName":["REMOVE"]}', []),
        ('{"dynamodb":{"Keys":{"id":{"S":[{"prefix":"k"}]}}},"eventName":["INSERT"]}', [1, 2]),
        ('{"dynamodb":{"OldImage":{"v":{"N":[{"exists":false}]}}}}', [1, 2]),
    ],
)
def test_filters_of_a_table_see_the_change_and_the_name_of_the_event(pattern: str, seen: list[int]) -> None:
    simulation = Simulation()
    stream = simulation.stream(kind="dynamodb")
    stream.put("k1", '{"id":{"S":"k1"},"v":{"N":"1"}}', '{"id":{"S":"k1"},"v":{"N":"2"}}')

    simulation.mapping(stream, simulation.function(), FilterCriteria={"Filters": [{"Pattern": pattern}]})
    simulation.run(until=5)

    assert [one for _, batch in batches(simulation) for one in batch] == seen


def test_a_disabled_mapping_keeps_its_position() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    mapping = simulation.mapping(stream, simulation.function(duration=2), BatchSize=1, StartingPosition="LATEST")
    simulation.at(0.5, lambda: stream.put("a", "1", "2"))
    simulation.at(1.5, mapping.disable)
    simulation.at(10, lambda: stream.put("a", "3"))
    simulation.at(20, mapping.enable)

    simulation.run(until=30)

    assert batches(simulation) == [(1, [1]), (20, [2]), (22, [3])]


def test_a_killed_mapping_goes_on_from_its_checkpoints_also_from_the_latest() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    mapping = simulation.mapping(stream, simulation.function(duration=2), BatchSize=2, StartingPosition="LATEST")
    simulation.at(0.5, lambda: stream.put("a", "1", "2", "3"))
    simulation.at(2, mapping.kill)
    simulation.at(9, mapping.enable)
    simulation.at(12, lambda: mapping.kill(finishes=1))
    simulation.at(13, mapping.enable)

    simulation.run(until=30)

    assert batches(simulation) == [(1, [1, 2]), (9, [1, 2]), (11, [3]), (13, [3])]


def test_what_is_over_its_retention_is_tried_no_more_and_has_no_destination() -> None:
    simulation = Simulation()
    stream = simulation.stream(retention=100)
    dead = simulation.queue("dead")
    stream.put("a", "1")
    simulation.at(50, lambda: stream.put("a", "2"))
    function = simulation.function(reply=lambda batch: 1 / 0 if batch[0].text == "1" else None)

    simulation.mapping(stream, function, dead, BatchSize=1)
    simulation.run(until=300)

    assert simulation.of("failed")[-1][0] < 100
    assert [entry[3][0].lstrip("0") for entry in simulation.of("returned")] == ["2"]
    assert dead.waiting() == []


def windows(simulation: Simulation) -> list[tuple[int, list[int], Any, bool]]:
    """In which second the function was invoked with which records and which state, and whether to end a window."""
    return [
        (int(entry[0]), [int(one) for one in entry[3]], entry[6]["state"], entry[6]["isFinalInvokeForWindow"])
        for entry in simulation.of("invoked")
    ]


def test_a_tumbling_window_keeps_its_state_and_ends_with_an_invocation_of_its_own() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    function = simulation.function(reply=lambda batch: {"state": {"last": batch[-1].text if batch else "none"}})
    simulation.mapping(stream, function, TumblingWindowInSeconds=10)

    for time, text in ((1.5, "a"), (5.5, "b"), (12.5, "c")):
        simulation.at(time, lambda text=text: stream.put("k", text))
    simulation.run(until=25)

    assert windows(simulation) == [
        (2, [1], {}, False),
        (6, [2], {"last": "a"}, False),
        (10, [], {"last": "b"}, True),
        (13, [3], {}, False),
        (20, [], {"last": "c"}, True),
    ]
    assert simulation.of("invoked")[0][6]["window"] == {"start": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:00:10Z"}


def test_an_answer_without_a_state_fails_and_a_failed_end_of_a_window_holds_the_shard_back() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    state: list[Any] = [None, {"state": {"n": 1}}, {}, {"state": {}}, {"state": {"n": 2}}, {"state": {}}]
    answers = iter(state)
    function = simulation.function(duration=0, reply=lambda _: next(answers))
    stream.put("k", "a")
    simulation.mapping(stream, function, TumblingWindowInSeconds=10)
    simulation.at(10, lambda: stream.put("k", "b"))

    simulation.run(until=25)

    assert windows(simulation) == [
        (0, [1], {}, False),
        (1, [1], {}, False),
        (10, [], {"n": 1}, True),
        (11, [], {"n": 1}, True),
        (11, [2], {}, False),
        (20, [], {"n": 2}, True),
    ]


def test_the_end_of_a_window_that_always_fails_is_given_up_when_its_records_would_be_too_old() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    function = simulation.function(duration=0, reply=lambda batch: {"state": {}} if batch else {})
    stream.put("k", "a")
    simulation.mapping(stream, function, TumblingWindowInSeconds=10, MaximumRecordAgeInSeconds=60)
    simulation.at(20, lambda: stream.put("k", "b"))

    simulation.run(until=75)

    seconds = [(second, records) for second, records, *_ in windows(simulation)]
    assert seconds[:8] == [(0, [1]), (10, []), (11, []), (13, []), (17, []), (25, []), (41, []), (73, [2])]


def test_an_answer_that_fails_the_batch_does_not_change_the_state() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    answers = iter([{"state": {"n": 9}, "batchItemFailures": [{"itemIdentifier": "?"}]}, {"state": {"n": 1}}])
    function = simulation.function(duration=0, reply=lambda _: next(answers))
    stream.put("k", "a")
    simulation.mapping(stream, function, TumblingWindowInSeconds=100, **REPORTS)

    simulation.run(until=5)

    assert windows(simulation) == [(0, [1], {}, False), (1, [1], {}, False)]


def test_a_state_of_more_than_a_megabyte_ends_its_window_early() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    sizes = iter([MB + 1, 1, 1, 1])
    function = simulation.function(duration=0, reply=lambda _: {"state": {"x": "x" * next(sizes)}})
    simulation.mapping(stream, function, TumblingWindowInSeconds=100, BatchSize=1)
    stream.put("k", "a", "b")

    simulation.run(until=5)

    seen = [
        (entry[3] != [], entry[6]["isFinalInvokeForWindow"], entry[6]["isWindowTerminatedEarly"])
        for entry in simulation.of("invoked")
    ]
    assert seen == [(True, False, False), (False, True, True), (True, False, False)]


def test_the_end_of_a_shard_ends_its_window_and_a_killed_mapping_keeps_the_state() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    function = simulation.function(duration=0, reply=lambda batch: {"state": {"n": len(batch)}})
    stream.put("k", "a", "b")
    mapping = simulation.mapping(stream, function, TumblingWindowInSeconds=100)
    simulation.at(3, mapping.kill)
    simulation.at(4, mapping.enable)
    simulation.at(5, lambda: stream.put("k", "c"))
    simulation.at(7.5, lambda: stream.split("shardId-000000000000"))

    simulation.run(until=20)

    assert windows(simulation) == [
        (0, [1, 2], {}, False),
        (5, [3], {"n": 2}, False),
        (8, [], {"n": 1}, True),
    ]


def test_reads_share_a_shards_throughput() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    stream.put("k", *["x" * MB] * 12)

    simulation.mapping(stream, simulation.function(duration=0), BatchSize=1, StartingPosition="TRIM_HORIZON")
    simulation.run(until=60)

    first_read = [time for time, _ in batches(simulation)]
    assert len(first_read) == 12
    assert first_read[0] == 0
    assert first_read[-1] > 4  # the second read waits until the first ten megabytes are paid for, at two a second


def test_the_real_handler_of_a_stream_gets_a_real_event() -> None:
    simulation = Simulation(start=1.7e9)
    stream = simulation.stream()
    stream.put("k", '{"orderId": "1"}', '{"orderId": "2", "fail": true}', '{"orderId": "3"}')

    settings: dict[str, Any] = {"MaximumRetryAttempts": 1, "BisectBatchOnFunctionError": True, **REPORTS}
    simulation.mapping(stream, simulation.function(handler=stream_handler.lambda_handler), **settings)
    simulation.run(until=simulation.now + 30)

    assert [[one.lstrip("0") for one in entry[3]] for entry in simulation.of("discarded")] == [["2"]]
    assert json.loads(simulation.lines().splitlines()[-1])[4].endswith("3")
