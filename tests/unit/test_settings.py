"""Arguments that cannot work together, or lie outside what AWS takes; and numbers that are known later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components import PipelineError
from tests.support.pipelines import Later, changes, record, refusal

QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/000000000001/orders"
IMAGE = "000000000001.dkr.ecr.eu-central-1.amazonaws.com/orders:1"
RANGES = {
    "memory": (128, 10_240, "MiB"),
    "ephemeral_storage": (512, 10_240, "MiB"),
}


@pytest.mark.parametrize(("name", "limits"), RANGES.items(), ids=RANGES)
def test_a_size_of_the_function_is_taken_at_its_limits_and_refused_beyond_them(
    name: str, limits: tuple[int, int, str]
) -> None:
    low, high, unit = limits
    given: list[dict[str, Any]] = [{name: value} for value in (low, high, low - 1, high + 1)]

    for inside in given[:2]:
        record(**inside)
    for outside in given[2:]:
        assert refusal(**outside) == [f"{name} must be {low}..{high} {unit}, got {outside[name]}"]


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"log_retention": 31}, ["log_retention 31 days is not one that CloudWatch knows: set it to 30"]),
    ({"log_retention": 0}, ["log_retention 0 days is not one that CloudWatch knows: set it to 1"]),
    ({"log_retention": 10**6}, ["log_retention 1000000 days is not one that CloudWatch knows: set it to 3653"]),
    ({"layers": ["arn:layer"] * 6}, ["layers has 6 entries, at most 5 fit a function"]),
    (
        {"subnet_ids": ["subnet-1"]},
        ["a function in a VPC needs subnets and security groups: set security_group_ids, or leave out both"],
    ),
    (
        {"security_group_ids": ["sg-1"]},
        ["a function in a VPC needs subnets and security groups: set subnet_ids, or leave out both"],
    ),
    (
        {"alarm_actions": ["arn"] * 6},
        ["alarm_actions has 6 actions and an alarm takes at most 5: give one SNS topic and subscribe to that"],
    ),
    # What processes the orders.
    ({"code": None}, ["exactly one of code, image and existing_function says what processes orders, got none"]),
    (
        {"code": "functions/orders", "image": IMAGE},
        ["exactly one of code, image and existing_function says what processes orders, got code and image"],
    ),
    ({"code": ""}, ["code must be the folder with the function's source code, got ''"]),
    ({"image": ""}, ["image must be the URI of a container image, got ''"]),
    (
        {"image": IMAGE, "runtime": "python3.13", "handler": "a.b", "layers": ["arn:layer"]},
        ["an image says itself what runs: leave out handler, layers, runtime"],
    ),
    (
        {"existing_function": "a/b"},
        ["existing_function must be the name of a function, with its alias if any, such as 'worker:live', got 'a/b'"],
    ),
    (
        {"existing_function": "worker", "timeout": 5, "memory": 128, "reserved_concurrency": 5, "tracing": False},
        [
            "existing_function is not changed here: leave out memory, reserved_concurrency, timeout, tracing, or let "
            "the component make the function"
        ],
    ),
    (
        {"existing_function": "worker", "customer_key": True},
        ["customer_key needs the function's role: let the component make the function, or set kms_key_arn"],
    ),
    # The queue.
    ({"existing_queue": "orders"}, ["existing_queue must be the URL of a queue, got 'orders'"]),
    ({"existing_queue": ""}, ["existing_queue must be the URL of a queue, got ''"]),
    (
        {"existing_queue": QUEUE_URL, "retention": 60, "fifo": True, "visibility_timeout": 180, "topics": {}},
        [
            "existing_queue is not changed here: leave out fifo, retention, topics, visibility_timeout, or let the "
            "component make the queue"
        ],
    ),
    (
        {"customer_key": True, "kms_key_arn": "arn:aws:kms:eu-central-1:000000000001:key/1"},
        ["customer_key makes a key and kms_key_arn is one: leave one of them out"],
    ),
    (
        {"filters": [{"body": {"a": [1]}}]},
        [
            "filters lose orders: Lambda deletes from the queue what matches none of them, and it reaches neither the "
            "function nor the dead-letter queue: say in filter_reason why that is right, or take all orders and let "
            "the function decide"
        ],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_arguments_that_cannot_work_are_refused_and_nothing_is_registered(
    arguments: dict[str, Any], problems: list[str]
) -> None:
    assert refusal(**arguments) == problems


SAID_BY_A_FUNCTION: dict[str, Any] = {
    "architecture": "arm64",
    "environment": {"A": "1"},
    "ephemeral_storage": 512,
    "handler": "handler.lambda_handler",
    "layers": ["arn:layer"],
    "log_retention": 30,
    "memory": 128,
    "permissions": [{}],
    "reserved_concurrency": 10,
    "runtime": "python3.13",
    "security_group_ids": ["sg-1"],
    "subnet_ids": ["subnet-1"],
    "timeout": 30,
    "tracing": True,
}
SAID_BY_A_QUEUE: dict[str, Any] = {
    "buckets": {"drop": {"name": "drop"}},
    "content_based_deduplication": True,
    "customer_key": True,
    "dead_letter_reason": "settled by hand",
    "delay": 5,
    "events": {"placed": {"pattern": {"source": ["store"]}}},
    "fifo": False,
    "high_throughput": True,
    "max_message_size": 1_024,
    "max_receive_count": 5,
    "retention": 60,
    "topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store"}},
    "visibility_reason": "repeats are harmless",
    "visibility_timeout": 180,
}


@pytest.mark.parametrize(
    ("existing", "name", "value"),
    [
        *((("existing_function", "worker"), *said) for said in SAID_BY_A_FUNCTION.items()),
        *((("existing_queue", QUEUE_URL), *said) for said in SAID_BY_A_QUEUE.items()),
    ],
    ids=str,
)
def test_what_is_deployed_elsewhere_says_itself_how_it_is(existing: tuple[str, str], name: str, value: Any) -> None:
    argument, where = existing
    given: dict[str, Any] = {argument: where, name: value}
    if argument == "existing_queue":
        given["code"] = "functions/orders"

    thing = argument.removeprefix("existing_")
    assert f"{argument} is not changed here: leave out {name}, or let the component make the {thing}" in refusal(
        **given
    )


def test_mistakes_of_every_part_are_one_error(tmp_path: Path) -> None:
    tmp_path.joinpath("handler.py").write_text("")

    assert refusal(
        "o" * 41,
        code=str(tmp_path),
        memory=1,
        customer_key=True,
        kms_key_arn="1234",
        fifo=True,
        fair=True,
        events={"placed": {"pattern": {"source": ["store"]}}},
        front_door={"path": "orders"},
        filters=[{"body": {}}],
        alarms={"age": {"threshold": 0}},
        transform={"queues": {}},
        batch_size=11,
        timeout=100,
        visibility_timeout=100,
    ) == [
        f"the name '{'o' * 41}' has 41 characters, at most 40 leave room for the children's names",
        "events.placed: a FIFO queue needs a message_group: set it, or set fifo to false",
        "front_door.path must begin with a slash, such as '/orders', got 'orders'",
        "front_door needs a message_group for a FIFO queue: set it to a part of the request, such as "
        "'$request.body.customerId'",
        f"handler file {tmp_path}/handler.py has no function 'lambda_handler': add it, or set handler to one that is "
        "there",
        "memory must be 128..10240 MiB, got 1",
        "fair is for standard queues; a FIFO queue keeps its groups apart by itself: leave fair out",
        "customer_key makes a key and kms_key_arn is one: leave one of them out",
        "kms_key_arn must be the ARN of a KMS key, got '1234'",
        "filters lose orders: Lambda deletes from the queue what matches none of them, and it reaches neither the "
        "function nor the dead-letter queue: say in filter_reason why that is right, or take all orders and let the "
        "function decide",
        "filters[0].body is empty, which AWS refuses: name a field, such as {'type': ['sale']}",
        "alarms.age.threshold must be 1..100 %, got 0",
        "transform names an unknown child 'queues': did you mean 'queue'?",
        "visibility 100 s < 6 x 100 s + 0 s = 600 s: set visibility_timeout >= 600 or lower timeout to 16",
        "batch_size 11 > 10, the most that a FIFO queue gives: lower batch_size to 10 or use a standard queue",
    ]


NUMBERS: dict[str, Any] = {
    "timeout": 60,
    "batch_size": 20,
    "batch_window": 5,
    "max_receive_count": 6,
    "visibility_timeout": 900,
    "max_concurrency": 10,
    "reserved_concurrency": 20,
    "retention": 86_400,
    "delay": 5,
    "max_message_size": 2_048,
    "max_backlog": 7,
    "max_age": 60,
    "memory": 512,
    "ephemeral_storage": 1_024,
    "log_retention": 7,
}


def later(numbers: dict[str, Any]) -> dict[str, Any]:
    return {name: Later(value) for name, value in numbers.items()}


@pytest.mark.parametrize(
    "numbers",
    [
        NUMBERS,
        {"timeout": 60, "batch_window": 5},
        {"timeout": 60.0},
        {"reserved_concurrency": 20},
        {"min_pollers": 2, "max_pollers": 4},
        {"fifo": True, "timeout": 60},
    ],
    ids=str,
)
def test_numbers_that_are_known_later_make_the_same_pipeline(numbers: dict[str, Any]) -> None:
    known = {name: value for name, value in numbers.items() if name != "fifo"}

    assert changes(record(**{**numbers, **later(known)}), record(**numbers)) == {}


LATE_PROBLEMS: list[tuple[dict[str, Any], list[str]]] = [
    ({"timeout": 0}, ["timeout must be 1..900 s, got 0"]),
    ({"timeout": 1.5}, ["timeout must be a whole number, got 1.5"]),
    ({"timeout": "30"}, ["timeout must be a whole number, got '30'"]),
    ({"timeout": True}, ["timeout must be a whole number, got True"]),
    ({"timeout": None}, ["timeout must be a whole number, got None"]),
    (
        {"visibility_timeout": 100, "batch_size": 11},
        [
            "visibility 100 s < 6 x 30 s + 0 s = 180 s: set visibility_timeout >= 180 or lower timeout to 16",
            "batch_size 11 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10",
        ],
    ),
]


@pytest.mark.parametrize(("numbers", "problems"), LATE_PROBLEMS, ids=[str(case[0]) for case in LATE_PROBLEMS])
def test_numbers_that_turn_out_wrong_stop_the_run(numbers: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(PipelineError) as caught:
        record(**later(numbers))

    assert caught.value.problems == tuple(problems)


def test_a_number_that_may_be_left_out_may_turn_out_to_be_nothing() -> None:
    assert changes(record(visibility_timeout=Later(None)), record()) == {}


@pytest.mark.parametrize(
    "later", [{"batch_size": Later(5)}, {"existing_queue": QUEUE_URL}, {"existing_function": "worker"}], ids=str
)
def test_a_known_number_that_is_wrong_by_itself_is_refused_at_once(later: dict[str, Any]) -> None:
    assert refusal(**later, max_backlog=0) == ["max_backlog must be 1..1000000000 messages, got 0"]


def test_one_wrong_number_among_known_ones_is_found_when_the_other_is_known() -> None:
    with pytest.raises(PipelineError) as caught:
        record(batch_size=11, batch_window=Later(0))

    assert caught.value.problems == (
        "batch_size 11 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10",
    )


def test_a_preview_of_numbers_that_are_not_known_yet_registers_the_same_resources() -> None:
    assert record(**later(NUMBERS), preview=True).made.keys() == record(**NUMBERS).made.keys()
