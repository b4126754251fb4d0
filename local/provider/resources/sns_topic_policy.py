"""`aws.sns.TopicPolicy`: the policy of a topic as a resource of its own. Its id is the topic's ARN."""

from __future__ import annotations

import json

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType

_DEFAULT_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
    "Receive",
)


def create(aws: Aws, news: Properties) -> str:
    arn: str = news["arn"]
    _put(aws, arn, news["policy"])
    return arn


def read(aws: Aws, arn: str) -> Properties:
    attributes = aws.sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    return {"arn": arn, "owner": attributes.get("Owner"), "policy": attributes.get("Policy")}


def update(aws: Aws, arn: str, _: Properties, news: Properties) -> None:
    _put(aws, arn, news["policy"])


def delete(aws: Aws, arn: str, _: Properties) -> None:
    """Give the topic AWS's own policy again: none has no policy."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _DEFAULT_ACTIONS],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": aws.account}},
    }
    _put(aws, arn, json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}))


def _put(aws: Aws, arn: str, policy: str) -> None:
    aws.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


TYPE = ResourceType(
    sdk=aws.sns.TopicPolicy,
    inputs=frozenset({"arn", "policy"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    replace_on=frozenset({"arn"}),
    compare_as={"policy": parsed_json},
)
