"""Pulumi's guarded properties as plain data: its guards raise on every touch of an unknown value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

_SCALARS = (str, float, bool, type(None))
"""What most properties are, and so looked at first."""


def plain(value: Any) -> Any:
    """A value without its guards; unknown ones are the SDK's sentinel texts, secret ones are in plain text."""
    if isinstance(value, _SCALARS):
        return value
    for guarded in ("_DictProxy__target", "_ListProxy__target"):
        value = getattr(value, guarded, value)
    # Before a remedy the guards stand around others, which keep secrets apart and are no `dict` or `list`.
    if isinstance(value, (dict, Mapping)):
        return {name: plain(item) for name, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, Sequence)) and not isinstance(value, str):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    # Code and other assets, of which one that is read twice is not equal to itself: no rule looks into them.
    return value if isinstance(value, _SCALARS) else cast("type[object]", type(value))
