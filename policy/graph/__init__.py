"""The pipelines of a program: its resources and what each refers to, however the program refers to it.

The views of it, such as who consumes a queue or which alarm watches it, are built once, when a rule first asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from policy.facts import Fact, Resource, State
from policy.graph.alarms import Alarms
from policy.graph.consumers import Consumer, consumers
from policy.graph.dead_letters import DeadLetters
from policy.graph.permissions import Permissions
from policy.graph.producers import Producer, producers
from policy.graph.references import Reference, known_texts, names_of, names_to_look_for


class Graph:
    """The resources of one program and how they refer to each other."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = sorted(resources, key=lambda resource: resource.urn)
        self._by_urn = {resource.urn: resource for resource in self.resources}

    def of_type(self, *tokens: str) -> list[Resource]:
        """All resources of these types, type by type in the order of their URNs."""
        return [resource for token in tokens for resource in self._by_type.get(token, ())]

    @property
    def stack(self) -> str:
        """The stack, as every URN has it; the engine tells it to a policy pack only in some cases."""
        return self.resources[0].urn.partition("::")[0].rpartition(":")[2] if self.resources else ""

    def resource(self, urn: str) -> Resource | None:
        """The resource of a URN."""
        return self._by_urn.get(urn)

    def refer(self, holder: Resource, path: str, *tokens: str) -> Reference:
        """What a property refers to: a resource of one of these types.

        Args:
            holder: The resource with the property.
            path: The property, and the way inside it: `destinationConfig.onFailure.destination`.
            tokens: Types that may be referred to.

        Returns:
            The resource, found by its ARN, URL, id or name, or by what the property depends on while that is not
            known; the text when it is known and names nothing in this program; `UNSET`; or `UNKNOWN`.
        """
        name, _, inside = path.partition(".")
        found = self.refer_by(holder.at(path), holder, name, *tokens)
        # A text that was put together by hand, such as the ARN of an alias, comes from what it names.
        if isinstance(found, str) and not inside and len(sources := self.depends_on(holder, path, *tokens)) == 1:
            return sources[0]
        return found

    def refer_by(self, value: Fact, holder: Resource, name: str, *tokens: str) -> Reference:
        """The same of a value that is somewhere inside a property, such as in an item of a list.

        The property may name several things: what it depends on says nothing of a value that is known.
        """
        if value is State.UNSET:
            return State.UNSET
        texts = list(known_texts(value))
        for text in texts:
            for found in self._named(text, tokens):
                return found
        if isinstance(value, str) and len(texts) == 1:
            return texts[0]
        found = self.depends_on(holder, name, *tokens)
        return found[0] if len(found) == 1 else State.UNKNOWN

    def refers(self, holder: Resource, path: str, *tokens: str) -> list[Resource]:
        """All resources of these types that a property refers to anywhere inside, in the order of their URNs."""
        name = path.partition(".")[0]
        found = {resource.urn: resource for resource in self.depends_on(holder, name, *tokens)}
        for text in known_texts(holder.fact(name)):
            found |= {resource.urn: resource for resource in self._named(text, tokens)}
        return [found[urn] for urn in sorted(found)]

    def depends_on(self, holder: Resource, name: str, *tokens: str) -> list[Resource]:
        """The resources of these types that the value of a property comes from."""
        known = (self._by_urn.get(urn) for urn in holder.dependencies.get(name, ()))
        return [resource for resource in known if resource and resource.type in tokens]

    @cached_property
    def consumers(self) -> list[Consumer]:
        """Every event source mapping with its source and its function."""
        return consumers(self)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """Which queue takes in what failed where."""
        return DeadLetters(self)

    @cached_property
    def alarms(self) -> Alarms:
        """Which alarm watches what."""
        return Alarms(self)

    @cached_property
    def permissions(self) -> Permissions:
        """Who may do what, as far as the program says."""
        return Permissions(self)

    @cached_property
    def producers(self) -> list[Producer]:
        """Every service that sends to a queue, and what makes it do so."""
        return producers(self)

    def _named(self, text: str, tokens: Iterable[str]) -> Iterable[Resource]:
        for token in tokens:
            for name in names_to_look_for(token, text):
                if found := self._by_name.get((token, name)):
                    yield found
                    break

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return found

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Resource]:
        """Resources by their type and a text that refers to them; of two with one name the first."""
        return {(resource.type, name): resource for resource in reversed(self.resources) for name in names_of(resource)}
