"""Rules about functions that services invoke asynchronously, and where what they could not process goes."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import named
from policy.graph.destinations import refused_destination
from policy.graph.invokers import LATEST, FailureDestinations, Invoker, invokers
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import EVENT_INVOKE_CONFIG, FUNCTION


@rule(
    "ORD-FUN-001",
    "fun-async-failure",
    title="A function that is invoked asynchronously keeps what it could not process",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def async_failure(graph: Graph) -> Iterator[Finding]:
    """A function behind a topic, a rule, a schedule or a bucket has a failure destination or a dead-letter queue.

    Such a caller hands the event over and goes; its own dead-letter queue is for what Lambda did not take. Lambda tries
    an event three times by default, keeps it for six hours at most, and then discards it. A failure destination counts
    only for the alias or version that it is set for, a dead-letter queue for all. A function that only mappings invoke
    needs neither: what it fails at stays in the queue or stream. A permission alone invokes nothing.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    destinations = FailureDestinations(graph)
    found: dict[str, list[Invoker]] = {}
    for invoker in invokers(graph):
        found.setdefault(invoker.function.urn, []).append(invoker)
    for _, calls in sorted(found.items()):
        yield from _async_failure(destinations, calls[0].function, calls)


def _async_failure(destinations: FailureDestinations, function: Resource, calls: list[Invoker]) -> Iterator[Finding]:
    dead_letters = function.object("deadLetterConfig")
    if dead_letters.content is not State.UNKNOWN and dead_letters.text("targetArn") is not State.UNSET:
        return
    covered = [destinations.covers(invoker) for invoker in calls]
    lost = [invoker for invoker, state in zip(calls, covered, strict=True) if state is False]
    if lost and dead_letters.content is not State.UNKNOWN:
        names = ", ".join(dict.fromkeys(invoker.by.name for invoker in lost))
        qualifier = lost[0].qualifier
        as_what = f" as {qualifier}" if isinstance(qualifier, str) and qualifier != LATEST else ""
        yield Finding(
            function.urn,
            f"function {function.name}, invoked by {names}{as_what}, discards an event that it fails at: set "
            "on_failure of a FunctionEventInvokeConfig, or dead_letter_config",
        )
    elif lost or State.UNKNOWN in covered:
        yield undecided(function, f"whether function {function.name} keeps an event that it fails at is not known yet")


_FIFO = frozenset({"FIFO queue", "FIFO topic"})
_DESTINATIONS = (
    (EVENT_INVOKE_CONFIG, "destinationConfig.onFailure.destination", "on_failure"),
    (EVENT_INVOKE_CONFIG, "destinationConfig.onSuccess.destination", "on_success"),
    (FUNCTION, "deadLetterConfig.targetArn", "dead_letter_config"),
)
"""Types, the property that names a destination, and how a program calls it."""


@rule(
    "ORD-FUN-002",
    "fun-async-destination-type",
    title="A queue or topic that takes in a function's asynchronous invocations is standard",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
)
def async_destination_type(graph: Graph) -> Iterator[Finding]:
    """A destination or dead-letter queue of asynchronous invocations is no FIFO queue and no FIFO topic.

    Lambda does not support them: it refuses the configuration, or the delivery, and then the record is lost and only
    the metric `DestinationDeliveryFailures` tells. Functions, event buses and buckets are not for this rule.
    https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
    """
    for token, path, called in _DESTINATIONS:
        for holder in graph.of_type(token):
            kind = refused_destination(graph, holder, path, _FIFO)
            function = holder.name if token == FUNCTION else named(graph.refer(holder, "functionName", FUNCTION))
            if kind is State.UNKNOWN:
                yield undecided(holder, f"what {called} of function {function} names is not known yet")
            elif kind:
                yield Finding(
                    holder.urn, f"function {function} cannot send to the {kind} of {called}: use one that is not FIFO"
                )
