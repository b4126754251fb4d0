"""Runs the mapping of a queue: one thread receives, and threads of a pool invoke the function."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.mappings.actions import Action, Delete, Invoke, Receive
from local.mappings.events import message_event, text_of
from local.mappings.filters import filter_of
from local.mappings.live.emulator import Emulator, Mapping
from local.mappings.live.runner import RETRY_SECONDS, Runner
from local.mappings.live.timer import Timer
from local.mappings.live.wire import caller
from local.mappings.queue import RECEIVE_LIMIT, QueueMapping
from local.mappings.settings import QueueSettings

_FOR_MAPPING = "x-order-pipelines-receive"
"""Header by which the emulator ends a receive with its mapping, and waits for a part of a second."""
_DELETE_LIMIT = 10
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html"""
_DELETE_SECONDS = 5.0
"""How long a delete is tried; what is not deleted is received again."""
_logger = logging.getLogger("queue")


@dataclass(slots=True, frozen=True)
class Message:
    """A received message, as the mapping and the function see it."""

    id: str
    body: str
    handle: str
    text: str
    """As a part of the function's event."""

    @property
    def size(self) -> int:
        """Bytes of the event, with a comma."""
        return len(self.text.encode()) + 1


class QueueRunner(Runner):
    """The mapping of a queue. The arguments are those of `Runner`."""

    def __init__(self, emulator: Emulator, mapping: Mapping, pool: ThreadPoolExecutor, timer: Timer) -> None:
        super().__init__(emulator, mapping, pool, timer)
        self._engine = QueueMapping(QueueSettings.of(mapping, mapping["VisibilityTimeout"]), filter_of(mapping))
        self._headers = caller(mapping["Account"], mapping["Region"])
        self._wanted = threading.Condition()
        self._receives: list[tuple[float, int, Receive]] = []
        """Those that wait for their turn: until when they want to wait, in which order they came."""
        self._number = 0
        threading.Thread(target=self._receive_all, daemon=True, name=f"receives for {mapping['UUID']}").start()

    @property
    def engine(self) -> QueueMapping:
        """The mapping as a state machine."""
        return self._engine

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._engine.is_idle

    def close(self) -> None:
        """Do nothing more."""
        super().close()
        with self._wanted:
            self._wanted.notify()

    def do_in_order(self, actions: Sequence[Action]) -> None:
        """A queue has nothing of the kind."""

    def do(self, actions: Sequence[Action]) -> None:
        """Receives get in line, invocations get a thread, and messages are deleted at once."""
        for action in actions:
            if isinstance(action, Receive):
                with self._wanted:
                    self._number -= 1
                    self._receives.append((round(time.time() + action.wait, 2), self._number, action))
                    self._wanted.notify()
            elif isinstance(action, Invoke):
                self.later(self._invoke, action)
        for action in actions:
            if isinstance(action, Delete):
                self._delete(action.messages)

    def _invoke(self, action: Invoke) -> None:
        event = f'{{"Records":[{",".join([message.text for message in action.batch])}]}}'
        answer = self.function.invoke(event)
        actions = self.tell(lambda now: self._engine.answered(now, action.lane, answer))
        if len(action.batch) < RECEIVE_LIMIT or self.is_stopping:
            self.do(actions)
            return
        # There is probably more: this thread looks for it itself, which is faster than to wait for its turn.
        for one in actions:
            if isinstance(one, Delete):
                self.later(self._delete, one.messages)
            elif not isinstance(one, Receive) or one.lane != action.lane:
                self.do([one])
            elif messages := self._receive(one.limit, 0):
                self.polls += 1
                self.step(lambda now, got=messages: self._engine.received(now, action.lane, got))
            else:
                self.do([one])

    def _receive_all(self) -> None:
        while True:
            with self._wanted:
                while not self._receives and not self.is_closed:
                    self._wanted.wait()
                if self.is_closed:
                    return
                # That whose time is over first: it may have messages that wait for others. Else the one that was
                # served last, so that what comes in one after the other comes together.
                self._receives.sort()
                until, _, action = self._receives.pop(0)
            messages = [] if self.is_stopping else self._receive(action.limit, until)
            self.polls += 1
            self.step(lambda now, lane=action.lane, got=messages: self._engine.received(now, lane, got))

    def _receive(self, limit: int, until: float) -> list[Message]:
        wait = max(0.0, until - time.time())
        try:
            answer = self._call(
                "ReceiveMessage",
                {
                    "MaxNumberOfMessages": limit,
                    "MessageAttributeNames": ["All"],
                    "MessageSystemAttributeNames": ["All"],
                },
                {_FOR_MAPPING: f"{self.mapping['UUID']};{wait:.3f}"},
            )
        except OSError as error:
            _logger.info("nothing is received from %s: %s", self.mapping["EventSourceArn"], error)
            time.sleep(RETRY_SECONDS)
            return []
        return [self._message(message) for message in answer.get("Messages", [])]

    def _message(self, message: dict[str, Any]) -> Message:
        for value in message.get("MessageAttributes", {}).values():
            if "BinaryValue" in value:
                value["BinaryValue"] = base64.b64decode(value["BinaryValue"])  # as an SDK gives it
        text = text_of(message_event(message, self.mapping["EventSourceArn"]))
        return Message(message["MessageId"], message["Body"], message["ReceiptHandle"], text)

    def _delete(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), _DELETE_LIMIT):
            some = messages[start : start + _DELETE_LIMIT]
            entries = [{"Id": str(at), "ReceiptHandle": message.handle} for at, message in enumerate(some)]
            deadline = time.monotonic() + _DELETE_SECONDS
            while not self.is_closed:
                try:
                    self._call("DeleteMessageBatch", {"Entries": entries})
                    break
                except OSError as error:
                    if time.monotonic() > deadline:
                        _logger.warning("nothing is deleted from %s: %s", self.mapping["EventSourceArn"], error)
                        break
                    time.sleep(RETRY_SECONDS)

    def _call(self, action: str, parameters: dict[str, Any], headers: dict[str, str] | None = None) -> dict[str, Any]:
        head = {**self._headers, "x-amz-target": f"AmazonSQS.{action}", **(headers or {})}
        body = json.dumps({"QueueUrl": self.mapping["QueueUrl"], **parameters}).encode()
        answer = self.emulator.wire().call("POST", "/", head, body)
        if answer.status != HTTPStatus.OK:
            raise OSError(f"{answer.status} {answer.body.decode(errors='replace')}")
        return answer.content
