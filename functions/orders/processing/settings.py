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
    "LARGEST_AMOUNT_PARAMETER": (r"\S+", "the name or the ARN of a parameter"),
    "MAX_RECEIVE_COUNT": (r"[1-9][0-9]{0,2}|1000", "a whole number, 1..1000"),
    "ORDERS_TABLE": (r"\S+", "the name or the ARN of a table"),
    "POWERTOOLS_METRICS_NAMESPACE": (r"\S.*", "the name of a namespace"),
    "POWERTOOLS_SERVICE_NAME": (r"\S.*", "the name of a service"),
    "RETRY_AFTER": (r"true|false", "true or false"),
    "TRACE_ORDERS": (r"true|false", "true or false"),
}
"""What a value must match as a whole, and in words. An empty value is none."""
_NEEDS = {
    "EVENT_BUS": "ORDERS_TABLE",
    "IDEMPOTENCY_TABLE": "ORDERS_TABLE",
    "MAX_RECEIVE_COUNT": "DEAD_LETTER_QUEUE_URL",
}
"""What a variable is of no use without."""


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
    max_receive_count: int = 0
    """`MAX_RECEIVE_COUNT`: how often the queue lets a message be received before SQS moves it to the dead-letter queue,
    1..1000: the queue's own maxReceiveCount. An order that fails its last attempt is then sent there with the reason.
    Needs that queue's URL. Default: 0, it is not known, and SQS moves such orders without a reason.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue.html"""
    retry_after: bool = False
    """`RETRY_AFTER`: whether the visibility timeout of a message is changed to what its order waits for."""
    fifo_failures: Literal["block", "skip"] = "block"
    """`FIFO_FAILURES`: whether the orders after a failed one of its message group wait for it, or go on."""
    claim_check_bucket: str = ""
    """`CLAIM_CHECK_BUCKET`: the only bucket from which the body of a large order is read."""
    largest_amount_parameter: str = ""
    """`LARGEST_AMOUNT_PARAMETER`: the parameter of Systems Manager, of type String, with the largest amount that is
    processed by itself; a change counts after 5 minutes at most. Default: any amount is."""
    trace_orders: bool = False
    """`TRACE_ORDERS`: whether each order has a subsegment in X-Ray's trace of its invocation."""
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
        problems += [f"{name} needs {other}" for name, other in _NEEDS.items() if name in given and other not in given]
        if problems:
            raise SettingsError("; ".join(problems))
        return cls(
            orders_table=given.get("ORDERS_TABLE", ""),
            event_bus=given.get("EVENT_BUS", ""),
            idempotency_table=given.get("IDEMPOTENCY_TABLE", ""),
            dead_letter_queue_url=given.get("DEAD_LETTER_QUEUE_URL", ""),
            max_receive_count=int(given.get("MAX_RECEIVE_COUNT", cls.max_receive_count)),
            retry_after=given.get("RETRY_AFTER") == "true",
            fifo_failures=cast("Literal['block', 'skip']", given.get("FIFO_FAILURES", cls.fifo_failures)),
            claim_check_bucket=given.get("CLAIM_CHECK_BUCKET", ""),
            largest_amount_parameter=given.get("LARGEST_AMOUNT_PARAMETER", ""),
            trace_orders=given.get("TRACE_ORDERS") == "true",
            service_name=given.get("POWERTOOLS_SERVICE_NAME", cls.service_name),
            metrics_namespace=given.get("POWERTOOLS_METRICS_NAMESPACE", ""),
        )
