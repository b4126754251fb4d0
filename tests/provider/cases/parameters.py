"""Parameters of Systems Manager."""

from __future__ import annotations

import re
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_PARAMETER: dict[str, Any] = {
    "AllowedPattern": "",
    "ARN": "arn:aws:ssm:eu-central-1:ACCOUNT:parameter/parameter-*",
    "DataType": "text",
    "Description": "",
    "Name": "parameter-*",
    "Tags": [],
    "Tier": "Standard",
    "Value": "bare",
    "Type": "String",
}
_SECRET = _PARAMETER | {
    "ARN": "arn:aws:ssm:eu-central-1:ACCOUNT:parameter/secret-*",
    "KeyId": "alias/aws/ssm",
    "Name": "secret-*",
    "Type": "SecureString",
}
_KEY = "arn:aws:kms:eu-central-1:ACCOUNT:key/KEY"


def _look_at_parameter(aws: Aws, name: str) -> dict[str, Any]:
    # Not its version: a refresh after each stage would have to find it as it is.
    found = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    (described,) = aws.ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    tags = aws.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    whole = {**described, **found, "Tags": sorted(tags, key=lambda tag: tag["Key"])}
    seen = shown(aws, whole, "LastModifiedDate", "LastModifiedUser", "Version")
    return seen | ({"KeyId": re.sub("[0-9a-f-]{36}$", "KEY", seen["KeyId"])} if "KeyId" in seen else {})


PARAMETERS = {
    "parameter": Case(
        sdk="ssm.Parameter",
        created="""
            allowed_pattern="[a-z]+",
            description="first",
            tags={"stays": "same", "changes": "first", "goes": "away"},
            type="String",
            value="first",
        """,
        changed="""
            allowed_pattern="[a-z,]+",
            description="second",
            tags={"stays": "same", "changes": "second"},
            tier="Advanced",
            type="StringList",
            value="second,third",
        """,
        bare='type="String", value="bare"',
        seen={
            "created": _PARAMETER
            | {
                "AllowedPattern": "[a-z]+",
                "Description": "first",
                "Tags": tag_list(stays="same", changes="first", goes="away"),
                "Value": "first",
            },
            "changed": _PARAMETER
            | {
                "AllowedPattern": "[a-z,]+",
                "Description": "second",
                "Tags": tag_list(stays="same", changes="second"),
                "Tier": "Advanced",
                "Type": "StringList",
                "Value": "second,third",
            },
            "bare": _PARAMETER,
        },
        keeps={"Tier": "Advanced"},
        look=_look_at_parameter,
        drift=lambda aws, name: aws.ssm.put_parameter(
            Name=name, Overwrite=True, Tier="Advanced", Type="String", Value="by hand"
        ),
        drifted={"value"},
        remove=lambda aws, name: aws.ssm.delete_parameter(Name=name),
    ),
    "secret": Case(
        sdk="ssm.Parameter",
        created='key_id=lock.arn, type="SecureString", value=pulumi.Output.secret("first")',
        changed='key_id=lock2.arn, tags={"by": "program"}, type="SecureString", value="second"',
        bare='type="SecureString", value="bare"',
        seen={
            "created": _SECRET | {"KeyId": _KEY, "Value": "first"},
            "changed": _SECRET | {"KeyId": _KEY, "Tags": tag_list(by="program"), "Value": "second"},
            "bare": _SECRET,
        },
        keeps={"KeyId": _KEY},
        look=_look_at_parameter,
        drift=lambda aws, name: aws.ssm.add_tags_to_resource(
            ResourceType="Parameter", ResourceId=name, Tags=[{"Key": "by", "Value": "hand"}]
        ),
        drifted={"tags"},
        remove=lambda aws, name: aws.ssm.delete_parameter(Name=name),
    ),
}
