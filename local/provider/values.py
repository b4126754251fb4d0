"""Properties between the wire and plain Python: whole numbers as `int`, what is not known yet as `UNKNOWN`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from local.archive import Archive
from local.provider.resource import UNKNOWN, Properties

ARCHIVE_MARK = "\x00archive:"
"""Begins a string that stands for an archive between the gRPC server and here."""


def to_plain(values: Mapping[str, PropertyValue]) -> Properties:
    """Plain properties of a request."""
    return {name: _plain(value) for name, value in values.items()}


def to_wire(properties: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """Properties of an answer."""
    return {name: _wire(value) for name, value in properties.items()}


def _plain(value: PropertyValue) -> Any:
    inner = value.value
    if inner == rpc.UNKNOWN:  # `PropertyValue` has a `Computed` of its own, but cannot read or write it on the wire
        return UNKNOWN
    if isinstance(inner, str) and inner.startswith(ARCHIVE_MARK):
        return Archive(json.loads(inner.removeprefix(ARCHIVE_MARK)))
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping):
        return {name: _plain(item) for name, item in inner.items()}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [_plain(item) for item in inner]
    return inner


def _wire(value: Any) -> PropertyValue:
    if isinstance(value, Archive):
        return PropertyValue(ARCHIVE_MARK + json.dumps(value.wire))
    if value is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    if isinstance(value, Mapping):
        return PropertyValue({name: _wire(item) for name, item in cast("Mapping[str, Any]", value).items()})
    if isinstance(value, (list, tuple)):
        return PropertyValue([_wire(item) for item in cast("list[Any]", value)])
    if value is None or isinstance(value, (bool, float, str)):
        return PropertyValue(value)
    if isinstance(value, pulumi.Asset):
        return PropertyValue(value)  # no type here takes one; it only has to survive until it is refused
    raise TypeError(f"a resource property cannot hold a {type(value).__name__}")
