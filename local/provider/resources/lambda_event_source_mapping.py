"""`aws.lambda_.EventSourceMapping`. Its id is its UUID."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, to_aws
from local.provider.resource import Properties, ResourceType
from local.provider.resources.lambda_function import function_name

_FIELDS: Fields = {
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
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "parallelizationFactor": "ParallelizationFactor",
    "scalingConfig": ("ScalingConfig", {"maximumConcurrency": "MaximumConcurrency"}),
    "startingPosition": "StartingPosition",
}
"""What the embedded AWS keeps of a mapping."""
_ONLY_AT_CREATE = frozenset({"eventSourceArn", "startingPosition"})
_NOT_YET = frozenset({"Disabled", "Disabling"})
_BATCH_OF_MESSAGES, _BATCH_OF_RECORDS = 10, 100


def create(aws: Aws, news: Properties) -> str:
    tags = {"Tags": news["tags"]} if news.get("tags") else {}
    complete = {**_aws_defaults(news), **news}
    return aws.lambda_.create_event_source_mapping(**to_aws(_FIELDS, complete), **tags).get("UUID", "")


def read(aws: Aws, uuid: str) -> Properties | None:
    mapping: dict[str, Any] = dict(aws.lambda_.get_event_source_mapping(UUID=uuid))
    if mapping["State"] == "Deleting":
        return None
    modified: datetime = mapping["LastModified"]
    return {
        "maximumBatchingWindowInSeconds": 0,
        **from_aws(_FIELDS, mapping),
        "arn": mapping["EventSourceMappingArn"],
        "enabled": mapping["State"] not in _NOT_YET,
        "functionArn": mapping["FunctionArn"],
        "functionName": mapping["FunctionArn"],
        "lastModified": f"{modified:%Y-%m-%dT%H:%M:%SZ}",
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
    aws.lambda_.update_event_source_mapping(UUID=uuid, **to_aws(_FIELDS, {**changes, **cleared}))
    sync_tags(
        olds,
        news,
        lambda keys: aws.lambda_.untag_resource(Resource=olds["arn"], TagKeys=keys),
        lambda tags: aws.lambda_.tag_resource(Resource=olds["arn"], Tags=tags),
    )


def delete(aws: Aws, uuid: str, _: Properties) -> None:
    aws.lambda_.delete_event_source_mapping(UUID=uuid)


def _aws_defaults(news: Properties) -> Properties:
    """AWS's default batch: messages of a queue, or records of a stream."""
    is_queue = ":sqs:" in str(news["eventSourceArn"])
    return {"batchSize": _BATCH_OF_MESSAGES if is_queue else _BATCH_OF_RECORDS}


_CLEARED: Properties = {
    "bisectBatchOnFunctionError": False,
    "destinationConfig": {"onFailure": {}},
    "filterCriteria": {},
    "functionResponseTypes": [],
    "maximumBatchingWindowInSeconds": 0,
    "scalingConfig": {},
}
"""What AWS takes for "none": an option that is left out of an update stays as it was."""

TYPE = ResourceType(
    sdk=aws.lambda_.EventSourceMapping,
    inputs=frozenset({*_FIELDS, "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    needs=frozenset({"eventSourceArn"}),
    defaults={"enabled": True},
    aws_defaults=_aws_defaults,
    replace_on=_ONLY_AT_CREATE,
    compare_as={"functionName": function_name},
)
