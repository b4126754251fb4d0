"""Structures that hold values of other resources, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi


def json_text(value: Any) -> pulumi.Input[str]:
    """A structure of dictionaries and lists as JSON: at once when all of it is known, so that a preview shows it.

    `pulumi.Output.json_dumps` gives the same text, but makes an `Output` of every part: more than half of all that a
    program keeps, and of the time of a large one (`.venv/bin/python bench/program.py`). Here only what is an `Output`
    already is waited for.
    """
    outputs: list[pulumi.Output[Any]] = []
    build = _builder(value, outputs)
    if not outputs:
        return json.dumps(value)
    return pulumi.Output.all(*outputs).apply(lambda known: json.dumps(build(known)))


def _builder(value: Any, outputs: list[pulumi.Output[Any]]) -> Callable[[Sequence[Any]], Any]:
    """What makes the structure again from the values of its outputs, which are added to the list."""
    if isinstance(value, pulumi.Output):
        place = len(outputs)
        outputs.append(cast("pulumi.Output[Any]", value))
        return lambda known: known[place]
    if isinstance(value, Mapping):
        parts = {name: _builder(part, outputs) for name, part in cast("Mapping[str, Any]", value).items()}
        return lambda known: {name: part(known) for name, part in parts.items()}
    if isinstance(value, (list, tuple)):
        items = [_builder(item, outputs) for item in cast("Sequence[Any]", value)]
        return lambda known: [item(known) for item in items]
    return lambda _: value
