"""Arguments of an `OrderPipeline` as hypothesis draws them: sound ones, and any, which are mostly not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.pipelines import Later

DAY = 86_400
WORKER = "worker"
LEGACY = "https://sqs.eu-central-1.amazonaws.com/000000000001/legacy"
_FUNCTION = {
    "arn": "arn:aws:lambda:eu-central-1:000000000001:function:worker",
    "loggingConfig": {"logFormat": "JSON", "logGroup": "/shop/worker"},
    "name": "worker",
    "role": "arn:aws:iam::000000000001:role/worker",
    "timeout": 60,
}
_QUEUE = {
    "arn": "arn:aws:sqs:eu-central-1:000000000001:legacy",
    "delaySeconds": 0,
    "maxMessageSize": 262_144,
    "messageRetentionSeconds": 4 * DAY,
    "name": "legacy",
    "redrivePolicy": '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000001:failed","maxReceiveCount":5}',
    "url": LEGACY,
    "visibilityTimeoutSeconds": 6 * 900 + 300,
}
EXISTING: Mapping[str, Mapping[str, Any]] = {
    WORKER: _FUNCTION,
    "text": _FUNCTION,
    LEGACY: _QUEUE,
    f"{LEGACY}.fifo": {**_QUEUE, "fifoQueue": True, "url": f"{LEGACY}.fifo"},
}
"""What is deployed elsewhere: functions, and queues that fit any function."""

_IMAGE = "000000000001.dkr.ecr.eu-central-1.amazonaws.com/orders:1"
_KEY_ARN = "arn:aws:kms:eu-central-1:000000000001:key/1234"
_TOPIC = "arn:aws:sns:eu-central-1:000000000002:store"
_PATTERN = {"source": ["store"]}
_BODY_PART = "$request.body.customerId"
_ALARMS = (
    "age", "backlog", "dead-letters", "dead-letters-grew", "duration", "errors", "mapping-failing", "not-polling",
    "stalled", "throttles",
)  # fmt: skip
"""Alarms of every pipeline."""
_SILENT = {alarm: {"enabled": False} for alarm in _ALARMS}
"""Most pipelines go without alarms, which make up half of a pipeline and of the time that it takes to try one."""
_EXPIRING = "dead-letters-expiring"
"""One that a queue deployed elsewhere lacks."""


@dataclass(frozen=True)
class Example:
    """One pipeline to try."""

    name: str
    arguments: dict[str, Any]
    is_previewed: bool


def _within(low: int, high: int) -> st.SearchStrategy[int]:
    """Numbers of a range, often at its ends."""
    return st.sampled_from([low, high]) | st.integers(low, high)


_SELDOM = st.sampled_from([False, False, False, False, False, True])


def _written(value: int) -> st.SearchStrategy[Any]:
    """A number as a program gives it, as another language does, or known later."""
    return st.sampled_from([value, float(value), Later(value)])


@st.composite
def _sound(draw: st.DrawFn) -> dict[str, Any]:
    """Arguments whose numbers fit: each is drawn from what those before it leave."""
    owner = draw(st.sampled_from(["code", "image", "existing_function"]))
    queue = draw(st.sampled_from(["standard", "fair", "fifo", "existing_queue"]))
    given: dict[str, Any] = {"code": "functions/orders"}
    timeout = 60
    if owner != "code":
        given = {owner: WORKER if owner == "existing_function" else _IMAGE}
    if owner != "existing_function":
        timeout = given["timeout"] = draw(_within(1, 900))
        given |= draw(_OF_THE_FUNCTION)
        if queue == "fifo" and draw(_SELDOM):
            given["group_failures"] = draw(st.sampled_from(["block", "skip"]))
    if owner != "code" and draw(_SELDOM):  # this project's code says that it reports
        given["report_batch_item_failures"] = False
    window = 0
    if queue != "fifo" and draw(st.booleans()):
        window = given["batch_window"] = draw(_within(0, 300))
    if draw(st.booleans()):
        given["batch_size"] = draw(_within(1, 10 if queue == "fifo" or window == 0 else 10_000))
    given |= draw(_concurrency(can_reserve=owner != "existing_function"))
    given |= draw(_of_the_queue(queue, timeout, window, throttled="reserved_concurrency" in given))
    if queue != "existing_queue":
        given |= draw(_producers(fifo=queue == "fifo"))
        if draw(_SELDOM) and owner != "existing_function":
            given["customer_key"] = True
    if draw(_SELDOM) and "customer_key" not in given:
        given["kms_key_arn"] = draw(st.sampled_from([_KEY_ARN, Later(_KEY_ARN)]))
    if draw(_SELDOM):
        given["front_door"] = draw(_front_door(needs_group=queue in ("fifo", "fair")))
    given |= draw(_OF_ANY_PIPELINE)
    if not draw(_SELDOM):
        given["alarm_actions"] = draw(st.sampled_from([[], ["arn:mine"], ["arn:mine", Later("arn:yours")]]))
    given["alarms"] = draw(_SOME_ALARMS) if draw(_SELDOM) else _silent(given)
    return {name: draw(_written(value)) if type(value) is int else value for name, value in given.items()}


_OF_THE_FUNCTION = st.fixed_dictionaries(
    {},
    optional={
        "memory": _within(128, 10_240),
        "ephemeral_storage": _within(512, 10_240),
        "environment": st.just({"A": "1", "B": Later("2")}),
        "permissions": st.just([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]),
        "tracing": st.booleans(),
        "log_retention": st.sampled_from([1, 30, 3_653]),
        "architecture": st.sampled_from(["arm64", "x86_64"]),
        "dead_letter_at_once": st.booleans(),
        "retry_after": st.booleans(),
        "claim_check": st.booleans(),
    },
)
_OF_ANY_PIPELINE = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "max_backlog": _within(1, 1_000_000_000),
        "tags": st.just({"owner": "shop"}),
        "protect": st.booleans(),
        "transform": st.sampled_from([{}, {"mapping": {"tags": {"a": "b"}}}, {"live": {"description": "the one"}}]),
        "filters": st.just([{"body": {"type": ["sale"]}}]),
        "filter_reason": st.just("others are for somebody else"),
    },
).map(lambda given: given if "filter_reason" in given else {k: v for k, v in given.items() if k != "filters"})


_SOME_ALARMS = st.dictionaries(
    st.sampled_from(_ALARMS),
    st.fixed_dictionaries({}, optional={"enabled": st.booleans(), "threshold": _within(1, 100)}),
    max_size=3,
)


@st.composite
def _concurrency(draw: st.DrawFn, *, can_reserve: bool) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if can_reserve and draw(st.booleans()):
        given["reserved_concurrency"] = draw(_within(2, 3_000))
    most = given.get("reserved_concurrency", 100_000)
    match draw(st.sampled_from(["derived", "maximum", "pollers"])):
        case "maximum":
            given["max_concurrency"] = draw(_within(2, min(most, 1_000)))
        case "pollers" if most >= 20:
            pollers = given["max_pollers"] = draw(_within(2, min(most // 10, 10_000)))
            if draw(st.booleans()):
                given["min_pollers"] = draw(_within(2, min(pollers, 200)))
        case _:
            pass
    return given


@st.composite
def _of_the_queue(draw: st.DrawFn, kind: str, timeout: int, window: int, *, throttled: bool) -> dict[str, Any]:
    if kind == "existing_queue":
        return {"existing_queue": LEGACY, "max_age": draw(_within(1, 4 * DAY - 1))}
    given: dict[str, Any] = {} if kind == "standard" else {kind: True}
    visibility = 6 * timeout + window
    match draw(st.sampled_from(["derived", "longer", "shorter"])):
        case "longer":
            visibility = given["visibility_timeout"] = draw(_within(visibility, 43_200))
        case "shorter":
            visibility = given["visibility_timeout"] = draw(_within(timeout + window, visibility - 1))
            given["visibility_reason"] = draw(st.sampled_from(["orders are idempotent", " . "]))
        case _:
            pass
    delay = given["delay"] = draw(_within(0, 900))
    most = (14 * DAY - 2 - delay) // visibility
    count = given["max_receive_count"] = draw(_within(5 if throttled else 1, min(most, 1_000)))
    retention = given["retention"] = draw(_within(max(60, delay + 2, delay + count * visibility + 1), 14 * DAY - 1))
    given["max_age"] = draw(_within(delay + 1, retention - 1))
    if draw(st.booleans()):
        given["max_message_size"] = draw(_within(1_024, 1_048_576))
    if kind == "fifo":
        reasons = st.sampled_from(["what failed is settled by hand", " . "])
        given |= draw(
            st.fixed_dictionaries({}, optional={"high_throughput": st.booleans(), "dead_letter_reason": reasons})
        )
    return given


@st.composite
def _producers(draw: st.DrawFn, *, fifo: bool) -> dict[str, Any]:
    topic, group = (f"{_TOPIC}.fifo", {"message_group": "all"}) if fifo else (_TOPIC, {})
    topics = {"t1": {"arn": topic}, "t2": {"arn": Later(topic), "filter": {"type": ["sale"]}}}
    events = {"e1": {"pattern": _PATTERN, **group}, "e2": {"pattern": _PATTERN, "bus": "store", **group}}
    buckets = {} if fifo else {"b1": {"name": "drop"}, "b2": {"name": Later("drop"), "prefix": "in/"}}
    kinds = {"topics": topics, "events": events, "buckets": buckets}
    return {
        kind: {key: entries[key] for key in draw(st.lists(st.sampled_from(sorted(entries)), unique=True))}
        for kind, entries in kinds.items()
        if entries and draw(_SELDOM)
    }


def _front_door(*, needs_group: bool) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"message_group": st.just(_BODY_PART)} if needs_group else {},
        optional={
            "path": st.sampled_from(["/", "/orders", "/v1/orders"]),
            "authorization": st.sampled_from(["AWS_IAM", "NONE"]),
            "required_fields": st.sampled_from([[], ["orderId"], ["orderId", "total"]]),
            "rate_limit": _within(1, 10_000).flatmap(_written),
            "burst_limit": _within(1, 5_000).flatmap(_written),
        },
    )


def _around(*limits: int) -> st.SearchStrategy[Any]:
    """Numbers around limits in each way of writing them, and any others."""
    near = st.sampled_from(limits).flatmap(lambda limit: st.integers(limit - 1, limit + 1))
    return near.flatmap(_written) | st.integers(-(10**6), 10**6) | st.floats() | _WRONG


_WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "text", "é" * 300, "\0", 5, -1, 1.5, True, [], [5], [None], {}, {"a": 5}, {5: "a"}, {"": None}, b"bytes"]
) | st.builds(object)
"""Values of every kind."""
_A_TEXT = st.sampled_from(["", "a", "orders", "é", "a b"]) | st.text(max_size=8)
_TEXTS = _A_TEXT | _WRONG
_REASONS = st.sampled_from(["idempotent", " ", "a" * 257, "why?"]) | _TEXTS
_FLAGS = st.booleans() | st.booleans() | _WRONG


def _some(**properties: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A dictionary with some of the properties, or something wrong."""
    return st.fixed_dictionaries({}, optional=properties) | _WRONG


def _named(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(st.sampled_from(["a", "a-1", "abcdefgh", "A", "", "a" * 21]), entries, max_size=2) | _WRONG


_ANY: dict[str, st.SearchStrategy[Any]] = {
    "code": st.sampled_from(["functions/orders", "functions", "functions/none"]) | _WRONG,
    "handler": st.sampled_from(["handler.lambda_handler", "handler.process", "handler", "a.b", "..", "handler..x"])
    | _TEXTS,
    "runtime": st.sampled_from(["python3.12", "python3.9", "nodejs22.x"]) | _TEXTS,
    "architecture": st.sampled_from(["arm64", "x86_64", "arm"]) | _TEXTS,
    "image": _TEXTS,
    "existing_function": st.sampled_from([WORKER, f"{WORKER}:live", "a:b:c", "arn:aws:lambda"]) | _WRONG,
    "timeout": _around(1, 30, 900),
    "memory": _around(128, 10_240),
    "ephemeral_storage": _around(512, 10_240),
    "environment": st.dictionaries(
        st.text(max_size=3)
        | st.sampled_from(
            ["CLAIM_CHECK_BUCKET", "DEAD_LETTER_QUEUE_URL", "FIFO_FAILURES", "MAX_RECEIVE_COUNT", "RETRY_AFTER"]
        ),
        _TEXTS,
        max_size=2,
    )
    | _WRONG,
    "layers": st.lists(_TEXTS, max_size=6) | _WRONG,
    "subnet_ids": st.lists(_TEXTS, max_size=2) | _WRONG,
    "security_group_ids": st.lists(_TEXTS, max_size=2) | _WRONG,
    "permissions": st.lists(_some(Effect=st.just("Allow"), Action=_TEXTS), max_size=2) | _WRONG,
    "tracing": _FLAGS,
    "log_retention": _around(0, 30, 365, 3_653),
    "enabled": _FLAGS,
    "batch_size": _around(1, 10, 10_000),
    "batch_window": _around(0, 1, 300),
    "max_receive_count": _around(1, 5, 1_000),
    "visibility_timeout": _around(1, 30, 180, 43_200),
    "visibility_reason": _REASONS,
    "max_concurrency": _around(2, 1_000),
    "reserved_concurrency": _around(0, 2, 20),
    "min_pollers": _around(2, 200),
    "max_pollers": _around(2, 10_000),
    "report_batch_item_failures": _FLAGS,
    "dead_letter_at_once": _FLAGS,
    "retry_after": _FLAGS,
    "group_failures": st.sampled_from(["block", "skip", "stop"]) | _WRONG,
    "filters": st.lists(_some(body=_some(a=st.just([1]) | _WRONG)), max_size=11) | _WRONG,
    "filter_reason": _REASONS,
    "existing_queue": st.sampled_from([LEGACY, f"{LEGACY}.fifo", "https://", "legacy"]) | _WRONG,
    "fifo": _FLAGS,
    "content_based_deduplication": _FLAGS,
    "dead_letter_reason": _REASONS,
    "high_throughput": _FLAGS,
    "fair": _FLAGS,
    "retention": _around(60, 900, 14 * DAY),
    "delay": _around(0, 600, 900),
    "max_message_size": _around(1_024, 1_048_576),
    "claim_check": _FLAGS,
    "customer_key": _FLAGS,
    "kms_key_arn": st.sampled_from([_KEY_ARN, Later(_KEY_ARN), "alias/aws/sqs", Later("alias/aws/sqs")]) | _TEXTS,
    "topics": _named(_some(arn=st.sampled_from([_TOPIC, f"{_TOPIC}.fifo", Later(_TOPIC)]) | _TEXTS, filter=_some())),
    "events": _named(_some(pattern=_some(source=st.just(["a"])), bus=_TEXTS, input_path=_TEXTS, message_group=_TEXTS)),
    "buckets": _named(_some(name=_TEXTS, events=st.lists(_TEXTS, max_size=2) | _WRONG, prefix=_TEXTS, suffix=_TEXTS)),
    "front_door": _some(
        path=st.sampled_from(["/", "orders"]) | _TEXTS,
        authorization=st.sampled_from(["NONE", "none"]) | _WRONG,
        message_group=st.just(_BODY_PART) | _TEXTS,
        deduplication=st.just(_BODY_PART) | _TEXTS,
        required_fields=st.lists(_TEXTS, max_size=11) | _WRONG,
        rate_limit=_around(1, 10_000),
        burst_limit=_around(1, 5_000),
    ),
    "max_backlog": _around(1, 1_000_000_000),
    "max_age": _around(1, 600, 4 * DAY),
    "alarm_actions": st.lists(_TEXTS, max_size=6) | _WRONG,
    "alarms": st.dictionaries(
        st.sampled_from([*_ALARMS, "noisy-age", "undelivered", "ages"]),
        _some(
            enabled=_FLAGS,
            threshold=_around(1, 100),
            periods=_around(1, 288, 1_440),
            datapoints=_around(1, 3),
            severity=st.sampled_from(["critical", "warning", "info"]) | _WRONG,
        ),
        max_size=2,
    )
    | _WRONG,
    "tags": st.dictionaries(st.text(max_size=3), _TEXTS, max_size=2) | _WRONG,
    "protect": _FLAGS,
    "transform": st.dictionaries(
        st.sampled_from(["queue", "function", "critical-alarm", "topic-a", "queues"]),
        _some(tags=st.sampled_from([{"a": "b"}, {}, 5, "a", []]), name=_A_TEXT, description=_A_TEXT, nmae=_A_TEXT),
        max_size=2,
    )
    | _WRONG,
}
"""Every argument, with values that are right, at a limit, or wrong."""
_MISSPELT: dict[str, Any] = {"time_out": 30, "batchSize": 10, "queue": {}, "": 1}


@st.composite
def _any(draw: st.DrawFn) -> dict[str, Any]:
    most = draw(st.sampled_from([3, 16]))  # a few arguments may well be taken
    names = draw(st.lists(st.sampled_from([*_ANY, *_MISSPELT]), unique=True, min_size=most // 4, max_size=most))
    given = {name: _MISSPELT[name] if name in _MISSPELT else draw(_ANY[name]) for name in names}
    image = {} if {"code", "image", "existing_function"} & {*names} or draw(st.booleans()) else {"image": _IMAGE}
    return {"alarms": _silent(given), "alarm_actions": [], **image, **given}


def _silent(given: Mapping[str, Any]) -> dict[str, Any]:
    return _SILENT if given.get("existing_queue") else {**_SILENT, _EXPIRING: {"enabled": False}}


_NAMES = st.sampled_from(["orders", "o", "O-1", "o" * 40])
_ANY_NAMES = _NAMES | st.sampled_from(["", "1st", "o" * 41, "my_orders", "ordérs"])
SOUND_EXAMPLES = st.builds(Example, _NAMES, _sound(), st.booleans())
"""Pipelines that have to be taken."""
ANY_EXAMPLES = st.builds(Example, _ANY_NAMES, _any(), st.booleans())
"""Pipelines of which most have to be refused."""
NAMES_OF_ARGUMENTS = frozenset(_ANY)
