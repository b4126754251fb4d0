"""An order as it is sent: its version, its id, and every field that came with it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from .errors import PoisonError

VERSION = 1
"""The version of the schema that this code knows. A new one is added here before any producer sends it."""

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True)
class Order:
    """One order."""

    version: int
    """Of the schema; 1 where the body has none."""
    order_id: str
    """1 to 100 characters of A-Z, a-z, 0-9, _ and -, so that it can be a key, a group and a name anywhere."""
    fail: bool
    """Whether it asks to fail, to show what happens to an order while something that it needs is away."""
    fields: Mapping[str, Any]
    """The whole body, with fields that this code does not know: a newer producer may need them kept."""

    @classmethod
    def read(cls, body: str) -> Order:
        """Read an order from the body of a message.

        Args:
            body: A JSON object such as `{"orderId": "A-1", "version": 1}`. Only orderId is required.

        Raises:
            PoisonError: It is no order of a known version. The reason has nothing of the body in it.
        """
        try:
            fields = json.loads(body, parse_constant=_finite, parse_float=_finite)
        except (TypeError, ValueError):
            raise PoisonError("the message is not JSON") from None
        except RecursionError:
            raise PoisonError("the message is nested too deeply to be read") from None
        if not isinstance(fields, dict) or "orderId" not in fields:
            raise PoisonError("the message is not an order: it has no orderId")
        fields = cast("dict[str, Any]", fields)
        version, order_id = fields.get("version", VERSION), fields["orderId"]
        if type(version) is not int or version != VERSION:  # `True` and 1.0 equal 1 and are no versions
            raise PoisonError(f"the order's version is not known: it must be {VERSION}, which is also the default")
        if not isinstance(order_id, str) or not _ORDER_ID.fullmatch(order_id):
            raise PoisonError("the orderId must be a text of 1 to 100 characters of A-Z, a-z, 0-9, _ and -")
        return cls(version=version, order_id=order_id, fail=fields.get("fail") is True, fields=fields)


def _finite(number: str) -> float:
    """A number as JSON has it; Python would also take NaN, and 1e999 for infinity, which nobody could read again."""
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value
