"""Resources of a program by hand, as Pulumi hands them to a policy pack: deployed, or in a first preview."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import proxy

from policy.facts import Resource
from policy.tokens import ALIAS, FUNCTION, MAPPING, QUEUE

UNKNOWN = proxy.UNKNOWN_STRING_VALUE
ACCOUNT = "arn:aws:{}:eu-central-1:000000000001:{}"


def resource(
    token: str, name: str, properties: Mapping[str, Any], **dependencies: Resource | Sequence[Resource]
) -> Resource:
    """A resource and, for each property, the one that its value comes from, or several."""
    return Resource(
        urn=f"urn:pulumi:test::orders::{token}::{name}",
        type=token,
        name=name,
        properties=properties,
        dependencies={
            key: [found.urn for found in ([value] if isinstance(value, Resource) else value)]
            for key, value in dependencies.items()
        },
    )


def queue(
    name: str = "orders", *, deployed: bool = True, redrives_to: Resource | None = None, **properties: Any
) -> Resource:
    """A queue with what AWS knows about it, or with the unknowns of a first preview."""
    url = f"https://sqs.eu-central-1.amazonaws.com/000000000001/{name}-1a2b"
    known = {"arn": ACCOUNT.format("sqs", f"{name}-1a2b"), "url": url, "id": url}
    filled_in = {"arn": UNKNOWN, "url": UNKNOWN, "redrivePolicy": UNKNOWN, "redriveAllowPolicy": UNKNOWN}
    values = {"name": f"{name}-1a2b", **(known if deployed else filled_in), **properties}
    if redrives_to is None:
        return resource(QUEUE, name, values)
    policy = redrive_to(redrives_to) if deployed else UNKNOWN
    return resource(QUEUE, name, {**values, "redrivePolicy": policy}, redrivePolicy=redrives_to)


def function(name: str = "worker", *, deployed: bool = True, **properties: Any) -> Resource:
    """A function."""
    arn = ACCOUNT.format("lambda", f"function:{name}-3c4d")
    known = {"arn": arn, "id": f"{name}-3c4d"} if deployed else {"arn": UNKNOWN}
    return resource(FUNCTION, name, {"name": f"{name}-3c4d", "timeout": 30.0, **known, **properties})


def alias(of: Resource, *, deployed: bool = True, **properties: Any) -> Resource:
    """An alias of a function."""
    known = {"arn": f"{of.properties['arn']}:live"} if deployed else {"arn": UNKNOWN}
    return resource(
        ALIAS,
        "live",
        {"name": "live-5e6f", "functionName": of.properties["name"], **known, **properties},
        functionName=of,
    )


def mapping(source: Resource, target: Resource, name: str = "mapping", **properties: Any) -> Resource:
    """A mapping that refers to both by their ARNs, known or not."""
    arns = {"eventSourceArn": source.properties["arn"], "functionName": target.properties["arn"]}
    return resource(MAPPING, name, {**arns, **properties}, eventSourceArn=source, functionName=target)


def redrive_to(dead_letters: Resource) -> str:
    """A redrive policy."""
    return json.dumps({"deadLetterTargetArn": dead_letters.properties["arn"], "maxReceiveCount": 3})
