"""The pipelines of a program: queues, functions and the mappings between them, however the program refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from policy.facts import Resource, State, parsed
from policy.tokens import (
    ALIAS,
    EVENT_INVOKE_CONFIG,
    EVENT_TARGET,
    FUNCTION,
    MAPPING,
    QUEUE,
    REDRIVE_ALLOW_POLICY,
    REDRIVE_POLICY,
    SUBSCRIPTION,
)

_FAILURE_SINKS = (
    (QUEUE, "redrivePolicy"),
    (REDRIVE_POLICY, "redrivePolicy"),
    (MAPPING, "destinationConfig"),
    (FUNCTION, "deadLetterConfig"),
    (EVENT_INVOKE_CONFIG, "destinationConfig"),
    (SUBSCRIPTION, "redrivePolicy"),
    (EVENT_TARGET, "deadLetterConfig"),
)
"""Types and the property of theirs that names a queue for what failed."""
_NOT_A_QUEUE = ("startingPosition", "queues")
"""Properties that every mapping of a stream, or of a message broker, has and that AWS refuses for a queue."""


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
        return self._by_type.get(token, [])

    def source(self, mapping: Resource) -> Resource | State:
        """The queue that a mapping reads: `UNSET` when it reads no queue, `UNKNOWN` when it reads one not seen here."""
        queue = self._refer(mapping, "eventSourceArn", QUEUE)
        if queue is not State.UNKNOWN:
            return queue
        arn = mapping.fact("eventSourceArn")
        is_queue = ":sqs:" in arn if isinstance(arn, str) else not any(map(mapping.properties.get, _NOT_A_QUEUE))
        return State.UNKNOWN if is_queue else State.UNSET

    def function(self, mapping: Resource) -> Target:
        """The function that a mapping invokes: directly, by version, or through an alias."""
        alias = self._refer(mapping, "functionName", ALIAS)
        if isinstance(alias, Resource):
            return Target(self._refer(alias, "functionName", FUNCTION), f" via alias {alias.name}")
        return Target(self._refer(mapping, "functionName", FUNCTION), "")

    def dead_letter_target(self, queue: Resource) -> Resource | str | State:
        """Where a queue's messages go that failed too often: a queue of this program, or the ARN of another one.

        The redrive policy is a property of the queue or a resource of its own. `UNKNOWN` when either may still name a
        target.
        """
        target = self._redrive_target(queue)
        if target is not State.UNSET:
            return target
        for separate in self.of_type(REDRIVE_POLICY):
            owner = self._refer(separate, "queueUrl", QUEUE)
            if owner is queue:
                return self._redrive_target(separate)
            if owner is State.UNKNOWN:
                target = State.UNKNOWN
        return target

    @cached_property
    def dead_letter_queues(self) -> frozenset[str]:
        """URNs of the queues that take in what failed elsewhere."""
        found = [self._refer(holder, name, QUEUE) for token, name in _FAILURE_SINKS for holder in self.of_type(token)]
        found += [queue for queue in self.of_type(QUEUE) if _lets_others_redrive(queue)]
        separate = filter(_lets_others_redrive, self.of_type(REDRIVE_ALLOW_POLICY))
        found += [self._refer(policy, "queueUrl", QUEUE) for policy in separate]
        return frozenset(queue.urn for queue in found if isinstance(queue, Resource))

    def _redrive_target(self, holder: Resource) -> Resource | str | State:
        arn = holder.object("redrivePolicy").text("deadLetterTargetArn")
        if arn is State.UNSET:
            return arn
        queue = self._refer(holder, "redrivePolicy", QUEUE)
        return arn if queue is State.UNKNOWN else queue

    def _refer(self, holder: Resource, name: str, token: str) -> Resource | State:
        """The resource of a type that a property refers to, as its whole value or somewhere inside it."""
        value = holder.fact(name)
        if value is State.UNSET:
            return State.UNSET
        for text in _texts(parsed(value)):
            # A function may have its version or alias at the end.
            names = [text, text.rpartition(":")[0]] if token == FUNCTION else [text]
            for candidate in names:
                if found := self._by_reference.get((token, candidate)):
                    return found
        targets = [resource for resource in self._depends_on(holder, name) if resource.type == token]
        return targets[0] if len(targets) == 1 else State.UNKNOWN

    def _depends_on(self, holder: Resource, name: str) -> list[Resource]:
        return [self._by_urn[urn] for urn in holder.dependencies.get(name, ()) if urn in self._by_urn]

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return found

    @cached_property
    def _by_reference(self) -> dict[tuple[str, str], Resource]:
        """Resources by their type and a text that refers to them."""
        return {
            (resource.type, text): resource
            for resource in reversed(self.resources)
            # A name alone refers to a function; an alias of the same name is another thing.
            for name in ("arn", "url", "id", *(("name",) if resource.type == FUNCTION else ()))
            if isinstance(text := resource.fact(name), str)
        }


def _lets_others_redrive(holder: Resource) -> bool:
    policy = holder.object("redriveAllowPolicy")
    return policy.content is not State.UNSET and policy.text("redrivePermission") != "denyAll"


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
