"""Whatever the load, the settings and the faults: no message is lost, and no limit is passed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, note, seed
from hypothesis import strategies as st

from local.mappings.virtual import Simulation
from local.mappings.virtual.queues import Queue
from tests.mappings.worlds import FAULTS, KINDS, SEED, Behaviour, Story, at_once, by, groups, inject, runs

LOADS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abc"), KINDS), max_size=25)
WORLDS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32),
        "load": LOADS,
        "faults": FAULTS,
        "batch": st.integers(1, 10),
        "window": st.sampled_from([0, 0, 1, 3]),
        "reports": st.booleans(),
        "most": st.sampled_from([None, None, 2, 3]),
        "reserved": st.sampled_from([None, None, 1, 3]),
        "visibility": st.integers(5, 30),
        "timeout": st.integers(1, 5),
        "slowest": st.sampled_from([0.0, 1.0, 3.0, 6.0]),
        "receives": st.sampled_from([None, 1, 2, 3, 4]),
        "retention": st.sampled_from([60, 345_600]),
        "disorder": st.sampled_from([0, 0.5]),
        "duplicates": st.sampled_from([0, 0, 0.3]),
    }
)


@runs(1700)
@seed(SEED)
@given(WORLDS)
def test_no_message_of_a_standard_queue_is_lost_and_no_limit_is_passed(world: dict[str, Any]) -> None:
    check(world, is_fifo=False)


@runs(1500)
@seed(SEED)
@given(WORLDS)
def test_no_message_of_a_fifo_queue_is_lost_and_its_group_stays_in_order(world: dict[str, Any]) -> None:
    check(world, is_fifo=True)


def failing(batch: Sequence[Any], failed: set[int]) -> list[str]:
    """The messages that failed, and what follows them in their group."""
    blocked = {batch[place].group: min(p for p in failed if batch[p].group == batch[place].group) for place in failed}
    return [
        one.id
        for place, one in enumerate(batch)
        if place in failed or (one.group and place > blocked.get(one.group, len(batch)))
    ]


def check(world: dict[str, Any], *, is_fifo: bool) -> None:
    simulation, queue, dead = run(world, is_fifo=is_fifo)
    verify(simulation, world, queue, dead)


def run(world: dict[str, Any], *, is_fifo: bool) -> tuple[Simulation, Queue, Queue]:
    """Let a world run until nothing that can end is left."""
    note(f"MAPPINGS_SEED={SEED}")
    simulation = Simulation(seed=world["seed"])
    reports = world["reports"]
    make = simulation.fifo_queue if is_fifo else simulation.queue
    dead = make("dead.fifo" if is_fifo else "dead", retention=1e9)
    chance = {} if is_fifo else {name: world[name] for name in ("disorder", "duplicates")}
    queue = make(
        visibility_timeout=world["visibility"],
        retention=world["retention"],
        max_receives=world["receives"],
        dead_letters=dead,
        **chance,
    )
    behaviour = Behaviour(simulation, reports=reports)
    function = simulation.function(
        duration=(0, world["slowest"]),
        timeout=world["timeout"],
        concurrency=world["reserved"],
        reply=lambda batch: behaviour.reply(failing, batch),
    )
    settings: dict[str, Any] = {
        "BatchSize": world["batch"],
        "MaximumBatchingWindowInSeconds": 0 if is_fifo else world["window"],
        "FilterCriteria": {"Filters": [{"Pattern": '{"body":{"kind":[{"anything-but":"drop"}]}}'}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if reports else [],
        "ScalingConfig": {"MaximumConcurrency": world["most"]} if world["most"] else {},
    }
    mapping = simulation.mapping(queue, function, **settings)
    for number, (time, group, kind) in enumerate(world["load"]):
        body = f'{{"kind":"{kind}","n":{number}}}'
        name = group if is_fifo else ""
        simulation.at(time, lambda body=body, name=name: queue.send(body, group=name))
    inject(simulation, mapping, function, behaviour, world["faults"])
    simulation.run(until=120)
    while queue.waiting() and simulation.now < 1500:
        simulation.run(until=simulation.now + 60)
    simulation.run(until=simulation.now + 10)

    return simulation, queue, dead


def verify(simulation: Simulation, world: dict[str, Any], queue: Queue, dead: Queue) -> None:
    reports, is_fifo = world["reports"], queue.is_fifo
    log = simulation.log
    own = [entry for entry in log if entry[2] == queue.name]
    story = Story(log, reports=reports)
    sent, received, deleted, moved, expired = (
        by(own, what) for what in ("sent", "received", "deleted", "dead", "expired")
    )
    ordered = sorted(world["load"], key=lambda one: one[0])  # the heap keeps the order of what is due at once
    kinds = {str(number): kind for number, (_, _, kind) in enumerate(ordered, 1)}
    dropped = {one for one, kind in kinds.items() if kind == "drop"}

    # Each message ends once, or waits.
    assert sent.keys() == kinds.keys()
    ended = deleted + moved + expired
    assert set(ended.values()) <= {1}
    retained = {entry[3][0]: entry[0] for entry in own if entry[1] == "sent"}
    over = {one for one in sent if retained[one] + world["retention"] <= simulation.now}
    assert sent.keys() - ended.keys() - over == {message.id for message in queue.waiting()}
    assert all(one in over for one in expired)
    assert sorted(moved) == sorted(message.id for message in dead.waiting())
    # It is deleted when it succeeded, or no filter let it through: then it is never at the function.
    assert deleted.keys() <= story.succeeded.keys() | dropped
    assert not dropped & story.tries.keys()
    if world["receives"] or not is_fifo:  # else one that always fails holds its group back
        assert dropped <= deleted.keys() | over | (moved.keys() if world["duplicates"] else set())
    # It is received as often as its queue allows, and moved after that.
    most = world["receives"] or 10**9
    assert all(count <= most for count in received.values())
    assert all(received[one] == most for one in moved)
    # What can succeed is not left over, and what cannot is not deleted.
    assert not {one for one, kind in kinds.items() if kind == "bad"} & deleted.keys()
    left = sent.keys() - ended.keys() - over
    assert not left or not world["receives"]
    if reports and not is_fifo:
        assert {kinds[one] for one in left} <= {"bad"}
    # Limits.
    assert all(len(ids) <= world["batch"] for ids in story.invoked)
    assert story.most_running <= (world["reserved"] or 10**9)
    assert story.most_of_mapping <= (world["most"] or 10**9)
    if is_fifo:
        if not (world["faults"] or world["reserved"]) and world["timeout"] < world["visibility"]:
            group_of = {str(number): group for number, (_, group, _) in enumerate(ordered, 1)}
            assert at_once(log, group_of) == set()
        members = groups([(group, str(number)) for number, (_, group, _) in enumerate(ordered, 1)])
        for members_of_one in members.values():
            places = [story.succeeded[one] for one in members_of_one if one in story.succeeded and one not in moved]
            assert places == sorted(places)
