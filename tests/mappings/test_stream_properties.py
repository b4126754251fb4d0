"""Whatever the load, the settings and the faults: no record is lost, its key stays in order, and no limit is passed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, note, seed
from hypothesis import strategies as st

from local.mappings.virtual import Simulation
from tests.mappings.worlds import FAULTS, KINDS, SEED, Behaviour, Story, at_once, by, groups, inject, runs

RETENTION, LONG = 400, 1_000
"""Seconds; the second is more than any load takes here if each record is given up some time."""
WORLDS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "load": st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abcdef"), KINDS), max_size=25),
        "faults": FAULTS,
        "reshards": st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["split", "merge"])), max_size=2),
        "kind": st.sampled_from(["kinesis", "dynamodb"]),
        "pushes": st.booleans(),
        "shards": st.integers(1, 3),
        "factor": st.integers(1, 3),
        "batch": st.integers(1, 10),
        "window": st.sampled_from([0, 0, 1, 3]),
        "tumbling": st.sampled_from([0, 0, 0, 5, 30]),
        "retries": st.sampled_from([-1, 0, 1, 2]),
        "age": st.sampled_from([-1, -1, 60, 120]),
        "bisects": st.booleans(),
        "reports": st.booleans(),
        "reserved": st.sampled_from([None, None, 1, 3]),
        "timeout": st.integers(1, 5),
        "slowest": st.sampled_from([0.0, 1.0, 3.0, 6.0]),
        "position": st.sampled_from(["TRIM_HORIZON", "LATEST"]),
    }
)


@runs(2000)
@seed(SEED)
@given(WORLDS)
def test_no_record_of_a_stream_is_lost_and_its_key_stays_in_order(world: dict[str, Any]) -> None:
    check(world)


def failing(batch: Sequence[Any], failed: set[int]) -> list[str]:
    return [batch[place].sequence_number for place in sorted(failed, reverse=True)]


def check(world: dict[str, Any]) -> None:
    note(f"MAPPINGS_SEED={SEED}")
    simulation = Simulation(seed=world["seed"])
    kind, reports = world["kind"], world["reports"]
    stream = simulation.stream(shards=world["shards"], retention=retention(world), kind=kind)
    dead = simulation.queue("dead", retention=1e9)
    behaviour = Behaviour(simulation, reports=reports, state=world["tumbling"] > 0)
    function = simulation.function(
        duration=(0, world["slowest"]),
        timeout=world["timeout"],
        concurrency=world["reserved"],
        reply=lambda batch: behaviour.reply(failing, batch),
    )
    pattern = '{"dynamodb":{"NewImage":{"kind":[{"anything-but":"drop"}]}}}'
    pattern = pattern.replace('{"kind":[{', '{"kind":{"S":[{').replace("}]}}}", "}]}}}}")
    settings: dict[str, Any] = {
        "BatchSize": world["batch"],
        "BisectBatchOnFunctionError": world["bisects"],
        "FilterCriteria": {
            "Filters": [{"Pattern": '{"data":{"kind":[{"anything-but":"drop"}]}}' if kind == "kinesis" else pattern}]
        },
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if reports else [],
        "MaximumBatchingWindowInSeconds": world["window"],
        "MaximumRecordAgeInSeconds": world["age"],
        "MaximumRetryAttempts": world["retries"],
        "ParallelizationFactor": world["factor"],
        "StartingPosition": world["position"],
        "TumblingWindowInSeconds": world["tumbling"],
        **({"EventSourceArn": f"{stream.arn}/consumer/one:1"} if world["pushes"] and kind == "kinesis" else {}),
    }
    mapping = simulation.mapping(stream, function, dead, **settings)
    for number, (time, key, what) in enumerate(world["load"]):
        text = json.dumps(
            {"kind": what, "n": number} if kind == "kinesis" else {"kind": {"S": what}, "n": {"N": f"{number}"}}
        )
        simulation.at(time, lambda key=key, text=text: stream.put(key, text))
    for time, what in world["reshards"]:
        simulation.at(time, lambda what=what: reshard(stream, what))
    inject(simulation, mapping, function, behaviour, world["faults"])
    simulation.run(until=120)
    while simulation.now < retention(world) + 300 and not is_over(simulation, world):
        simulation.run(until=simulation.now + 30)
    simulation.run(until=simulation.now + world["tumbling"] + 70)
    verify(simulation, world, dead)


def retention(world: dict[str, Any]) -> float:
    return RETENTION if world["retries"] < 0 and world["age"] < 0 else LONG


def reshard(stream: Any, what: str) -> None:
    open_ones = sorted((one for one in stream.shards.values() if not one.is_closed), key=lambda one: one.first_key)
    if what == "split":
        stream.split(open_ones[0].name)
    elif len(open_ones) > 1:
        stream.merge(open_ones[0].name, open_ones[1].name)


def is_over(simulation: Simulation, world: dict[str, Any]) -> bool:
    """Whether all records are behind their shard's checkpoint."""
    last: dict[str, str] = {entry[4]: entry[3][-1] for entry in simulation.of("put")}
    kept: dict[str, str] = {entry[3]: entry[4] for entry in simulation.of("checkpoint")}
    return all(kept.get(shard, "") >= number for shard, number in last.items())


def verify(simulation: Simulation, world: dict[str, Any], dead: Any) -> None:
    log = simulation.log
    story = Story(log, reports=world["reports"], is_stream=True)
    ordered = sorted(world["load"], key=lambda one: one[0])
    puts = simulation.of("put")
    numbers = [entry[3][0] for entry in puts]
    kinds = dict(zip(numbers, (what for _, _, what in ordered), strict=True))
    arrived = {entry[3][0]: entry[0] for entry in puts}
    dropped = {one for one, what in kinds.items() if what == "drop"}
    discarded = by(log, "discarded")
    is_lost_some_time = retention(world) == RETENTION
    over = {one for one, time in arrived.items() if is_lost_some_time and time + RETENTION <= simulation.now}

    # Each record that the filters let through succeeded, or its destination has it, or the stream kept it no longer.
    assert kinds.keys() - dropped - story.succeeded.keys() - discarded.keys() <= over
    assert not dropped & (story.tries.keys() | discarded.keys())
    assert not {one for one, what in kinds.items() if what == "bad"} & story.succeeded.keys()
    told = [info_of(json.loads(message.body)) for message in dead.waiting()]
    batches = [entry[3] for entry in log if entry[1] == "discarded"]
    assert told == [(batch[0], batch[-1], len(batch)) for batch in batches]
    # Order of each key, in which a record that was given up or came again has no place.
    lost = {one for entry in log if entry[1] == "lost" for one in entry[3]}
    for members in groups([(entry[5], entry[3][0]) for entry in puts]).values():
        places = [
            story.succeeded[one] for one in members if one in story.succeeded and one not in discarded.keys() | over
        ]
        assert places == sorted(places)
    assert all(ids == sorted(ids) for ids in story.invoked)
    # The checkpoint has nothing unfinished before it.
    shards = groups([(entry[4], entry[3][0]) for entry in puts])
    finished: set[str] = set()
    kept: dict[str, str] = {}
    for place, (time, what, _, *rest) in enumerate(log):
        if what == "discarded":
            finished.update(rest[0])
        elif what in {"returned", "failed"}:
            finished.update(one for one in rest[0] if story.succeeded.get(one, place + 1) <= place)
        elif what == "checkpoint":
            shard, number = rest
            assert kept.get(shard, "") <= number
            kept[shard] = number
            passed = {one for one in shards.get(shard, ()) if one <= number and arrived[one] <= time}
            assert {one for one in passed - finished - dropped if arrived[one] + retention(world) > time} == set()
    # Limits.
    assert all(len(ids) <= world["batch"] for ids in story.invoked)
    assert story.most_running <= (world["reserved"] or 10**9)
    assert at_once(log, {entry[3][0]: entry[5] for entry in puts}) == set()
    if not world["reshards"]:
        lanes = 1 if world["tumbling"] else world["factor"]
        assert story.most_of_mapping <= world["shards"] * lanes
    if world["retries"] >= 0 and not (world["bisects"] or world["reports"] or lost or world["faults"]):
        assert all(count <= world["retries"] + 1 for count in story.tries.values())
    if world["age"] > 0:
        tried_at = [(entry[0], one) for entry in log if entry[1] == "invoked" for one in entry[3]]
        assert all(time - arrived[one] <= world["age"] for time, one in tried_at)
    assert all(one <= other for one, other in itertools.pairwise(entry[0] for entry in log))


def info_of(told: dict[str, Any]) -> tuple[str, str, int]:
    info = told.get("KinesisBatchInfo") or told["DDBStreamBatchInfo"]
    return info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]
