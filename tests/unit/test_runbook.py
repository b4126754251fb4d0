"""The runbook has a section for every alarm, and its commands and those of the alarms are real ones."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.session import Session

from components.watch.queue import QUEUE_ALARMS
from tests.support.watching import WATCHED, watch

RUNBOOK = Path("docs/runbook.md")


def commands(text: str) -> list[list[str]]:
    """Every call of the AWS CLI in a text, as words; what a shell would put in is `x`."""
    calls: list[list[str]] = []
    flat = re.sub(r"\$\{?\w+(:-\w+)?\}?|<[^<>]*>", "x", re.sub(r"\\?\n\s*", " ", text))
    while inner := re.search(r"\$\(([^()]*)\)", flat):
        calls += commands(inner[1])
        flat = flat.replace(inner[0], "x")
    for call in re.findall(r"\baws [a-z]+ [^`;|}]*", flat):
        calls.append(shlex.split(call))
    return calls


def refused(call: list[str]) -> list[str]:
    """What the AWS CLI would not know of a call."""
    _, service, operation, *rest = call
    options = {word.removeprefix("--") for word in rest if word.startswith("--")}
    if (service, operation) == ("logs", "tail"):  # a command of the CLI itself, in version 2
        return sorted(options - {"since", "filter-pattern"})
    model: Any = Session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        return [operation]
    shape = model.operation_model(operations[operation]).input_shape
    known = {xform_name(name, "-") for name in shape.members}
    required = {xform_name(name, "-") for name in shape.required_members}
    return sorted((options - known - {"query", "output"}) | (required - options))


def test_every_first_command_is_one_that_the_aws_cli_has() -> None:
    found = watch(replace(WATCHED, fair=True, undelivered_queue_name="undelivered"))

    for name, inputs in found.items():
        calls = commands(inputs["alarmDescription"].partition("First: ")[2].partition("\n\nThen: ")[0])
        assert calls, name
        assert [problem for call in calls for problem in refused(call)] == [], name


def test_the_runbook_has_a_section_for_every_alarm_and_no_other() -> None:
    sections = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)

    assert sections == ["critical", *(alarm.name for alarm in QUEUE_ALARMS)]


def test_every_section_of_the_runbook_says_how_to_confirm_mend_and_end_it() -> None:
    for section in RUNBOOK.read_text().split("\n## ")[1:]:
        points = re.findall(r"^- \*\*(\w+):\*\*", section, re.MULTILINE)
        assert [point for point in points if point != "Causes"] == ["Confirm", "Mend", "Over"], section.partition("\n")


def test_the_table_of_the_runbook_is_what_the_alarms_are() -> None:
    def fires_at(percent_of: str | None) -> str:
        return "" if percent_of is None else f" % of `{percent_of}`" if percent_of else " %"

    rows = [
        f"| [{row.name}](#{row.name}) | {row.severity} | {row.threshold}{fires_at(row.percent_of)} | "
        f"{row.datapoints} of {row.periods} x {row.period} s |"
        for row in QUEUE_ALARMS
    ]

    assert [line for line in RUNBOOK.read_text().splitlines() if line.startswith("| [")] == rows


def test_every_command_of_the_runbook_is_one_that_the_aws_cli_has() -> None:
    calls = commands(RUNBOOK.read_text())

    assert {(call[1], call[2]) for call in calls} == {
        ("cloudwatch", "describe-alarms"),
        ("lambda", "get-account-settings"),
        ("lambda", "get-event-source-mapping"),
        ("lambda", "get-function-concurrency"),
        ("lambda", "get-function-configuration"),
        ("lambda", "update-event-source-mapping"),
        ("logs", "tail"),
        ("sqs", "cancel-message-move-task"),
        ("sqs", "delete-message"),
        ("sqs", "get-queue-attributes"),
        ("sqs", "get-queue-url"),
        ("sqs", "list-message-move-tasks"),
        ("sqs", "receive-message"),
        ("sqs", "send-message"),
        ("sqs", "start-message-move-task"),
    }
    assert [(call, problem) for call in calls for problem in refused(call)] == []


def test_the_links_of_the_runbook_lead_somewhere() -> None:
    text = RUNBOOK.read_text()

    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(re.findall(r"^## (.+)$", text, re.MULTILINE))
