"""`aws.kms.Alias`. Its id is its name, which begins with `alias/`."""

from __future__ import annotations

import re
import uuid

import pulumi_aws as aws

from local.aws import Aws
from local.provider.resource import AutoName, Properties, ResourceType

_UNIQUE_DIGITS = 26
"""Hexadecimal digits that the official provider adds to a `namePrefix`."""


def create(aws: Aws, news: Properties) -> str:
    name: str = news.get("name") or f"{news['namePrefix']}{uuid.uuid4().hex[:_UNIQUE_DIGITS]}"
    aws.kms.create_alias(AliasName=name, TargetKeyId=news["targetKeyId"])
    return name


def read(aws: Aws, name: str) -> Properties | None:
    pages = aws.kms.get_paginator("list_aliases").paginate()
    alias = next((alias for page in pages for alias in page["Aliases"] if alias.get("AliasName") == name), None)
    if alias is None:
        return None
    key_id = alias.get("TargetKeyId", "")
    prefix = re.fullmatch(rf"(.+)[0-9a-f]{{{_UNIQUE_DIGITS}}}", name)
    return {
        "arn": alias.get("AliasArn"),
        "name": name,
        "namePrefix": prefix.group(1) if prefix else None,
        "targetKeyArn": aws.arn("kms", f"key/{key_id}"),
        "targetKeyId": key_id,
    }


def update(aws: Aws, name: str, _: Properties, news: Properties) -> None:
    aws.kms.update_alias(AliasName=name, TargetKeyId=news["targetKeyId"])


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.kms.delete_alias(AliasName=name)


def key_id(reference: str) -> str:
    """A key by its id: AWS takes the id and the ARN for the same."""
    return reference.partition(":key/")[2] or reference


TYPE = ResourceType(
    sdk=aws.kms.Alias,
    inputs=frozenset({"name", "namePrefix", "targetKeyId"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=256),
    replace_on=frozenset({"name", "namePrefix"}),
    compare_as={"targetKeyId": key_id},
)
