"""Properties as boto3 spells them: tables of `camelCase` -> `AwsName`, used in both directions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from local.provider.resource import Properties

Fields = Mapping[str, "str | tuple[str, Fields]"]
"""Property -> its name in the AWS API; for an object (or a list of them) also the table of its own properties."""


def to_aws(fields: Fields, properties: Mapping[str, Any]) -> Any:
    """The given properties as arguments of a boto3 call."""
    arguments: dict[str, Any] = {}
    for name, field in fields.items():
        if (value := properties.get(name)) is not None:
            aws_name, inner = (field, None) if isinstance(field, str) else field
            arguments[aws_name] = value if inner is None else _each(to_aws, inner, value)
    return arguments


def from_aws(fields: Fields, answer: Mapping[str, Any]) -> Properties:
    """The properties that a boto3 answer holds; what AWS leaves empty is left out."""
    properties: Properties = {}
    for name, field in fields.items():
        aws_name, inner = (field, None) if isinstance(field, str) else field
        value = answer.get(aws_name)
        if value is not None and inner is not None:
            value = _each(from_aws, inner, value)
        if value not in (None, "", [], {}):
            properties[name] = value
    return properties


def _each(convert: Any, fields: Fields, value: Any) -> Any:
    if isinstance(value, list):
        return [convert(fields, item) for item in cast("list[Any]", value)]
    return convert(fields, value)


def parsed_json(text: Any) -> Any:
    """JSON by its meaning: two spellings of one policy are equal."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def sync_tags(
    olds: Properties,
    news: Properties,
    untag: Callable[[list[str]], object],
    tag: Callable[[dict[str, str]], object],
) -> None:
    """Take off the tags that are gone, and set those that are new or changed."""
    old: dict[str, str] = olds.get("tags") or {}
    new: dict[str, str] = news.get("tags") or {}
    if removed := sorted(old.keys() - new.keys()):
        untag(removed)
    if changed := {key: value for key, value in new.items() if old.get(key) != value}:
        tag(changed)


def tag_list(tags: Mapping[str, str] | None) -> Any:
    """Tags as the services want them that take a list of `Key` and `Value`."""
    return [{"Key": key, "Value": value} for key, value in sorted((tags or {}).items())]


def tag_map(tags: Any) -> dict[str, str] | None:
    """Tags from a list of `Key` and `Value`; `None` when there are none."""
    return {tag["Key"]: tag["Value"] for tag in tags} or None
