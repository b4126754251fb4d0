"""What kind of thing a destination is: of failed records, or of records of invocations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.facts import Resource, State
from policy.graph.consumers import is_fifo
from policy.graph.references import Reference
from policy.tokens import ALIAS, BUCKET, EVENT_BUS, FUNCTION, QUEUE, TOPIC

if TYPE_CHECKING:
    from policy.graph import Graph

_KINDS: Mapping[str, str] = {
    QUEUE: "queue",
    TOPIC: "topic",
    FUNCTION: "function",
    ALIAS: "function",
    EVENT_BUS: "event bus",
    BUCKET: "bucket",
    "sqs": "queue",
    "sns": "topic",
    "lambda": "function",
    "events": "event bus",
}
"""By the type of a resource, or by the service in the ARN of one outside the program."""
DESTINATIONS = (QUEUE, TOPIC, ALIAS, FUNCTION, EVENT_BUS, BUCKET)
"""Types that a destination is looked for among."""
_WITH_FIFO = frozenset({"queue", "topic"})


def refused_destination(graph: Graph, holder: Resource, path: str, refused: frozenset[str]) -> str | State | None:
    """What a property names as a destination, if it is of a kind that is refused.

    Args:
        graph: The program.
        holder: The resource with the property.
        path: The property, and the way inside it.
        refused: Kinds, as `destination_kind` has them.

    Returns:
        The kind, `UNKNOWN`, or `None` if there is no destination, or none that is refused.
    """
    destination = graph.refer(holder, path, *DESTINATIONS)
    kinds = {destination_kind(destination)}
    if destination is State.UNKNOWN:
        # One property may name several, of which it is not known yet which is which.
        name = path.partition(".")[0]
        possible = graph.depends_on(holder, name, *DESTINATIONS)
        if possible and len(possible) == len(holder.dependencies.get(name, ())):
            kinds = {destination_kind(resource) for resource in possible}
    if not kinds & (refused | {State.UNKNOWN}):
        return None
    return kinds.pop() if len(kinds) == 1 else State.UNKNOWN


def destination_kind(destination: Reference) -> str | State:
    """In words: `queue`, `FIFO queue`, `topic`, `FIFO topic`, `function`, `event bus`, `bucket` or `other`."""
    match destination:
        case State():
            return destination
        case Resource():
            kind = _KINDS[destination.type]
        case text:
            kind = _KINDS.get("".join(text.split(":")[2:3]), "other")
    fifo = is_fifo(destination) if kind in _WITH_FIFO else False
    return fifo if isinstance(fifo, State) else f"FIFO {kind}" if fifo else kind
