"""Rules about filters of queues, which decide what becomes of a message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from policy.facts import Fact, Object, Resource, State, parsed
from policy.graph import Graph
from policy.graph.consumers import Source
from policy.rule import Finding, Kind, Level, Verdict, rule, undecided
from policy.rules.common.mappings import of_kind

_REASON_TAG = "filter-reason"
"""Tag of a mapping that says why messages may be deleted unseen."""


@rule(
    "ORD-MAP-014",
    "map-filter",
    title="A filter on a queue is meant, because it deletes what it does not match",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def filtered(graph: Graph) -> Iterator[Finding]:
    """A mapping of a queue that filters says why the other messages may go.

    Lambda takes a message that matches no filter from the queue for good: it reaches neither the function nor the
    dead-letter queue, nor another mapping of the queue. An order with a misspelt field is gone without a trace. The tag
    `filter-reason` of the mapping states why that is meant. Streams are exempt: each of their readers has all records.
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        patterns = _patterns(mapping)
        if isinstance(patterns, State):
            yield undecided(mapping, f"whether mapping {mapping.name} filters is not known yet")
        elif patterns:
            yield _filtered(mapping)


def _filtered(mapping: Resource) -> Finding:
    deletes = f"mapping {mapping.name} deletes every message that none of its filters matches: "
    reason = mapping.reason(_REASON_TAG)
    if reason is State.UNKNOWN:
        return undecided(mapping, f"{deletes}whether its tag {_REASON_TAG} says why is not known yet")
    if reason:
        return Finding(mapping.urn, f"{deletes}{reason}", Verdict.ACCEPTED)
    return Finding(
        mapping.urn, f"{deletes}take all of them and let the function decide, or say why in its tag {_REASON_TAG}"
    )


@rule(
    "ORD-MAP-015",
    "map-filter-body",
    title="A filter on a queue looks at the body",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html",
    dev=Level.ADVISORY,
)
def filter_body(graph: Graph) -> Iterator[Finding]:
    """A filter of a queue tests nothing but the body of the message.

    Mappings of queues support filters on the key `body` only. A pattern of the message's own fields has to stand inside
    it: without it, the filter looks for these fields beside the body, where no message has them, and what a filter does
    not match is deleted. The attributes of a message cannot be filtered here; a subscription of an SNS topic can do
    that. https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
    """
    for consumer in of_kind(graph, Source.QUEUE):
        mapping = consumer.mapping
        patterns = _patterns(mapping)
        # Filters that are not known at all are undecided by ORD-MAP-014.
        known = [] if isinstance(patterns, State) else [parsed(pattern) for pattern in patterns]
        beside = [f"{number}" for number, pattern in enumerate(known, 1) if _tests_beside_body(pattern)]
        if beside:
            yield Finding(
                mapping.urn,
                f"filter {', '.join(beside)} of mapping {mapping.name} tests more than the body, which is all that "
                'filters of a queue support: move its pattern into {"body": ...}',
            )
        elif State.UNKNOWN in known:
            yield undecided(mapping, f"whether the filters of mapping {mapping.name} test the body is not known yet")


def _patterns(mapping: Resource) -> list[Fact] | State:
    """The patterns of a mapping's filters; a saved state has an empty one for a filter that is not there."""
    filters = mapping.object("filterCriteria").items("filters")
    if isinstance(filters, State):
        return filters
    found = [one.fact("pattern") if isinstance(one, Object) else one for one in filters]
    return [pattern for pattern in found if pattern is not State.UNSET]


def _tests_beside_body(pattern: Fact) -> bool:
    if not isinstance(pattern, Mapping):
        return False
    content = dict(cast("Mapping[str, Any]", pattern))
    either = content.pop("$or", [])
    alternatives = cast("Sequence[Any]", either) if isinstance(either, list) else [either]
    return bool(content.keys() - {"body"}) or any(map(_tests_beside_body, alternatives))
