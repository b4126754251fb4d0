"""What AWS does with Kinesis streams and DynamoDB tables and the emulator does not, put right in the running emulator.

- A stream changes between on-demand and provisioned, shows the metrics of its shards, and has its tags from the start;
  on demand it starts with four shards.
- A stream with registered consumers is only deleted by who says so.
- The stream of a table changes its view only by way of off, and a table without one shows none.
- The time to live of a table does not move from one attribute to another while it is on.

<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html>
<https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html>
<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_StreamSpecification.html>
<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html>
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import dynamodb, kinesis

_TARGET = "x-amz-target"
_MISSING, _CARRIER = ".UpdateStreamMode", ".UpdateShardCount"
"""An operation that the emulator does not have, and the one whose handler here does it."""
_ON_DEMAND, _SHARDS_ON_DEMAND = "ON_DEMAND", 4

Handler = Callable[[dict[str, Any]], Any]


def mend() -> None:
    """Put it right, once, before the first request."""
    kinesis.handle_request = _carried(kinesis.handle_request)
    kinesis._update_shard_count = _or_mode(kinesis._update_shard_count)
    kinesis._create_stream = _as_asked(kinesis._create_stream)
    kinesis._delete_stream = _unless_read(kinesis._delete_stream)
    kinesis._describe_stream_summary = _with_metrics(kinesis._describe_stream_summary)
    dynamodb._update_table = _by_way_of_off(dynamodb._update_table)
    dynamodb._table_description = _without_no_stream(dynamodb._table_description)
    dynamodb._update_ttl = _unless_elsewhere(dynamodb._update_ttl)


def _carried(handle: Callable[..., Any]) -> Callable[..., Any]:
    async def call(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        target = headers.get(_TARGET, "")
        if target.endswith(_MISSING):
            headers = {**headers, _TARGET: target.replace(_MISSING, _CARRIER)}
        return await handle(method, path, headers, *rest)

    return call


def _or_mode(update_shard_count: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        _, stream = kinesis._resolve_stream(data)
        if stream is None or "StreamModeDetails" not in data:
            return update_shard_count(data)
        stream["StreamModeDetails"] = data["StreamModeDetails"]
        return json_response({})

    return call


def _as_asked(create_stream: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        if (data.get("StreamModeDetails") or {}).get("StreamMode") == _ON_DEMAND:
            data = {**data, "ShardCount": _SHARDS_ON_DEMAND}
        answer = create_stream(data)
        if answer[0] == 200:  # noqa: PLR2004
            kinesis._streams[data["StreamName"]]["tags"].update(data.get("Tags") or {})
        return answer

    return call


def _unless_read(delete_stream: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        name, stream = kinesis._resolve_stream(data)
        is_read = stream and any(known["StreamARN"] == stream["StreamARN"] for known in kinesis._consumers.values())
        if not is_read or data.get("EnforceConsumerDeletion"):
            return delete_stream(data)
        message = (
            f"DeleteStream can't delete {get_account_id()}:{name} because there are consumers associated with this "
            f"data stream. To delete {name} anyway, set the EnforceConsumerDeletion parameter to true to force the "
            "deletion of all the consumers that are associated with it."
        )
        return error_response_json("ResourceInUseException", message, 400)

    return call


def _with_metrics(describe: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        status, headers, body = describe(data)
        _, stream = kinesis._resolve_stream(data)
        if stream and (metrics := stream.get("ShardLevelMetrics")):
            shown = [{"ShardLevelMetrics": sorted(metrics)}]
            answer = json.loads(body)
            answer["StreamDescriptionSummary"]["EnhancedMonitoring"] = shown
            return json_response(answer)
        return status, headers, body

    return call


def _by_way_of_off(update_table: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))
        is_on = bool((dynamodb._tables.get(name, {}).get("StreamSpecification") or {}).get("StreamEnabled"))
        if data.get("StreamSpecification") and data["StreamSpecification"].get("StreamEnabled", False) == is_on:
            said = "Table already has an enabled stream" if is_on else "Table has no stream to disable"
            return error_response_json("ValidationException", f"{said}: TableName: {name}", 400)
        return update_table(data)

    return call


def _without_no_stream(describe: Callable[[str], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    def call(name: str) -> dict[str, Any]:
        found = describe(name)
        if not found.get("StreamSpecification", {}).get("StreamEnabled"):
            found.pop("StreamSpecification", None)  # the ARN of the last one stays
        return found

    return call


def _unless_elsewhere(update_ttl: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))
        setting, wanted = dynamodb._ttl_settings.get(name) or {}, data.get("TimeToLiveSpecification") or {}
        is_on, attribute = setting.get("TimeToLiveStatus") == "ENABLED", setting.get("AttributeName")
        if is_on and wanted.get("AttributeName") != attribute:
            message = f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}"
        elif name in dynamodb._tables and wanted.get("Enabled") == is_on:
            message = f"TimeToLive is already {'enabled' if is_on else 'disabled'}"
        else:
            return update_ttl(data)
        return error_response_json("ValidationException", message, 400)

    return call
