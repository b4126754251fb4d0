"""`aws.lambda_.EventSourceMapping`. Its id is its UUID."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pulumi_aws as aws
from botocore.exceptions import ClientError

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, to_aws
from local.provider.resource import Properties, ResourceType
from local.provider.resources.lambda_function import function_name

_OPTIONS: Fields = {
    "batchSize": "BatchSize",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "destinationConfig": (
        "DestinationConfig",
        {"onFailure": ("OnFailure", {"destinationArn": "Destination"})},
    ),
    "enabled": "Enabled",
    "eventSourceArn": "EventSourceArn",
    "filterCriteria": ("FilterCriteria", {"filters": ("Filters", {"pattern": "Pattern"})}),
    "functionName": "FunctionName",
    "functionResponseTypes": "FunctionResponseTypes",
    "kmsKeyArn": "KMSKeyArn",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "metricsConfig": ("MetricsConfig", {"metrics": "Metrics"}),
    "parallelizationFactor": "ParallelizationFactor",
    "provisionedPollerConfig": (
        "ProvisionedPollerConfig",
        {"maximumPollers": "MaximumPollers", "minimumPollers": "MinimumPollers", "pollerGroupName": "PollerGroupName"},
    ),
    "scalingConfig": ("ScalingConfig", {"maximumConcurrency": "MaximumConcurrency"}),
    "startingPosition": "StartingPosition",
    "startingPositionTimestamp": "StartingPositionTimestamp",
    "tumblingWindowInSeconds": "TumblingWindowInSeconds",
}
_ONLY_AT_CREATE = frozenset({"eventSourceArn", "startingPosition", "startingPositionTimestamp"})
_STREAMS = (":dynamodb:", ":kinesis:")
_NOT_YET = frozenset({"Disabled", "Disabling"})
_BATCH_OF_MESSAGES, _BATCH_OF_RECORDS = 10, 100
_ON_THE_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_ON_ITS_KEY = ("kms:Decrypt",)
_AWS_MANAGED = "alias/aws/sqs"
"""The key of a queue whose policy lets in whoever may use the queue."""


def create(aws: Aws, news: Properties) -> str:
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    complete = {**_aws_defaults(news), **news}
    if ":sqs:" in news["eventSourceArn"]:
        _require_permissions(aws, news["functionName"], news["eventSourceArn"])
    return aws.lambda_.create_event_source_mapping(**to_aws(_OPTIONS, complete), **tags).get("UUID", "")


def read(aws: Aws, uuid: str) -> Properties | None:
    mapping: dict[str, Any] = dict(aws.lambda_.get_event_source_mapping(UUID=uuid))
    if mapping["State"] == "Deleting":
        return None
    return {
        "maximumBatchingWindowInSeconds": 0,
        **from_aws(_OPTIONS, mapping),
        "startingPositionTimestamp": _written(mapping.get("StartingPositionTimestamp")),
        "arn": mapping["EventSourceMappingArn"],
        "enabled": mapping["State"] not in _NOT_YET,
        "functionArn": mapping["FunctionArn"],
        "functionName": mapping["FunctionArn"],
        "lastModified": _written(mapping["LastModified"]),
        "lastProcessingResult": mapping.get("LastProcessingResult"),
        "state": mapping["State"],
        "stateTransitionReason": mapping.get("StateTransitionReason"),
        "tags": aws.lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"] or None,
        "uuid": uuid,
    }


def update(aws: Aws, uuid: str, olds: Properties, news: Properties) -> None:
    changes = {name: value for name, value in news.items() if name not in _ONLY_AT_CREATE}
    none = {**_CLEARED, **_aws_defaults(news)}
    cleared = {name: none[name] for name in none if olds.get(name) and name not in news}
    aws.lambda_.update_event_source_mapping(UUID=uuid, **to_aws(_OPTIONS, {**changes, **cleared}))
    sync_tags(
        olds,
        news,
        lambda keys: aws.lambda_.untag_resource(Resource=olds["arn"], TagKeys=keys),
        lambda tags: aws.lambda_.tag_resource(Resource=olds["arn"], Tags=tags),
    )


def delete(aws: Aws, uuid: str, _: Properties) -> None:
    aws.lambda_.delete_event_source_mapping(UUID=uuid)


def _written(time: datetime | None) -> str | None:
    return time and f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _require_permissions(aws: Aws, function: str, queue_arn: str) -> None:
    """Refuse a function whose role could not read the queue: the embedded AWS would read it all the same.

    AWS itself does not ask for the key: it makes the mapping, and then no message arrives.
    """
    role = aws.lambda_.get_function_configuration(FunctionName=function)["Role"]
    _require(aws, role, _ON_THE_QUEUE, queue_arn)
    *_, account, name = queue_arn.split(":")
    url = aws.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    attributes = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"]).get("Attributes", {})
    key = attributes.get("KmsMasterKeyId", "")
    if key and not key.endswith(_AWS_MANAGED):
        _require(aws, role, _ON_ITS_KEY, aws.kms.describe_key(KeyId=key)["KeyMetadata"].get("Arn", ""))


def _require(aws: Aws, role: str, actions: tuple[str, ...], resource: str) -> None:
    found = aws.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{aws.account}:role/{role.rpartition('/')[2]}",  # it finds none by a path
        ActionNames=actions,
        ResourceArns=[resource],
    )["EvaluationResults"]
    for result in found:
        if result["EvalDecision"] != "allowed":
            service, _, action = result["EvalActionName"].partition(":")
            message = f"The provided execution role does not have permissions to call {action} on {service.upper()}"
            raise ClientError(
                {"Error": {"Code": "InvalidParameterValueException", "Message": message}}, "CreateEventSourceMapping"
            )


def _aws_defaults(news: Properties) -> Properties:
    """AWS's default batch: messages of a queue, or records of a stream."""
    is_queue = ":sqs:" in str(news["eventSourceArn"])
    return {"batchSize": _BATCH_OF_MESSAGES if is_queue else _BATCH_OF_RECORDS}


def _also_needs(inputs: Properties) -> frozenset[str]:
    """Where to begin in a stream, which the embedded AWS does not ask for."""
    source = str(inputs.get("eventSourceArn"))
    return frozenset({"startingPosition"}) if any(service in source for service in _STREAMS) else frozenset()


_CLEARED: Properties = {
    "bisectBatchOnFunctionError": False,
    "destinationConfig": {"onFailure": {}},
    "filterCriteria": {},
    "functionResponseTypes": [],
    "kmsKeyArn": "",
    "maximumBatchingWindowInSeconds": 0,
    "metricsConfig": {},
    "provisionedPollerConfig": {},
    "scalingConfig": {},
    "tumblingWindowInSeconds": 0,
}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""

TYPE = ResourceType(
    sdk=aws.lambda_.EventSourceMapping,
    inputs=frozenset({*_OPTIONS, "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_OPTIONS,
    needs=frozenset({"eventSourceArn"}),
    also_needs=_also_needs,
    defaults={"enabled": True},
    aws_defaults=_aws_defaults,
    replace_on=_ONLY_AT_CREATE,
    compare_as={"functionName": function_name},
)
