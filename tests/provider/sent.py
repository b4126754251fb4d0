"""What a client sends."""

from __future__ import annotations

from typing import Any


def requests_of(client: Any, service_name: str, *operations: str) -> list[dict[str, Any]]:
    """What a client is asked to send from now on, in these operations."""
    requests: list[dict[str, Any]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in operations:
            requests.append(params)

    client.meta.events.register(f"provide-client-params.{service_name}", note)
    return requests
