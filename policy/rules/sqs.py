"""Rules about queues and the functions that consume them."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.rule import Finding, Kind, Verdict, rule, undecided
from policy.tokens import MAPPING, QUEUE

VISIBILITY_FACTOR = 6
_DEFAULT_VISIBILITY_SECONDS = 30
_DEFAULT_TIMEOUT_SECONDS = 3
_DEFAULT_WINDOW_SECONDS = 0
_REASON_TAG = "visibility-timeout-reason"
"""Tag of a queue that says why its visibility timeout is lower; `OrderPipeline` sets it from `visibility_reason`."""


@rule(
    "ORD-SQS-001",
    "sqs-visibility-timeout",
    title="The visibility timeout is at least six times the function timeout, plus the batching window",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
)
def visibility_timeout(graph: Graph) -> Iterator[Finding]:
    """A queue hides a message for at least six times the timeout of the function that processes it, plus the window.

    Lambda retries a throttled batch while it still holds the messages. A shorter visibility timeout gives them to a
    second invocation while the first still works on them: orders are processed twice, and come nearer to the
    dead-letter queue without having failed. A queue whose tag `visibility-timeout-reason` says why may go below that,
    but not below the timeout plus the window.
    """
    for mapping in graph.of_type(MAPPING):
        queue, target = graph.source(mapping), graph.function(mapping)
        if queue is State.UNSET:
            continue
        if not isinstance(queue, Resource) or not isinstance(target.function, Resource):
            missing = "function" if isinstance(queue, Resource) else "queue"
            yield undecided(
                mapping,
                f"the {missing} of mapping {mapping.name} is not in this program, or not known yet: the visibility "
                "timeout cannot be judged",
            )
            continue
        timeout = target.function.number("timeout", _DEFAULT_TIMEOUT_SECONDS)
        window = mapping.number("maximumBatchingWindowInSeconds", _DEFAULT_WINDOW_SECONDS)
        visibility = queue.number("visibilityTimeoutSeconds", _DEFAULT_VISIBILITY_SECONDS)
        if isinstance(timeout, State) or isinstance(window, State) or isinstance(visibility, State):
            yield undecided(
                queue,
                f"a timeout of queue {queue.name} or function {target.function.name} is not known yet: the "
                "visibility timeout cannot be judged",
            )
            continue
        needed, least = VISIBILITY_FACTOR * timeout + window, timeout + window
        if visibility >= needed:
            continue
        shown = (
            f"visibility {visibility} s < {VISIBILITY_FACTOR} x {timeout} s + {window} s = {needed} s (queue "
            f"{queue.name}, function {target.function.name}{target.via}): "
        )
        reason = queue.tag(_REASON_TAG)
        stated = "" if isinstance(reason, State) else " ".join(reason.split())
        if visibility >= least and reason is State.UNKNOWN:
            yield undecided(queue, f"{shown}whether its tag {_REASON_TAG} says why is not known yet")
        elif visibility >= least and stated:
            yield Finding(queue.urn, f"{shown}{stated}", Verdict.ACCEPTED)
        else:
            instead = f", or >= {least} for the reason in its tag {_REASON_TAG}" if stated else ""
            yield Finding(queue.urn, f"{shown}set visibility_timeout_seconds >= {needed}{instead}")


@rule(
    "ORD-SQS-002",
    "sqs-dead-letter-queue",
    title="Every queue has a dead-letter queue",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
)
def dead_letter_queue(graph: Graph) -> Iterator[Finding]:
    """A queue that a function consumes has a dead-letter queue.

    Without one, an order that cannot be processed is tried until its retention ends, and is then gone without a trace.
    """
    consumed = {queue.urn for mapping in graph.of_type(MAPPING) if isinstance(queue := graph.source(mapping), Resource)}
    for queue in graph.of_type(QUEUE):
        if queue.urn in graph.dead_letter_queues and queue.urn not in consumed:
            continue
        target = graph.dead_letter_target(queue)
        if target is State.UNKNOWN:
            yield undecided(queue, f"whether queue {queue.name} has a dead-letter queue is not known yet")
        elif target is State.UNSET:
            yield Finding(
                queue.urn,
                f"queue {queue.name} has no dead-letter queue: set redrive_policy with deadLetterTargetArn and "
                "maxReceiveCount",
            )


@rule(
    "ORD-SQS-003",
    "sqs-one-mapping",
    title="A queue is read by one event source mapping",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
)
def one_mapping(graph: Graph) -> Iterator[Finding]:
    """A queue feeds one function.

    Every message goes to only one of the mappings that read a queue, whichever receives it first. Filters do not part
    the messages between them: each mapping deletes what its own filters do not match. A mapping that is disabled does
    not count, because Lambda does not poll for it: two mappings of which one is enabled are how a queue is handed over
    from one function to another. https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    known: dict[str, list[Resource]] = {}
    unknown: list[Resource] = []
    for mapping in graph.of_type(MAPPING):
        queue = graph.source(mapping)
        if queue is State.UNSET or mapping.flag("enabled", default=True) is False:
            continue
        read = queue.urn if isinstance(queue, Resource) else mapping.text("eventSourceArn")
        if isinstance(read, State):
            unknown.append(mapping)
        else:
            known.setdefault(read, []).append(mapping)
    for queue, mappings in known.items():
        names = ", ".join(mapping.name for mapping in mappings)
        at = queue if queue.startswith("urn:") else mappings[-1].urn
        if sum(mapping.flag("enabled", default=True) is not State.UNKNOWN for mapping in mappings) > 1:
            yield Finding(
                at,
                f"{len(mappings)} mappings ({names}) read one queue, so that each order reaches only one of them, and "
                "is lost if that one filters it out: keep one, or give each consumer a queue of its own behind an SNS "
                "topic",
            )
        elif len(mappings) > 1:
            yield Finding(at, f"which mappings of one queue ({names}) are enabled is not known yet", Verdict.UNDECIDED)
    if len(known) + len(unknown) > 1:
        for mapping in unknown:
            yield undecided(mapping, f"whether another mapping reads the queue of {mapping.name} is not known yet")
