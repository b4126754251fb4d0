"""How a text refers to a resource: by its ARN, URL, id or name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from policy import tokens
from policy.facts import Resource, State, fact_of, parsed

Reference = Resource | str | State
"""A resource of this program; the ARN, URL or name of one that is not in it; `UNSET`; or `UNKNOWN`."""

_ARN = re.compile(r"arn:[\w-]+:(?P<service>[\w-]+):[\w-]*:\w*:(?P<resource>.+)")
_NAME_IN_ARN: Mapping[str, tuple[str, str]] = {
    tokens.QUEUE: ("sqs", r"([^:/]+)"),
    tokens.TOPIC: ("sns", r"([^:/]+)"),
    tokens.FUNCTION: ("lambda", r"function:([^:]+).*"),
    tokens.STREAM: ("kinesis", r"stream/([^/]+).*"),
    tokens.TABLE: ("dynamodb", r"table/([^/]+).*"),
    tokens.BUCKET: ("s3", r"([^/]+).*"),
    tokens.ROLE: ("iam", r"role/(?:.*/)?([^/]+)"),
    tokens.POLICY: ("iam", r"policy/(?:.*/)?([^/]+)"),
    tokens.ALARM: ("cloudwatch", r"alarm:(.+)"),
    tokens.COMPOSITE_ALARM: ("cloudwatch", r"alarm:(.+)"),
    tokens.KEY_ALIAS: ("kms", r"(alias/.+)"),
    tokens.LOG_GROUP: ("logs", r"log-group:([^:]+).*"),
}
"""The service in the ARN of a type, and where its name is."""
_QUEUE_URL = re.compile(r"https?://[^/]+/\w+/([^/]+)")
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html"""
_IDENTIFIERS = ("arn", "url", "id", "uuid", "streamArn", "name", "alarmName", "bucket", "keyId")
_NOT_BY_NAME = frozenset({tokens.ALIAS})
"""An alias has a name within its function only: `live` may be any."""


def names_of(resource: Resource) -> Iterator[str]:
    """The texts that refer to a resource of its type; the name within an ARN only as long as its ARN is not known."""
    for identifier in _IDENTIFIERS:
        if identifier == "name" and resource.type in _NOT_BY_NAME:
            continue
        text = resource.fact(identifier)
        if isinstance(text, str):
            yield text
            # A program may write the ARN of a queue by hand before the provider tells it.
            if identifier in {"name", "bucket"} and isinstance(resource.fact("arn"), State):
                yield f"name:{text}"


def names_to_look_for(token: str, text: str) -> Iterator[str]:
    """What a text may be the name of, for a resource of this type, the surest first."""
    yield text
    if token == tokens.FUNCTION:
        yield text.rpartition(":")[0]  # a function may have its version or alias at the end
        yield text.partition(":function:")[2].partition(":")[0]  # or only its account in front
    if token == tokens.QUEUE and (url := _QUEUE_URL.fullmatch(text)):
        yield f"name:{url[1]}"
    service, pattern = _NAME_IN_ARN.get(token, ("", ""))
    arn = _ARN.fullmatch(text)
    if service and arn and arn["service"] == service and (name := re.fullmatch(pattern, arn["resource"])):
        yield f"name:{name[1]}"


def known_texts(value: Any) -> Iterator[str]:
    """Every text inside a nested value, and inside JSON in it, that is known."""
    value = parsed(fact_of(value))
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from known_texts(item)
    elif isinstance(value, Sequence):
        for item in cast("Sequence[Any]", value):
            yield from known_texts(item)
