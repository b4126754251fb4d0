"""Rules about how many invocations the mappings of a function may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, Source, is_fifo, named
from policy.rule import Finding, Kind, Level, Parameter, rule, undecided
from policy.rules.common.mappings import Range, of_kind, outside

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
_PER_POLLER = 10
"""Invocations at once of one provisioned poller: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
_POLLERS = (Range("minimumPollers", 2, 200), Range("maximumPollers", 2, 10_000))
"""Of a queue; those of Kafka have others."""
_DEFAULT_POLLERS = (2, 200)
_NO_RESERVE = -1
_LEAST_CONCURRENCY = 2
_SCALES_TO = 1000
"""Invocations at once that a mapping reaches by itself; newer texts of the same page say 1,250."""


@rule(
    "ORD-MAP-007",
    "map-concurrency-range",
    title="Maximum concurrency of a mapping is 2 to 1000",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html",
    parameters=(Parameter("highest", 1000, 1000, 100_000, "maximum concurrency that the account's quota allows"),),
)
def concurrency_range(graph: Graph, highest: int) -> Iterator[Finding]:
    """A mapping of a queue invokes its function at least twice at once, and at most 1000 times.

    Lambda refuses another maximum concurrency. To have no bound, leave it out; to process one message at a time, use a
    FIFO queue with one message group. The upper end is a quota that AWS can raise.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        scaling = consumer.mapping.object("scalingConfig")
        yield from outside(consumer.mapping, scaling, Range("maximumConcurrency", _LEAST_CONCURRENCY, highest))


@rule(
    "ORD-MAP-008",
    "map-pollers",
    title="Provisioned pollers of a queue are within their limits, and replace maximum concurrency",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html",
)
def pollers(graph: Graph) -> Iterator[Finding]:
    """A mapping of a queue has 2 to 200 pollers at least, 2 to 10,000 at most, and no maximum concurrency besides.

    Lambda refuses the mapping otherwise: pollers and maximum concurrency are two ways to say how far it scales, and
    exclude each other. By default there are 2 pollers at least and 200 at most, once one of them is set.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        config = mapping.object("provisionedPollerConfig")
        least, most = (limits.of(config) for limits in _POLLERS)
        for limits in _POLLERS:
            yield from outside(mapping, config, limits)
        if isinstance(least, State) or isinstance(most, State) or least == most == 0:
            continue
        low, high = least or _DEFAULT_POLLERS[0], most or _DEFAULT_POLLERS[1]
        if low > high and _POLLERS[0].has(low) and _POLLERS[1].has(high):
            yield Finding(
                mapping.urn,
                f"minimum_pollers {low} of mapping {mapping.name} > maximum_pollers {high}: set maximum_pollers to "
                f"{low} or more",
            )
        concurrency = mapping.object("scalingConfig").number("maximumConcurrency", 0)
        if concurrency is State.UNKNOWN:
            yield undecided(
                mapping,
                f"whether mapping {mapping.name}, which has pollers, has a maximum concurrency is not known yet",
            )
        elif concurrency != 0:
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} has pollers and a maximum concurrency, which exclude each other: leave out "
                "provisioned_poller_config or scaling_config",
            )


@rule(
    "ORD-MAP-009",
    "map-concurrency-budget",
    title="The mappings of a function ask for no more than its reserved concurrency",
    kind=Kind.PRACTICE,
    url=_PAGE,
    dev=Level.ADVISORY,
)
def budget(graph: Graph) -> Iterator[Finding]:
    """The maximum concurrency of all queues of a function together is within its reserved concurrency.

    Mappings do not look at the reserve: they receive messages for as many invocations as they may have. What is above
    the reserve is throttled, comes back after the visibility timeout, and has cost an attempt: orders go to the
    dead-letter queue that no function has seen. All aliases of a function share one reserve; a provisioned poller has
    up to 10 invocations at once. Mappings that are disabled, functions without a reserve, and a reserve of 0 (that is
    ORD-FUN-003) are exempt. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    by_function: dict[str, list[Consumer]] = {}
    for consumer in of_kind(graph, Source.QUEUE):
        if consumer.enabled is False or _asked(consumer.mapping) is State.UNSET:
            continue
        if isinstance(consumer.function, Resource):
            by_function.setdefault(consumer.function.urn, []).append(consumer)
        else:
            yield _unknown_reserve(consumer)
    for consumers in by_function.values():
        yield from _budget(consumers)


def _budget(consumers: Sequence[Consumer]) -> Iterator[Finding]:
    """What there is to say of one function."""
    reserved = _reserved(consumers[0])
    if isinstance(reserved, State):
        yield _unknown_reserve(consumers[-1])
        return
    if reserved < 1:
        return
    known = [(consumer, asked) for consumer in consumers if not isinstance(asked := _asked(consumer.mapping), State)]
    sure = [(consumer, asked) for consumer, asked in known if consumer.enabled is True]
    total = sum(asked for _, asked in sure)
    if total > reserved:
        terms = " + ".join(f"{asked}" for _, asked in sure)
        shown = f"{terms} = {total}" if len(sure) > 1 else terms
        names = ", ".join(consumer.mapping.name for consumer, _ in sure)
        yield Finding(
            sure[-1][0].mapping.urn,
            f"{shown} invocations at once (of {names}) > reserved_concurrent_executions {reserved} of function "
            f"{named(consumers[0].function)}: what is throttled costs an attempt; let them ask for less, or reserve "
            f"{total}",
        )
    elif len(known) < len(consumers) or sum(asked for _, asked in known) > reserved:
        yield undecided(
            consumers[-1].mapping,
            f"whether the mappings of function {named(consumers[0].function)} ask for more than its reserved "
            f"concurrency {reserved} is not known yet",
        )


@rule(
    "ORD-MAP-010",
    "map-concurrency-unbounded",
    title="A queue mapping of a function with reserved concurrency has a maximum concurrency",
    kind=Kind.PRACTICE,
    url=_PAGE,
    dev=Level.ADVISORY,
)
def unbounded(graph: Graph) -> Iterator[Finding]:
    """A mapping of a standard queue is bounded when the concurrency of its function is.

    By itself a mapping begins with five batches at once and adds up to 300 a minute until it has 1000, whatever the
    function has reserved. What is above the reserve is throttled, and costs the messages an attempt each. FIFO queues
    are exempt: they have as many invocations as active message groups. So are mappings that are disabled, provisioned
    pollers (ORD-MAP-009), a reserve of 0 (ORD-FUN-003) and one of 1000 or more.
    https://repost.aws/knowledge-center/lambda-sqs-scaling
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping, fifo = consumer.mapping, is_fifo(consumer.source)
        asked = _asked(mapping)
        if consumer.enabled is False or fifo is True or not isinstance(asked, State):
            continue
        reserved = _reserved(consumer)
        if not isinstance(reserved, State) and not 1 <= reserved < _SCALES_TO:
            continue
        if isinstance(reserved, State):
            yield _unknown_reserve(consumer)
        elif State.UNKNOWN in {fifo, consumer.enabled, asked}:
            yield undecided(
                mapping,
                f"whether mapping {mapping.name} needs a maximum concurrency, for the {reserved} that function "
                f"{named(consumer.function)} reserves, is not known yet",
            )
        else:
            mend = (
                f"set maximum_concurrency in scaling_config to {_LEAST_CONCURRENCY}..{reserved}"
                if reserved >= _LEAST_CONCURRENCY
                else f"reserve at least {_LEAST_CONCURRENCY}, and set maximum_concurrency in scaling_config"
            )
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} scales to {_SCALES_TO} invocations at once, function "
                f"{named(consumer.function)}{consumer.via} has reserved {reserved}: {mend}",
            )


def _reserved(consumer: Consumer) -> float | State:
    function = consumer.function
    if not isinstance(function, Resource):
        return State.UNKNOWN
    return function.number("reservedConcurrentExecutions", _NO_RESERVE)


def _asked(mapping: Resource) -> float | State:
    """How many invocations at once a mapping may ask for; `UNSET` when nothing bounds it."""
    # In a saved state, 0 stands for what is not there.
    if (concurrency := mapping.object("scalingConfig").number("maximumConcurrency", 0)) != 0:
        return concurrency
    pollers = mapping.object("provisionedPollerConfig")
    most = pollers.number("maximumPollers", 0)
    if most == 0 and pollers.number("minimumPollers", 0) == 0:
        return State.UNSET
    return most if isinstance(most, State) else _PER_POLLER * (most or _DEFAULT_POLLERS[1])


def _unknown_reserve(consumer: Consumer) -> Finding:
    return undecided(
        consumer.mapping,
        f"whether function {named(consumer.function)} of mapping {consumer.mapping.name} has reserved concurrency is "
        "not known yet",
    )
