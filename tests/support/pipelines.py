"""An `OrderPipeline` called `orders` as tests make it: what it registers, or what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pytest

from components import OrderPipeline, OrderPipelineArgs, PipelineError
from tests.support.recorder import PROJECT, STACK, Recorder, Registration, quiet

CODE = "functions/orders"
TAGS = {"pulumi:project": PROJECT, "pulumi:stack": STACK, "pipeline": "orders"}
"""Tags of every child that can have tags."""


def record(
    existing: Mapping[str, Mapping[str, Any]] | None = None, *, preview: bool = False, **arguments: Any
) -> Recorder:
    """A program of one pipeline; without anything else said, its function is the one of this project."""
    recorder = Recorder(existing)

    async def program() -> None:
        OrderPipeline("orders", complete(arguments))
        await quiet()

    recorder.run(program, preview=preview)
    return recorder


def refusal(name: str = "orders", **arguments: Any) -> list[str]:
    """The problems of a pipeline that cannot work, of which nothing was registered."""
    recorder = Recorder()
    with pytest.raises(PipelineError) as caught:
        recorder.run(lambda: OrderPipeline(name, complete(arguments)))
    assert (recorder.made, recorder.read) == ({}, {})
    assert str(caught.value) == f"{name}: " + "; ".join(caught.value.problems)
    return [*caught.value.problems]


def children(recorder: Recorder) -> dict[str, Registration]:
    """What the component made, by what ends the names."""
    return {name.removeprefix("orders-"): made for name, made in recorder.made.items() if made.parent == "orders"}


def inputs(recorder: Recorder) -> dict[tuple[str, str], Any]:
    """Every input of every child, by child and input, without the texts of the watch, which follow from the rest."""
    return {
        (role, key): value
        for role, made in children(recorder).items()
        for key, value in made.inputs.items()
        if key not in ("alarmDescription", "alarmRule", "dashboardBody")
    }


def changes(recorder: Recorder, before: Recorder) -> dict[tuple[str, str], Any]:
    """The inputs that differ from those of another pipeline; `None` for one that is gone."""
    old, new = inputs(before), inputs(recorder)
    return {key: new.get(key) for key in old | new if old.get(key) != new.get(key)}


@dataclass(frozen=True)
class Later:
    """In arguments: an `Output` of a value, which only a running program can make."""

    value: Any
    is_secret: bool = False


def complete(arguments: Mapping[str, Any]) -> OrderPipelineArgs:
    """The arguments, with the code of this project unless they say what processes orders, even if that is `None`."""
    default = {} if {"code", "image", "existing_function"} & arguments.keys() else {"code": CODE}
    return cast("OrderPipelineArgs", {**default, **_made(arguments)})


def _made(value: Any) -> Any:
    if isinstance(value, Later):
        return pulumi.Output.secret(value.value) if value.is_secret else pulumi.Output.from_input(value.value)
    if isinstance(value, Mapping):
        return {key: _made(item) for key, item in cast("Mapping[str, Any]", value).items()}
    return [_made(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
