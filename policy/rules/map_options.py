"""Rules about options of an event source mapping that only some sources have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from policy.facts import Fact, State, fact_of, parsed
from policy.graph import Graph
from policy.graph.consumers import STREAMS, Source, named
from policy.rule import Finding, Kind, rule, undecided
from policy.rules.common.mappings import in_python, of_kind

_WORDS = {Source.QUEUE: "queue", Source.STREAM: "stream", Source.TABLE: "the stream of table"}
_OF_STREAMS: Mapping[str, tuple[float, ...]] = {
    "bisectBatchOnFunctionError": (),
    "destinationConfig": (),
    "maximumRecordAgeInSeconds": (-1,),
    "maximumRetryAttempts": (-1,),
    "parallelizationFactor": (1,),
    "startingPosition": (),
    "startingPositionTimestamp": (),
    "tumblingWindowInSeconds": (),
}
_OF_QUEUES: Mapping[str, tuple[float, ...]] = {"provisionedPollerConfig": (), "scalingConfig": ()}
"""Options with their defaults besides 0, nothing and False."""
_FOREIGN = {Source.QUEUE: _OF_STREAMS} | dict.fromkeys(STREAMS, _OF_QUEUES)
_INSTEAD = {
    "destinationConfig": "dead letters of a queue go to its redrive_policy",
    "maximumRecordAgeInSeconds": "a queue keeps a message for its message_retention_seconds",
    "maximumRetryAttempts": "a queue counts attempts by maxReceiveCount in its redrive_policy",
    "parallelizationFactor": "of a queue that is maximum_concurrency in scaling_config",
    "scalingConfig": "of a stream that is parallelization_factor",
    "provisionedPollerConfig": "of a stream that is parallelization_factor",
}
_POSITIONS = {Source.STREAM: "TRIM_HORIZON, LATEST or AT_TIMESTAMP", Source.TABLE: "TRIM_HORIZON or LATEST"}
_TIMED = "AT_TIMESTAMP"


@rule(
    "ORD-MAP-011",
    "map-options-of-source",
    title="A mapping sets only options that its source has",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def options_of_source(graph: Graph) -> Iterator[Finding]:
    """A mapping of a queue has no options of streams, and the mapping of a stream none of queues.

    Lambda refuses the mapping, as with "StartingPosition is not valid for SQS event sources". Of streams only are the
    position, retries and age of a record, the destination, bisecting, parallelization and the tumbling window; of
    queues only maximum concurrency and, among these, provisioned pollers. Message brokers are exempt: they have some of
    both. A value that is the default says nothing, as a saved state has it for options that are not there.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    """
    for consumer in of_kind(graph, *_FOREIGN):
        mapping = consumer.mapping
        assert isinstance(consumer.kind, Source)
        for option, idle in _FOREIGN[consumer.kind].items():
            value = mapping.fact(option)
            if value is State.UNKNOWN:
                yield undecided(
                    mapping,
                    f"whether mapping {mapping.name} sets {in_python(option)}, which is no option of "
                    f"{_WORDS[consumer.kind]} {named(consumer.source)}, is not known yet",
                )
            elif _says_something(value, idle):
                instead = f" ({_INSTEAD[option]})" if option in _INSTEAD else ""
                yield Finding(
                    mapping.urn,
                    f"{in_python(option)} of mapping {mapping.name} is no option of {_WORDS[consumer.kind]} "
                    f"{named(consumer.source)}: leave it out{instead}",
                )


def _says_something(value: Fact, idle: tuple[float, ...] = ()) -> bool:
    """Whether a value is more than a default; what is not known yet inside one is."""
    value = fact_of(parsed(value))
    if isinstance(value, Mapping):
        return any(map(_says_something, cast("Mapping[str, Any]", value).values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_says_something, cast("Sequence[Any]", value)))
    return value is not State.UNSET and value not in (0, *idle)


@rule(
    "ORD-MAP-012",
    "map-starting-position",
    title="A mapping of a stream says where to start",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
)
def starting_position(graph: Graph) -> Iterator[Finding]:
    """A mapping of a stream says from which record it reads on: the oldest, the newest, or those of a time.

    Lambda refuses a mapping without a starting position. `AT_TIMESTAMP` needs the time, which no other position has,
    and the stream of a table does not know it. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    """
    for consumer in of_kind(graph, *_POSITIONS):
        mapping = consumer.mapping
        assert isinstance(consumer.kind, Source)
        allowed = _POSITIONS[consumer.kind]
        position, time = mapping.text("startingPosition"), mapping.fact("startingPositionTimestamp")
        if position is State.UNSET:
            problem = f"mapping {mapping.name} does not say where to start: set starting_position to {allowed}"
        elif position is State.UNKNOWN or (time is State.UNKNOWN and position != _TIMED):
            yield undecided(mapping, f"whether mapping {mapping.name} says where to start is not known yet")
            continue
        elif position == _TIMED and consumer.kind is Source.TABLE:
            problem = (
                f"mapping {mapping.name} starts {_TIMED}, which the stream of table {named(consumer.source)} does not "
                f"know: set starting_position to {allowed}"
            )
        elif (position == _TIMED) == (time is State.UNSET):
            problem = f"mapping {mapping.name} starts at {position}, and " + (
                "does not say at what time: set starting_position_timestamp"
                if position == _TIMED
                else f"only {_TIMED} has a time: leave out starting_position_timestamp"
            )
        else:
            continue
        yield Finding(mapping.urn, problem)
