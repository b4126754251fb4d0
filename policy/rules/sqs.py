"""Rules about queues: how long they hide a message, who reads them, and what SQS lets them be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, is_fifo
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, Parameter, Verdict, rule, undecided
from policy.rules.common.queue_numbers import RANGES, number
from policy.tokens import KEY, KEY_ALIAS, PIPE, QUEUE

_API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"
_DEFAULT_TIMEOUT_SECONDS = 3
_MOST_TIMEOUT_SECONDS = 900
_DEFAULT_WINDOW_SECONDS = 0
_MOST_WINDOW_SECONDS = 300
_REASON_TAG = "visibility-timeout-reason"
"""Tag of a queue that says why its visibility timeout is lower; `OrderPipeline` sets it from `visibility_reason`."""
_ONLY_FIFO = {
    "contentBasedDeduplication": "content_based_deduplication",
    "deduplicationScope": "deduplication_scope",
    "fifoThroughputLimit": "fifo_throughput_limit",
}
"""Properties that only a FIFO queue has, and their names in a Python program."""


@rule(
    "ORD-SQS-001",
    "sqs-visibility-timeout",
    title="The visibility timeout is at least six times the function timeout, plus the batching window",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    dev=Level.ADVISORY,
    parameters=(Parameter("factor", 6, 1, 43_200, "times the function timeout"),),
)
def visibility_timeout(graph: Graph, factor: int) -> Iterator[Finding]:
    """A queue hides a message for at least six times the timeout of the function that processes it, plus the window.

    Lambda retries a throttled batch while it still holds the messages. A shorter visibility timeout gives them to a
    second invocation while the first still works on them: orders are processed twice, and come nearer to the
    dead-letter queue without having failed. A queue with several mappings is judged by the one that needs most. A queue
    whose tag `visibility-timeout-reason` says why may go below that, but not below the timeout plus the window. Below
    the timeout itself Lambda refuses the mapping: ORD-MAP-001.
    """
    read: dict[str, list[Consumer]] = {}
    for consumer in graph.consumers:
        if consumer.kind is not Source.QUEUE:
            continue
        if isinstance(consumer.source, Resource):
            read.setdefault(consumer.source.urn, []).append(consumer)
        else:
            yield _not_seen(consumer.mapping, "queue")
    for urn, consumers in read.items():
        if queue := graph.resource(urn):
            yield from _visibility_timeout(queue, consumers, factor)


@dataclass(frozen=True)
class _Need:
    """What one mapping needs of the visibility timeout of its queue, in seconds."""

    consumer: Consumer
    function: Resource
    timeout: float
    window: float


def _visibility_timeout(queue: Resource, consumers: list[Consumer], factor: int) -> Iterator[Finding]:
    visibility = number(queue, "visibilityTimeoutSeconds")
    if not isinstance(visibility, State) and visibility >= factor * _MOST_TIMEOUT_SECONDS + _MOST_WINDOW_SECONDS:
        return
    needs: list[_Need] = []
    unknown: list[Finding] = []
    for consumer in consumers:
        function, mapping = consumer.function, consumer.mapping
        if not isinstance(function, Resource):
            unknown.append(_not_seen(mapping, "function"))
            continue
        timeout = function.number("timeout", _DEFAULT_TIMEOUT_SECONDS)
        window = mapping.number("maximumBatchingWindowInSeconds", _DEFAULT_WINDOW_SECONDS)
        if isinstance(timeout, State) or isinstance(window, State) or visibility is State.UNKNOWN:
            why = f"a timeout of queue {queue.name} or function {function.name} is not known yet"
            unknown.append(undecided(queue, f"{why}: the visibility timeout cannot be judged"))
        else:
            needs.append(_Need(consumer, function, timeout, window))
    if isinstance(visibility, State) or not needs:
        yield from unknown[:1]
        return
    most = max(needs, key=lambda need: factor * need.timeout + need.window)
    needed = factor * most.timeout + most.window
    if visibility >= needed:
        yield from unknown[:1]
    elif visibility >= max(need.timeout for need in needs):
        least = max(need.timeout + need.window for need in needs)
        shown = (
            f"visibility {visibility} s < {factor} x {most.timeout} s + {most.window} s = {needed} s (queue "
            f"{queue.name}, function {most.function.name}{most.consumer.via}): "
        )
        yield _too_short(queue, shown, needed, least if visibility < least else None)


def _too_short(queue: Resource, shown: str, needed: float, least: float | None) -> Finding:
    """The finding about a visibility timeout that is too short, and below `least` too short for any reason."""
    reason = queue.reason(_REASON_TAG)
    if least is None and reason is State.UNKNOWN:
        return undecided(queue, f"{shown}whether its tag {_REASON_TAG} says why is not known yet")
    if least is None and reason:
        return Finding(queue.urn, f"{shown}{reason}", Verdict.ACCEPTED)
    instead = (
        f", or >= {least} for the reason in its tag {_REASON_TAG}" if reason and reason is not State.UNKNOWN else ""
    )
    return Finding(queue.urn, f"{shown}set visibility_timeout_seconds >= {needed}{instead}")


def _not_seen(mapping: Resource, what: str) -> Finding:
    return undecided(
        mapping,
        f"the {what} of mapping {mapping.name} is not in this program, or not known yet: the visibility timeout cannot "
        "be judged",
    )


@dataclass(frozen=True)
class _Reader:
    """What takes messages from a queue: a mapping or a pipe."""

    resource: Resource
    queue: Reference
    enabled: bool | State


@rule(
    "ORD-SQS-003",
    "sqs-one-mapping",
    title="A queue is read by one event source mapping or pipe",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
    dev=Level.ADVISORY,
)
def one_mapping(graph: Graph) -> Iterator[Finding]:
    """A queue feeds one function.

    Every message goes to only one of the mappings and pipes that read a queue, whichever receives it first. Filters do
    not part the messages between them: each deletes what its own filters do not match. One that is disabled or stopped
    does not count, because nothing polls for it: two mappings of which one is enabled are how a queue is handed over
    from one function to another. https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    known: dict[str, list[_Reader]] = {}
    unknown: list[Resource] = []
    for reader in _readers(graph):
        if reader.enabled is False:
            continue
        queue = reader.queue
        if isinstance(queue, State):
            unknown.append(reader.resource)
        else:
            known.setdefault(queue.urn if isinstance(queue, Resource) else queue, []).append(reader)
    for queue, readers in known.items():
        names = ", ".join(reader.resource.name for reader in readers)
        at = queue if queue.startswith("urn:") else readers[-1].resource.urn
        if sum(reader.enabled is True for reader in readers) > 1:
            yield Finding(
                at,
                f"{len(readers)} consumers ({names}) read one queue, so that each order reaches only one of them, and "
                "is lost if that one filters it out: keep one, or give each consumer a queue of its own behind an SNS "
                "topic",
            )
        elif len(readers) > 1:
            yield Finding(at, f"which consumers of one queue ({names}) are enabled is not known yet", Verdict.UNDECIDED)
    if len(known) + len(unknown) > 1:
        for reader in unknown:
            yield undecided(reader, f"whether another consumer reads the queue of {reader.name} is not known yet")


def _readers(graph: Graph) -> Iterator[_Reader]:
    for consumer in graph.consumers:
        if consumer.kind is Source.QUEUE:
            yield _Reader(consumer.mapping, consumer.source, consumer.enabled)
    for pipe in graph.of_type(PIPE):
        source, state = graph.refer(pipe, "source", QUEUE), pipe.text("desiredState", "RUNNING")
        of_queue = pipe.object("sourceParameters").object("sqsQueueParameters").content is not State.UNSET
        if isinstance(source, Resource) or (isinstance(source, str) and ":sqs:" in source) or of_queue:
            yield _Reader(pipe, source, state if isinstance(state, State) else state == "RUNNING")


@rule(
    "ORD-SQS-015",
    "sqs-encrypted",
    title="A queue is encrypted at rest",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
    dev=Level.ADVISORY,
    remedy={"sqsManagedSseEnabled": True},
)
def encrypted(graph: Graph) -> Iterator[Finding]:
    """Nobody turns off the encryption of a queue at rest without naming a key instead.

    SQS encrypts with keys of its own, which cost nothing and which no producer or consumer notices. It does so by
    itself for a new queue, so one that says nothing of encryption passes; only `sqs_managed_sse_enabled` false without
    `kms_master_key_id` leaves orders in plain text on the disks of AWS.
    https://aws.amazon.com/blogs/compute/announcing-server-side-encryption-with-amazon-simple-queue-service-managed-encryption-keys-sse-sqs-by-default/
    """
    for queue in graph.of_type(QUEUE):
        managed = queue.flag("sqsManagedSseEnabled", default=True)
        key = graph.refer(queue, "kmsMasterKeyId", KEY, KEY_ALIAS)
        if managed is True or not isinstance(key, State):
            continue
        if State.UNKNOWN in (managed, key):
            yield undecided(queue, f"whether queue {queue.name} is encrypted is not known yet")
        else:
            yield Finding(queue.urn, f"queue {queue.name} is not encrypted: set sqs_managed_sse_enabled to True (free)")


@rule(
    "ORD-SQS-020",
    "sqs-fifo-properties",
    title="A queue has only properties of its type",
    kind=Kind.LIMIT,
    url=_API,
)
def fifo_properties(graph: Graph) -> Iterator[Finding]:
    """Deduplication and its scope, and the throughput limit, are properties of FIFO queues.

    AWS refuses them on a standard queue, and the throughput limit `perMessageGroupId` on a queue whose
    `deduplication_scope` is not `messageGroup`, when the queue is deployed. The provider does not look at it before.
    """
    for queue in graph.of_type(QUEUE):
        given = {python: queue.fact(name) for name, python in _ONLY_FIFO.items()}
        given = {python: value for python, value in given.items() if value not in (State.UNSET, False, "false")}
        fifo, scope = is_fifo(queue), queue.text("deduplicationScope", "queue")
        limit = queue.text("fifoThroughputLimit", "perQueue")
        per_group = limit if isinstance(limit, State) else limit == "perMessageGroupId"
        if not given or (fifo is True and (per_group is False or scope == "messageGroup")):
            continue
        names = ", ".join(given)
        if fifo is False and any(value is not State.UNKNOWN for value in given.values()):
            yield Finding(queue.urn, f"queue {queue.name} is standard, and only a FIFO queue has {names}: leave it out")
        elif State.UNKNOWN in (fifo, scope, per_group, *given.values()):
            yield undecided(queue, f"whether queue {queue.name} may have {names} is not known yet")
        else:
            yield Finding(
                queue.urn,
                f"queue {queue.name} has fifo_throughput_limit perMessageGroupId with deduplication_scope {scope}: set "
                "deduplication_scope to messageGroup",
            )


@rule(
    "ORD-SQS-021",
    "sqs-ranges",
    title="The times and sizes of a queue are within the limits of SQS",
    kind=Kind.LIMIT,
    url=_API,
)
def ranges(graph: Graph) -> Iterator[Finding]:
    """Each number of a queue is one that SQS takes.

    AWS refuses any other when the queue is deployed. The provider refuses most of them at preview already, but not
    `receive_wait_time_seconds`; a program in YAML or JSON, or a state that is checked alone, has not been seen by it. A
    visibility timeout of 0 is within the limits; a mapping of such a queue is found by ORD-MAP-001.
    """
    for queue in graph.of_type(QUEUE):
        wrong: list[str] = []
        unknown: list[str] = []
        for name, allowed in RANGES.items():
            value = number(queue, name)
            if value is State.UNKNOWN:
                unknown.append(allowed.python)
            elif value is State.UNSET:
                given = queue.number(name)
                wrong.append(f"{allowed.python} is {given}: set {allowed.low}..{allowed.high} {allowed.unit}")
        if wrong:
            yield Finding(queue.urn, f"queue {queue.name}: {'; '.join(wrong)}")
        elif unknown:
            yield undecided(queue, f"whether {', '.join(unknown)} of queue {queue.name} is allowed is not known yet")


@rule(
    "ORD-SQS-023",
    "sqs-delay",
    title="A message is delivered before it expires",
    kind=Kind.PRACTICE,
    url=_API,
    dev=Level.OFF,
    standard=Level.ADVISORY,
    strict=Level.ADVISORY,
)
def delay(graph: Graph) -> Iterator[Finding]:
    """The delay of a queue is shorter than its retention.

    A message is hidden for the delay after it was sent, and deleted at the end of the retention, which counts from the
    same moment. With a delay that is as long, no consumer ever receives an order.
    """
    for queue in graph.of_type(QUEUE):
        waits, kept = number(queue, "delaySeconds"), number(queue, "messageRetentionSeconds")
        # Decided all the same if the worst of what is not known would do.
        longest = RANGES["delaySeconds"].high if isinstance(waits, State) else waits
        shortest = RANGES["messageRetentionSeconds"].low if isinstance(kept, State) else kept
        if State.UNSET in (waits, kept) or longest < shortest:
            continue
        if State.UNKNOWN in (waits, kept):
            yield undecided(queue, f"whether queue {queue.name} delivers messages before they expire is not known yet")
        else:
            yield Finding(
                queue.urn,
                f"delay {waits} s >= retention {kept} s (queue {queue.name}): every message expires before it is "
                f"delivered; set delay_seconds < {kept} or raise message_retention_seconds",
            )
