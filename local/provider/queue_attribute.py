"""Types that are one JSON attribute of a queue, as a resource of its own: the queue's policies."""

from __future__ import annotations

from typing import Any, cast

import pulumi

from local.aws import Aws
from local.provider.fields import parsed_json
from local.provider.resource import Properties, ResourceType


def queue_attribute(sdk: type[pulumi.CustomResource], name: str, attribute: str) -> ResourceType:
    """The type that holds one attribute. Its id is the queue's URL.

    Args:
        sdk: Its class in `pulumi_aws`.
        name: Its input with the JSON.
        attribute: What AWS calls that.
    """

    def put(aws: Aws, url: str, value: str) -> None:
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=cast("Any", {attribute: value}))

    def create(aws: Aws, news: Properties) -> str:
        url: str = news["queueUrl"]
        put(aws, url, news[name])
        return url

    def read(aws: Aws, url: str) -> Properties | None:
        answer = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=cast("Any", [attribute]))
        value = cast("dict[str, str]", answer.get("Attributes", {})).get(attribute)
        return {"queueUrl": url, name: value} if value else None

    def update(aws: Aws, url: str, _: Properties, news: Properties) -> None:
        put(aws, url, news[name])

    def delete(aws: Aws, url: str, _: Properties) -> None:
        put(aws, url, "")

    return ResourceType(
        sdk=sdk,
        inputs=frozenset({"queueUrl", name}),
        create=create,
        read=read,
        update=update,
        delete=delete,
        replace_on=frozenset({"queueUrl"}),
        compare_as={name: parsed_json},
    )
