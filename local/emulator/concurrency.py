"""Reserved concurrency as AWS has it, put right in the running emulator.

- It holds for a function's versions and aliases too, and a mapping invokes one of these.
- A mapping to a queue does not look at it: what it has received and cannot get rid of is throttled, and is back after
  the visibility timeout with one attempt less.

<https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
<https://repost.aws/knowledge-center/lambda-sqs-scaling>
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc


def mend() -> None:
    """Put it right, once, before the first request."""
    lambda_svc._reserved_concurrency = _of_the_function
    lambda_svc._sqs_esm_concurrency = _whatever_is_reserved(lambda_svc._sqs_esm_concurrency)


def _of_the_function(record: dict[str, Any] | None, config: dict[str, Any]) -> int | None:
    del record  # of a version, which does not know what is reserved
    return (lambda_svc._functions.get(config.get("FunctionName", "")) or {}).get("concurrency")


def _whatever_is_reserved(limit: Callable[..., int]) -> Callable[..., int]:
    def batches(mapping: dict[str, Any], record: Any, config: Any, queue: dict[str, Any] | None = None) -> int:
        del record, config
        return limit(mapping, {}, {}, queue)

    return batches
