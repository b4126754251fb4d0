"""The policy pack behind the same servicer that Pulumi's SDK puts behind gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import Context
from typing import Any, NamedTuple

import pulumi_policy.policy as sdk
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2

from policy.engine.analysis import policies
from policy.facts import Resource
from policy.rule import Rule
from policy.rules import RULES
from policy.settings import Settings


class Diagnostic(NamedTuple):
    """One line that a user gets to see."""

    policy: str
    level: str
    name: str
    """Logical name of the resource, or nothing."""
    message: str


def request(resources: Iterable[Resource]) -> analyzer_pb2.AnalyzeStackRequest:
    """Resources as the engine sends them: every number a float, nothing but JSON."""
    return analyzer_pb2.AnalyzeStackRequest(resources=[_message(resource) for resource in resources])


def servicer(policies: Sequence[sdk.Policy]) -> Any:
    """What the engine talks to in the process of a pack."""
    make: Any = sdk._PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage]
    return make("order-pipelines", "0.0.1", [*policies], sdk.EnforcementLevel.ADVISORY)


def analyze(
    resources: Iterable[Resource], rules: Sequence[Rule] = RULES, settings: Settings | None = None
) -> list[Diagnostic]:
    """What the whole pack says about a program, in its order."""
    return said(servicer(policies(rules, settings or Settings())), resources)


def said(pack: Any, resources: Iterable[Resource]) -> list[Diagnostic]:
    """What a pack that runs already says about a program."""
    response = Context().run(pack.AnalyzeStack, request(resources), None)
    return [
        Diagnostic(
            found.policyName,
            analyzer_pb2.EnforcementLevel.Name(found.enforcementLevel),
            found.urn.rpartition("::")[2],
            found.message,
        )
        for found in response.diagnostics
    ]


def _message(resource: Resource) -> analyzer_pb2.AnalyzerResource:
    properties = struct_pb2.Struct()
    properties.update(dict(resource.properties))
    return analyzer_pb2.AnalyzerResource(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=properties,
        dependencies=[urn for urns in resource.dependencies.values() for urn in urns],
        propertyDependencies={
            name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns) for name, urns in resource.dependencies.items()
        },
    )
