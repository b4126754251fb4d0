"""`aws.lambda_.FunctionRecursionConfig`: a setting of a function that is a resource of its own."""

from __future__ import annotations

import pulumi_aws as aws

from local.aws import Aws
from local.provider.resource import Properties, ResourceType


def create(aws: Aws, news: Properties) -> str:
    name: str = news["functionName"]
    aws.lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop=news["recursiveLoop"])
    return name


def read(aws: Aws, name: str) -> Properties:
    found = aws.lambda_.get_function_recursion_config(FunctionName=name)
    return {"functionName": name, "recursiveLoop": found["RecursiveLoop"]}


def update(aws: Aws, _id: str, _olds: Properties, news: Properties) -> None:
    create(aws, news)


def delete(aws: Aws, name: str, _: Properties) -> None:
    # What a function has when nothing was said.
    aws.lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate")


TYPE = ResourceType(
    sdk=aws.lambda_.FunctionRecursionConfig,
    inputs=frozenset({"functionName", "recursiveLoop"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    replace_on=frozenset({"functionName"}),
)
