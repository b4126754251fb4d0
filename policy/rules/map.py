"""Rules about an event source mapping and what it connects."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, named
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.rules.common.mappings import of_kind

_DEFAULT_VISIBILITY_SECONDS = 30
_DEFAULT_TIMEOUT_SECONDS = 3
_LONGEST_TIMEOUT_SECONDS = 900
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""
_VISIBILITY_FACTOR = 6
"""What ORD-SQS-001 asks for by default: whoever mends this one is not to meet that one next."""
_DEFAULT_BATCH = 10
_REPORT = "ReportBatchItemFailures"
_METRICS = "EventCount"
_POLLED_BY_RULES = (Source.QUEUE, Source.STREAM, Source.TABLE)


@rule(
    "ORD-MAP-001",
    "map-visibility-limit",
    title="A queue hides a message at least as long as its function may run",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
)
def visibility_limit(graph: Graph) -> Iterator[Finding]:
    """The visibility timeout of a queue is not below the timeout of a function that consumes it.

    Otherwise a message would come back while the function still works on it, so Lambda refuses the mapping: "Queue
    visibility timeout: 30 seconds is less than Function timeout: 300 seconds". The queue hides for 30 s by default, a
    function runs for 3 s by default. That is the least; what AWS advises is six times as much: ORD-SQS-001.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    """
    by_queue: dict[str, list[Consumer]] = {}
    for consumer in of_kind(graph, Source.QUEUE):
        if isinstance(consumer.source, Resource) and isinstance(consumer.function, Resource):
            by_queue.setdefault(consumer.source.urn, []).append(consumer)
    for consumers in by_queue.values():
        yield from _visibility_limit(consumers)


def _visibility_limit(consumers: list[Consumer]) -> Iterator[Finding]:
    """What there is to say of one queue, with the function that runs longest."""
    longest, by, unknown = -1.0, consumers[0], False
    for consumer in consumers:
        timeout = _timeout(consumer)
        if isinstance(timeout, State):
            unknown = True
        elif timeout > longest:
            longest, by = timeout, consumer
    queue, function = by.source, by.function
    assert isinstance(queue, Resource)
    visibility = queue.number("visibilityTimeoutSeconds", _DEFAULT_VISIBILITY_SECONDS)
    if isinstance(visibility, State) or (visibility >= longest and unknown and visibility < _LONGEST_TIMEOUT_SECONDS):
        yield undecided(
            queue,
            f"whether queue {queue.name} hides a message for as long as its function may run is not known yet",
        )
    elif visibility < longest:
        window = by.mapping.number("maximumBatchingWindowInSeconds", 0)
        advised = _VISIBILITY_FACTOR * longest + (0 if isinstance(window, State) else window)
        # A queue that is read from elsewhere is not judged, but its mapping is.
        at = queue if queue.managed else by.mapping
        yield Finding(
            at.urn,
            f"visibility {visibility} s < timeout {longest} s (queue {queue.name}, function "
            f"{named(function)}{by.via}): set visibility_timeout_seconds >= {advised}",
        )


def _timeout(consumer: Consumer) -> float | State:
    function = consumer.function
    assert isinstance(function, Resource)
    return function.number("timeout", _DEFAULT_TIMEOUT_SECONDS)


@rule(
    "ORD-MAP-002",
    "map-partial-failures",
    title="A mapping of a queue reports which messages failed",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    dev=Level.ADVISORY,
)
def partial_failures(graph: Graph) -> Iterator[Finding]:
    """A mapping of a queue lets the function say which messages of a batch failed.

    Without it, one message that fails makes Lambda put the whole batch back: the others are processed again, and each
    of them comes nearer to the dead-letter queue without having failed. The function has to return `batchItemFailures`,
    so this is never set by itself. A batch of one needs no report: it fails as one.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        batch = mapping.number("batchSize", _DEFAULT_BATCH) or _DEFAULT_BATCH
        reported = mapping.items("functionResponseTypes")
        # There is only one response type, so one that is not known yet is that one.
        if batch == 1 or (isinstance(reported, list) and {_REPORT, State.UNKNOWN} & {*reported}):
            continue
        if isinstance(batch, State) or isinstance(reported, State):
            yield undecided(mapping, f"whether mapping {mapping.name} reports which messages failed is not known yet")
        else:
            yield Finding(
                mapping.urn,
                f"one failing message of mapping {mapping.name} makes all {batch} be processed again, and each costs "
                f'an attempt: set function_response_types=["{_REPORT}"] and return batchItemFailures',
            )


@rule(
    "ORD-MAP-016",
    "map-region",
    title="A mapping reads a queue in the region of its function",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html",
)
def region(graph: Graph) -> Iterator[Finding]:
    """A queue and the function that consumes it are in one region.

    Lambda polls only the queues of its own region, and refuses the mapping of another. Another account is no obstacle.
    The region of a resource is its property `region`, else that in its ARN; two that leave it to the provider are taken
    to be in the same one. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-cross-account-example.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        there, here = _region(consumer.source), _region(consumer.function)
        if there == here or State.UNSET in {there, here}:
            continue
        if State.UNKNOWN in {there, here}:
            yield undecided(
                mapping, f"whether mapping {mapping.name} reads a queue in the region of its function is not known yet"
            )
        else:
            yield Finding(
                mapping.urn,
                f"queue {named(consumer.source)} is in {there}, function {named(consumer.function)} is in {here}: have "
                "both in one region",
            )


def _region(reference: Reference) -> str | State:
    """The region of a resource; `UNSET` when it is the provider's."""
    if isinstance(reference, Resource):
        found = reference.text("region")
        arn = reference.fact("arn")
        return _region(arn) if found is State.UNSET and isinstance(arn, str) else found
    match reference:
        case str() if reference.startswith("arn:"):
            return reference.split(":")[3]
        case _:
            return State.UNSET


@rule(
    "ORD-MAP-017",
    "map-disabled",
    title="A mapping is enabled",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
    strict=Level.ADVISORY,
)
def disabled(graph: Graph) -> Iterator[Finding]:
    """A mapping that is disabled is a pause, and somebody has to end it.

    Lambda does not poll for it: messages wait until their retention ends, records until the stream drops them, and are
    then gone. A queue that another mapping reads is exempt: that is how it is handed over from one function to another
    (ORD-SQS-003). https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
    """
    read = {
        _key(consumer.source)
        for consumer in of_kind(graph, Source.QUEUE)
        if consumer.enabled is True and not isinstance(consumer.source, State)
    }
    for consumer in of_kind(graph, *_POLLED_BY_RULES):
        mapping = consumer.mapping
        if consumer.enabled is True or _key(consumer.source) in read:
            continue
        if isinstance(consumer.enabled, State):
            yield undecided(mapping, f"whether mapping {mapping.name} is enabled is not known yet")
        else:
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} is disabled, so that nothing of {named(consumer.source)} is processed: set "
                "enabled=True, or take the mapping out",
            )


def _key(source: Reference) -> str | State:
    return source.urn if isinstance(source, Resource) else source


@rule(
    "ORD-MAP-018",
    "map-metrics",
    title="A mapping counts its events",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingMetricsConfig.html",
    dev=Level.OFF,
    standard=Level.OFF,
    strict=Level.ADVISORY,
)
def metrics(graph: Graph) -> Iterator[Finding]:
    """A mapping sends the metrics of what it polled, filtered out, handed over and dropped.

    They are off by default. Without them nothing tells a filter that matches too little from a quiet day, and nothing
    counts what the mapping lost on the way to the function: the function's own metrics begin with the invocation.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    for consumer in of_kind(graph, *_POLLED_BY_RULES):
        mapping = consumer.mapping
        counted = mapping.object("metricsConfig").items("metrics")
        if isinstance(counted, list) and _METRICS in counted:
            continue
        if isinstance(counted, State) or State.UNKNOWN in counted:
            yield undecided(mapping, f"whether mapping {mapping.name} counts its events is not known yet")
        else:
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} does not count what it polls, filters out and drops: set "
                f'metrics_config={{"metrics": ["{_METRICS}"]}}',
            )
