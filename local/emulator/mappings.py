"""Lets another process drive the event source mappings, in place of the emulator's own pollers.

- The emulator's pollers find nothing.
- A mapping keeps and shows all its options, also those that the emulator drops, and may have a registered consumer of a
  stream as its source.
- `GET /_order-pipelines/mappings` lists the mappings of all accounts and regions; asked with `etag`, it answers when
  they are others than those, or after `wait` seconds.
- `GET /_order-pipelines/now` says how queues, functions and mappings stand, for who only looks on.

<https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import figures
import receives
import resharding
from ministack.core.arn import parse_arn
from ministack.core.responses import (
    get_account_id,
    get_region,
    json_response,
    set_request_account_id,
    set_request_region,
)
from ministack.services import dynamodb, kinesis, lambda_svc, sqs

_PATH, _FIGURES_PATH, _NOW_PATH, _DATA_PATH = (
    f"/_order-pipelines/{name}" for name in ("mappings", "figures", "now", "data")
)
_DROPPED = (
    *("KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig"),
    *("StartingPositionTimestamp", "TumblingWindowInSeconds"),
)
"""Options of a mapping that the emulator takes and does not keep."""
_OF_STREAMS: dict[str, Any] = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "TumblingWindowInSeconds": 0,
}
"""What Lambda sets, and shows, of a mapping to a stream where the caller does not."""
_CLEARED = ("FilterCriteria", "KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig", "ScalingConfig")
"""Options that Lambda no longer shows once they were set to nothing."""
_CREATED_AT, _BEGINS_AFTER = "_CreatedAt", "_BeginsAfter"
"""Where a mapping begins that takes only what comes after it was made: a time, and the last record of a table's stream
at that time. Nobody but the driver sees them."""
_CALLER = b"x-order-pipelines-caller"
"""Header of a call of AWS's API: account and region, with a slash between."""
_CREATED = 202
_LOOK_SECONDS = 0.1
_MOST_SECONDS = 20.0
_by_driver = contextvars.ContextVar("by_driver", default=False)


def mend() -> None:
    """Put it right, once, before the first request."""
    lambda_svc._ensure_poller = lambda: None
    for poll in ("_poll_sqs", "_poll_kinesis", "_poll_dynamodb_streams"):
        setattr(lambda_svc, poll, lambda: False)  # a poller that began with the state it found
    lambda_svc._create_esm = _keeping_all(lambda_svc._create_esm)
    lambda_svc._update_esm = _keeping_changes(lambda_svc._update_esm)
    lambda_svc._delete_esm = _ending_receives(lambda_svc._delete_esm)
    lambda_svc._esm_response = _as_lambda(lambda_svc._esm_response)
    lambda_svc._validate_event_source_arn = _or_consumer(lambda_svc._validate_event_source_arn)
    sqs._enforce_queue_policy = _unless_driven(sqs._enforce_queue_policy)
    receives.mend()
    resharding.mend()
    figures.mend()


def for_driver(epoch: Callable[[], str]) -> Any:
    """What the driver asks for: calls of AWS's API for each batch, and what the emulator tells of its state.

    Args:
        epoch: Says in which epoch its state is.
    """

    async def call(scope: Any, receive: Any, send: Any) -> None:
        head, path = dict(scope["headers"]), scope["path"]
        asked = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        body = (await receive())["body"]
        if caller := head.get(_CALLER, b"").decode():
            account, _, region = caller.partition("/")
            set_request_account_id(account)
            set_request_region(region)
            status, headers, answer = await _called(head, path, body, asked)
        else:
            status, headers, answer = json_response(await _told(epoch, path, asked))
        lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": answer})

    return call


async def _called(head: dict[bytes, bytes], path: str, body: bytes, asked: dict[str, str]) -> Any:
    # As the emulator's own pollers do it: what the role of a function must be allowed is asked when a mapping is made.
    if path.endswith("/invocations"):
        _, _, _, name, _ = path.split("/")
        return await lambda_svc._invoke(name, json.loads(body), {}, asked.get("Qualifier"))
    _by_driver.set(True)
    receives.note(head)
    return await sqs._handle_json(head[b"x-amz-target"].decode().rpartition(".")[2], json.loads(body), path)


async def _told(epoch: Callable[[], str], path: str, asked: dict[str, str]) -> dict[str, Any]:
    if path == _PATH:
        return await _changed(epoch(), asked.get("etag", ""), float(asked.get("wait", 0)))
    if path == _FIGURES_PATH:
        return figures.take(float(asked["before"]))
    if path == _NOW_PATH:
        states = {key[-1]: mapping["State"] for key, mapping in list(lambda_svc._esms._data.items())}
        return {**figures.now(), "mappings": states}
    return figures.data_since(int(asked.get("since", 0)))


def _unless_driven(enforce: Callable[..., None]) -> Callable[..., None]:
    def call(queue: dict[str, Any], action: str) -> None:
        if not _by_driver.get():
            enforce(queue, action)

    return call


async def _changed(epoch: str, etag: str, wait: float) -> dict[str, Any]:
    # It looks by itself, every now and then: what changes a mapping, or the queue of one, are many different calls.
    until = time.monotonic() + min(wait, _MOST_SECONDS)
    while True:
        found = {"epoch": epoch, "mappings": _all()}
        digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        if digest != etag or time.monotonic() >= until:
            return {"etag": digest, **found}
        await asyncio.sleep(_LOOK_SECONDS)


def _all() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for (account, region, _), mapping in list(lambda_svc._esms._data.items()):
        function = lambda_svc._functions.get_scoped(account, region, mapping["FunctionName"]) or {}
        one = {name: value for name, value in mapping.items() if name not in {"LastModified", "LastProcessingResult"}}
        one |= {"Account": account, "Region": region, "Role": (function.get("config") or {}).get("Role", "")}
        queue = sqs._queue_by_arn(mapping["EventSourceArn"]) if ":sqs:" in mapping["EventSourceArn"] else None
        if queue:
            one |= {"QueueUrl": queue["url"], "VisibilityTimeout": int(queue["attributes"]["VisibilityTimeout"])}
        found.append(one)
    return found


def _keeping_all(create: Callable[..., Any]) -> Callable[..., Any]:
    def call(data: dict[str, Any]) -> Any:
        at = round(time.time(), 3)  # as precise as the arrival of a record
        data = data if ":sqs:" in data.get("EventSourceArn", "") else {**_OF_STREAMS, **data}
        answer = create(data)
        if answer[0] == _CREATED:
            mapping = lambda_svc._esms[json.loads(answer[2])["UUID"]]
            mapping |= {name: data[name] for name in _DROPPED if name in data}
            mapping[_CREATED_AT] = at
            if ":dynamodb:" in mapping["EventSourceArn"] and mapping["StartingPosition"] == "LATEST":
                table = mapping["EventSourceArn"].split("/")[1]
                records = dynamodb.stream_live_records(table, account_id=get_account_id(), region=get_region())
                mapping[_BEGINS_AFTER] = records[-1]["dynamodb"]["SequenceNumber"] if records else ""
            answer = json_response(lambda_svc._esm_response(mapping), _CREATED)
        return answer

    return call


def _keeping_changes(update: Callable[..., Any]) -> Callable[..., Any]:
    def call(uuid: str, data: dict[str, Any]) -> Any:
        answer = update(uuid, data)
        mapping = lambda_svc._esms.get(uuid)
        if mapping and "errorType" not in (said := json.loads(answer[2])) and "UUID" in said:
            mapping |= {name: data[name] for name in _DROPPED if name in data}
            receives.end(uuid)
            answer = json_response(lambda_svc._esm_response(mapping), answer[0])
        return answer

    return call


def _ending_receives(delete: Callable[[str], Any]) -> Callable[[str], Any]:
    def call(uuid: str) -> Any:
        receives.end(uuid)
        return delete(uuid)

    return call


def _as_lambda(show: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def call(mapping: dict[str, Any]) -> dict[str, Any]:
        own = {name for name in mapping if name.startswith("_")} | {name for name in _CLEARED if not mapping.get(name)}
        return {name: value for name, value in show(mapping).items() if name not in own}

    return call


def _or_consumer(validate: Callable[[str], Any]) -> Callable[[str], Any]:
    def call(arn: str) -> Any:
        stream, found, _ = arn.partition("/consumer/")
        if not found or not kinesis._consumer_from_arn(arn):
            return validate(arn)
        _, error = validate(stream)
        return (None, error) if error else (parse_arn(stream), None)

    return call
