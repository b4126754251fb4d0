"""What a client asks AWS for, and answers that moto never gives: by botocore's events, around real calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Parameters = dict[str, Any]


def recorded(client: Any, operation: str) -> list[Parameters]:
    """The parameters of each later call of an operation such as `SendMessageBatch`."""
    calls: list[Parameters] = []

    def record(params: Parameters, **_: Any) -> None:
        calls.append(params)

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"provide-client-params.{service}.{operation}", record)
    return calls


def answering(client: Any, operation: str, change: Callable[[Parameters], None]) -> None:
    """Change every later answer to an operation before the client sees it."""

    def alter(parsed: Parameters, **_: Any) -> None:
        change(parsed)

    client.meta.events.register(f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}", alter)


def refusing(client: Any, operation: str, code: str, status: int = 400) -> None:
    """Let every later call of an operation fail, after AWS has done it."""

    def refuse(http_response: Any, parsed: Parameters, **_: Any) -> None:
        http_response.status_code = status
        parsed["Error"] = {"Code": code, "Message": "no"}
        parsed["ResponseMetadata"]["HTTPStatusCode"] = status

    client.meta.events.register(f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}", refuse)
