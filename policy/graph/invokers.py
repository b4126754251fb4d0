"""Functions and what invokes them: mappings that poll for them, and services that invoke them asynchronously."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.facts import Fact, Object, Resource, State
from policy.graph.consumers import qualifier_in
from policy.tokens import (
    ALIAS,
    BUCKET_NOTIFICATION,
    EVENT_INVOKE_CONFIG,
    EVENT_TARGET,
    FUNCTION,
    QUEUE,
    SCHEDULE,
    STREAM,
    SUBSCRIPTION,
    TOPIC,
)

if TYPE_CHECKING:
    from policy.graph import Graph

LATEST = "$LATEST"
"""What is invoked when no version and no alias is named."""
_OTHER_TARGETS = (QUEUE, STREAM, TOPIC)
"""What a schedule may name besides a function: its target and its dead-letter queue are in one property."""


@dataclass(frozen=True)
class Invoker:
    """What makes a service invoke a function asynchronously.

    A permission does not: it says who may, and remains when the subscription is gone.
    """

    by: Resource
    """The subscription, event target, schedule or bucket notification."""
    function: Resource
    qualifier: str | State
    """The alias or version that it invokes, or `$LATEST`; never `UNSET`."""


class FailureDestinations:
    """Which functions have a failure destination for asynchronous invocations, and for which qualifiers."""

    def __init__(self, graph: Graph) -> None:
        self._qualifiers: dict[str, set[str | State]] = {}
        self.unknown = False
        """Whether there is one of a function that is not known yet."""
        for config in graph.of_type(EVENT_INVOKE_CONFIG):
            if config.object("destinationConfig").object("onFailure").text("destination") is not State.UNSET:
                self._add(graph, config)

    def covers(self, invoker: Invoker) -> bool | State:
        """Whether what an invoker's function could not process goes to a destination.

        That of an alias or a version is of no use to another, nor to `$LATEST`.
        """
        of_function = self._qualifiers.get(invoker.function.urn, set())
        if invoker.qualifier in of_function and invoker.qualifier is not State.UNKNOWN:
            return True
        unsure = of_function and State.UNKNOWN in {invoker.qualifier, *of_function}
        return State.UNKNOWN if unsure or self.unknown else False

    def _add(self, graph: Graph, config: Resource) -> None:
        value = config.fact("functionName")
        for function, named in _targets(graph, config, "functionName", value):
            qualifier = config.text("qualifier", named)
            if qualifier is State.UNKNOWN and (aliases := graph.depends_on(config, "qualifier", ALIAS)):
                qualifier = aliases[0].text("name")
            self._qualifiers.setdefault(function.urn, set()).add(qualifier)
            return
        self.unknown = self.unknown or value is State.UNKNOWN


def invokers(graph: Graph) -> list[Invoker]:
    """Everything that makes a service invoke a function of this program, kind by kind."""
    return [
        Invoker(by, function, qualifier)
        for by, name, value in _triggers(graph)
        for function, qualifier in _targets(graph, by, name, value)
    ]


def consuming(graph: Graph) -> list[Resource]:
    """The functions of this program that a mapping invokes, in the order of their URNs."""
    found = {
        function.urn: function for consumer in graph.consumers if isinstance(function := consumer.function, Resource)
    }
    return [found[urn] for urn in sorted(found)]


def _triggers(graph: Graph) -> Iterator[tuple[Resource, str, Fact]]:
    """What names functions to be invoked: the property that it does so in, and the value.

    SNS: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    Scheduler: https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    S3: https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    """
    for subscription in graph.of_type(SUBSCRIPTION):
        if subscription.text("protocol") == "lambda":
            yield subscription, "endpoint", subscription.fact("endpoint")
    for target in graph.of_type(EVENT_TARGET):
        yield target, "arn", target.fact("arn")
    for schedule in graph.of_type(SCHEDULE):
        arn = schedule.object("target").fact("arn")
        if arn is not State.UNKNOWN or not graph.depends_on(schedule, "target", *_OTHER_TARGETS):
            yield schedule, "target", arn
    for notification in graph.of_type(BUCKET_NOTIFICATION):
        items = notification.items("lambdaFunctions")
        for item in [Object(items)] if isinstance(items, State) else items:
            yield notification, "lambdaFunctions", item.fact("lambdaFunctionArn") if isinstance(item, Object) else item


def _targets(graph: Graph, holder: Resource, name: str, value: Fact) -> Iterator[tuple[Resource, str | State]]:
    """The functions that a value names, or that it may name as long as it is not known, each with its qualifier."""
    if isinstance(value, str):
        # The value alone says it: the property may hold others, and so depend on others.
        found = graph.refer_by(value, holder, "", ALIAS)
        found = found if isinstance(found, Resource) else graph.refer_by(value, holder, "", FUNCTION)
        resources = [found] if isinstance(found, Resource) else []
    elif value is State.UNKNOWN:
        resources = graph.depends_on(holder, name, ALIAS) or graph.depends_on(holder, name, FUNCTION)
    else:
        resources = []
    for resource in resources:
        if resource.type == FUNCTION:
            yield resource, _qualifier(resource, value)
        elif isinstance(function := graph.refer(resource, "functionName", FUNCTION), Resource):
            yield function, resource.text("name")


def _qualifier(function: Resource, value: Fact) -> str | State:
    if isinstance(value, str):
        named = qualifier_in(value)
        return LATEST if named is State.UNSET else named
    # Of a function that publishes no versions, the qualified ARN names `$LATEST` as well.
    return LATEST if function.flag("publish", default=False) is False else State.UNKNOWN
