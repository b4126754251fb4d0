"""A model of a Lambda function: how long it takes, what it answers, and how much of it runs at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local.mappings.actions import Answer
from local.mappings.virtual.clock import Clock

Duration = float | tuple[float, float] | Callable[[Sequence[Any]], float]
Reply = Callable[[Sequence[Any]], Any]
Handler = Callable[[dict[str, Any], Any], Any]


class Invocation:
    """One run of a function.

    Attributes:
        number: Of all runs.
        answered: Who waits for the answer, as long as there is somebody.
    """

    __slots__ = ("answer", "answered", "ids", "is_running", "number")

    def __init__(self, number: int, ids: list[str], answered: Callable[[Answer], None]) -> None:
        self.number = number
        self.ids = ids
        self.answered: Callable[[Answer], None] | None = answered
        self.answer = Answer()
        self.is_running = True


@dataclass
class Function:
    """A function.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
    """

    clock: Clock
    name: str
    duration: Duration = 0.1
    """Of a run, seconds: a number, a range of which all are as likely, or what says it for a batch."""
    timeout: float = 30
    """Seconds, 1..900: a run that takes longer ends then, and failed."""
    concurrency: int | None = None
    """Reserved concurrency: runs at once; beyond it an invocation is throttled. Default: as many as there are."""
    reply: Reply | None = None
    """What it answers to a batch of messages or records; an exception is an error of the function. Default: nothing."""
    handler: Handler | None = None
    """A real handler, which is called with the event in place of `reply`. It takes no time but that of `duration`."""
    running: int = 0
    most_running: int = 0
    invocations: int = 0

    @property
    def arn(self) -> str:
        """As AWS would name it."""
        return f"arn:aws:lambda:eu-central-1:000000000000:function:{self.name}"

    @property
    def role_arn(self) -> str:
        """Of its role."""
        return f"arn:aws:iam::000000000000:role/{self.name}"

    def invoke(
        self,
        batch: Sequence[Any],
        ids: list[str],
        more: dict[str, Any],
        event: Callable[[], dict[str, Any]],
        answered: Callable[[Answer], None],
        mapping: str,
    ) -> Invocation:
        """Run for a batch, and say later what became of it.

        Args:
            batch: Messages or records.
            ids: Of them, for the log.
            more: What the event says besides.
            event: Makes the event for a real handler.
            answered: Gets the answer.
            mapping: Whose invocation it is, for the log.
        """
        clock = self.clock
        self.invocations += 1
        run = Invocation(self.invocations, ids, answered)
        if self.concurrency is not None and self.running >= self.concurrency:
            run.answer, run.is_running = Answer("throttled"), False
            clock.at(clock.now, self._throttled, run, mapping)
            return run
        clock.log.append((clock.now, "invoked", self.name, ids, mapping, run.number, *([more] if more else ())))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        seconds = self._seconds(batch)
        if seconds > self.timeout:
            seconds, run.answer = self.timeout, Answer("failed")
        elif self.reply or self.handler:
            run.answer = self._answer(batch, event)
        clock.at(clock.now + seconds, self._end, run, mapping)
        return run

    def kill(self, run: Invocation, *, mapping: str, finishes: bool) -> None:
        """Nobody waits for the answer any more; and the run itself may end with that."""
        run.answered = None
        if run.is_running and not finishes:
            run.is_running = False
            self.running -= 1
            self.clock.log.append((self.clock.now, "lost", self.name, run.ids, mapping, run.number))

    def _seconds(self, batch: Sequence[Any]) -> float:
        duration = self.duration
        if callable(duration):
            return duration(batch)
        return duration if isinstance(duration, (int, float)) else self.clock.random.uniform(*duration)

    def _answer(self, batch: Sequence[Any], event: Callable[[], dict[str, Any]]) -> Answer:
        try:
            if self.handler:
                return Answer(payload=self.handler(event(), None))
            assert self.reply
            return Answer(payload=self.reply(batch))
        except Exception:
            return Answer("failed")

    def _throttled(self, run: Invocation, mapping: str) -> None:
        clock = self.clock
        clock.log.append((clock.now, "throttled", self.name, run.ids, mapping, run.number))
        if run.answered:
            run.answered(run.answer)

    def _end(self, run: Invocation, mapping: str) -> None:
        if not run.is_running:
            return
        run.is_running = False
        self.running -= 1
        clock = self.clock
        clock.log.append((clock.now, run.answer.kind, self.name, run.ids, mapping, run.number, run.answer.payload))
        if run.answered:
            run.answered(run.answer)
