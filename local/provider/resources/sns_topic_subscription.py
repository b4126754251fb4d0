"""`aws.sns.TopicSubscription`. Its id is its ARN."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType

_JSON = {"deliveryPolicy": "DeliveryPolicy", "filterPolicy": "FilterPolicy", "redrivePolicy": "RedrivePolicy"}
_SCOPE, _ANY_FILTER = "filterPolicyScope", "MessageBody"
_ATTRIBUTES = {**_JSON, _SCOPE: "FilterPolicyScope", "rawMessageDelivery": "RawMessageDelivery"}
_NO_FILTER = "{}"
_WAIT: Properties = {"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False}
"""How to wait for an endpoint to confirm the subscription, by default: queues do at once."""


def create(aws: Aws, news: Properties) -> str:
    given = {name: news[name] for name in _ATTRIBUTES if news.get(name)}
    return aws.sns.subscribe(
        TopicArn=news["topic"],
        Protocol=news["protocol"],
        Endpoint=news["endpoint"],
        Attributes={_ATTRIBUTES[name]: _to_aws(value) for name, value in given.items()},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]


def read(aws: Aws, arn: str) -> Properties:
    attributes = aws.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    policies = {name: attributes.get(key) for name, key in _JSON.items()}
    filters = policies["filterPolicy"] not in (None, "", _NO_FILTER)
    scope = attributes.get("FilterPolicyScope") or "MessageAttributes"  # AWS's own, where there is a filter
    return {
        **_WAIT,
        **{name: value or None for name, value in policies.items()},
        "arn": arn,
        "confirmationWasAuthenticated": attributes.get("ConfirmationWasAuthenticated") == "true",
        "endpoint": attributes["Endpoint"],
        "filterPolicy": policies["filterPolicy"] if filters else None,
        "filterPolicyScope": scope if filters else None,
        "ownerId": attributes.get("Owner"),
        "pendingConfirmation": attributes.get("PendingConfirmation") == "true",
        "protocol": attributes["Protocol"],
        "rawMessageDelivery": attributes.get("RawMessageDelivery") == "true",
        "topic": attributes["TopicArn"],
    }


def update(aws: Aws, arn: str, olds: Properties, news: Properties) -> None:
    scope = news.get(_SCOPE, olds.get(_SCOPE))
    wanted = {name: news.get(name) for name in _ATTRIBUTES if name != _SCOPE}
    # AWS holds filter and scope against each other: the scope that takes every filter first, the other one last.
    wanted = {_SCOPE: scope, **wanted} if scope == _ANY_FILTER else {**wanted, _SCOPE: scope}
    for name, value in wanted.items():
        if (value or None) != (olds.get(name) or None):
            aws.sns.set_subscription_attributes(
                SubscriptionArn=arn, AttributeName=_ATTRIBUTES[name], AttributeValue=_to_aws(value, name)
            )


def delete(aws: Aws, arn: str, _: Properties) -> None:
    aws.sns.unsubscribe(SubscriptionArn=arn)


def _to_aws(value: Any, name: str = "") -> str:
    if not value and name == "filterPolicy":
        return _NO_FILTER  # how AWS takes a filter away
    return str(value).lower() if isinstance(value, bool) else str(value or "")


TYPE = ResourceType(
    sdk=aws.sns.TopicSubscription,
    inputs=frozenset({"endpoint", "protocol", "topic", *_ATTRIBUTES, *_WAIT}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    defaults={**_WAIT, "rawMessageDelivery": False},
    replace_on=frozenset({"endpoint", "protocol", "topic"}),
    compare_as=dict.fromkeys(_JSON, parsed_json),
    write_only=frozenset(_WAIT),
)
