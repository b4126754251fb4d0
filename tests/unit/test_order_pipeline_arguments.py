"""What each argument of `OrderPipeline` changes, and which it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest

from components import OrderPipeline, OrderPipelineArgs, PipelineError
from tests.support.recorder import Recorder

CODE = "functions/orders"
TOPIC = "arn:aws:sns:eu-central-1:1:alarms"
NOTHING = "nothing"


def record(**arguments: object) -> Recorder:
    recorder = Recorder()
    args = cast("OrderPipelineArgs", {"code": CODE, "alarm_topic_arn": TOPIC, **arguments})
    recorder.run(lambda: OrderPipeline("orders", args))
    return recorder


def refusal(**arguments: object) -> tuple[str, ...]:
    recorder = Recorder()
    args = cast("OrderPipelineArgs", {"code": CODE, "alarm_topic_arn": TOPIC, **arguments})
    with pytest.raises(PipelineError) as caught:
        recorder.run(lambda: OrderPipeline("orders", args))
    assert recorder.made == {}
    assert str(caught.value) == "orders: " + "; ".join(caught.value.problems)
    return caught.value.problems


def inputs(recorder: Recorder) -> dict[tuple[str, str], Any]:
    """Every input of every child: (child, input) -> value."""
    return {
        (name.removeprefix("orders-"), key): value
        for name, made in recorder.made.items()
        if made.parent == "orders"
        for key, value in made.inputs.items()
    }


@pytest.fixture(scope="module")
def defaults() -> dict[tuple[str, str], Any]:
    return inputs(record())


def redrive(max_receive_count: int) -> dict[str, Any]:
    return {"deadLetterTargetArn": "<arn of orders-dead-letters>", "maxReceiveCount": max_receive_count}


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (
            {"alarm_topic_arn": "arn:other"},
            {
                (alarm, key): ["arn:other"]
                for alarm in ("backlog-alarm", "age-alarm", "dead-letter-alarm")
                for key in ("alarmActions", "okActions")
            },
        ),
        ({"timeout": 60}, {("function", "timeout"): 60, ("queue", "visibilityTimeoutSeconds"): 360}),
        ({"memory": 512}, {("function", "memorySize"): 512}),
        ({"environment": {"A": "1"}}, {("function", "environment"): {"variables": {"A": "1"}}}),
        ({"environment": {}}, {}),
        (
            {"batch_window": 5},
            {("mapping", "maximumBatchingWindowInSeconds"): 5, ("queue", "visibilityTimeoutSeconds"): 185},
        ),
        ({"batch_size": 5}, {("mapping", "batchSize"): 5}),
        ({"max_receive_count": 5}, {("queue", "redrivePolicy"): redrive(5)}),
        ({"visibility_timeout": 900}, {("queue", "visibilityTimeoutSeconds"): 900}),
        ({"retention": 86_400}, {("queue", "messageRetentionSeconds"): 86_400}),
        (
            {"max_backlog": 7},
            {
                ("backlog-alarm", "threshold"): 7,
                ("backlog-alarm", "alarmDescription"): "<name of orders-queue> had 7 or more orders waiting for 5 "
                "minutes: the function is slow or failing. First: look at the function's log for errors, then at its "
                "throttles and duration (log group <name of orders-logs>).",
            },
        ),
        (
            {"max_age": 60},
            {
                ("age-alarm", "threshold"): 60,
                ("age-alarm", "alarmDescription"): "<name of orders-queue> has an order that has waited 60 s or "
                "longer: orders are late. First: look in the function's log for the order that fails again and again "
                "(log group <name of orders-logs>).",
            },
        ),
        ({"timeout": None, "handler": None, "environment": None, "visibility_timeout": None}, {}),
    ],
    ids=str,
)
def test_an_argument_changes_exactly_this(
    arguments: dict[str, object], changes: dict[tuple[str, str], Any], defaults: dict[tuple[str, str], Any]
) -> None:
    given = inputs(record(**arguments))

    assert {key: value for key, value in given.items() if defaults.get(key, NOTHING) != value} == changes
    assert defaults.keys() - given.keys() == set()


def test_code_and_handler_choose_what_runs(tmp_path: Path, defaults: dict[tuple[str, str], Any]) -> None:
    tmp_path.joinpath("worker.py").write_text("def work(event, context): ...\n")

    given = inputs(record(code=str(tmp_path), handler="worker.work"))

    assert {key: value for key, value in given.items() if defaults[key] != value} == {
        ("function", "code"): {"worker.py": str(tmp_path / "worker.py")},
        ("function", "handler"): "worker.work",
    }


def test_arguments_may_come_from_other_resources(defaults: dict[tuple[str, str], Any]) -> None:
    recorder = Recorder()

    def program() -> None:
        topic = aws.sns.Topic("alarms")
        OrderPipeline("orders", {"code": CODE, "alarm_topic_arn": topic.arn, "environment": {"TOPIC": topic.arn}})

    recorder.run(program)

    given = inputs(recorder)
    assert {key: value for key, value in given.items() if defaults.get(key, NOTHING) != value} == {
        **{
            (alarm, key): ["<arn of alarms>"]
            for alarm in ("backlog-alarm", "age-alarm", "dead-letter-alarm")
            for key in ("alarmActions", "okActions")
        },
        ("function", "environment"): {"variables": {"TOPIC": "<arn of alarms>"}},
    }


def test_numbers_of_another_language_are_floats_and_mean_the_same() -> None:
    numbers = {
        "timeout": 60,
        "memory": 512,
        "batch_size": 20,
        "batch_window": 5,
        "max_receive_count": 5,
        "visibility_timeout": 900,
        "retention": 86_400,
        "max_backlog": 7,
        "max_age": 60,
    }

    in_floats = record(**{name: float(value) for name, value in numbers.items()})

    assert inputs(in_floats) == inputs(record(**numbers))


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        ({"memory": 127}, ["memory must be 128..10240 MiB, got 127"]),
        ({"memory": 10_241}, ["memory must be 128..10240 MiB, got 10241"]),
        ({"max_backlog": 0}, ["max_backlog must be at least 1, got 0"]),
        ({"max_age": 0}, ["max_age must be at least 1, got 0"]),
        (
            {"max_age": 345_600},
            [
                "max_age 345600 s >= retention 345600 s: no order gets that old, so lower max_age or raise retention",
            ],
        ),
        ({"batchsize": 5}, ["unknown argument 'batchsize': did you mean 'batch_size'?"]),
        (
            {"fifo": True},
            [
                "unknown argument 'fifo': there are alarm_topic_arn, batch_size, batch_window, code, environment, "
                "handler, max_age, max_backlog, max_receive_count, memory, retention, timeout, visibility_timeout"
            ],
        ),
        (
            {"alarm_topic_arn": None, "code": None},
            ["argument 'alarm_topic_arn' is missing", "argument 'code' is missing"],
        ),
        ({"timeout": 1.5}, ["timeout must be a whole number, got 1.5"]),
        ({"timeout": float("nan")}, ["timeout must be a whole number, got nan"]),
        ({"timeout": "30"}, ["timeout must be a whole number, got '30'"]),
        ({"timeout": True}, ["timeout must be a whole number, got True"]),
        ({"timeout": [30]}, ["timeout must be a whole number, got a value of type list"]),
        ({"code": 5}, ["code must be a text, got 5"]),
        ({"handler": ["a"]}, ["handler must be a text, got a value of type list"]),
        (
            {"timeout": 0, "batch_window": 301, "memory": 1, "max_age": -1, "handler": "worker.work"},
            [
                "timeout must be 1..900 s, got 0",
                "batch_window must be 0..300 s, got 301",
                "handler file functions/orders/worker.py does not exist: add it, or set handler to <file>.<function> "
                "of a file in functions/orders",
                "memory must be 128..10240 MiB, got 1",
                "max_age must be at least 1, got -1",
            ],
        ),
        (
            {"timeout": 60, "visibility_timeout": 120, "batch_size": 11},
            [
                "visibility 120 s < 6 x 60 s + 0 s = 360 s: set visibility_timeout >= 360 or lower timeout to 20",
                "batch_size 11 > 10 needs a batching window: set batch_window >= 1 or lower batch_size to 10",
            ],
        ),
    ],
    ids=str,
)
def test_wrong_arguments_are_one_error_with_every_problem_and_nothing_is_registered(
    arguments: dict[str, object], problems: list[str]
) -> None:
    assert refusal(**arguments) == tuple(problems)


def test_a_number_that_only_the_deployment_knows_is_refused_by_its_name() -> None:
    recorder = Recorder()

    def program() -> None:
        later = pulumi.Output.from_input(30)
        OrderPipeline("orders", cast("OrderPipelineArgs", {"code": CODE, "alarm_topic_arn": TOPIC, "timeout": later}))

    with pytest.raises(PipelineError, match=r"^orders: timeout must be a whole number, got a value of type Output$"):
        recorder.run(program)
    assert recorder.made == {}
