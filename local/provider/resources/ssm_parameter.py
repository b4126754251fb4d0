"""`aws.ssm.Parameter`. Its id is its name; the SDK makes a secret of its value, whatever its type."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS: Fields = {
    "allowedPattern": "AllowedPattern",
    "dataType": "DataType",
    "description": "Description",
    "keyId": "KeyId",
    "name": "Name",
    "tier": "Tier",
    "type": "Type",
    "value": "Value",
}
_CLEARED: Properties = {"allowedPattern": "", "description": ""}
"""What AWS takes for "none": an update without them would leave them as they were."""
_ENCRYPTED = "SecureString"


def create(aws: Aws, news: Properties) -> str:
    aws.ssm.put_parameter(**to_aws(_FIELDS, news), Tags=tag_list(news.get("tags")))
    name: str = news["name"]
    return name


def read(aws: Aws, name: str) -> Properties | None:
    found: dict[str, Any] = dict(aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"])
    described = aws.ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])
    tags = aws.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name).get("TagList", [])
    return {
        **from_aws(_FIELDS, {**found, **described["Parameters"][0]}),
        "arn": found["ARN"],
        "tags": tag_map(tags),
        "version": found["Version"],
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    # Whole, as AWS falls back to its own key, and not to the former one, when none is named.
    wanted = to_aws(_FIELDS, {**_kept(olds, news), **_CLEARED, **news, "name": name})
    if wanted != to_aws(_FIELDS, {**_CLEARED, **olds, "name": name}):  # each call makes a version
        aws.ssm.put_parameter(**wanted, Overwrite=True)
    sync_tags(
        olds,
        news,
        lambda keys: aws.ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=keys),
        lambda tags: aws.ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=tag_list(tags)),
    )


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.ssm.delete_parameter(Name=name)


def _kept(olds: Properties, news: Properties) -> Properties:
    """What stays when the program does not say it; only what is encrypted has a key."""
    names = {"dataType", "tier"} | ({"keyId"} if news["type"] == _ENCRYPTED else set[str]())
    return {name: olds[name] for name in names if name in olds}


def _also_replaces(olds: Properties, news: Properties) -> frozenset[str]:
    # AWS does not take an advanced parameter back to the standard tier.
    is_lowered = olds.get("tier") == "Advanced" and news.get("tier") == "Standard"
    return frozenset({"tier"}) if is_lowered else frozenset()


def _refuses(inputs: Properties) -> dict[str, str]:
    if inputs.get("keyId") and inputs.get("type") in ("String", "StringList"):
        return {"keyId": f"AWS encrypts a parameter of the type {_ENCRYPTED} alone: leave 'keyId' out"}
    return {}


def _renewed(changed: frozenset[str], _: Properties) -> frozenset[str]:
    return frozenset({"version"}) if changed - {"tags"} else frozenset()


TYPE = ResourceType(
    sdk=aws.ssm.Parameter,
    inputs=frozenset({*_FIELDS, "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    needs=frozenset({"value"}),
    refuses=_refuses,
    auto_name=AutoName(max_length=255),
    replace_on=frozenset({"dataType", "name"}),
    also_replaces=_also_replaces,
    renewed=_renewed,
)
