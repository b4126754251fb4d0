"""Arguments of a wrong kind: every one of `OrderPipeline` is read as what it should be, and refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from components import OrderPipelineArgs
from tests.support.pipelines import Later, changes, record, refusal

WHOLE_NUMBERS = (
    "batch_size", "batch_window", "delay", "ephemeral_storage", "log_retention", "max_age", "max_backlog",
    "max_concurrency", "max_message_size", "max_pollers", "max_receive_count", "memory", "min_pollers",
    "reserved_concurrency", "retention", "timeout", "visibility_timeout",
)  # fmt: skip
FLAGS = (
    "claim_check", "content_based_deduplication", "customer_key", "dead_letter_at_once", "enabled", "fair", "fifo",
    "high_throughput", "protect", "report_batch_item_failures", "retry_after", "tracing",
)  # fmt: skip
PLAIN_TEXTS = (
    "code", "dead_letter_reason", "existing_function", "existing_queue", "filter_reason", "handler", "runtime",
    "visibility_reason",
)  # fmt: skip
TEXTS_THAT_MAY_BE_KNOWN_LATER = ("image", "kms_key_arn")
LISTS = ("alarm_actions", "filters", "layers", "permissions", "security_group_ids", "subnet_ids")
CHOICES = ("architecture", "group_failures")
DICTIONARIES = ("alarms", "buckets", "environment", "events", "front_door", "tags", "topics", "transform")


def test_every_argument_is_of_one_of_these_kinds() -> None:
    kinds = [WHOLE_NUMBERS, FLAGS, PLAIN_TEXTS, TEXTS_THAT_MAY_BE_KNOWN_LATER, LISTS, DICTIONARIES, CHOICES]

    assert sorted(name for kind in kinds for name in kind) == sorted(OrderPipelineArgs.__annotations__)


def wrong(names: tuple[str, ...], kind: str, *values: object) -> list[tuple[str, object, str]]:
    return [(name, value, kind) for name in names for value in values]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        *wrong(WHOLE_NUMBERS, "a whole number", 1.5, float("nan"), float("inf"), "30", True, [30]),
        *wrong(FLAGS, "true or false", 1, 1.0, "true", [True], Later(True)),
        *wrong(PLAIN_TEXTS, "a text", 5, True, ["a"], Later("a")),
        *wrong(TEXTS_THAT_MAY_BE_KNOWN_LATER, "a text", 5, True, ["a"]),
        *wrong(("architecture",), "one of arm64, x86_64", 5, "arm", ["arm64"], Later("arm64")),
        *wrong(("group_failures",), "one of block, skip", 5, "both", ["skip"], Later("skip")),
        *wrong(LISTS, "a list", 5, "a", {"a": "b"}, Later([])),
        *wrong(DICTIONARIES, "a dictionary", 5, "a", ["a"], Later({})),
    ],
    ids=str,
)
def test_an_argument_of_a_wrong_kind_is_refused(name: str, value: Any, kind: str) -> None:
    shown = repr(value) if isinstance(value, (bool, float, int, str)) else f"a value of type {kind_of(value)}"

    given: dict[str, Any] = {name: value}
    assert f"{name} must be {kind}, got {shown}" in refusal(**given)


def kind_of(value: object) -> str:
    return "Output" if isinstance(value, Later) else type(value).__name__


DATA = "must hold texts, numbers, lists and dictionaries, got a"
INSIDE: list[tuple[str, Any, str]] = [
    *[(name, ["a", 5], f"{name}[1] must be a text, got a value of type int") for name in LISTS[:1] + LISTS[2:3]],
    *[(name, ["a", None], f"{name}[1] must be a text, got a value of type NoneType") for name in LISTS[4:]],
    ("permissions", [{}, "a"], "permissions[1] must be a dictionary, got a value of type str"),
    ("permissions", [{"Action": {"s3:GetObject"}}], f"permissions {DATA} value of type set"),
    ("events", {"a": {"pattern": {"total": [float("nan")]}}}, f"events {DATA} number nan"),
    ("topics", {"a": {"arn": "b", "filter": {"c": {5: "d"}}}}, f"topics {DATA} key of type int"),
    ("environment", {"PIN": 1234}, "environment.PIN must be a text, got a value of type int"),
    ("tags", {"a": True}, "tags.a must be a text, got a value of type bool"),
    ("transform", {"queue": 5}, "transform.queue must be a dictionary, got a value of type int"),
    *[(name, {5: {}}, f"{name} must have texts as its keys, got 5") for name in DICTIONARIES],
]


@pytest.mark.parametrize(("name", "value", "problem"), INSIDE, ids=str)
def test_so_is_what_is_inside_a_list_or_a_dictionary(name: str, value: Any, problem: str) -> None:
    given: dict[str, Any] = {name: value}
    assert problem in refusal(**given)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"batchsize": 5}, "unknown argument 'batchsize': did you mean 'batch_size'?"),
        (
            {"queue_type": 5},
            "unknown argument 'queue_type': there are " + ", ".join(sorted(OrderPipelineArgs.__annotations__)),
        ),
        (
            {"front_door": {"required_field": []}},
            "unknown argument 'front_door.required_field': did you mean 'required_fields'?",
        ),
        (
            {"topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:t", "filters": {}}}},
            "unknown argument 'topics.store.filters': did you mean 'filter'?",
        ),
        (
            {"events": {"placed": {"pattern": {}, "Bus": "store"}}},
            "unknown argument 'events.placed.Bus': did you mean 'bus'?",
        ),
        (
            {"buckets": {"drop": {"name": "drop", "sufix": ".csv"}}},
            "unknown argument 'buckets.drop.sufix': did you mean 'suffix'?",
        ),
        ({"alarms": {"age": {"treshold": 5}}}, "unknown argument 'alarms.age.treshold': did you mean 'threshold'?"),
        ({"alarms": {"aeg": {}}}, "alarms adjusts an unknown alarm 'aeg': did you mean 'age'?"),
    ],
    ids=str,
)
def test_a_name_that_does_not_exist_is_refused_with_the_one_that_was_meant(
    arguments: dict[str, Any], problem: str
) -> None:
    assert refusal(**arguments) == [problem]


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        ({"topics": {"store": {}}}, "topics.store.arn"),
        ({"events": {"placed": {"pattern": None}}}, "events.placed.pattern"),
        ({"buckets": {"drop": {"prefix": "orders/"}}}, "buckets.drop.name"),
    ],
    ids=str,
)
def test_what_a_producer_needs_is_asked_for(arguments: dict[str, Any], missing: str) -> None:
    assert refusal(**arguments) == [f"argument {missing!r} is missing"]


def test_numbers_of_another_language_are_floats_and_mean_the_same() -> None:
    numbers: dict[str, Any] = {
        "timeout": 60,
        "memory": 512,
        "ephemeral_storage": 1_024,
        "log_retention": 7,
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
    }

    in_floats: dict[str, Any] = {name: float(value) for name, value in numbers.items()}
    assert changes(record(**in_floats), record(**numbers)) == {}


def test_several_mistakes_are_one_error_and_what_is_said_twice_is_said_once() -> None:
    assert refusal(name="1st", timeout="a", existing_queue=5, alarms={"age": {"threshold": "b"}}, layers=[5]) == [
        "layers[0] must be a text, got a value of type int",
        "existing_queue must be a text, got 5",
        "timeout must be a whole number, got 'a'",
        "the name '1st' must be letters, digits and hyphens, beginning with a letter, as AWS wants it of names",
    ]


@pytest.mark.parametrize(
    "value", [object(), [object()], {"Action": [{"deep": object()}]}], ids=["here", "list", "deep"]
)
def test_what_is_not_data_is_refused_wherever_it_is(value: object) -> None:
    assert refusal(permissions=[{"Effect": "Allow", "Resource": value}]) == [
        "permissions must hold texts, numbers, lists and dictionaries, got a value of type object"
    ]
