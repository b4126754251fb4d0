"""Reads how pipelines stand: one request for all figures, one for all alarms, and one for the log of each."""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.mappings.live import process
from local.mappings.live.emulator import Emulator, Unreachable
from local.watch.deployed import Deployed, deployed
from local.watch.snapshot import Alarm, LogLine, Pipeline, Snapshot

_KEPT_LINES = 20
_FIRST_SECONDS = 60
"""How far back the first look into a log goes."""
_LATE_MILLISECONDS = 2_000
"""How long after its time a line may still appear."""
_OF_LAMBDA = ("START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "INIT_START ")
"""How the lines begin that the service logs, and not the function."""
_WAITING, _IN_FLIGHT = ("Visible", "Delayed"), ("NotVisible",)
_COUNTED = ("Invocations", "Errors", "Throttles")
_DEPLOY = "run `make up`"


class Reader:
    """The pipelines of a stack in an embedded AWS, which may come and go meanwhile.

    Args:
        folder: State folder of the embedded AWS.
        state: The file with the state of the stack.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._emulator = Emulator(folder)
        self._state = state
        self._read_at = 0
        self._deployed: list[Deployed] = []
        self._since = time.time()
        self._counters: Mapping[str, Mapping[str, float]] | None = None
        self._counts: dict[str, Counter[str]] = {}
        self._logs: dict[str, _Log] = {}

    def close(self) -> None:
        """Close what is open to the embedded AWS."""
        self._emulator.close()

    def read(self) -> Snapshot:
        """How things stand now."""
        at = time.time()
        if not self._emulator.is_up:
            return Snapshot(at, self._since, notice=f"the embedded AWS does not run: {_DEPLOY}")
        try:
            told = self._emulator.ask("now")
            self._count(told["functions"])
            expected = self._pipelines()
            there = [one for one in expected if one.queue in told["queues"]]
            states = {scope: self._alarms(*scope) for scope in {one.scope for one in there}}
            pipelines = tuple(self._pipeline(one, told, states[one.scope]) for one in there)
        except (BotoCoreError, ClientError, Unreachable) as error:
            return Snapshot(at, self._since, notice=f"the embedded AWS does not answer, it is asked again: {error}")
        return Snapshot(at, self._since, pipelines, self._notice(expected, there))

    def _notice(self, expected: list[Deployed], there: list[Deployed]) -> str:
        if gone := [one.name for one in expected if one not in there]:
            return f"deployed, and no longer in the embedded AWS: {', '.join(gone)}: {_DEPLOY}"
        if not expected:
            return f"no pipeline is deployed: {_DEPLOY}"
        if not process.running(self._folder):
            return f"nothing drives the event source mappings: {_DEPLOY}"
        return ""

    def _pipelines(self) -> list[Deployed]:
        changed_at = self._state.stat().st_mtime_ns if self._state.exists() else 0
        if changed_at != self._read_at:
            self._deployed, self._read_at = deployed(self._state), changed_at
        return self._deployed

    def _count(self, counters: Mapping[str, Mapping[str, float]]) -> None:
        """Add what was counted since the last look; an embedded AWS that was started again counts from 0."""
        before = counters if self._counters is None else self._counters
        for function, sums in counters.items():
            known = before.get(function, {})
            for name in _COUNTED:
                now, then = sums.get(name, 0), known.get(name, 0)
                self._counts.setdefault(function, Counter())[name] += int(now - then if now >= then else now)
        self._counters = counters

    def _alarms(self, account: str, region: str) -> dict[str, str]:
        pages = self._emulator.aws(account, region).cloudwatch.get_paginator("describe_alarms").paginate()
        return {
            alarm.get("AlarmName", ""): alarm.get("StateValue", "") for page in pages for alarm in page["MetricAlarms"]
        }

    def _pipeline(self, one: Deployed, told: Mapping[str, Any], states: Mapping[str, str]) -> Pipeline:
        queue, dead = told["queues"][one.queue], told["queues"].get(one.dead_letters, {})
        counts = self._counts.get(one.function, Counter[str]())
        invocations, errors, throttles = (counts[name] for name in _COUNTED)
        log = self._logs.setdefault(one.log_group, _Log(one.log_group))
        return Pipeline(
            name=one.name,
            depth=_messages(queue, *_WAITING),
            in_flight=_messages(queue, *_IN_FLIGHT),
            age=queue["ApproximateAgeOfOldestMessage"],
            dead_letters=_messages(dead, *_WAITING, *_IN_FLIGHT),
            invocations=invocations,
            errors=errors,
            throttles=throttles,
            mapping=told["mappings"].get(one.mapping, "missing"),
            alarms=tuple(
                Alarm(name, severity, states[name]) for name, severity in sorted(one.alarms.items()) if name in states
            ),
            log=log.read(self._emulator.aws(*one.scope).logs),
        )


class _Log:
    """The last lines of a log group."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._newest = round((time.time() - _FIRST_SECONDS) * 1_000) + _LATE_MILLISECONDS
        self._seen = set[tuple[Any, ...]]()
        self._lines = deque[LogLine](maxlen=_KEPT_LINES)

    def read(self, logs: Any) -> tuple[LogLine, ...]:
        try:
            answer = logs.filter_log_events(logGroupName=self._group, startTime=self._newest - _LATE_MILLISECONDS)
        except logs.exceptions.ResourceNotFoundException:
            return ()  # it is just being deleted
        seen = set[tuple[Any, ...]]()
        for event in answer["events"]:
            key = (event["logStreamName"], event["timestamp"], event["message"])
            if key not in self._seen and (line := _line(event["timestamp"] / 1_000, event["message"])):
                self._lines.append(line)
            seen.add(key)
            self._newest = max(self._newest, event["timestamp"])
        self._seen = seen
        return tuple(self._lines)


def _messages(standing: Mapping[str, int], *states: str) -> int:
    return sum(standing.get(f"ApproximateNumberOfMessages{state}", 0) for state in states)


def _line(at: float, text: str) -> LogLine | None:
    """A line of the function: its own JSON, or what Python printed; nothing of the service's."""
    if not text.strip() or text.startswith(_OF_LAMBDA):
        return None
    try:
        said: Any = json.loads(text)
        return LogLine(at, str(said["message"]), str(said.get("orderId", "")), str(said.get("reason", "")))
    except (ValueError, KeyError, TypeError):  # something else that it printed
        return LogLine(at, text.rstrip())
