"""`aws.lambda_.Alias`. Its id is its ARN; `<function>/<alias>` is taken for an import."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import AutoName, Properties, ResourceType
from local.provider.resources.lambda_function import function_name, invoke_arn

_FIELDS: Fields = {
    "description": "Description",
    "functionName": "FunctionName",
    "functionVersion": "FunctionVersion",
    "name": "Name",
    "routingConfig": ("RoutingConfig", {"additionalVersionWeights": "AdditionalVersionWeights"}),
}


def create(aws: Aws, news: Properties) -> str:
    return aws.lambda_.create_alias(**to_aws(_FIELDS, news))["AliasArn"]


def read(aws: Aws, alias_id: str) -> Properties:
    function, name = _parts(alias_id)
    alias = aws.lambda_.get_alias(FunctionName=function, Name=name)
    arn = alias["AliasArn"]
    return {
        **from_aws(_FIELDS, alias),
        "arn": arn,
        "functionName": function,
        "invokeArn": invoke_arn(aws, arn),
    }


def update(aws: Aws, alias_id: str, _: Properties, news: Properties) -> None:
    function, name = _parts(alias_id)
    changes: Properties = {"description": "", "routingConfig": {"additionalVersionWeights": {}}, **news}
    aws.lambda_.update_alias(**to_aws(_FIELDS, {**changes, "functionName": function, "name": name}))


def delete(aws: Aws, alias_id: str, _: Properties) -> None:
    function, name = _parts(alias_id)
    aws.lambda_.delete_alias(FunctionName=function, Name=name)


def _parts(alias_id: str) -> tuple[str, str]:
    function, _, name = alias_id.partition(":function:")[2].rpartition(":")
    if not name:
        function, _, name = alias_id.partition("/")
    return function, name


TYPE = ResourceType(
    sdk=aws.lambda_.Alias,
    inputs=frozenset(_FIELDS),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_FIELDS,
    auto_name=AutoName(max_length=128),
    replace_on=frozenset({"functionName", "name"}),
    compare_as={"functionName": function_name},
    id_property="arn",
)
