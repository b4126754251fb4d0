"""Dead letters: which queue takes in what failed where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.facts import Object, Resource, State
from policy.graph.references import Reference
from policy.tokens import (
    EVENT_BUS,
    EVENT_INVOKE_CONFIG,
    EVENT_TARGET,
    FUNCTION,
    MAPPING,
    PIPE,
    QUEUE,
    REDRIVE_ALLOW_POLICY,
    REDRIVE_POLICY,
    SCHEDULE,
    SUBSCRIPTION,
)

if TYPE_CHECKING:
    from policy.graph import Graph

_FAILURE_SINKS = (
    (QUEUE, "redrivePolicy.deadLetterTargetArn"),
    (REDRIVE_POLICY, "redrivePolicy.deadLetterTargetArn"),
    (MAPPING, "destinationConfig.onFailure.destinationArn"),
    (FUNCTION, "deadLetterConfig.targetArn"),
    (EVENT_INVOKE_CONFIG, "destinationConfig.onFailure.destination"),
    (SUBSCRIPTION, "redrivePolicy.deadLetterTargetArn"),
    (EVENT_TARGET, "deadLetterConfig.arn"),
    (EVENT_BUS, "deadLetterConfig.arn"),
    (SCHEDULE, "target.deadLetterConfig.arn"),
    (PIPE, "sourceParameters.dynamodbStreamParameters.deadLetterConfig.arn"),
    (PIPE, "sourceParameters.kinesisStreamParameters.deadLetterConfig.arn"),
)
"""Types and the way to the property of theirs that names a queue for what failed."""


@dataclass(frozen=True)
class Redrive:
    """A queue that sets messages aside which failed too often, or that may: its policy may not be known yet."""

    queue: Resource
    holder: Resource
    """What holds the policy: the queue, or a resource of its own."""
    policy: Object
    target: Reference
    """The dead-letter queue."""


class DeadLetters:
    """The queues of a program that take in what failed, and whence."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def policy(self, queue: Resource) -> Object:
        """The redrive policy of a queue: a property of it, or a resource of its own; `UNKNOWN` when either may be."""
        holder = self._policy_holder(queue)
        return Object(holder) if isinstance(holder, State) else holder.object("redrivePolicy")

    def target(self, queue: Resource) -> Reference:
        """Where a queue's messages go that failed too often."""
        holder = self._policy_holder(queue)
        if isinstance(holder, State):
            return holder
        return self._graph.refer(holder, "redrivePolicy.deadLetterTargetArn", QUEUE)

    def allow_policy(self, queue: Resource) -> Object:
        """Which queues may use a queue for their dead letters: a property of it, or a resource of its own."""
        holder = self.allow_policy_holder(queue)
        return Object(holder) if isinstance(holder, State) else holder.object("redriveAllowPolicy")

    def allow_policy_holder(self, queue: Resource) -> Resource | State:
        """What holds that policy; `UNKNOWN` when a policy of some queue may be it."""
        return _holder(queue, "redriveAllowPolicy", self._separate_allow)

    @cached_property
    def redrives(self) -> list[Redrive]:
        """Every queue with a redrive policy, known or not, in the order of their URNs."""
        found: list[Redrive] = []
        for queue in self._graph.of_type(QUEUE):
            policy = self.policy(queue)
            if policy.content not in ({}, State.UNSET):
                holder = self._policy_holder(queue)
                at = queue if isinstance(holder, State) else holder
                found.append(Redrive(queue, at, policy, self.target(queue)))
        return found

    @cached_property
    def sources(self) -> dict[str, list[Resource]]:
        """By the URN of a dead-letter queue, the queues whose redrive policy names it."""
        found: dict[str, list[Resource]] = {}
        for redrive in self.redrives:
            if isinstance(redrive.target, Resource):
                found.setdefault(redrive.target.urn, []).append(redrive.queue)
        return found

    @cached_property
    def loops(self) -> list[list[Redrive]]:
        """The ways on which dead letters come back to their queue, each once."""
        after = {redrive.queue.urn: redrive for redrive in self.redrives}
        seen: set[str] = set()
        found: list[list[Redrive]] = []
        for start in self.redrives:
            way: list[Redrive] = []
            redrive: Redrive | None = start
            while redrive and redrive.queue.urn not in seen:
                seen.add(redrive.queue.urn)
                way.append(redrive)
                redrive = after.get(redrive.target.urn) if isinstance(redrive.target, Resource) else None
            if redrive and redrive in way:
                found.append(way[way.index(redrive) :])
        return found

    @cached_property
    def looped(self) -> frozenset[str]:
        """URNs of the queues on these ways."""
        return frozenset(redrive.queue.urn for loop in self.loops for redrive in loop)

    @cached_property
    def queues(self) -> frozenset[str]:
        """URNs of the queues that take in what failed elsewhere, or that say that they may."""
        graph = self._graph
        found: list[Reference] = [
            queue
            for token, name in _FAILURE_SINKS
            for holder in graph.of_type(token)
            for queue in self._in(holder, name)
        ]
        found += [queue for queue in graph.of_type(QUEUE) if _lets_others_redrive(queue)]
        separate = filter(_lets_others_redrive, graph.of_type(REDRIVE_ALLOW_POLICY))
        found += [graph.refer(policy, "queueUrl", QUEUE) for policy in separate]
        return frozenset(queue.urn for queue in found if isinstance(queue, Resource))

    def _in(self, holder: Resource, path: str) -> list[Resource]:
        # Another queue in there is no dead-letter queue: it counts only while it is not known which is which.
        if (arn := holder.at(path)) is State.UNKNOWN:
            return self._graph.refers(holder, path, QUEUE)
        queue = self._graph.refer_by(arn, holder, path.partition(".")[0], QUEUE)
        return [queue] if isinstance(queue, Resource) else []

    def _policy_holder(self, queue: Resource) -> Resource | State:
        return _holder(queue, "redrivePolicy", self._separate)

    @cached_property
    def _separate(self) -> Mapping[str | None, Resource]:
        return self._by_queue(REDRIVE_POLICY)

    @cached_property
    def _separate_allow(self) -> Mapping[str | None, Resource]:
        return self._by_queue(REDRIVE_ALLOW_POLICY)

    def _by_queue(self, token: str) -> Mapping[str | None, Resource]:
        """Policies that are resources of their own, by the URN of the queue; `None` for one not known."""
        found: dict[str | None, Resource] = {}
        for separate in self._graph.of_type(token):
            owner = self._graph.refer(separate, "queueUrl", QUEUE)
            if isinstance(owner, Resource):
                found[owner.urn] = separate
            elif owner is State.UNKNOWN:
                found[None] = separate
        return found


def _holder(queue: Resource, name: str, separate: Mapping[str | None, Resource]) -> Resource | State:
    """What holds a policy of a queue: the queue itself, or a resource of its own."""
    if queue.object(name).content not in ({}, State.UNSET):
        return queue
    return separate.get(queue.urn, State.UNKNOWN if None in separate else State.UNSET)


def _lets_others_redrive(holder: Resource) -> bool:
    policy = holder.object("redriveAllowPolicy")
    return policy.content is not State.UNSET and policy.text("redrivePermission") != "denyAll"
