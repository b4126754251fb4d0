"""What AWS's services tell CloudWatch of themselves, counted in the running emulator, which tells next to nothing.

It is counted by the minute, and taken away by the process that publishes it (`take`). That process also evaluates the
alarms: the emulator's own evaluation, which looks at no dimension, is off. What others publish it learns by
`data_since`. Who only looks on asks for `now`, which takes nothing away.

<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html>
<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, lambda_svc, sqs

_MINUTE = 60
_ACTIVE_SECONDS = 6 * 3_600
"""How long after the last action a queue without messages goes on sending metrics."""
_MANY_RECEIVES = 3
"""Receives from which on a message no longer counts for the age of a standard queue."""
_MOST_DATA = 100_000
_NOISY_SHARE, _NOISY_COUNT = 0.5, 10
"""A group is noisy with more than this share of the messages in flight, and with this many. AWS says only that the
share is disproportionately large:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html"""

Scope = tuple[str, str]
_counted: dict[tuple[Scope, str, str, tuple[tuple[str, str], ...], int], list[float]] = {}
_of_functions: dict[tuple[Scope, str], Counter[str]] = {}
"""Where a function is and its name -> the sum of each of its metrics since the emulator started."""
_lock = threading.Lock()
_acted_at: dict[str, float] = {}
"""ARN of a queue -> when it was last used."""
_stored = deque[tuple[Any, ...]](maxlen=_MOST_DATA)
_numbers = Counter[str]()
"""How many data points were stored in all."""


def mend() -> None:
    """Begin to count, once, before the first request."""
    for name in ("SendMessage", "SendMessageBatch"):
        sqs._HANDLERS[name] = _counting_sent(sqs._HANDLERS[name])
    for name in ("DeleteMessage", "DeleteMessageBatch"):
        sqs._HANDLERS[name] = _counting_deleted(sqs._HANDLERS[name])
    sqs._HANDLERS["ReceiveMessage"] = _counting_received(sqs._HANDLERS["ReceiveMessage"])
    sqs._dlq_sweep = _noting_the_move(sqs._dlq_sweep)
    lambda_svc._emit_lambda_metrics = lambda *_, **__: None
    lambda_svc._acquire_execution_slot = _counting_throttles(lambda_svc._acquire_execution_slot)
    lambda_svc._execute_function_dispatch = _counting_invocations(lambda_svc._execute_function_dispatch)
    cloudwatch._store_datum = _noting_data(cloudwatch._store_datum)
    cloudwatch._evaluate_alarm = lambda _: None


def take(before: float) -> dict[str, Any]:
    """What was counted in the minutes that are over, which is then forgotten, and how the queues stand now.

    Args:
        before: The end of the last of these minutes, seconds since the epoch.
    """
    with _lock:
        over = [key for key in _counted if key[-1] < before]
        counts = [(key, _counted.pop(key)) for key in over]
    points = [_point(*key, *values) for key, values in counts]
    for (account, region, _), queue in list(sqs._queues._data.items()):
        arn = queue["attributes"]["QueueArn"]
        if queue["messages"] or _acted_at.get(arn, 0) > before - _ACTIVE_SECONDS:
            for name, value in _standing(queue, time.time()).items():
                where = (("QueueName", queue["name"]),)
                points.append(
                    _point((account, region), "AWS/SQS", name, where, int(before) - _MINUTE, 1, value, value, value)
                )
    return {"points": points}


def now() -> dict[str, Any]:
    """How every queue stands, and what every function has counted since the emulator started; by their ARNs."""
    at = time.time()
    with _lock:
        counts = {key: dict(sums) for key, sums in _of_functions.items()}
    return {
        "queues": {
            queue["attributes"]["QueueArn"]: _of_messages(queue["messages"], at, is_fifo=queue["is_fifo"])
            for queue in list(sqs._queues._data.values())
        },
        "functions": {
            f"arn:aws:lambda:{region}:{account}:function:{name}": sums
            for ((account, region), name), sums in counts.items()
        },
    }


def data_since(since: int) -> dict[str, Any]:
    """The data points that were published after the first so many, or all that there are; and where alarms are."""
    stored = _numbers["stored"]
    new = stored - since
    is_known = since > 0 and 0 <= new <= len(_stored)
    found = [*_stored][len(_stored) - new :] if is_known else [*_everything()]
    keys = [*cloudwatch._alarms._data, *cloudwatch._composite_alarms._data]
    points = [_point(*one) for one in found]
    scopes = sorted({(key[0], key[1]) for key in keys})
    return {"until": stored, "is_all": not is_known, "points": points, "alarms": scopes}


def _point(scope: Scope, namespace: str, name: str, dimensions: Any, at: float, *statistics: float) -> dict[str, Any]:
    count, total, low, high = statistics
    return {
        **{"Account": scope[0], "Region": scope[1], "Namespace": namespace, "Name": name},
        **{"Dimensions": dict(dimensions), "Time": at, "SampleCount": count, "Sum": total},
        **{"Minimum": low, "Maximum": high},
    }


def _count(scope: Scope, namespace: str, name: str, dimensions: Mapping[str, str], value: float, at: float) -> None:
    key = (scope, namespace, name, tuple(sorted(dimensions.items())), int(at // _MINUTE) * _MINUTE)
    with _lock:
        found = _counted.setdefault(key, [0, 0, value, value])
        found[0] += 1
        found[1] += value
        found[2], found[3] = min(found[2], value), max(found[3], value)
        if dimensions.keys() == {"FunctionName"}:
            _of_functions.setdefault((scope, dimensions["FunctionName"]), Counter())[name] += value


def _of_queue(queue: Mapping[str, Any], name: str, value: float) -> None:
    _, _, _, region, account, _ = queue["attributes"]["QueueArn"].split(":")
    _acted_at[queue["attributes"]["QueueArn"]] = now = time.time()
    if value:
        _count((account, region), "AWS/SQS", name, {"QueueName": queue["name"]}, value, now)


def _counting_sent(send: Callable[..., Any]) -> Callable[..., Any]:
    def call(data: dict[str, Any], url: str) -> Any:
        queue = sqs._get_q(data.get("QueueUrl", url))
        before = len(queue["messages"])
        answer = send(data, url)
        _of_queue(queue, "NumberOfMessagesSent", len(queue["messages"]) - before)  # without those that came twice
        return answer

    return call


def _counting_deleted(delete: Callable[..., Any]) -> Callable[..., Any]:
    def call(data: dict[str, Any], url: str) -> Any:
        queue = sqs._get_q(data.get("QueueUrl", url))
        answer = delete(data, url)
        _of_queue(queue, "NumberOfMessagesDeleted", len(answer["Successful"]) if "Successful" in answer else 1)
        return answer

    return call


def _counting_received(receive: Callable[..., Any]) -> Callable[..., Any]:
    async def call(data: dict[str, Any], url: str) -> Any:
        queue = sqs._get_q(data.get("QueueUrl", url))
        answer = await receive(data, url)
        messages = answer.get("Messages", [])
        _of_queue(queue, "NumberOfMessagesReceived", len(messages))
        _of_queue(queue, "NumberOfEmptyReceives", not messages)
        return answer

    return call


def _noting_the_move(sweep: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def call(queue: dict[str, Any]) -> None:
        policy = queue["attributes"].get("RedrivePolicy")
        if not policy or not any(message.get("receive_count") for message in queue["messages"]):
            return  # nothing can have been received too often
        target = sqs._queue_by_arn(json.loads(policy).get("deadLetterTargetArn", ""))
        before = len(target["messages"]) if target else 0
        sweep(queue)
        for message in target["messages"][before:] if target else ():
            message |= {"moved_at": time.time(), "moved_count": message.get("receive_count", 0)}

    return call


def _standing(queue: Mapping[str, Any], now: float) -> dict[str, float]:
    """The metrics of a queue that say how it stands.

    The age of a standard queue is that of its oldest message that was received less than three times, and in a
    dead-letter queue it counts from the move.
    """
    messages = queue["messages"]
    shares = Counter(
        message["group_id"] for message in messages if message.get("group_id") and _state(message, now) == "NotVisible"
    )
    noisy = {
        group
        for group, count in shares.items()
        if count >= _NOISY_COUNT and count > _NOISY_SHARE * shares.total() and not queue["is_fifo"]
    }
    found = _of_messages(messages, now, is_fifo=queue["is_fifo"])
    if queue["is_fifo"]:
        found["ApproximateNumberOfGroupsWithInflightMessages"] = len(shares)
    elif any(message.get("group_id") for message in messages):
        quiet = [message for message in messages if message.get("group_id") not in noisy]
        found |= {f"{name}InQuietGroups": value for name, value in _of_messages(quiet, now, is_fifo=False).items()}
        found["ApproximateNumberOfNoisyGroups"] = len(noisy)
    return found


def _of_messages(messages: list[Any], now: float, *, is_fifo: bool) -> dict[str, float]:
    states = Counter(_state(message, now) for message in messages)
    found: dict[str, float] = {
        f"ApproximateNumberOfMessages{state}": states[state] for state in ("Visible", "NotVisible", "Delayed")
    }
    ages = [
        now - message.get("moved_at", message.get("sent_at", now))
        for message in messages
        if is_fifo or message.get("receive_count", 0) - message.get("moved_count", 0) < _MANY_RECEIVES
    ]
    found["ApproximateAgeOfOldestMessage"] = int(max(ages, default=0))
    return found


def _state(message: Mapping[str, Any], now: float) -> str:
    if message.get("visible_at", 0) <= now:
        return "Visible"
    return "NotVisible" if message.get("receive_count") else "Delayed"


def _dimensions(config: Mapping[str, Any]) -> tuple[Scope, list[dict[str, str]]]:
    """Where a function is, and the dimensions under which an invocation counts."""
    _, _, _, region, account, _, name, *qualifier = config["FunctionArn"].split(":")
    of_function = {"FunctionName": name}
    if not qualifier:
        return (account, region), [of_function]
    return (account, region), [of_function, {**of_function, "Resource": f"{name}:{qualifier[0]}"}]


def _counting_throttles(acquire: Callable[..., Any]) -> Callable[..., Any]:
    def call(function: dict[str, Any], config: dict[str, Any]) -> Any:
        slot, limit = acquire(function, config)
        scope, dimensions = _dimensions(config)
        for one in dimensions:
            _count(scope, "AWS/Lambda", "Throttles", one, slot is None, time.time())
        if slot is not None:
            running = lambda_svc._inflight.get(slot, 1)
            _count(scope, "AWS/Lambda", "ConcurrentExecutions", dimensions[0], running, time.time())
        return slot, limit

    return call


def _counting_invocations(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    def call(function: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
        result = dispatch(function, config, event, request_id, started)
        scope, dimensions = _dimensions(config)
        milliseconds = (time.time() - started) * 1_000
        figures = {"Invocations": 1, "Errors": bool(result.get("error")), "Duration": milliseconds}
        for one in dimensions:
            for name, value in figures.items():
                _count(scope, "AWS/Lambda", name, one, value, started)
        return result

    return call


def _noting_data(store: Callable[..., None]) -> Callable[..., None]:
    def call(namespace: str, name: str, dimensions: dict[str, str], *rest: Any) -> None:
        bucket = cloudwatch._metric_bucket((namespace, name, cloudwatch._dims_key(dimensions)))
        before = len(bucket)
        store(namespace, name, dimensions, *rest)
        for point in bucket[before:]:
            _stored.append(_read((get_account_id(), get_region()), namespace, name, point))
            _numbers["stored"] += 1

    return call


def _everything() -> Iterator[tuple[Any, ...]]:
    for key, points in list(cloudwatch._metrics.all_items()):
        scope, (namespace, name, _) = key[:-1], key[-1]
        for point in points:
            yield _read(scope, namespace, name, point)


def _read(scope: Scope, namespace: str, name: str, point: dict[str, Any]) -> tuple[Any, ...]:
    return (scope, namespace, name, point["Dimensions"], point["Timestamp"], *cloudwatch._point_stats(point))
