"""Rules about how streams are read: from where, until when, by how many, and what filters find in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, cast

from policy.facts import Object, Resource, State, parsed
from policy.graph import Graph
from policy.graph.consumers import STREAMS, Consumer, Source, named
from policy.rule import Finding, Kind, Level, Parameter, Verdict, rule, undecided

_INFINITE = -1
_HOUR_SECONDS = 3_600
_TABLE_RETENTION_HOURS = 24
"""Of every table's stream: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""
_TABLE_READERS = 2


@rule(
    "ORD-STR-006",
    "str-start",
    title="A new mapping of a stream starts with what the stream holds",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/kafka-starting-positions.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def start(graph: Graph) -> Iterator[Finding]:
    """A mapping of a stream starts at the oldest record, or at a time, and not at the latest record.

    It takes minutes until Lambda polls for a new mapping, and up to 90 seconds after a change. What is written
    meanwhile is missed by a mapping that starts at `LATEST`. The position counts only when the mapping is made, and
    changing it makes a new one: waive this for a mapping that exists, or for a function that must not see old records.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    """
    for consumer in graph.consumers:
        mapping = consumer.mapping
        if consumer.kind not in STREAMS and consumer.kind is not State.UNKNOWN:
            continue
        position = mapping.text("startingPosition")
        if position is State.UNKNOWN:
            yield undecided(mapping, f"where mapping {mapping.name} starts is not known yet")
        elif position == "LATEST" and consumer.kind is State.UNKNOWN:
            yield undecided(
                mapping, f"whether mapping {mapping.name}, which starts at LATEST, reads a stream is not known"
            )
        elif position == "LATEST":
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} misses what is written until Lambda polls for it, which takes minutes: set "
                "starting_position TRIM_HORIZON",
            )


@rule(
    "ORD-STR-007",
    "str-record-age",
    title="A mapping gives up on a record before the stream drops it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html",
    dev=Level.ADVISORY,
)
def record_age(graph: Graph) -> Iterator[Finding]:
    """The greatest age of a record is below the time for which its stream keeps it.

    A stream keeps records for 24 hours unless it is told otherwise, a table's stream always. An age at or above that is
    never reached: the record expires first, is discarded like every expired record, and the failure destination hears
    nothing of it. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    for consumer in graph.consumers:
        if consumer.kind not in STREAMS:
            continue
        mapping = consumer.mapping
        age, hours = mapping.number("maximumRecordAgeInSeconds", _INFINITE), _retention_hours(consumer)
        if isinstance(age, State) or isinstance(hours, State):
            # No stream keeps records for less than a table's does.
            if isinstance(age, State) or age >= _TABLE_RETENTION_HOURS * _HOUR_SECONDS:
                yield undecided(mapping, f"whether mapping {mapping.name} gives up before the stream is not known yet")
        elif age >= hours * _HOUR_SECONDS:
            shown = f"{hours} h = {hours * _HOUR_SECONDS} s"
            stream = f", stream of {consumer.source.name}" if isinstance(consumer.source, Resource) else ""
            yield Finding(
                mapping.urn,
                f"record age {age} s >= retention {shown} (mapping {mapping.name}{stream}), so that it is never "
                "reached: set maximum_record_age_in_seconds below that",
            )


@rule(
    "ORD-STR-008",
    "str-readers",
    title="A shard has no more readers than it serves",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html",
    dev=Level.ADVISORY,
    parameters=(
        Parameter("stream_readers", 5, 1, 5, "mappings that share the reads of one Kinesis stream; a table has 2"),
    ),
)
def readers(graph: Graph, stream_readers: int) -> Iterator[Finding]:
    """Two mappings read a table's stream at most, and five share the reads of a Kinesis stream.

    More than two readers of one shard of a table's stream are throttled. A shard of a Kinesis stream serves five reads
    and 2 MB a second for all that share it, and each mapping polls it about once a second: with more, all fall behind.
    A mapping of a registered consumer has reads of its own and does not count, nor does a disabled one.
    https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
    https://docs.aws.amazon.com/streams/latest/dev/building-consumers.html
    """
    sharing: dict[str, list[Consumer]] = {}
    unclear = 0
    for consumer in graph.consumers:
        source = consumer.source
        if consumer.fan_out is not State.UNSET or consumer.enabled is False:
            continue
        if consumer.kind in STREAMS and not isinstance(source, State):
            sharing.setdefault(source.urn if isinstance(source, Resource) else source, []).append(consumer)
        elif consumer.kind is State.UNKNOWN:
            unclear += 1
    for source, found in sharing.items():
        table = found[0].kind is Source.TABLE
        most = _TABLE_READERS if table else stream_readers
        names = ", ".join(consumer.mapping.name for consumer in found)
        at = source if source.startswith("urn:") else found[-1].mapping.urn
        if sum(consumer.enabled is True for consumer in found) > most:
            instead = "feed a Kinesis stream or a topic instead" if table else "give some a registered consumer"
            yield Finding(at, f"{len(found)} mappings ({names}) read one stream, which serves {most}: {instead}")
        elif len(found) + unclear > most:
            why = f"whether more than {most} mappings read the stream of {names} is not known yet"
            yield Finding(at, why, Verdict.UNDECIDED)


_IMAGES: Mapping[str, frozenset[str]] = {
    "KEYS_ONLY": frozenset(),
    "NEW_IMAGE": frozenset({"NewImage"}),
    "OLD_IMAGE": frozenset({"OldImage"}),
    "NEW_AND_OLD_IMAGES": frozenset({"NewImage", "OldImage"}),
}
"""What a table's stream carries besides keys, by its view type."""


@rule(
    "ORD-STR-012",
    "str-view-type",
    title="A filter on a table's stream tests only what the stream carries",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html",
    dev=Level.ADVISORY,
)
def view_type(graph: Graph) -> Iterator[Finding]:
    """A filter that tests the new or the old image of an item has a stream that carries that image.

    A stream with view type `KEYS_ONLY` carries no image, `NEW_IMAGE` and `OLD_IMAGE` carry one. A filter that tests the
    other matches nothing, so that no record reaches the function, and nothing says so. A filter that only tests that
    something does not exist matches without an image.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
    """
    for consumer in graph.consumers:
        if consumer.kind is Source.TABLE:
            yield from _view_type(consumer)


def _view_type(consumer: Consumer) -> Iterator[Finding]:
    mapping, table = consumer.mapping, consumer.source
    view = table.text("streamViewType") if isinstance(table, Resource) else State.UNKNOWN
    filters = mapping.object("filterCriteria").items("filters")
    # UNSET: the provider refuses a stream without a view type.
    carried = None if isinstance(view, State) else _IMAGES.get(view)
    if view is State.UNSET or carried == _IMAGES["NEW_AND_OLD_IMAGES"] or filters == []:
        return
    patterns = [State.UNKNOWN] if isinstance(filters, State) else [parsed(_pattern(one)) for one in filters]
    tested = {
        number: _images(cast("Mapping[str, Any]", pattern))
        for number, pattern in enumerate(patterns, 1)
        if isinstance(pattern, Mapping)
    }
    missing = {number: images - carried for number, images in tested.items()} if carried is not None else {}
    for number, images in missing.items():
        if images:
            yield Finding(
                mapping.urn,
                f"filter {number} of mapping {mapping.name} tests {' and '.join(sorted(images))}, which the stream of "
                f"{named(table)} does not carry (view type {view}), so that it matches nothing: set stream_view_type "
                "NEW_AND_OLD_IMAGES, or test the keys",
            )
            return
    if State.UNKNOWN in patterns or (carried is None and any(tested.values())):
        yield undecided(
            mapping, f"whether the stream carries what a filter of mapping {mapping.name} tests is not known"
        )


def _pattern(one: object) -> object:
    return one.fact("pattern") if isinstance(one, Object) else State.UNKNOWN


def _images(pattern: Mapping[str, Any], *, inside: bool = False) -> frozenset[str]:
    """The images that a record must have to match."""
    needed: frozenset[str] = frozenset()
    for key, value in pattern.items():
        if key == "$or" and isinstance(value, list):
            choices = [_images(choice, inside=inside) for choice in cast("list[Mapping[str, Any]]", value)]
            needed |= reduce(lambda one, other: one & other, choices) if choices else frozenset()
        elif key == "dynamodb" and isinstance(value, Mapping):
            needed |= _images(cast("Mapping[str, Any]", value), inside=True)
        elif inside and key in _IMAGES["NEW_AND_OLD_IMAGES"] and _must_exist(value):
            needed |= {key}
    return needed


def _must_exist(test: Any) -> bool:
    """Whether something has to be there to match: a list holds alternatives, an object tests that all hold."""
    if isinstance(test, Mapping):
        return any(map(_must_exist, cast("Mapping[str, Any]", test).values()))
    return {"exists": False} not in test if isinstance(test, list) else True


def _retention_hours(consumer: Consumer) -> float | State:
    if consumer.kind is Source.TABLE:
        return _TABLE_RETENTION_HOURS
    source = consumer.source
    return source.number("retentionPeriod", 24) if isinstance(source, Resource) else State.UNKNOWN
