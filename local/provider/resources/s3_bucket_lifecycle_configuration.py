"""`aws.s3.BucketLifecycleConfiguration`: what becomes of objects in time. Its id is the bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, tag_list, tag_map, to_aws
from local.provider.resource import Properties, ResourceType

_WHEN: Fields = {"date": "Date", "days": "Days"}
_NONCURRENT: Fields = {"newerNoncurrentVersions": "NewerNoncurrentVersions", "noncurrentDays": "NoncurrentDays"}
_STORED: Fields = {"storageClass": "StorageClass"}
_SIZES: Fields = {
    "objectSizeGreaterThan": "ObjectSizeGreaterThan",
    "objectSizeLessThan": "ObjectSizeLessThan",
    "prefix": "Prefix",
}
_RULE: Fields = {
    "abortIncompleteMultipartUpload": (
        "AbortIncompleteMultipartUpload",
        {"daysAfterInitiation": "DaysAfterInitiation"},
    ),
    "expiration": ("Expiration", {**_WHEN, "expiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}),
    "filter": (
        "Filter",
        {**_SIZES, "and": ("And", {**_SIZES, "tags": "Tags"}), "tag": ("Tag", {"key": "Key", "value": "Value"})},
    ),
    "id": "ID",
    "noncurrentVersionExpiration": ("NoncurrentVersionExpiration", _NONCURRENT),
    "noncurrentVersionTransitions": ("NoncurrentVersionTransitions", {**_NONCURRENT, **_STORED}),
    "status": "Status",
    "transitions": ("Transitions", {**_WHEN, **_STORED}),
}


def create(aws: Aws, news: Properties) -> str:
    bucket: str = news["bucket"]
    rules = [_to_aws(rule) for rule in cast("list[Properties]", news["rules"])]
    aws.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=cast("Any", {"Rules": rules}))
    return bucket


def read(aws: Aws, bucket: str) -> Properties:
    found: dict[str, Any] = dict(aws.s3.get_bucket_lifecycle_configuration(Bucket=bucket))
    return {
        "bucket": bucket,
        "rules": [_from_aws(rule) for rule in found["Rules"]],
        "transitionDefaultMinimumObjectSize": found["TransitionDefaultMinimumObjectSize"],
    }


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, bucket: str, _: Properties) -> None:
    aws.s3.delete_bucket_lifecycle(Bucket=bucket)


def _to_aws(rule: Properties) -> Any:
    """A rule for AWS, which wants a filter of every rule: an empty one takes every object."""
    wanted: dict[str, Any] = {"Filter": {}, **to_aws(_RULE, rule)}
    if "And" in wanted["Filter"]:
        wanted["Filter"]["And"]["Tags"] = tag_list(wanted["Filter"]["And"].get("Tags"))
    return wanted


def _from_aws(rule: dict[str, Any]) -> Properties:
    found = _with_texts(from_aws(_RULE, rule))
    if "and" in found.get("filter", {}):
        found["filter"]["and"]["tags"] = tag_map(found["filter"]["and"].get("tags", []))
    return found


def _with_texts(value: Any) -> Any:
    """Dates as the program writes them."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, dict):
        return {key: _with_texts(item) for key, item in cast("Properties", value).items()}
    return [_with_texts(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _without_defaults(value: Any) -> Any:
    """Without what is zero, empty or off, which AWS shows in some places where it was left out."""
    if isinstance(value, dict):
        kept = {key: _without_defaults(item) for key, item in cast("Properties", value).items()}
        return {key: item for key, item in kept.items() if item}
    return [_without_defaults(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


TYPE = ResourceType(
    sdk=aws.s3.BucketLifecycleConfiguration,
    inputs=frozenset({"bucket", "rules"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested={"rules": ("Rules", _RULE)},
    needs=frozenset({"rules"}),
    replace_on=frozenset({"bucket"}),
    compare_as={"rules": _without_defaults},
)
