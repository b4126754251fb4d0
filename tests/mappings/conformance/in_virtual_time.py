"""Runs a case on the models, in virtual time."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from local.mappings.virtual import Simulation
from local.mappings.virtual.queues import Queue
from local.mappings.virtual.sinks import Bucket
from local.mappings.virtual.streams import Stream
from tests.mappings.conformance import function
from tests.mappings.conformance.cases import Align, Case, Count, Enable, Reserve, Send, Split, Step, Until, Wait
from tests.mappings.conformance.seen import seen

_START = 1_800_000_000.0
_SECONDS = 120
"""Of a case, after its last step: all is over by then."""
_STEP_SECONDS = 0.05


class _World:
    """A case as it runs."""

    def __init__(self, case: Case) -> None:
        self.simulation = Simulation(start=_START)
        self.case = case
        self.calls: list[dict[str, Any]] = []
        self.numbers: dict[str, str] = {}
        self.counts: list[int] = []
        self.function = self.simulation.function(
            duration=self._begin, timeout=case.timeout, handler=self._answer, concurrency=None
        )
        self.dead = self.simulation.queue("dead")
        self.source = self._make_source()
        kind = {"queue": self.simulation.queue, "bucket": self.simulation.bucket}
        self.destination = kind[case.destination]("destination") if case.destination else None
        self.mapping: Any = None

    def _make_source(self) -> Queue | Stream:
        case, simulation = self.case, self.simulation
        if case.source in ("queue", "fifo"):
            make = simulation.fifo_queue if case.source == "fifo" else simulation.queue
            return make(
                visibility_timeout=case.visibility,
                max_receives=case.max_receives or None,
                dead_letters=self.dead if case.max_receives else None,
            )
        return simulation.stream(shards=case.shards, kind="dynamodb" if case.source == "table" else "kinesis")

    def map(self) -> None:
        source = self.source
        settings = {**self.case.settings}
        if isinstance(source, Stream) and self.case.source == "consumer":
            settings["EventSourceArn"] = f"{source.arn}/consumer/own:1"
        enabled = settings.pop("Enabled", True)
        self.mapping = self.simulation.mapping(source, self.function, self.destination, is_enabled=enabled, **settings)

    def do(self, step: Step) -> None:
        simulation = self.simulation
        if isinstance(step, Send):
            for order in step.orders:
                self._send(order)
        elif isinstance(step, Wait):
            simulation.run(simulation.now + step.seconds)
        elif isinstance(step, Align):
            simulation.run(math.ceil(simulation.now / step.seconds) * step.seconds + 0.1)
        elif isinstance(step, Until):
            until = simulation.now + _SECONDS
            while len(self.calls) < step.calls and simulation.now < until:
                simulation.run(simulation.now + _STEP_SECONDS)
        elif isinstance(step, Reserve):
            self.function.concurrency = step.concurrency
        elif isinstance(step, Count):
            self.counts.append(len(self.calls))
        elif isinstance(step, Enable):
            (self.mapping.enable if step.is_enabled else self.mapping.disable)()
        else:
            assert isinstance(step, Split)
            assert isinstance(self.source, Stream)
            self.source.split("shardId-000000000000")

    def end(self) -> dict[str, Any]:
        simulation = self.simulation
        simulation.run(simulation.now + _SECONDS)
        ends = {entry[5]: entry[0] for entry in simulation.of("returned", "failed")}
        for call in self.calls:
            # Whose run ended by its timeout or with its process has written down no end.
            call["ended"] = None if call["is_cut"] else ends.get(call["number"])
        source = self.source
        return seen(
            self.case,
            self.calls,
            left=len(source.waiting()) if isinstance(source, Queue) else 0,
            dead=[json.loads(message.body)["id"] for message in self.dead.waiting()],
            told=self._told(),
            numbers=self.numbers,
            counts=self.counts,
        )

    def _send(self, order: dict[str, Any]) -> None:
        text, source = json.dumps(order), self.source
        if isinstance(source, Queue):
            source.send(text, group=order.get("key", "") if self.case.source == "fifo" else "")
            return
        if self.case.source == "table":
            [number] = source.put(order["id"], json.dumps({"id": {"S": order["id"]}, "order": {"S": text}}))
        else:
            [number] = source.put(order["key"], text)
        self.numbers[number] = order["id"]

    def _begin(self, batch: Sequence[Any]) -> float:
        """Write down an invocation, also one that the model ends before its handler is asked; how long it takes."""
        orders = [self._order(one) for one in batch]
        seconds = function.seconds_of(orders, self.calls)
        [*_, (_, _, _, _, _, number, *more)] = self.simulation.of("invoked")
        self.calls.append(
            {
                "number": number,
                "began": self.simulation.now,
                "ids": [order["id"] for order in orders],
                "numbers": [getattr(one, "sequence_number", "") or one.id for one in batch],
                "receives": [one.receives for one in batch if hasattr(one, "receives")],
                "is_cut": seconds > self.case.timeout,
                "more": more,
            }
        )
        return seconds

    def _order(self, one: Any) -> dict[str, Any]:
        if self.case.source == "table":
            return json.loads(one.content["dynamodb"]["NewImage"]["order"]["S"])
        return json.loads(one.body if isinstance(self.source, Queue) else one.text)

    def _answer(self, event: dict[str, Any], context: Any) -> Any:
        call, earlier = self.calls[-1], self.calls[:-1]
        # What the function itself sees in its event, in place of what is in the models.
        call |= function.call_of(event)
        for record in event["Records"]:
            order, _ = function.order_of(record)
            if function.tries(earlier, order["id"]) < order.get("exits", 0):
                call["is_cut"] = True
                raise RuntimeError("the process ends")
        return function.answer(self.case.plan, event, earlier)

    def _told(self) -> list[tuple[str, str]]:
        destination = self.destination
        if isinstance(destination, Bucket):
            return sorted(destination.objects.items())
        return [("", message.body) for message in destination.waiting()] if isinstance(destination, Queue) else []


def run(case: Case) -> dict[str, Any]:
    """What was seen of a case."""
    world = _World(case)
    for step in case.before:
        world.do(step)
    world.map()
    for step in case.after:
        world.do(step)
    return world.end()
