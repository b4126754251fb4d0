"""The rules for every child: its name, its tags, its protection, and what the user may change of it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components import OrderPipeline
from tests.support.pipelines import CODE, TAGS, Later, changes, children, complete, record, refusal
from tests.support.recorder import Recorder

EVERYTHING: dict[str, Any] = {
    "customer_key": True,
    "fair": True,
    "front_door": {"message_group": "$request.body.customerId"},
    "topics": {"store": {"arn": "arn:aws:sns:eu-central-1:000000000001:store"}},
    "events": {"placed": {"pattern": {"source": ["store"]}}},
    "buckets": {"drop": {"name": "drop"}},
}
NOT_TAGGED = {
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:kms/alias:Alias",
    "aws:lambda/alias:Alias",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
}
"""Types without tags in AWS."""


@pytest.fixture(scope="module")
def everything() -> Recorder:
    return record(**EVERYTHING)


def test_every_child_that_can_have_tags_has_those_of_the_stack_and_of_the_user() -> None:
    made = children(record(**EVERYTHING, tags={"owner": "shop", "cost": Later("42")}))

    assert {child.type for child in made.values() if "tags" not in child.inputs} == NOT_TAGGED
    wanted = {**TAGS, "owner": "shop", "cost": "42"}
    wrong = {
        role: tags
        for role, child in made.items()
        if (tags := child.inputs.get("tags"))
        and {name: value for name, value in tags.items() if name != "severity"} != wanted
    }
    assert wrong == {}


def test_a_tag_of_the_user_takes_the_place_of_one_of_the_stack() -> None:
    queue = children(record(tags={"pipeline": "mine", "pulumi:stack": None}))["queue"]

    assert queue.inputs["tags"] == {**TAGS, "pipeline": "mine"}


def test_protection_is_for_what_holds_data_and_for_nothing_else(everything: Recorder) -> None:
    protected = record(protect=True, **EVERYTHING)

    assert {
        role: (child.is_protected, child.is_retained)
        for role, child in children(protected).items()
        if child.is_protected or child.is_retained
    } == dict.fromkeys(("queue", "dead-letters", "key"), (True, True))
    assert not any(child.is_protected or child.is_retained for child in children(everything).values())
    assert changes(protected, everything) == {}


CHANGED: list[tuple[dict[str, Any], dict[tuple[str, str], Any]]] = [
    ({"queue": {"kms_data_key_reuse_period_seconds": 60}}, {("queue", "kmsDataKeyReusePeriodSeconds"): 60}),
    ({"queue": {"receive_wait_time_seconds": 0}}, {("queue", "receiveWaitTimeSeconds"): 0}),
    ({"queue": {"receive_wait_time_seconds": None}}, {("queue", "receiveWaitTimeSeconds"): None}),
    ({"logs": {"tags": {"owner": "shop"}}}, {("logs", "tags"): {**TAGS, "owner": "shop"}}),
    (
        {"dead-letters": {"tags": {"pipeline": "failed"}}, "live": {"description": "the one"}},
        {("dead-letters", "tags"): {**TAGS, "pipeline": "failed"}, ("live", "description"): "the one"},
    ),
    ({"critical-alarm": {"actions_enabled": False}}, {("critical-alarm", "actionsEnabled"): False}),
    ({"topic-store": {"raw_message_delivery": False}}, {("topic-store", "rawMessageDelivery"): False}),
    ({"function": {"memory_size": Later(512)}}, {("function", "memorySize"): 512}),
    # Nothing is made of it, so nothing changes.
    ({"bucket-drop": {}}, {}),
]


@pytest.mark.parametrize(("transform", "expected"), CHANGED, ids=[str(case[0]) for case in CHANGED])
def test_properties_of_a_child_can_be_changed_by_its_name(
    transform: dict[str, Any], expected: dict[tuple[str, str], Any], everything: Recorder
) -> None:
    assert changes(record(**EVERYTHING, transform=transform), everything) == expected


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"dead_letters": {}}, ["transform names an unknown child 'dead_letters': did you mean 'dead-letters'?"]),
    (
        {"mapping": {"batchSize": 5}},
        ["transform of 'mapping' sets an unknown property 'batchSize': did you mean 'batch_size'?"],
    ),
    (
        {"live": {"opts": None, "xyz": 5}},
        [
            f"transform of 'live' sets an unknown property {name!r}: there are description, function_name, "
            "function_version, name, region, routing_config"
            for name in ("opts", "xyz")
        ],
    ),
    ({"queue": {"tags": ["a"]}}, ["transform of 'queue' sets tags that are not a dictionary"]),
]


@pytest.mark.parametrize(("transform", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_a_change_of_what_does_not_exist_is_refused(transform: dict[str, Any], problems: list[str]) -> None:
    assert refusal(transform=transform) == problems


def test_tags_of_a_child_leave_the_reason_that_it_states() -> None:
    reasoned: dict[str, Any] = {"visibility_timeout": 60, "visibility_reason": "repeats are harmless"}

    changed = record(**reasoned, transform={"queue": {"tags": {"owner": "shop"}}})

    assert changes(changed, record(**reasoned)) == {
        ("queue", "tags"): {**TAGS, "visibility-timeout-reason": "repeats are harmless", "owner": "shop"}
    }


def test_a_physical_name_of_the_user_reaches_all_that_speak_of_it() -> None:
    made = children(record(transform={"queue": {"name": "sales"}}))

    assert made["backlog-alarm"].inputs["dimensions"] == {"QueueName": "sales"}


LIMITS = {
    "aws:apigatewayv2/api:Api": 128,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 255,
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:lambda/function:Function": 64,
    "aws:sns/topic:Topic": 256,
    "aws:sqs/queue:Queue": 80,
}
"""Longest physical name, of the types that Pulumi names by itself."""
NAMED_HERE = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:kms/alias:Alias": "namePrefix",
    "aws:lambda/alias:Alias": "name",
    "aws:apigatewayv2/stage:Stage": "name",
}
"""Types that the component names: the property."""
NAMELESS = {
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:kms/key:Key",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:sns/topicSubscription:TopicSubscription",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
}


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_the_longest_names_fit_with_a_random_end(fifo: bool) -> None:
    name, event = "o" * 40, {"pattern": {"source": ["store"]}, "message_group": "all"}
    not_fifo = ("fair", "topics", "buckets") if fifo else ()
    arguments = {key: value for key, value in EVERYTHING.items() if key not in not_fifo}
    recorder = Recorder()
    recorder.run(lambda: OrderPipeline(name, complete({**arguments, "fifo": fifo, "events": {"abcd": event}})))

    made = {child: made for child, made in recorder.made.items() if made.parent == name}
    assert {child.type for child in made.values()} <= LIMITS.keys() | NAMED_HERE.keys() | NAMELESS
    assert [child for child, made in made.items() if NAMED_HERE.get(made.type, "") not in {*made.inputs, ""}] == []
    ends = {child: "-1a2b3c4.fifo" if made.inputs.get("fifoQueue") else "-1a2b3c4" for child, made in made.items()}
    assert [
        child for child, made in made.items() if made.type in LIMITS and len(child + ends[child]) > LIMITS[made.type]
    ] == []


@pytest.mark.parametrize(
    ("name", "arguments", "problems"),
    [
        ("o" * 41, {}, [f"the name '{'o' * 41}' has 41 characters, at most 40 leave room for the children's names"]),
        (
            "o" * 40,
            {"events": {"abcde": {"pattern": {"source": ["store"]}}}},
            [
                f"the name '{'o' * 40}' and its child 'event-abcde-rule' have 57 characters together, at most 56 leave "
                "room for a random end: shorten one of them"
            ],
        ),
        *[
            (
                name,
                {},
                [
                    f"the name {name!r} must be letters, digits and hyphens, beginning with a letter, as AWS wants it "
                    "of names"
                ],
            )
            for name in ("", "1st", "my_orders", "orders.fifo", "Bestellungen-für-alle")
        ],
    ],
    ids=str,
)
def test_a_name_that_would_not_fit_is_refused(name: str, arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(name, **arguments) == problems


def test_a_renamed_pipeline_keeps_its_children() -> None:
    recorder = Recorder()

    def program() -> None:
        former = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="orders")])
        OrderPipeline("sales", {"code": CODE}, former)

    recorder.run(program)

    # Of a child that is called after its parent the engine knows the former name by that of the parent.
    before = record()
    assert recorder.made["sales"].aliases == ("orders",)
    assert {
        name.removeprefix("sales-"): child.type for name, child in recorder.made.items() if child.parent == "sales"
    } == {role: child.type for role, child in children(before).items()}
