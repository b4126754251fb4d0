"""`aws.lambda_.LayerVersion`, from a zip archive. Its id is its ARN; nothing of it can change."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties, ResourceType

_FIELDS: Fields = {
    "compatibleArchitectures": "CompatibleArchitectures",
    "compatibleRuntimes": "CompatibleRuntimes",
    "description": "Description",
    "layerName": "LayerName",
    "licenseInfo": "LicenseInfo",
}
_INPUTS = frozenset({*_FIELDS, "code", "skipDestroy"})


def create(aws: Aws, news: Properties) -> str:
    layer = aws.lambda_.publish_layer_version(Content={"ZipFile": news["code"].zip_bytes()}, **to_aws(_FIELDS, news))
    return layer["LayerVersionArn"]


def read(aws: Aws, arn: str) -> Properties:
    layer: dict[str, Any] = dict(aws.lambda_.get_layer_version_by_arn(Arn=arn))
    return {
        **from_aws(_FIELDS, layer),
        "arn": arn,
        "codeSha256": layer["Content"]["CodeSha256"],
        "createdDate": layer["CreatedDate"],
        "layerArn": layer["LayerArn"],
        "layerName": layer["LayerArn"].rpartition(":")[2],
        "sourceCodeHash": layer["Content"]["CodeSha256"],
        "sourceCodeSize": layer["Content"]["CodeSize"],
        "version": str(layer["Version"]),
    }


def delete(aws: Aws, arn: str, olds: Properties) -> None:
    if not olds.get("skipDestroy"):
        *_, layer, version = arn.split(":")
        aws.lambda_.delete_layer_version(LayerName=layer, VersionNumber=int(version))


TYPE = ResourceType(
    sdk=aws.lambda_.LayerVersion,
    inputs=_INPUTS,
    create=create,
    read=read,
    delete=delete,
    creates_from=frozenset({"code"}),
    defaults={"skipDestroy": False},
    replace_on=_INPUTS,
    compare_as=dict.fromkeys(("compatibleArchitectures", "compatibleRuntimes"), frozenset),
    write_only=frozenset({"code", "skipDestroy"}),
    left_alone=frozenset({"code"}),
)
