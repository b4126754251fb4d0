"""The function of a pipeline: from a folder, from an image, or one deployed elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from components import PipelineError
from tests.support.folder import write
from tests.support.pipelines import Later, changes, children, record, refusal
from tests.support.recorder import Recorder

IMAGE = "000000000001.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:1234"
QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
WORKER: dict[str, Any] = {
    "arn": "arn:aws:lambda:eu-central-1:000000000001:function:worker",
    "loggingConfig": {"logFormat": "Text", "logGroup": "/shop/worker"},
    "name": "worker",
    "role": "arn:aws:iam::000000000001:role/service-role/worker-role",
    "timeout": 60,
}
"""A function as pulumi-aws reads it."""


def adopt(function: str = "worker", changed: dict[str, Any] | None = None, **arguments: Any) -> Recorder:
    return record({"worker": {**WORKER, **(changed or {})}}, existing_function=function, **arguments)


def test_code_and_handler_choose_what_runs(tmp_path: Path) -> None:
    tmp_path.joinpath("worker.py").write_text("def work(event, context): ...\n")

    changed = changes(record(code=str(tmp_path), handler="worker.work"), record())

    assert changed.keys() == {("function", "code"), ("function", "handler")}
    assert changed["function", "handler"] == "worker.work"
    with ZipFile(changed["function", "code"]) as archive:
        assert archive.namelist() == ["worker.py"]


@pytest.mark.parametrize("image", [IMAGE, Later(IMAGE)], ids=["known", "known later"])
def test_an_image_takes_the_place_of_the_code(image: Any) -> None:
    changed = changes(record(image=image), record())

    assert changed == {
        ("function", "code"): None,
        ("function", "handler"): None,
        ("function", "runtime"): None,
        ("function", "imageUri"): IMAGE,
        ("function", "packageType"): "Image",
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"runtime": "python3.12"}, {("function", "runtime"): "python3.12"}),
        ({"architecture": "x86_64"}, {("function", "architectures"): ["x86_64"]}),
    ],
    ids=str,
)
def test_code_without_dependencies_is_the_same_for_every_machine(
    tmp_path: Path, arguments: dict[str, Any], expected: dict[tuple[str, str], Any]
) -> None:
    code = write(tmp_path, {"handler.py": "def lambda_handler(event, context): ...\n"})

    assert changes(record(code=code, **arguments), record(code=code)) == expected


def test_a_mapping_can_do_without_reports_of_what_failed(tmp_path: Path) -> None:
    code = write(tmp_path, {"handler.py": "def lambda_handler(event, context): ...\n"})

    changed = changes(record(code=code, report_batch_item_failures=False), record(code=code))

    assert changed == {("mapping", "functionResponseTypes"): None}


@pytest.mark.parametrize("answers", [True, False])
def test_a_handler_that_says_what_it_answers_and_its_mapping_agree(tmp_path: Path, answers: bool) -> None:
    marker = f"REPORTS_BATCH_ITEM_FAILURES = {answers}\n"
    code = write(tmp_path, {"handler.py": f"{marker}def lambda_handler(event, context): ...\n"})

    (problem,) = refusal(code=code, report_batch_item_failures=not answers)

    said = f"handler file {code}/handler.py says REPORTS_BATCH_ITEM_FAILURES = {answers} and "
    assert problem.startswith(f"{said}report_batch_item_failures is {'false' if answers else 'true'}: ")
    mapping = children(record(code=code, report_batch_item_failures=answers))["mapping"].inputs
    assert mapping.get("functionResponseTypes") == (["ReportBatchItemFailures"] if answers else None)


@pytest.mark.parametrize("deployed", [{"image": IMAGE}, {"existing_function": "worker"}], ids=str)
def test_of_a_function_that_cannot_be_read_nothing_is_checked(deployed: dict[str, Any]) -> None:
    recorder = record({"worker": WORKER}, **deployed, report_batch_item_failures=False)

    assert "functionResponseTypes" not in children(recorder)["mapping"].inputs


def test_an_image_may_be_for_another_architecture_and_have_an_environment() -> None:
    function = children(record(image=IMAGE, architecture="x86_64", environment={"A": "1"}))["function"].inputs

    assert (function["architectures"], function["environment"]) == (["x86_64"], {"variables": {"A": "1"}})


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"handler": "worker.work"},
        [
            "handler file functions/orders/worker.py does not exist: add it, or set handler to <file>.<function> of a "
            "file in functions/orders"
        ],
    ),
    (
        {"code": "functions/none"},
        ["code folder 'functions/none' does not exist: set code to the folder that holds handler.py"],
    ),
    (
        {"code": "c" * 300},
        [f"code {'c' * 300!r} with handler 'handler.lambda_handler' cannot be read: File name too long"],
    ),
    (
        {"code": ".", "handler": "..work"},
        ["code '.' with handler '..work' cannot be read: PosixPath('.') has an empty name"],
    ),
    (
        {"runtime": "nodejs22.x"},
        ["runtime must be python3.10, python3.11, python3.12, python3.13 or python3.14, got 'nodejs22.x'"],
    ),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_code_that_lambda_could_not_run_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems


def test_a_function_deployed_elsewhere_only_gets_the_permission_to_consume() -> None:
    recorder = adopt()

    made = children(recorder)
    assert recorder.read == {"orders-function": "worker"}
    assert made.keys() == children(record()).keys() - {"role", "logs", "function", "live"}
    assert made["policy"].inputs == {
        "role": "worker-role",
        "policy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "ConsumeOrders",
                    "Effect": "Allow",
                    "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                    "Resource": QUEUE,
                }
            ],
        },
    }
    assert made["mapping"].inputs["functionName"] == WORKER["arn"]
    assert "orders-policy" in made["mapping"].depends_on
    assert made["queue"].inputs["visibilityTimeoutSeconds"] == 6 * 60
    assert made["duration-alarm"].inputs["dimensions"] == {"FunctionName": "worker"}
    assert made["duration-alarm"].inputs["threshold"] == 48_000
    outputs = recorder.outputs["orders"]
    assert (outputs["functionName"], outputs["logGroupName"]) == ("worker", "/shop/worker")


def test_of_a_function_deployed_elsewhere_an_alias_may_be_invoked() -> None:
    recorder = adopt("worker:blue")

    made = children(recorder)
    assert recorder.read == {"orders-function": "worker"}
    assert made["mapping"].inputs["functionName"] == f"{WORKER['arn']}:blue"
    assert made["errors-alarm"].inputs["dimensions"] == {"FunctionName": "worker", "Resource": "worker:blue"}


@pytest.mark.parametrize("logging", [None, {"logFormat": "Text", "logGroup": ""}], ids=str)
def test_a_function_that_names_no_log_group_has_the_one_of_its_name(logging: Any) -> None:
    assert adopt(changed={"loggingConfig": logging}).outputs["orders"]["logGroupName"] == "/aws/lambda/worker"


def test_the_timeout_of_a_function_deployed_elsewhere_is_checked_when_it_is_read() -> None:
    with pytest.raises(PipelineError) as caught:
        adopt(visibility_timeout=300)

    assert caught.value.problems == (
        "visibility 300 s < 6 x 60 s + 0 s = 360 s: set visibility_timeout >= 360 or lower timeout to 50",
    )


def test_queue_and_function_may_both_be_deployed_elsewhere() -> None:
    url = "https://sqs.eu-central-1.amazonaws.com/000000000001/legacy"
    failed = "arn:aws:sqs:eu-central-1:000000000001:failed"
    queue = {
        "arn": "arn:aws:sqs:eu-central-1:000000000001:legacy",
        "delaySeconds": 0,
        "maxMessageSize": 1_048_576,
        "messageRetentionSeconds": 345_600,
        "name": "legacy",
        "redrivePolicy": json.dumps({"deadLetterTargetArn": failed, "maxReceiveCount": 5}),
        "url": url,
        "visibilityTimeoutSeconds": 360,
    }
    recorder = record({"worker": WORKER, url: queue}, existing_function="worker", existing_queue=url)

    watch = {"alarm-topic", "critical-alarm", "dashboard"}
    made = children(recorder)
    assert {role for role in made if not role.endswith("-alarm")} | watch == {"policy", "mapping", *watch}
    assert made["mapping"].inputs["eventSourceArn"] == queue["arn"]
    assert made["mapping"].inputs["functionName"] == WORKER["arn"]
