"""What AWS cannot change in place is replaced: in the right order, under the right name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from local.provider import plan, resources
from tests.provider.cases import CASES
from tests.provider.lifecycle import PRELUDE, look
from tests.support.program import NewProgram, Program, Result

_CREATE_FIRST = ["create-replacement", "replace", "delete-replaced"]
_DELETE_FIRST = ["delete-replaced", "replace", "create-replacement"]
_SUPPORT = """
first_queue = aws.sqs.Queue("first-queue")
second_queue = aws.sqs.Queue("second-queue")
first_role = aws.iam.Role("first-role", assume_role_policy=trust("lambda.amazonaws.com"))
second_role = aws.iam.Role("second-role", assume_role_policy=trust("lambda.amazonaws.com"))
zipped = {"code": code("text"), "handler": "handler.handle", "role": first_role.arn, "runtime": "python3.13"}
first_function = aws.lambda_.Function("first-function", publish=True, **zipped)
second_function = aws.lambda_.Function("second-function", publish=True, **zipped)
metric = {"comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "metric_name": "m", "period": 60}
metric |= {"namespace": "n", "statistic": "Sum", "threshold": 1}
"""


@dataclass(frozen=True)
class Replacement:
    """A resource whose arguments change from `before` to `after`, beside those that stay."""

    sdk: str
    property: str
    before: str
    after: str
    stays: str = ""
    order: list[str] | None = None


REPLACEMENTS = {
    "queue_name": Replacement("sqs.Queue", "name", 'name="one"', 'name="two"'),
    "queue_fifo": Replacement("sqs.Queue", "fifoQueue", "", "fifo_queue=True"),
    "allow_queue": Replacement(
        "sqs.RedriveAllowPolicy",
        "queueUrl",
        "queue_url=first_queue.url",
        "queue_url=second_queue.url",
        'redrive_allow_policy=json.dumps({"redrivePermission": "denyAll"})',
    ),
    "topic_name": Replacement("sns.Topic", "name", 'name="one"', 'name="two"'),
    "topic_fifo": Replacement("sns.Topic", "fifoTopic", "fifo_topic=True", ""),
    "role_name": Replacement(
        "iam.Role", "name", 'name="one"', 'name="two"', 'assume_role_policy=trust("lambda.amazonaws.com")'
    ),
    "role_path": Replacement(
        "iam.Role", "path", "", 'path="/orders/"', 'assume_role_policy=trust("lambda.amazonaws.com")'
    ),
    "named_role_path": Replacement(
        "iam.Role",
        "path",
        'path="/orders/"',
        "",
        'assume_role_policy=trust("lambda.amazonaws.com"), name="named"',
        _DELETE_FIRST,
    ),
    "policy_name": Replacement(
        "iam.RolePolicy", "name", 'name="one"', 'name="two"', 'policy=document("sqs:*"), role=first_role.name'
    ),
    "policy_role": Replacement(
        "iam.RolePolicy", "role", "role=first_role.name", "role=second_role.name", 'policy=document("sqs:*")'
    ),
    "named_policy_role": Replacement(
        "iam.RolePolicy",
        "role",
        "role=first_role.name",
        "role=second_role.name",
        'policy=document("sqs:*"), name="named"',
        _DELETE_FIRST,
    ),
    "logs_name": Replacement("cloudwatch.LogGroup", "name", 'name="one"', 'name="two"'),
    "logs_class": Replacement("cloudwatch.LogGroup", "logGroupClass", "", 'log_group_class="INFREQUENT_ACCESS"'),
    "named_logs_class": Replacement(
        "cloudwatch.LogGroup",
        "logGroupClass",
        'log_group_class="INFREQUENT_ACCESS"',
        'log_group_class="STANDARD"',
        'name="named"',
        _DELETE_FIRST,
    ),
    "alarm_name": Replacement("cloudwatch.MetricAlarm", "name", 'name="one"', 'name="two"', "**metric"),
    "function_name": Replacement("lambda_.Function", "name", 'name="one"', 'name="two"', "**zipped"),
    "alias_name": Replacement(
        "lambda_.Alias",
        "name",
        'name="one"',
        'name="two"',
        'function_name=first_function.name, function_version="1"',
    ),
    "alias_function": Replacement(
        "lambda_.Alias",
        "functionName",
        "function_name=first_function.name",
        "function_name=second_function.arn",
        'function_version="1"',
    ),
    "named_alias_function": Replacement(
        "lambda_.Alias",
        "functionName",
        "function_name=first_function.arn",
        "function_name=second_function.name",
        'function_version="1", name="named"',
        _DELETE_FIRST,
    ),
    "mapping_source": Replacement(
        "lambda_.EventSourceMapping",
        "eventSourceArn",
        "event_source_arn=first_queue.arn",
        "event_source_arn=second_queue.arn",
        "enabled=False, function_name=first_function.name",
    ),
    "mapping_start": Replacement(
        "lambda_.EventSourceMapping",
        "startingPosition",
        'starting_position="LATEST"',
        'starting_position="TRIM_HORIZON"',
        "enabled=False, event_source_arn=stream, function_name=first_function.name",
    ),
}
each_replacement = pytest.mark.parametrize("name", REPLACEMENTS)
each_automatic = pytest.mark.parametrize(
    "name", [name for name, case in REPLACEMENTS.items() if not name.startswith("named") and case.property != "name"]
)


@dataclass(frozen=True)
class Replaced:
    before: dict[str, dict[str, Any]]
    result: Result
    after: dict[str, dict[str, Any]]
    seen_before: dict[str, Any]
    seen_after: dict[str, Any]


@pytest.fixture(scope="module")
def replaced(new_program: NewProgram) -> Replaced:
    program = new_program()
    program.write(_program(program, "before"))
    result = program.up()
    assert result.code == 0, result.text
    before = program.state()
    program.write(_program(program, "after"))
    result = program.up()
    assert result.code == 0, result.text
    after = program.state()
    return Replaced(before, result, after, _seen(program, before), _seen(program, after))


def _program(program: Program, stage: str) -> str:
    lines = [
        f"{name} = aws.{case.sdk}({', '.join(filter(None, [repr(name), getattr(case, stage), case.stays]))})\n"
        for name, case in REPLACEMENTS.items()
    ]
    return PRELUDE.replace("ACCOUNT", program.aws.account) + _SUPPORT + "".join(lines)


def _seen(program: Program, state: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What AWS shows after all of the resources that a state names."""
    looks = {case.sdk: case.look for case in CASES.values()}
    return {name: look(looks[case.sdk], program.aws, state[name]["id"]) for name, case in REPLACEMENTS.items()}


@each_replacement
def test_the_property_replaces_the_resource(replaced: Replaced, name: str) -> None:
    steps = [event["resourcePreEvent"]["metadata"] for event in replaced.result.events if "resourcePreEvent" in event]
    own = [step for step in steps if step["urn"].endswith(f"::{name}")]

    assert [step["op"] for step in own] == (REPLACEMENTS[name].order or _CREATE_FIRST)
    (because,) = (step["keys"] for step in own if step["op"] == "replace")
    assert because == [REPLACEMENTS[name].property]


@each_replacement
def test_aws_has_the_new_one_and_not_the_old_one(replaced: Replaced, name: str) -> None:
    same_id = replaced.before[name]["id"] == replaced.after[name]["id"]

    assert replaced.seen_after[name] is not None
    assert replaced.seen_before[name] == (replaced.seen_after[name] if same_id else None)


@each_automatic
def test_an_automatic_name_is_new(replaced: Replaced, name: str) -> None:
    before, after = (state[name]["outputs"].get("name") for state in (replaced.before, replaced.after))
    if before is None:
        assert resources.find(replaced.before[name]["type"]).auto_name is None
    else:
        assert before != after
        assert re.fullmatch(rf"{name}-[0-9a-f]{{7}}(\.fifo)?", after)


def test_every_property_that_replaces_is_replaced_here_or_below(replaced: Replaced) -> None:
    shown = {(replaced.after[name]["type"], case.property) for name, case in REPLACEMENTS.items()}
    tokens = {resource["type"] for resource in replaced.after.values() if resource["type"].startswith("aws:")}

    declared = {(token, name) for token in tokens for name in resources.find(token).replace_on}

    assert declared - shown == {("aws:lambda/function:Function", "packageType")}  # only zip archives are served
    assert len(tokens) == len(resources.known())


def test_another_package_type_replaces_a_function() -> None:
    function = resources.find("aws:lambda/function:Function")

    changes = plan.diff(function, {"packageType": "Zip"}, {"packageType": "Image"}, frozenset())

    assert changes == [plan.Change("packageType", "update", replaces=True)]
