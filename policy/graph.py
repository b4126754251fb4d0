"""The pipelines of a program: queues, functions and the mappings between them, however the program refers to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from policy.facts import Fact, Resource, State

QUEUE = "aws:sqs/queue:Queue"
REDRIVE_POLICY = "aws:sqs/redrivePolicy:RedrivePolicy"
REDRIVE_ALLOW_POLICY = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"

_IDENTITIES = ("arn", "url", "name", "id")
"""Properties by which one resource refers to another."""


_FAILURE_SINKS = (
    (QUEUE, "redrivePolicy"),
    (REDRIVE_POLICY, "redrivePolicy"),
    (REDRIVE_ALLOW_POLICY, "queueUrl"),
    (MAPPING, "destinationConfig"),
    (FUNCTION, "deadLetterConfig"),
)
"""Types and the property of theirs that names a queue for what failed."""


@dataclass(frozen=True)
class Target:
    """The function behind a mapping."""

    function: Resource | State
    via: str
    """How it is reached, for messages: ` via alias live`, or nothing."""


class Graph:
    """The resources of one program and how they refer to each other.

    A reference is resolved by its value (ARN, URL or name) where that is known, and by what the value depends on while
    it is not.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = sorted(resources, key=lambda resource: resource.urn)
        self._by_urn = {resource.urn: resource for resource in self.resources}

    def of_type(self, token: str) -> list[Resource]:
        """All resources of a type, in the order of their URNs."""
        return [resource for resource in self.resources if resource.type == token]

    def source(self, mapping: Resource) -> Resource | State:
        """The queue that a mapping reads: `UNSET` when it reads no queue, `UNKNOWN` when it reads one not seen here."""
        queue = self._refer(mapping, "eventSourceArn", QUEUE)
        if queue is not State.UNKNOWN:
            return queue
        arn = mapping.fact("eventSourceArn")
        if isinstance(arn, str):
            return State.UNKNOWN if ":sqs:" in arn else State.UNSET
        sources = self._depends_on(mapping, "eventSourceArn")
        return State.UNKNOWN if not sources or any(source.type == QUEUE for source in sources) else State.UNSET

    def function(self, mapping: Resource) -> Target:
        """The function that a mapping invokes: directly, by version, or through an alias."""
        alias = self._refer(mapping, "functionName", ALIAS)
        if isinstance(alias, Resource):
            name = alias.fact("name")
            return Target(self._refer(alias, "functionName", FUNCTION), f" via alias {name}")
        return Target(self._refer(mapping, "functionName", FUNCTION), "")

    def redrive_policy(self, queue: Resource) -> Fact:
        """The queue's redrive policy, parsed: set on the queue, or by a resource of its own."""
        policy = _parsed(queue.fact("redrivePolicy"))
        if policy is not State.UNSET:
            return policy
        for separate in self.of_type(REDRIVE_POLICY):
            if self._refer(separate, "queueUrl", QUEUE) == queue:
                return _parsed(separate.fact("redrivePolicy"))
        return State.UNSET

    @cached_property
    def dead_letter_queues(self) -> frozenset[str]:
        """URNs of the queues that take in what failed elsewhere."""
        found = [self._refer(holder, name, QUEUE) for token, name in _FAILURE_SINKS for holder in self.of_type(token)]
        found += [queue for queue in self.of_type(QUEUE) if queue.fact("redriveAllowPolicy") is not State.UNSET]
        return frozenset(queue.urn for queue in found if isinstance(queue, Resource))

    def _refer(self, holder: Resource, name: str, token: str) -> Resource | State:
        """The resource of a type that a property refers to, as its whole value or somewhere inside it."""
        value = holder.fact(name)
        if value is State.UNSET:
            return State.UNSET
        texts = set(_texts(_parsed(value)))
        for candidate in self.of_type(token):
            if texts & _identities(candidate) or (token == FUNCTION and _unqualified(texts) & _identities(candidate)):
                return candidate
        targets = [resource for resource in self._depends_on(holder, name) if resource.type == token]
        return targets[0] if len(targets) == 1 else State.UNKNOWN

    def _depends_on(self, holder: Resource, name: str) -> list[Resource]:
        return [self._by_urn[urn] for urn in holder.dependencies.get(name, ()) if urn in self._by_urn]


def _parsed(fact: Fact) -> Fact:
    if not isinstance(fact, str):
        return fact
    try:
        return json.loads(fact)
    except ValueError:
        return fact


def _texts(value: Any) -> Iterator[str]:
    """Every text inside a nested value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in cast("Sequence[Any]", value):
            yield from _texts(item)


def _identities(resource: Resource) -> set[str]:
    return {value for name in _IDENTITIES if isinstance(value := resource.fact(name), str)}


def _unqualified(references: set[str]) -> set[str]:
    """References to functions without the version or alias at their end."""
    return {reference.rpartition(":")[0] for reference in references}
