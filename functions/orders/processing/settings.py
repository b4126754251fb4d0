"""What the function's environment variables ask for, read once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

_VARIABLES = {
    "CLAIM_CHECK_BUCKET": (r"\S+", "the name of a bucket"),
    "DEAD_LETTER_QUEUE_URL": (r"https?://\S+/[\w-]+(\.fifo)?", "the URL of a queue"),
    "EVENT_BUS": (r"\S+", "the name or the ARN of an event bus"),
    "FIFO_FAILURES": (r"block|skip", "block or skip"),
    "IDEMPOTENCY_TABLE": (r"\S+", "the name or the ARN of a table"),
    "ORDERS_TABLE": (r"\S+", "the name or the ARN of a table"),
    "POWERTOOLS_METRICS_NAMESPACE": (r"\S.*", "the name of a namespace"),
    "POWERTOOLS_SERVICE_NAME": (r"\S.*", "the name of a service"),
    "RETRY_AFTER": (r"true|false", "true or false"),
}
"""What a value must match as a whole, and in words. An empty value is none."""


class SettingsError(Exception):
    """Environment variables that cannot work, all of them, by their names and never with their values."""


@dataclass(frozen=True)
class Settings:
    """All that can be set. Without any, the function processes orders with no effect but the log."""

    orders_table: str = ""
    """`ORDERS_TABLE`: the DynamoDB table that orders are written to; its key is the text orderId."""
    event_bus: str = ""
    """`EVENT_BUS`: where `OrderProcessed` is published. Needs the table, which knows what was published."""
    idempotency_table: str = ""
    """`IDEMPOTENCY_TABLE`: keeps two invocations from the same order at the same time. Its key is the text id, and its
    time to live the attribute expiration. Needs the orders' table, which holds for ever what happened."""
    dead_letter_queue_url: str = ""
    """`DEAD_LETTER_QUEUE_URL`: where orders go at once that never succeed. Default: they are tried like others."""
    retry_after: bool = False
    """`RETRY_AFTER`: whether the visibility timeout of a message is changed to what its order waits for."""
    fifo_failures: Literal["block", "skip"] = "block"
    """`FIFO_FAILURES`: whether the orders after a failed one of its message group wait for it, or go on."""
    claim_check_bucket: str = ""
    """`CLAIM_CHECK_BUCKET`: the only bucket from which the body of a large order is read."""
    service_name: str = "orders"
    """`POWERTOOLS_SERVICE_NAME`: the service in logs and metrics."""
    metrics_namespace: str = ""
    """`POWERTOOLS_METRICS_NAMESPACE`: of the metrics. Default: there are none."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: Values that cannot work.
        """
        given = {name: value for name in _VARIABLES if (value := environment.get(name, ""))}
        problems = [
            f"{name} must be {meaning}"
            for name, (pattern, meaning) in _VARIABLES.items()
            if name in given and not re.fullmatch(pattern, given[name])
        ]
        problems += [
            f"{name} needs ORDERS_TABLE"
            for name in ("EVENT_BUS", "IDEMPOTENCY_TABLE")
            if name in given and "ORDERS_TABLE" not in given
        ]
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(
            orders_table=given.get("ORDERS_TABLE", ""),
            event_bus=given.get("EVENT_BUS", ""),
            idempotency_table=given.get("IDEMPOTENCY_TABLE", ""),
            dead_letter_queue_url=given.get("DEAD_LETTER_QUEUE_URL", ""),
            retry_after=given.get("RETRY_AFTER") == "true",
            fifo_failures=cast("Literal['block', 'skip']", given.get("FIFO_FAILURES", cls.fifo_failures)),
            claim_check_bucket=given.get("CLAIM_CHECK_BUCKET", ""),
            service_name=given.get("POWERTOOLS_SERVICE_NAME", cls.service_name),
            metrics_namespace=given.get("POWERTOOLS_METRICS_NAMESPACE", ""),
        )
