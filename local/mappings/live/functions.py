"""Invokes the function of a mapping."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus

from local.mappings.actions import Answer
from local.mappings.live.emulator import Emulator, Mapping
from local.mappings.live.wire import caller

_logger = logging.getLogger("function")


@dataclass(slots=True)
class Invoked(Answer):
    """What became of an invocation, and which it was."""

    request_id: str = ""
    version: str = "$LATEST"


class Function:
    """The function, alias or version that a mapping invokes.

    Args:
        emulator: The embedded AWS.
        mapping: As the emulator tells of it.
    """

    def __init__(self, emulator: Emulator, mapping: Mapping) -> None:
        _, _, _, _, _, _, self.name, *qualifier = mapping["FunctionArn"].split(":")
        self._emulator = emulator
        self._qualifier = qualifier[0] if qualifier else ""
        query = f"?Qualifier={self._qualifier}" if qualifier else ""
        self._path = f"/2015-03-31/functions/{self.name}/invocations{query}"
        self._headers = caller(mapping["Account"], mapping["Region"])
        self._is_refused = False

    @property
    def dimensions(self) -> list[dict[str, str]]:
        """The dimensions under which CloudWatch has an invocation."""
        of_function = {"FunctionName": self.name}
        if not self._qualifier:
            return [of_function]
        return [of_function, {**of_function, "Resource": f"{self.name}:{self._qualifier}"}]

    def invoke(self, event: str) -> Invoked:
        """Invoke it and wait for its answer.

        An embedded AWS that is away, or that has no such function, has not run it, as far as one can know here. So it
        is as with a function that is throttled: the mapping waits and tries again.
        """
        problem = ""
        try:
            answer = self._emulator.wire().call("POST", self._path, self._headers, event.encode())
        except OSError as error:
            problem = str(error)
        else:
            if answer.status == HTTPStatus.OK:
                self._is_refused = False
                return Invoked(
                    "failed" if "x-amz-function-error" in answer.headers else "returned",
                    answer.content,
                    answer.headers.get("x-amzn-requestid", ""),
                    answer.headers.get("x-amz-executed-version", "$LATEST"),
                )
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                problem = f"{answer.status} {answer.body.decode(errors='replace')}"
        if problem and not self._is_refused:
            _logger.warning("%s is not invoked: %s", self.name, problem)
        self._is_refused = bool(problem)
        return Invoked("throttled")
