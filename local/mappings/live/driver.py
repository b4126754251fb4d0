"""Finds the mappings of the embedded AWS, of all accounts and regions, and has each of them run."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.mappings.live.checkpoints import Checkpoints, folder_of_epoch
from local.mappings.live.emulator import Emulator, Mapping, Unreachable
from local.mappings.live.queues import QueueRunner
from local.mappings.live.runner import Runner
from local.mappings.live.streams import StreamRunner
from local.mappings.live.timer import Timer
from local.mappings.live.watch import Watch

_MOST_THREADS = 2_000
"""Invocations at once, and reads: more than an account may run by itself, which is 1,000."""
_ABSENT_SECONDS = 60.0
"""How long it waits for an embedded AWS that is not there, before it ends."""
_LISTEN_SECONDS, _LOOK_SECONDS = 10.0, 0.1
_LAST_SECONDS = 2.0
"""How long it waits at its end for functions that run."""
_OF_ITS_STATE = frozenset({"Enabled", "State", "StateTransitionReason", "Tags"})
_logger = logging.getLogger("driver")


class Driver:
    """All mappings of an embedded AWS.

    Args:
        folder: Its state folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._emulator = Emulator(folder)
        self._pool = ThreadPoolExecutor(_MOST_THREADS, "driver")
        self._timer = Timer()
        self._runners: dict[str, Runner] = {}
        self._epoch = ""
        self._checkpoints = folder
        self._ended = threading.Event()
        self._watch = Watch(self._emulator, self._take_runners)

    def run(self) -> None:
        """Drive until `end`, or until the embedded AWS is gone for long."""
        threading.Thread(target=self._find, daemon=True, name="mappings").start()
        threading.Thread(target=self._watch.run, daemon=True, name="watch").start()
        self._ended.wait()
        running = self._take_runners()
        for runner in running:
            runner.stop()
        deadline = time.monotonic() + _LAST_SECONDS
        while any(runner.engine.concurrency for runner in running) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def end(self) -> None:
        """End it, soon."""
        self._ended.set()

    def _take_runners(self) -> list[Runner]:
        return [*self._runners.values()]

    def _find(self) -> None:
        etag, seen_at = "", time.monotonic()
        while not self._ended.is_set():
            retiring = any(runner.is_stopping for runner in self._runners.values())
            try:
                wait = _LOOK_SECONDS if retiring else _LISTEN_SECONDS
                told = self._emulator.ask(f"mappings?etag={etag}&wait={wait}")
            except Unreachable:
                if self._emulator.is_up:
                    seen_at = time.monotonic()
                if time.monotonic() - seen_at > _ABSENT_SECONDS:
                    _logger.info("the embedded AWS is gone")
                    self.end()
                time.sleep(_LOOK_SECONDS)
                continue
            etag, seen_at = told["etag"], time.monotonic()
            try:
                self._follow(told["epoch"], {mapping["UUID"]: mapping for mapping in told["mappings"]})
            except Exception:
                _logger.exception("mappings cannot be followed")
                etag = ""
                time.sleep(1)

    def _follow(self, epoch: str, mappings: dict[str, Mapping]) -> None:
        if epoch != self._epoch:
            for runner in self._runners.values():
                runner.close()
            self._runners = {}
            self._epoch = epoch
            self._checkpoints = folder_of_epoch(self._folder, epoch)
        for uuid, runner in [*self._runners.items()]:
            now = mappings.get(uuid)
            if now is None or not _runs(now) or _settings(now) != _settings(runner.mapping):
                self._retire(uuid, runner, is_gone=now is None)
        for uuid, mapping in mappings.items():
            if uuid not in self._runners and _runs(mapping):
                self._runners[uuid] = runner = self._runner(mapping)
                runner.start()
                _logger.info("%s runs, from %s", uuid, mapping["EventSourceArn"])

    def _retire(self, uuid: str, runner: Runner, *, is_gone: bool) -> None:
        """Have it end what it has begun. Only then it may begin anew, with what has changed."""
        if not runner.is_stopping:
            runner.stop()
        if runner.is_idle:
            runner.close()
            del self._runners[uuid]
            if is_gone:
                Checkpoints(self._checkpoints, uuid).forget()
            _logger.info("%s stands still", uuid)

    def _runner(self, mapping: Mapping) -> Runner:
        shared = (self._emulator, mapping, self._pool, self._timer)
        if "QueueUrl" in mapping:
            return QueueRunner(*shared)
        return StreamRunner(*shared, Checkpoints(self._checkpoints, mapping["UUID"]))


def _runs(mapping: Mapping) -> bool:
    """Whether it is enabled, and has a source."""
    return bool(mapping["Enabled"]) and ("QueueUrl" in mapping or ":sqs:" not in mapping["EventSourceArn"])


def _settings(mapping: Mapping) -> Mapping:
    return {name: value for name, value in mapping.items() if name not in _OF_ITS_STATE}
