"""Rules about mappings of streams and what they do with records that fail."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import STREAMS, Consumer
from policy.graph.destinations import refused_destination
from policy.rule import Finding, Kind, Level, rule, undecided

_INFINITE = -1
_DEFAULT_BATCH_RECORDS = 100
_DEFAULT_RETENTION_HOURS = 24
_REPORTS = "ReportBatchItemFailures"


@rule(
    "ORD-STR-001",
    "str-partial-failures",
    title="A mapping of a stream narrows a batch that fails",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html",
    dev=Level.ADVISORY,
)
def partial_failures(graph: Graph) -> Iterator[Finding]:
    """A mapping of a stream says which records of a batch failed, or splits the batch to find them.

    Without either, one bad record makes Lambda try all records of its batch again, again and again, until they expire:
    the good ones take effect many times, and those behind them in the shard wait. A batch of one has nothing to narrow.
    A function that reports failures has to return `batchItemFailures`; the response for a tumbling window has that too:
    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    """
    for consumer in _mappings(graph):
        mapping = consumer.mapping
        batch = mapping.number("batchSize", _DEFAULT_BATCH_RECORDS)
        narrows = (_reports(mapping), mapping.flag("bisectBatchOnFunctionError", default=False))
        if True in narrows or batch == 1:
            continue
        if State.UNKNOWN in {*narrows, batch}:
            yield undecided(mapping, f"whether mapping {mapping.name} narrows a batch that fails is not known yet")
        else:
            yield _broken(
                consumer,
                f"one bad record makes mapping {mapping.name} try all {batch} of a batch again until they expire: set "
                f'function_response_types=["{_REPORTS}"] and return batchItemFailures',
            )


@rule(
    "ORD-STR-002",
    "str-retries",
    title="A mapping of a stream gives up on a record before it blocks its shard for days",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",
    dev=Level.ADVISORY,
)
def retries(graph: Graph) -> Iterator[Finding]:
    """A mapping of a stream has a limit of retries or of the age of a record.

    Both are infinite unless they are set. A record that can never be processed is then tried until the stream drops it,
    and nothing behind it in the same shard is processed for as long: a day, or up to a year. Who would rather block
    than lose the order of records waives this.
    """
    for consumer in _mappings(graph):
        mapping = consumer.mapping
        match _gives_up(mapping):
            case None:
                yield _broken(
                    consumer,
                    f"a bad record blocks its shard for {_retention(consumer.source)} (mapping {mapping.name}): set "
                    "maximum_retry_attempts and maximum_record_age_in_seconds",
                )
            case State():
                yield undecided(mapping, f"whether mapping {mapping.name} gives up on a record is not known yet")
            case _:
                pass


@rule(
    "ORD-STR-003",
    "str-bisect",
    title="A mapping of a stream splits a batch that fails as a whole",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
    remedy={"bisectBatchOnFunctionError": True},
)
def bisect(graph: Graph) -> Iterator[Finding]:
    """A mapping whose function reports failures also splits a batch when the function fails without a report.

    A crash, a timeout or too little memory leaves no report, so all of the batch is tried again in one piece, and fails
    again. Split in two, it comes down to the bad record, and each half has more time. A split does not use up a retry.
    With both set Lambda splits a batch where the report says, and tries again only what is left, so nothing changes for
    the function. Without reports it is ORD-STR-001 that speaks. A batch of one cannot be split.
    """
    for consumer in _mappings(graph):
        mapping = consumer.mapping
        batch = mapping.number("batchSize", _DEFAULT_BATCH_RECORDS)
        reports, splits = _reports(mapping), mapping.flag("bisectBatchOnFunctionError", default=False)
        if reports is False or splits is True or batch == 1:
            continue
        if State.UNKNOWN in {reports, splits, batch}:
            yield undecided(mapping, f"whether mapping {mapping.name} splits a batch that fails is not known yet")
        else:
            yield _broken(
                consumer,
                f"a crash or timeout makes mapping {mapping.name} try all {batch} records again in one piece: set "
                "bisect_batch_on_function_error",
            )


@rule(
    "ORD-STR-004",
    "str-destination",
    title="A mapping of a stream that gives up on records keeps them",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html",
    dev=Level.ADVISORY,
)
def destination(graph: Graph) -> Iterator[Finding]:
    """A mapping with a limit of retries or of age sends what it gives up on to a destination.

    Otherwise Lambda discards those records, and no trace of them remains. A queue or a topic gets where the records
    are in the stream, not the records themselves: they have to be read before the stream drops them. A bucket gets all
    of the invocation. https://docs.aws.amazon.com/lambda/latest/api/API_OnFailure.html
    """
    for consumer in _mappings(graph):
        mapping = consumer.mapping
        limit = _gives_up(mapping)
        config = mapping.object("destinationConfig")
        unclear = config.content is State.UNKNOWN
        if limit is None or (config.object("onFailure").text("destinationArn") is not State.UNSET and not unclear):
            continue
        if isinstance(limit, State) or unclear:
            yield undecided(mapping, f"whether mapping {mapping.name} keeps what it gives up on is not known yet")
        else:
            yield _broken(
                consumer,
                f"mapping {mapping.name} drops a record without trace {limit}: set destination_config.on_failure to a "
                "standard queue, a standard topic or a bucket",
            )


_REFUSED = frozenset({"FIFO queue", "FIFO topic", "function", "event bus"})


@rule(
    "ORD-STR-005",
    "str-destination-type",
    title="The failure destination of a stream mapping is a standard queue, a standard topic or a bucket",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html",
)
def destination_type(graph: Graph) -> Iterator[Finding]:
    """What a mapping gives up on goes to a standard queue, a standard topic or a bucket.

    Lambda writes to no other: not to a FIFO queue or topic, and, unlike for asynchronous invocations, not to a function
    or an event bus. The provider looks at nothing but the form of the ARN, so that a wrong one is found only when
    Lambda refuses it, or when the first records are lost. A queue's mapping has no destination at all.
    https://docs.aws.amazon.com/lambda/latest/api/API_OnFailure.html
    """
    for consumer in _mappings(graph):
        mapping = consumer.mapping
        kind = refused_destination(graph, mapping, "destinationConfig.onFailure.destinationArn", _REFUSED)
        if kind is State.UNKNOWN:
            yield undecided(mapping, f"what the failure destination of mapping {mapping.name} is, is not known yet")
        elif kind:
            yield _broken(
                consumer,
                f"mapping {mapping.name} cannot send what it gives up on to a destination of this kind ({kind}): set "
                "destination_config.on_failure to a standard queue, a standard topic or a bucket",
            )


def _mappings(graph: Graph) -> Iterator[Consumer]:
    """Mappings of streams and tables, and those that may be."""
    return (consumer for consumer in graph.consumers if consumer.kind in STREAMS or consumer.kind is State.UNKNOWN)


def _broken(consumer: Consumer, message: str) -> Finding:
    """A finding at the mapping; while it may be one of a message broker, to which no rule applies, an undecided one."""
    if consumer.kind is State.UNKNOWN:
        name = consumer.mapping.name
        return undecided(consumer.mapping, f"whether mapping {name} reads a stream is not known yet; if so: {message}")
    return Finding(consumer.mapping.urn, message)


def _reports(mapping: Resource) -> bool | State:
    types = mapping.items("functionResponseTypes")
    if isinstance(types, State):
        return types
    return _REPORTS in types or (State.UNKNOWN if State.UNKNOWN in types else False)


def _gives_up(mapping: Resource) -> str | State | None:
    """When a mapping gives up on a record, in words; `None` if never."""
    attempts = mapping.number("maximumRetryAttempts", _INFINITE)
    age = mapping.number("maximumRecordAgeInSeconds", _INFINITE)
    if not isinstance(attempts, State) and attempts != _INFINITE:
        return f"after {attempts} retries"
    # A state has 0 for an age that is not set; the lowest age is 60 s.
    if not isinstance(age, State) and age not in {_INFINITE, 0}:
        return f"after {age} s"
    return State.UNKNOWN if State.UNKNOWN in {attempts, age} else None


def _retention(source: object) -> str:
    if not isinstance(source, Resource):
        return "as long as the stream keeps it"
    hours = source.number("retentionPeriod", _DEFAULT_RETENTION_HOURS)
    return "as long as the stream keeps it" if isinstance(hours, State) else f"up to {hours} h"
