"""Event source mappings: what each reads and which function it invokes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from policy.facts import Resource, State
from policy.graph.references import Reference
from policy.tokens import ALIAS, FUNCTION, MAPPING, QUEUE, STREAM, STREAM_CONSUMER, TABLE

if TYPE_CHECKING:
    from policy.graph import Graph


class Source(Enum):
    """What a mapping reads, by the service in its ARN."""

    QUEUE = "sqs"
    STREAM = "kinesis"
    TABLE = "dynamodb"
    OTHER = "other"
    """A message broker or a document database, about which there are no rules."""


STREAMS = frozenset({Source.STREAM, Source.TABLE})
_SOURCE_OF_TYPE = {
    QUEUE: Source.QUEUE,
    STREAM: Source.STREAM,
    STREAM_CONSUMER: Source.STREAM,
    TABLE: Source.TABLE,
}
_BROKER_OPTIONS = ("queues", "topics", "selfManagedEventSource", "documentDbEventSourceConfig")
"""Properties that only mappings of message brokers and document databases have."""
_STREAM_OPTIONS = ("startingPosition",)
"""Properties that every mapping of a stream has."""


@dataclass(frozen=True)
class Consumer:
    """An event source mapping and both its ends."""

    mapping: Resource
    kind: Source | State
    """`UNKNOWN` when the source is not known and the mapping's options fit several kinds."""
    source: Reference
    """The queue, stream or table; for a stream read through a registered consumer, the stream."""
    fan_out: Reference
    """The registered consumer of a stream, for enhanced fan-out; `UNSET` when the mapping shares the stream's reads."""
    function: Reference
    alias: Resource | None
    """The alias in between, when it is one of this program."""
    qualifier: str | State
    """The alias or version that is invoked; `UNSET` when none is named."""

    @property
    def via(self) -> str:
        """How the function is reached, for messages: ` via alias live`, or nothing."""
        return f" via alias {self.alias.name}" if self.alias else ""

    @property
    def enabled(self) -> bool | State:
        """Whether Lambda polls for it."""
        return self.mapping.flag("enabled", default=True)


def consumers(graph: Graph) -> list[Consumer]:
    """Every mapping, in the order of their URNs."""
    return [_consumer(graph, mapping) for mapping in graph.of_type(MAPPING)]


def is_fifo(queue_or_topic: Reference) -> bool | State:
    """Whether a queue or topic is FIFO; the name of one that is ends in `.fifo`.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """
    match queue_or_topic:
        case Resource():
            declared = queue_or_topic.flag("fifoQueue" if queue_or_topic.type == QUEUE else "fifoTopic", default=False)
            name = queue_or_topic.fact("name")
            return declared or (isinstance(name, str) and name.endswith(".fifo"))
        case State():
            return State.UNKNOWN
        case text:
            return text.endswith(".fifo")


def named(reference: Reference) -> str:
    """A reference in words, for messages; never the text of one, which the program may keep secret."""
    match reference:
        case Resource():
            return reference.name
        case State():
            return "(not known yet)"
        case _:
            return "(outside this program)"


def _consumer(graph: Graph, mapping: Resource) -> Consumer:
    source = graph.refer(mapping, "eventSourceArn", *_SOURCE_OF_TYPE)
    fan_out: Reference = State.UNSET
    kind = _kind(mapping, source)
    if isinstance(source, Resource) and source.type == STREAM_CONSUMER:
        fan_out, source = source, graph.refer(source, "streamArn", STREAM)
    elif isinstance(source, str) and ":kinesis:" in source and "/consumer/" in source:
        fan_out, source = source, source.partition("/consumer/")[0]
    alias = graph.refer(mapping, "functionName", ALIAS)
    if isinstance(alias, Resource):
        function = graph.refer(alias, "functionName", FUNCTION)
        return Consumer(mapping, kind, source, fan_out, function, alias, alias.text("name"))
    return Consumer(
        mapping,
        kind,
        source,
        fan_out,
        graph.refer(mapping, "functionName", FUNCTION),
        None,
        _qualifier(mapping),
    )


def _kind(mapping: Resource, source: Reference) -> Source | State:
    if isinstance(source, Resource):
        return _SOURCE_OF_TYPE[source.type]
    if isinstance(source, str):
        service = source.split(":")[2] if source.startswith("arn:") and source.count(":") > 2 else ""  # noqa: PLR2004
        return Source(service) if service in {kind.value for kind in Source} else Source.OTHER
    if any(map(mapping.properties.get, _BROKER_OPTIONS)):
        return Source.OTHER
    # A stream's mapping has a position, which AWS refuses for a queue; but so has that of a broker.
    return State.UNKNOWN if any(map(mapping.properties.get, _STREAM_OPTIONS)) else Source.QUEUE


def qualifier_in(name: str) -> str | State:
    """The alias or version in the name or ARN of a function: `worker:live`."""
    parts = name.split(":")
    # arn:aws:lambda:region:account:function:name:qualifier, account:function:name or name:qualifier
    named_after = parts.index("function") + 2 if "function" in parts else 1
    return parts[named_after] if len(parts) > named_after else State.UNSET


def _qualifier(mapping: Resource) -> str | State:
    name = mapping.fact("functionName")
    # What is not known yet may be the ARN of a function, and may have a qualifier behind it.
    return qualifier_in(name) if isinstance(name, str) else name
