"""ORD-SQS-002 over programs of any shape: pass, finding, undecided, exempt."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.facts import Resource
from policy.rules.sqs_redrive import dead_letter_queue, redrive_policy
from policy.tokens import FUNCTION, MAPPING, REDRIVE_ALLOW_POLICY, REDRIVE_POLICY
from tests.support.findings import found
from tests.support.resources import ACCOUNT, UNKNOWN, function, mapping, queue, redrive_to, resource

NONE = "queue {} has no dead-letter queue: set redrive_policy with deadLetterTargetArn and maxReceiveCount"
NOT_KNOWN = "? whether queue {} has a dead-letter queue is not known yet"
OUTSIDE = json.dumps({"deadLetterTargetArn": ACCOUNT.format("sqs", "dead"), "maxReceiveCount": 3})
PARAMETER = resource("aws:ssm/parameter:Parameter", "settings", {"value": UNKNOWN})
FAILED = queue("failed")
NEW_FAILED = queue("failed", deployed=False)


def check(*resources: Resource) -> list[tuple[str, str]]:
    return found(dead_letter_queue, resources)


def allow(permission: str, **properties: Any) -> dict[str, Any]:
    return {**properties, "redriveAllowPolicy": json.dumps({"redrivePermission": permission, "sourceQueueArns": []})}


def separate(owner: Resource, policy: str, **dependencies: Resource) -> Resource:
    properties = {"queueUrl": owner.properties["url"], "redrivePolicy": policy}
    return resource(REDRIVE_POLICY, "redrive", properties, queueUrl=owner, **dependencies)


def with_dead_letters() -> dict[str, list[Resource]]:
    new = queue(deployed=False)
    return {
        "deployed": [queue(redrives_to=FAILED), FAILED],
        "in a first preview": [queue(redrives_to=NEW_FAILED, deployed=False), NEW_FAILED],
        "outside": [queue(redrivePolicy=OUTSIDE)],
        "by a resource of its own": [queue(), FAILED, separate(queue(), redrive_to(FAILED))],
        "by a resource of its own in a first preview": [
            new,
            NEW_FAILED,
            separate(new, UNKNOWN, redrivePolicy=NEW_FAILED),
        ],
        "outside, by a resource of its own": [queue(), separate(queue(), OUTSIDE)],
        "of each other": [queue("one", redrives_to=queue("two")), queue("two", redrives_to=queue("one"))],
    }


@pytest.mark.parametrize("resources", with_dead_letters().values(), ids=with_dead_letters().keys())
def test_a_queue_with_a_dead_letter_queue_passes_and_so_does_that_one(resources: list[Resource]) -> None:
    assert check(*resources) == []


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"deployed": False},
        {"redrivePolicy": ""},
        {"redrivePolicy": None},
        {"redrivePolicy": "{}"},
        {"redrivePolicy": "null"},
        {"redrivePolicy": "[]"},
        {"redrivePolicy": "no JSON, but deadLetterTargetArn"},
        allow("denyAll"),
        {"redriveAllowPolicy": ""},
    ],
    ids=str,
)
def test_a_queue_without_a_dead_letter_queue_is_found(properties: dict[str, Any]) -> None:
    assert check(queue(**properties)) == [("orders", NONE.format("orders"))]


@pytest.mark.parametrize(
    "policy", [{}, {"deadLetterTargetArn": ""}, {"deadLetterTargetArn": None}], ids=["none", "empty", "null"]
)
def test_a_policy_that_names_no_target_is_refused_by_aws_even_if_it_comes_from_a_queue(policy: dict[str, Any]) -> None:
    other = queue("other", redrives_to=FAILED)
    properties = {**queue().properties, "redrivePolicy": json.dumps({**policy, "maxReceiveCount": 3})}
    source = resource(queue().type, "orders", properties, redrivePolicy=other)

    assert check(source, other, FAILED) == []
    assert found(redrive_policy, [source, other, FAILED]) == [
        ("orders", "the redrive policy of queue orders names no dead-letter queue: set deadLetterTargetArn")
    ]


def not_known() -> dict[str, list[Resource]]:
    policy_from_parameter = resource(
        queue().type, "orders", {**queue().properties, "redrivePolicy": UNKNOWN}, redrivePolicy=PARAMETER
    )
    of_some_queue = resource(
        REDRIVE_POLICY, "redrive", {"queueUrl": UNKNOWN, "redrivePolicy": OUTSIDE}, queueUrl=PARAMETER
    )
    return {
        "a policy from a parameter": [policy_from_parameter, PARAMETER],
        "a separate policy from a parameter": [
            queue(),
            PARAMETER,
            separate(queue(), UNKNOWN, redrivePolicy=PARAMETER),
        ],
        "a separate policy of a queue that is not known": [queue(), PARAMETER, of_some_queue],
    }


@pytest.mark.parametrize("resources", not_known().values(), ids=not_known().keys())
def test_a_policy_that_is_not_known_is_undecided_and_not_a_pass(resources: list[Resource]) -> None:
    assert check(*resources) == [("orders", NOT_KNOWN.format("orders"))]


def test_a_policy_that_is_not_known_leaves_the_other_queues_decided() -> None:
    of_some_queue = resource(
        REDRIVE_POLICY, "a-redrive", {"queueUrl": UNKNOWN, "redrivePolicy": OUTSIDE}, queueUrl=PARAMETER
    )
    assert check(queue(), PARAMETER, of_some_queue, separate(queue(), OUTSIDE)) == []


def failure_sinks() -> dict[str, list[Resource]]:
    """Programs in which the queue `failed` takes in what failed elsewhere."""
    arn = FAILED.properties["arn"]
    to_failed = {"onFailure": {"destinationArn": arn}}
    unknown_to_failed = {"onFailure": {"destinationArn": UNKNOWN}}
    stream = {"startingPosition": "LATEST"}
    event_config = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    redrive_allow = {"queueUrl": FAILED.properties["url"]}
    return {
        "of a queue": [queue(redrives_to=FAILED)],
        "that lets any queue redrive": [queue("failed", **allow("byQueue"))],
        "that lets any queue redrive, by a resource of its own": [
            resource(REDRIVE_ALLOW_POLICY, "allow", allow("byQueue", **redrive_allow), queueUrl=FAILED)
        ],
        "that lets a new queue redrive": [
            resource(
                REDRIVE_ALLOW_POLICY,
                "allow",
                {**redrive_allow, "redriveAllowPolicy": UNKNOWN},
                redriveAllowPolicy=queue(),
            )
        ],
        "of a stream": [resource(MAPPING, "m", {**stream, "destinationConfig": to_failed}, destinationConfig=FAILED)],
        "of a stream in a preview": [
            resource(MAPPING, "m", {**stream, "destinationConfig": unknown_to_failed}, destinationConfig=FAILED)
        ],
        "of a function": [resource(FUNCTION, "w", {"deadLetterConfig": {"targetArn": arn}}, deadLetterConfig=FAILED)],
        "of asynchronous calls": [
            resource(event_config, "c", {"destinationConfig": {"onFailure": {"destination": arn}}})
        ],
        "of a subscription": [
            resource("aws:sns/topicSubscription:TopicSubscription", "s", {"redrivePolicy": redrive_to(FAILED)})
        ],
        "of an event rule": [
            resource("aws:cloudwatch/eventTarget:EventTarget", "t", {"deadLetterConfig": {"arn": arn}})
        ],
    }


@pytest.mark.parametrize("holders", failure_sinks().values(), ids=failure_sinks().keys())
def test_a_queue_for_what_failed_needs_no_dead_letter_queue(holders: list[Resource]) -> None:
    assert check(*holders, *([] if any(holder.name == "failed" for holder in holders) else [FAILED])) == []


@pytest.mark.parametrize(
    "denial",
    [
        resource(REDRIVE_ALLOW_POLICY, "deny", allow("denyAll", queueUrl=FAILED.properties["url"]), queueUrl=FAILED),
        resource("aws:sqs/queuePolicy:QueuePolicy", "policy", {"queueUrl": FAILED.properties["url"]}, queueUrl=FAILED),
    ],
    ids=["denies all", "another policy"],
)
def test_a_queue_that_takes_in_nothing_that_failed_is_not_exempt(denial: Resource) -> None:
    assert check(FAILED, denial) == [("failed", NONE.format("failed"))]


def test_a_dead_letter_queue_that_a_function_consumes_needs_one_itself() -> None:
    worker = function()

    assert check(queue(redrives_to=FAILED), FAILED, worker, mapping(FAILED, worker)) == [
        ("failed", NONE.format("failed"))
    ]
