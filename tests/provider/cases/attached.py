"""What is attached to queues and topics: policies and subscriptions."""

from __future__ import annotations

import json
from typing import Any, cast

from local.aws import Aws
from local.provider.resources import sns_topic_policy
from tests.provider.cases.case import Case, allowed, shown

_SUBSCRIPTION: dict[str, Any] = {
    "TopicArn": "arn:aws:sns:eu-central-1:ACCOUNT:told-*",
    "Protocol": "sqs",
    "Endpoint": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*",
    "Owner": "ACCOUNT",
    "ConfirmationWasAuthenticated": "true",
    "PendingConfirmation": "false",
    "RawMessageDelivery": "false",
}
_GONE: dict[str, Any] = {
    "RedrivePolicy": "",
    "DeliveryPolicy": "",
    "FilterPolicy": {},
    "FilterPolicyScope": "MessageBody",
}


def _look_at_attribute(aws: Aws, url: str, name: str) -> dict[str, Any] | None:
    answer = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=cast("Any", [name]))
    value = cast("dict[str, str]", answer.get("Attributes", {})).get(name)
    return shown(aws, json.loads(value)) if value else None


def _set_attribute(aws: Aws, url: str, name: str, value: str) -> None:
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=cast("Any", {name: value}))


def _look_at_topic_policy(aws: Aws, arn: str) -> dict[str, Any] | None:
    policy: dict[str, Any] = json.loads(aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    return None if policy["Statement"][0].get("Sid") == "__default_statement_ID" else shown(aws, policy)


def _look_at_subscription(aws: Aws, arn: str) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])
    policies = ("DeliveryPolicy", "FilterPolicy", "RedrivePolicy")
    attributes |= {name: json.loads(attributes[name]) for name in policies if attributes.get(name)}
    return shown(aws, attributes, "SubscriptionArn")


def _redrive_by_hand(aws: Aws, url: str) -> None:
    found = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
    policy: dict[str, Any] = json.loads(found["RedrivePolicy"])
    _set_attribute(aws, url, "RedrivePolicy", json.dumps(policy | {"maxReceiveCount": 6}))


def _redrives(receives: int) -> dict[str, Any]:
    return {"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*", "maxReceiveCount": receives}


def _redriving(receives: int) -> str:
    policy = f'json.dumps({{"deadLetterTargetArn": arn, "maxReceiveCount": {receives}}})'
    return f"queue_url=other.url, redrive_policy=kept.arn.apply(lambda arn: {policy})"


def _retries(times: int) -> dict[str, Any]:
    return {"healthyRetryPolicy": {"numRetries": times}}


ATTACHED = {
    "queuepolicy": Case(
        sdk="sqs.QueuePolicy",
        created='policy=document("sqs:SendMessage"), queue_url=other.url',
        changed='policy=document("sqs:ReceiveMessage"), queue_url=other.url',
        bare='policy=document("sqs:DeleteMessage"), queue_url=other.url',
        seen={
            "created": allowed("sqs:SendMessage"),
            "changed": allowed("sqs:ReceiveMessage"),
            "bare": allowed("sqs:DeleteMessage"),
        },
        look=lambda aws, url: _look_at_attribute(aws, url, "Policy"),
        drift=lambda aws, url: _set_attribute(aws, url, "Policy", json.dumps(allowed("sqs:PurgeQueue"))),
        drifted={"policy"},
        remove=lambda aws, url: _set_attribute(aws, url, "Policy", ""),
    ),
    "redrive": Case(
        sdk="sqs.RedrivePolicy",
        created=_redriving(3),
        changed=_redriving(4),
        bare=_redriving(5),
        seen={"created": _redrives(3), "changed": _redrives(4), "bare": _redrives(5)},
        look=lambda aws, url: _look_at_attribute(aws, url, "RedrivePolicy"),
        drift=_redrive_by_hand,
        drifted={"redrivePolicy"},
        remove=lambda aws, url: _set_attribute(aws, url, "RedrivePolicy", ""),
    ),
    "topicpolicy": Case(
        sdk="sns.TopicPolicy",
        created='arn=governed.arn, policy=document("sns:Publish")',
        changed='arn=governed.arn, policy=document("sns:Subscribe")',
        bare='arn=governed.arn, policy=document("sns:Receive")',
        seen={
            "created": allowed("sns:Publish"),
            "changed": allowed("sns:Subscribe"),
            "bare": allowed("sns:Receive"),
        },
        look=_look_at_topic_policy,
        drift=lambda aws, arn: sns_topic_policy.delete(aws, arn, {}),
        drifted={"policy"},
        remove=lambda aws, arn: aws.sns.delete_topic(TopicArn=arn),  # else a topic always has one
    ),
    "subscription": Case(
        sdk="sns.TopicSubscription",
        created="""
            confirmation_timeout_in_minutes=2,
            delivery_policy=json.dumps({"healthyRetryPolicy": {"numRetries": 3}}),
            endpoint=kept.arn,
            endpoint_auto_confirms=True,
            filter_policy=json.dumps({"kind": ["first"]}),
            filter_policy_scope="MessageAttributes",
            protocol="sqs",
            raw_message_delivery=True,
            redrive_policy=kept.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn})),
            topic=told.arn,
        """,
        changed="""
            confirmation_timeout_in_minutes=3,
            delivery_policy=json.dumps({"healthyRetryPolicy": {"numRetries": 4}}),
            endpoint=kept.arn,
            filter_policy=json.dumps({"order": {"kind": ["second"]}}),
            filter_policy_scope="MessageBody",
            protocol="sqs",
            redrive_policy=other.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn})),
            topic=told.arn,
        """,
        bare='endpoint=kept.arn, protocol="sqs", topic=told.arn',
        seen={
            "created": _SUBSCRIPTION
            | {
                "DeliveryPolicy": _retries(3),
                "FilterPolicy": {"kind": ["first"]},
                "FilterPolicyScope": "MessageAttributes",
                "RawMessageDelivery": "true",
                "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*"},
            },
            "changed": _SUBSCRIPTION
            | {
                "DeliveryPolicy": _retries(4),
                "FilterPolicy": {"order": {"kind": ["second"]}},
                "FilterPolicyScope": "MessageBody",
                "RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"},
            },
            "bare": _SUBSCRIPTION,
        },
        keeps=_GONE,
        look=_look_at_subscription,
        drift=lambda aws, arn: aws.sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="true"
        ),
        drifted={"rawMessageDelivery"},
        remove=lambda aws, arn: aws.sns.unsubscribe(SubscriptionArn=arn),
    ),
}
