"""Rules about the numbers of an event source mapping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.facts import Object, Resource, State
from policy.graph import Graph
from policy.graph.consumers import Source, is_fifo, named
from policy.rule import Finding, Kind, Parameter, rule, undecided
from policy.rules.common.mappings import Range, of_kind, outside

_API = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"
_WITHOUT_WINDOW = 10
"""Messages of a batch for which Lambda need not wait; all that a FIFO queue gives.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
"""
_MAX_FILTERS = 10
_MAX_PATTERN = 4096
"""Characters: https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html"""


_BATCH = Range("batchSize", 1, 10_000)
_WINDOW = Range("maximumBatchingWindowInSeconds", 0, 300)
_STREAM = (
    Range("maximumRetryAttempts", 0, 10_000, forever=True),
    Range("maximumRecordAgeInSeconds", 60, 604_800, forever=True),
    Range("parallelizationFactor", 1, 10),
    Range("tumblingWindowInSeconds", 0, 900),
)


@rule(
    "ORD-MAP-003",
    "map-batch-window",
    title="A batch of more than ten messages has a batching window",
    kind=Kind.LIMIT,
    url=_API,
)
def batch_window(graph: Graph) -> Iterator[Finding]:
    """A mapping of a queue that asks for more than ten messages at once gives Lambda a second to gather them.

    One receive of SQS brings ten at most, so a larger batch takes several; Lambda refuses the mapping: "Maximum batch
    window in seconds must be greater than 0 if maximum batch size is greater than 10". The batch is 10 by default, the
    window 0. Streams are exempt: their batch is 100 by default, without a window.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        batch, window = _BATCH.of(mapping), _WINDOW.of(mapping)
        small = not isinstance(batch, State) and (batch <= _WITHOUT_WINDOW or not _BATCH.has(batch))
        # A FIFO queue has neither (ORD-MAP-004 and 005); what is out of range altogether is for ORD-MAP-006.
        if small or is_fifo(consumer.source) is True or (not isinstance(window, State) and window != 0):
            continue
        if isinstance(batch, State) or isinstance(window, State):
            yield undecided(mapping, f"whether the batch of mapping {mapping.name} needs a window is not known yet")
        else:
            yield Finding(
                mapping.urn,
                f"batch_size {batch} of mapping {mapping.name} > {_WITHOUT_WINDOW} needs a batching window: set "
                f"maximum_batching_window_in_seconds >= 1, or batch_size <= {_WITHOUT_WINDOW}",
            )


@rule(
    "ORD-MAP-004",
    "map-fifo-batch",
    title="A mapping of a FIFO queue takes at most ten messages",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html",
)
def fifo_batch(graph: Graph) -> Iterator[Finding]:
    """A batch of a FIFO queue has at most ten messages.

    There is no batching window for FIFO queues, and without one Lambda gives ten messages at most; it refuses a mapping
    that asks for more. A queue is FIFO when it says so, or when its name ends in `.fifo`.
    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping, fifo = consumer.mapping, is_fifo(consumer.source)
        batch = _BATCH.of(mapping)
        if fifo is False or (not isinstance(batch, State) and batch <= _WITHOUT_WINDOW):
            continue
        if fifo is True and not isinstance(batch, State):
            yield Finding(
                mapping.urn,
                f"batch_size {batch} of mapping {mapping.name} > {_WITHOUT_WINDOW}, the most of FIFO queue "
                f"{named(consumer.source)}: set batch_size <= {_WITHOUT_WINDOW}",
            )
        elif isinstance(batch, State) or _WINDOW.of(mapping) != 0:
            # Without a window ORD-MAP-003 has said that this is refused, whatever the queue is.
            yield undecided(
                mapping, f"whether mapping {mapping.name} takes more than a FIFO queue gives is not known yet"
            )


@rule(
    "ORD-MAP-005",
    "map-fifo-window",
    title="A mapping of a FIFO queue has no batching window",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html",
)
def fifo_window(graph: Graph) -> Iterator[Finding]:
    """Lambda does not wait for messages of a FIFO queue.

    A batching window is for standard queues only, and Lambda refuses the mapping of a FIFO queue that has one. To leave
    it out is the same as 0 s. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping, fifo = consumer.mapping, is_fifo(consumer.source)
        window = _WINDOW.of(mapping)
        if fifo is False or (not isinstance(window, State) and window <= 0):
            continue
        if fifo is True and not isinstance(window, State):
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} has a batching window of {window} s, FIFO queue {named(consumer.source)} has "
                "none: leave out maximum_batching_window_in_seconds",
            )
        else:
            yield undecided(
                mapping, f"whether mapping {mapping.name} has a batching window for a FIFO queue is not known yet"
            )


@rule(
    "ORD-MAP-006",
    "map-ranges",
    title="Batch size, batching window and filters of a mapping are within the limits",
    kind=Kind.LIMIT,
    url=_API,
    parameters=(Parameter("filters", 5, 5, _MAX_FILTERS, "filters that the account's quota allows one mapping"),),
)
def ranges(graph: Graph, filters: int) -> Iterator[Finding]:
    """A mapping asks for 1 to 10,000 records at once, waits 0 to 300 s for them, and has at most 10 short filters.

    Lambda refuses anything else when the mapping is made, and the provider looks only at the filters before that. How
    many filters there may be is a quota: 5 until AWS raises it, 10 at most. What lies between the two is undecided
    until the parameter says what the account has. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    for consumer in graph.consumers:
        mapping = consumer.mapping
        fifo = is_fifo(consumer.source) is True
        for limits in (_BATCH, _WINDOW):
            value = limits.of(mapping)
            # A FIFO queue has narrower limits: ORD-MAP-004 and 005.
            if not (fifo and not isinstance(value, State) and value > limits.high):
                yield from outside(mapping, mapping, limits)
        yield from _filters(mapping, filters)


@rule(
    "ORD-MAP-013",
    "map-stream-numbers",
    title="Retries, age, parallelization and tumbling window of a stream mapping are within the limits",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html",
)
def stream_numbers(graph: Graph) -> Iterator[Finding]:
    """A mapping of a stream retries 10,000 times, for 7 days, and has 10 batches of a shard at once, at most.

    Lambda refuses anything else, and the provider mostly says so before. An age has at least 60 s, and -1 means without
    end, for the age as for the retries; that is also the default. A tumbling window has 0 to 900 s. The same holds for
    the stream of a table.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
    """
    for consumer in of_kind(graph, Source.STREAM, Source.TABLE):
        for limits in _STREAM:
            yield from outside(consumer.mapping, consumer.mapping, limits)


def _filters(mapping: Resource, quota: int) -> Iterator[Finding]:
    filters = mapping.object("filterCriteria").items("filters")
    if isinstance(filters, State):
        yield undecided(
            mapping, f"whether the filters of mapping {mapping.name} are within the limits is not known yet"
        )
        return
    if len(filters) > _MAX_FILTERS:
        yield Finding(
            mapping.urn,
            f"{len(filters)} filters of mapping {mapping.name} > {_MAX_FILTERS}: put several values into the list of "
            "one field",
        )
    elif len(filters) > quota:
        yield undecided(
            mapping,
            f"{len(filters)} filters of mapping {mapping.name} need a quota above {quota}, which the account may have: "
            f"if so, set filters of ORD-MAP-006 to {len(filters)}",
        )
    if too_long := [f"{number}" for number, length in _lengths(filters) if length > _MAX_PATTERN]:
        yield Finding(
            mapping.urn,
            f"the pattern of filter {', '.join(too_long)} of mapping {mapping.name} has more than {_MAX_PATTERN} "
            "characters: shorten it, or split it into two",
        )


def _lengths(filters: Sequence[object]) -> Iterator[tuple[int, int]]:
    """The length of each filter that is known, with its number from 1."""
    for number, one in enumerate(filters, 1):
        pattern = one.fact("pattern") if isinstance(one, Object) else State.UNKNOWN
        if isinstance(pattern, str):
            yield number, len(pattern)
