"""Decisions that need no AWS: names, what counts as a change, and what an import takes over."""

from __future__ import annotations

from typing import Any

import pytest

from local.provider import plan, resources
from local.provider.plan import Change
from local.provider.resource import UNKNOWN, Properties

_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
_ALIAS = "aws:lambda/alias:Alias"
_BUCKET = "aws:s3/bucket:Bucket"
_DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
_FUNCTION = "aws:lambda/function:Function"
_INTEGRATION = "aws:apigatewayv2/integration:Integration"
_KEY_ALIAS = "aws:kms/alias:Alias"
_LOGS = "aws:cloudwatch/logGroup:LogGroup"
_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
_POLICY = "aws:iam/rolePolicy:RolePolicy"
_QUEUE = "aws:sqs/queue:Queue"
_ROLE = "aws:iam/role:Role"
_RULE = "aws:cloudwatch/eventRule:EventRule"
_TOPIC = "aws:sns/topic:Topic"
_ARN = "arn:aws:lambda:eu-central-1:1:function"


def _check(token: str, news: Properties, olds: Properties, seed: bytes = b"seed", name: str = "orders") -> Properties:
    inputs, problems = plan.check(resources.find(token), name, news, olds, seed, "eu-central-1")
    assert problems == []
    return inputs


@pytest.mark.parametrize(
    ("token", "given", "suffix"),
    [
        (_QUEUE, {}, ""),
        (_QUEUE, {"fifoQueue": True}, ".fifo"),
        (_TOPIC, {"fifoTopic": True}, ".fifo"),
        (_LOGS, {}, ""),
        (_ALIAS, {"functionName": "f", "functionVersion": "1"}, ""),
        (_POLICY, {"role": "r", "policy": "{}"}, ""),
    ],
)
def test_an_automatic_name_is_kept_over_updates_and_new_with_a_new_seed(
    token: str, given: Properties, suffix: str
) -> None:
    first = _check(token, given, {})
    assert first["name"] == f"orders-19b2585{suffix}"

    assert _check(token, given, first, b"another")["name"] == first["name"]
    assert _check(token, given, {}, b"another")["name"] == f"orders-ae448ac{suffix}"


def test_a_name_that_the_program_stops_to_set_becomes_automatic() -> None:
    named = _check(_QUEUE, {"name": "mine"}, {})

    assert _check(_QUEUE, {}, named)["name"] == "orders-19b2585"


@pytest.mark.parametrize(
    ("token", "given", "needed"),
    [
        (_FUNCTION, {"role": "r"}, ["handler", "runtime"]),
        (_FUNCTION, {"role": "r", "packageType": "Image"}, ["imageUri"]),
        (_FUNCTION, {"role": "r", "packageType": "Image", "imageUri": "i"}, []),
        (_ALARM, {"metricQueries": [{"id": "e"}]}, ["comparisonOperator", "evaluationPeriods"]),
        (_ALARM, {"evaluationCriteria": {"promqlCriteria": {"query": "up"}}}, []),
    ],
)
def test_what_a_resource_needs_depends_on_what_it_is_given(token: str, given: Properties, needed: list[str]) -> None:
    _, problems = plan.check(resources.find(token), "orders", given, {}, b"seed", "eu-central-1")

    assert [problem.property for problem in problems] == needed


@pytest.mark.parametrize(
    ("token", "given", "longest"),
    [
        (_QUEUE, {}, 80),
        (_QUEUE, {"fifoQueue": True}, 80),
        (_TOPIC, {}, 256),
        (_ROLE, {"assumeRolePolicy": "{}"}, 64),
        (_POLICY, {"role": "r", "policy": "{}"}, 128),
        (_LOGS, {}, 512),
        (_ALARM, {"comparisonOperator": "c", "evaluationPeriods": 1}, 255),
        (_FUNCTION, {"role": "r", "handler": "h", "runtime": "r", "code": "c"}, 64),
        (_ALIAS, {"functionName": "f", "functionVersion": "1"}, 128),
    ],
)
def test_a_name_as_long_as_aws_takes_passes_and_one_more_is_a_problem(
    token: str, given: Properties, longest: int
) -> None:
    rest = len(_check(token, given, {})["name"]) - len("orders")
    assert len(_check(token, given, {}, name="n" * (longest - rest))["name"]) == longest

    _, problems = plan.check(resources.find(token), "n" * (longest - rest + 1), given, {}, b"seed", "eu-central-1")

    assert [problem.property for problem in problems] == ["name"]
    assert f"has {longest + 1} characters and AWS takes {longest}: shorten the logical name" in problems[0].reason


_SAME: list[tuple[str, Properties, Properties]] = [
    (_QUEUE, {"redrivePolicy": '{"a": 1, "b": 2}'}, {"redrivePolicy": '{"b":2,"a":1}'}),
    (_ROLE, {"assumeRolePolicy": '{"Version": "1"}'}, {"assumeRolePolicy": '{ "Version":"1" }'}),
    (_POLICY, {"policy": '{"a": 1}'}, {"policy": '{"a":1}'}),
    (_TOPIC, {"policy": '{"a": 1}'}, {"policy": '{"a":1}'}),
    (_TOPIC, {"policy": '{"a": 1}', "tags": {}}, {}),
    (
        _ALARM,
        {"alarmActions": ["a", "b"], "okActions": ["c", "d"]},
        {"alarmActions": ["b", "a"], "okActions": ["d", "c"]},
    ),
    (
        _ALARM,
        {"metricQueries": [{"id": "a", "metric": {"metricName": "m"}, "returnData": False}, {"id": "b"}]},
        {"metricQueries": [{"id": "b", "label": ""}, {"id": "a", "metric": {"dimensions": {}, "metricName": "m"}}]},
    ),
    (_ALIAS, {"functionName": "f"}, {"functionName": f"{_ARN}:f"}),
    (_MAPPING, {"functionName": f"{_ARN}:f:live"}, {"functionName": "f:live"}),
    (_MAPPING, {"batchSize": 10, "eventSourceArn": "arn:aws:sqs:q"}, {"eventSourceArn": "arn:aws:sqs:q"}),
    (_MAPPING, {"batchSize": 100, "eventSourceArn": "arn:aws:kinesis:s"}, {"eventSourceArn": "arn:aws:kinesis:s"}),
    (_QUEUE, {"policy": "{}", "redrivePolicy": "{}", "sqsManagedSseEnabled": True}, {}),
    (_LOGS, {}, {"retentionInDays": 0, "skipDestroy": False}),
    (
        _FUNCTION,
        {"vpcConfig": {"securityGroupIds": ["s"], "subnetIds": ["a", "b"], "vpcId": "v"}},
        {"vpcConfig": {"securityGroupIds": ["s"], "subnetIds": ["b", "a"]}},
    ),
    (_DASHBOARD, {"dashboardBody": '{"widgets": []}'}, {"dashboardBody": '{ "widgets":[] }'}),
    (
        _INTEGRATION,
        {"integrationMethod": "POST", "integrationType": "AWS_PROXY"},
        {"integrationType": "AWS_PROXY"},
    ),
    (_FUNCTION, {"architectures": ["arm64"], "tracingConfig": {"mode": "Active"}, "version": "7"}, {}),
]


@pytest.mark.parametrize(("token", "olds", "news"), _SAME)
def test_another_spelling_and_what_aws_fills_in_are_no_change(token: str, olds: Properties, news: Properties) -> None:
    assert plan.diff(resources.find(token), olds, news, frozenset()) == []


_CHANGES: list[tuple[str, Properties, Properties, list[Change]]] = [
    (_QUEUE, {"redrivePolicy": '{"a": 1}'}, {"redrivePolicy": '{"a": 2}'}, [Change("redrivePolicy", "update", False)]),
    (_QUEUE, {"redrivePolicy": '{"a": 1}'}, {"redrivePolicy": UNKNOWN}, [Change("redrivePolicy", "update", False)]),
    (_QUEUE, {}, {"tags": {"a": "b"}}, [Change("tags", "add", False)]),
    (_QUEUE, {"tags": {"a": "b"}}, {}, [Change("tags", "delete", False)]),
    (_QUEUE, {"kmsMasterKeyId": "k"}, {}, [Change("kmsMasterKeyId", "delete", False)]),
    (_MAPPING, {"batchSize": 5}, {"eventSourceArn": "arn:aws:sqs:q"}, [
        Change("batchSize", "delete", False), Change("eventSourceArn", "add", True),
    ]),
    (_ALIAS, {"functionName": "f"}, {"functionName": f"{_ARN}:g"}, [Change("functionName", "update", True)]),
    (_ALIAS, {"functionName": "f"}, {"functionName": UNKNOWN}, [Change("functionName", "update", True)]),
    (_FUNCTION, {"publish": False}, {"publish": True}, [Change("publish", "update", False)]),
    (_FUNCTION, {"vpcConfig": {"subnetIds": ["a"]}}, {"vpcConfig": {"subnetIds": UNKNOWN}}, [
        Change("vpcConfig", "update", False),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("token", "olds", "news", "changes"), _CHANGES)
def test_a_change_is_named_with_whether_it_replaces(
    token: str, olds: Properties, news: Properties, changes: list[Change]
) -> None:
    assert plan.diff(resources.find(token), olds, news, frozenset()) == changes


def test_changes_that_the_program_ignores_are_none() -> None:
    queue = resources.find(_QUEUE)
    olds: Properties = {"delaySeconds": 1, "tags": {"a": "b"}}

    changes = plan.diff(queue, olds, {"delaySeconds": 2}, frozenset({"tags"}))

    assert changes == [Change("delaySeconds", "update", False)]


@pytest.mark.parametrize(
    ("token", "news", "change", "first"),
    [
        (_ROLE, {"name": "mine", "__defaults": []}, "path", True),
        (_ROLE, {"name": "mine-12345ab", "__defaults": ["name"]}, "path", False),
        (_ROLE, {"name": "mine", "__defaults": []}, "name", False),
        (_BUCKET, {"bucket": "mine", "__defaults": []}, "objectLockEnabled", True),
        (_BUCKET, {"bucket": "mine", "__defaults": []}, "bucket", False),
        (_MAPPING, {}, "eventSourceArn", False),
    ],
)
def test_only_a_name_of_the_program_that_stays_is_deleted_before_it_is_made_again(
    token: str, news: Properties, change: str, first: bool
) -> None:
    assert plan.needs_delete_first(resources.find(token), news, [Change(change, "update", True)]) is first


def test_a_bucket_gets_its_automatic_name_in_lower_case_as_its_bucket() -> None:
    assert _check(_BUCKET, {}, {}, name="Orders")["bucket"] == "orders-19b2585"


def test_a_name_that_the_program_only_begins_is_not_made_up() -> None:
    assert _check(_KEY_ALIAS, {"namePrefix": "alias/orders-", "targetKeyId": "key"}, {}) == {
        "namePrefix": "alias/orders-",
        "targetKeyId": "key",
        "__defaults": [],
    }


def test_what_the_official_provider_leaves_alone_is_no_change_when_it_is_no_longer_set() -> None:
    rule = resources.find(_RULE)

    assert plan.diff(rule, {"state": "DISABLED"}, {}, frozenset()) == []
    assert plan.diff(rule, {"state": "DISABLED"}, {"state": "ENABLED"}, frozenset()) == [
        Change("state", "update", False)
    ]


def test_what_aws_does_not_give_back_is_a_change_when_it_is_no_longer_set() -> None:
    logs = resources.find(_LOGS)

    assert plan.diff(logs, {"kmsKeyId": "arn:key"}, {}, frozenset()) == [Change("kmsKeyId", "delete", False)]


def test_an_import_takes_over_what_a_program_would_write() -> None:
    state: dict[str, Any] = {
        "arn": "arn:role",
        "assumeRolePolicy": "{}",
        "description": "",
        "maxSessionDuration": 3600,
        "name": "orders",
        "managedPolicyArns": [],
        "path": "/",
        "tags": None,
        "tagsAll": {},
    }

    assert plan.inputs_from_state(resources.find(_ROLE), {}, state) == {
        "assumeRolePolicy": "{}",
        "maxSessionDuration": 3600,
        "name": "orders",
        "path": "/",
        "__defaults": [],
    }


def test_a_refresh_takes_over_only_what_the_program_set() -> None:
    inputs = {"name": "orders", "description": "old", "tags": {"a": "b"}, "__defaults": ["name"]}
    state = {"name": "orders", "description": "by hand", "path": "/", "tags": None}

    assert plan.inputs_from_state(resources.find(_ROLE), inputs, state) == {
        "name": "orders",
        "description": "by hand",
        "__defaults": ["name"],
    }
