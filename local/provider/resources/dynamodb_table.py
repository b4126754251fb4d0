"""`aws.dynamodb.Table`. Its id is its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi_aws as aws
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, tag_list, tag_map, to_aws
from local.provider.indexes import (
    CAPACITY,
    KEY_TYPES,
    KEYS,
    LOCAL_INDEX,
    ON_DEMAND,
    by_name,
    index,
    keys,
    shape,
    shown_capacity,
    shown_index,
    shown_keys,
    throughput,
)
from local.provider.resource import AutoName, Properties, ResourceType

_ATTRIBUTES: Fields = {"attributes": ("AttributeDefinitions", {"name": "AttributeName", "type": "AttributeType"})}
_NESTED: Fields = {
    **_ATTRIBUTES,
    "globalSecondaryIndexes": ("", {**LOCAL_INDEX, **CAPACITY, **KEYS, "hashKey": ""}),
    "localSecondaryIndexes": ("", LOCAL_INDEX),
    "pointInTimeRecovery": ("PointInTimeRecoverySpecification", {"enabled": "PointInTimeRecoveryEnabled"}),
    "serverSideEncryption": ("SSESpecification", {"enabled": "Enabled", "kmsKeyArn": "KMSMasterKeyId"}),
    "ttl": ("TimeToLiveSpecification", {"attributeName": "AttributeName", "enabled": "Enabled"}),
}
"""The names without one in the API are those that it has in another form, which the functions below make."""
_PLAIN = frozenset(
    {"billingMode", "deletionProtectionEnabled", "name", "streamEnabled", "streamViewType", "tableClass", "tags"}
)
_AWS_MANAGED = "alias/aws/dynamodb"
"""The key where the program asks for encryption and names none: the official provider does not show it."""


def create(aws: Aws, news: Properties) -> str:
    name: str = news["name"]
    local = [
        index(item, {**item, "hashKey": news["hashKey"]})
        for item in by_name(news.get("localSecondaryIndexes")).values()
    ]
    indexes = [
        {**index(item, item), **throughput(item, news)} for item in by_name(news.get("globalSecondaryIndexes")).values()
    ]
    options: dict[str, Any] = {
        **to_aws(_ATTRIBUTES, news),
        **throughput(news, news),
        **({"LocalSecondaryIndexes": local} if local else {}),
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        **(_stream(news) if news.get("streamEnabled") else {}),
        **(_encryption(news) if news.get("serverSideEncryption") else {}),
    }
    aws.dynamodb.create_table(
        TableName=name,
        BillingMode=news["billingMode"],
        KeySchema=keys(news),
        TableClass=news["tableClass"],
        Tags=tag_list(news.get("tags")),
        **options,
    )
    try:
        if _is_on(news, "ttl"):
            _set_ttl(aws, name, news)
        if _is_on(news, "pointInTimeRecovery"):
            _set_recovery(aws, name, news)
        if news.get("deletionProtectionEnabled"):  # last: nothing can fail after it
            aws.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
    except (BotoCoreError, ClientError):
        aws.dynamodb.delete_table(TableName=name)  # the engine knows nothing of it, and its name would stay taken
        raise
    return name


def read(aws: Aws, name: str) -> Properties:
    table: dict[str, Any] = dict(aws.dynamodb.describe_table(TableName=name)["Table"])
    billing: str = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    stream: dict[str, Any] = table.get("StreamSpecification", {})
    ttl: dict[str, Any] = dict(aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"])
    backups: Any = aws.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    tags = aws.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"]).get("Tags", [])
    return {
        **from_aws(_ATTRIBUTES, table),
        **shown_keys(table),
        **shown_capacity(table, billing),
        "arn": table["TableArn"],
        "billingMode": billing,
        "deletionProtectionEnabled": table["DeletionProtectionEnabled"],
        "globalSecondaryIndexes": [
            {**shown_index(found), **from_aws(KEYS, found), **shown_capacity(found, billing)}
            for found in table.get("GlobalSecondaryIndexes", [])
        ],
        "localSecondaryIndexes": [
            {key: value for key, value in shown_index(found).items() if key != "hashKey"}
            for found in table.get("LocalSecondaryIndexes", [])
        ]
        or None,
        "name": table["TableName"],
        "pointInTimeRecovery": {
            "enabled": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        },
        "serverSideEncryption": _encryption_from_aws(table.get("SSEDescription", {})),
        "streamArn": table.get("LatestStreamArn", ""),
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamLabel": table.get("LatestStreamLabel", ""),
        "streamViewType": stream.get("StreamViewType"),
        "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "tags": tag_map(tags),
        "ttl": {
            "enabled": ttl["TimeToLiveStatus"] == "ENABLED",
            **from_aws({"attributeName": "AttributeName"}, ttl),
        },
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    for change in _changes(olds, news):
        aws.dynamodb.update_table(TableName=name, **change)
    if _changed("ttl", olds, news):
        _set_ttl(aws, name, news)
    if _changed("pointInTimeRecovery", olds, news):
        _set_recovery(aws, name, news)
    arn = olds["arn"]
    sync_tags(
        olds,
        news,
        lambda keys: aws.dynamodb.untag_resource(ResourceArn=arn, TagKeys=keys),
        lambda tags: aws.dynamodb.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
    )


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.dynamodb.delete_table(TableName=name)


def _changes(olds: Properties, news: Properties) -> Iterator[Any]:
    """The calls of `UpdateTable`, as apart as AWS wants them and in the order of the official provider.

    One index at a time, the class and the encryption alone, a stream off before it is on with another view:
    <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html>.
    """
    old, new = (by_name(properties.get("globalSecondaryIndexes")) for properties in (olds, {**olds, **news}))
    stays = {name for name in old.keys() & new.keys() if shape(old[name]) == shape(new[name])}
    for name in sorted(old.keys() - stays):
        yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    if _changed("tableClass", olds, news):
        yield {"TableClass": news["tableClass"]}
    if news.get("deletionProtectionEnabled", False) != olds["deletionProtectionEnabled"]:
        yield {"DeletionProtectionEnabled": news.get("deletionProtectionEnabled", False)}
    scaled = [
        {"Update": {"IndexName": name, **throughput(new[name], news)}}
        for name in sorted(stays)
        if news["billingMode"] != ON_DEMAND and not _same(CAPACITY, old[name], new[name])
    ]
    scales = {"GlobalSecondaryIndexUpdates": scaled} if scaled else {}
    if _changed("billingMode", olds, news) or not _same(CAPACITY, olds, {**olds, **news}):
        yield {"BillingMode": news["billingMode"], **throughput(news, news), **scales}
    elif scales:
        yield scales
    was, wanted = _stream(olds), _stream({"streamViewType": olds.get("streamViewType"), **news})
    if was != wanted:
        if _is_streaming(was) and _is_streaming(wanted):
            yield _stream({})
        yield wanted
    for name in sorted(new.keys() - stays):
        added = {"Create": {**index(new[name], new[name]), **throughput(new[name], news)}}
        yield {**to_aws(_ATTRIBUTES, news), "GlobalSecondaryIndexUpdates": [added]}
    if _changed("serverSideEncryption", olds, news):
        yield _encryption(news)


def _changed(name: str, olds: Properties, news: Properties) -> bool:
    """Whether the program asks for something else; what it leaves out stays."""
    normal = _COMPARE_AS.get(name, _as_it_is)
    return name in news and normal(olds.get(name)) != normal(news[name])


def _as_it_is(value: Any) -> Any:
    return value


def _same(fields: Fields, old: Properties, new: Properties) -> bool:
    return all((old.get(name) or 0) == (new.get(name) or 0) for name in fields)


def _stream(properties: Properties) -> Any:
    if not properties.get("streamEnabled"):
        return {"StreamSpecification": {"StreamEnabled": False}}
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": properties["streamViewType"]}}


def _is_streaming(change: Any) -> bool:
    return change["StreamSpecification"]["StreamEnabled"]


def _encryption(news: Properties) -> Any:
    wanted = to_aws(_NESTED, {"serverSideEncryption": news["serverSideEncryption"]})["SSESpecification"]
    kind = {"SSEType": "KMS"} if "KMSMasterKeyId" in wanted else {}
    return {"SSESpecification": {**wanted, **kind}}


def _encryption_from_aws(found: dict[str, Any]) -> Properties | None:
    if not found:
        return None
    enabled, key = found["Status"] == "ENABLED", found.get("KMSMasterKeyArn", _AWS_MANAGED)
    return {"enabled": enabled, **({} if key.endswith(_AWS_MANAGED) or not enabled else {"kmsKeyArn": key})}


def _is_on(properties: Properties, name: str) -> bool:
    option: Properties = properties.get(name) or {}
    return option.get("enabled") is True


def _set_ttl(aws: Aws, name: str, news: Properties) -> None:
    wanted = to_aws(_NESTED, {"ttl": {"enabled": False, **news["ttl"]}})
    aws.dynamodb.update_time_to_live(TableName=name, **wanted)


def _set_recovery(aws: Aws, name: str, news: Properties) -> None:
    wanted = to_aws(_NESTED, {"pointInTimeRecovery": news["pointInTimeRecovery"]})
    aws.dynamodb.update_continuous_backups(TableName=name, **wanted)


def _also_needs(inputs: Properties) -> frozenset[str]:
    capacity = frozenset(CAPACITY) if inputs["billingMode"] == "PROVISIONED" else frozenset[str]()
    return capacity | ({"streamViewType"} if inputs.get("streamEnabled") is True else set[str]())


def _refuses(inputs: Properties) -> dict[str, str]:
    refused: dict[str, str] = {}
    if inputs["billingMode"] == ON_DEMAND:
        said = f"AWS takes no capacity of a table that is {ON_DEMAND}"
        refused |= {unit: f"{said}: leave {unit!r} out" for unit in CAPACITY if inputs.get(unit)}
    if inputs.get("streamViewType") and not inputs.get("streamEnabled"):
        refused["streamViewType"] = "a table without a stream shows nothing there: set 'streamEnabled', or leave it out"
    return refused


def _renewed(changed: frozenset[str], _: Properties) -> frozenset[str]:
    return frozenset({"streamArn"}) if changed & {"streamEnabled", "streamViewType"} else frozenset()


_COMPARE_AS: Mapping[str, Callable[[Any], Any]] = {
    "attributes": by_name,
    "globalSecondaryIndexes": lambda items: {
        name: (shape(item), *((item.get(unit) or 0) for unit in CAPACITY)) for name, item in by_name(items).items()
    },
    "localSecondaryIndexes": lambda items: {name: shape(item) for name, item in by_name(items).items()},
    "serverSideEncryption": lambda option: option if option and option["enabled"] else None,
    # AWS does not say of which attribute it is when it is off.
    "ttl": lambda ttl: ttl["attributeName"] if ttl.get("enabled") else None,
}

TYPE = ResourceType(
    sdk=aws.dynamodb.Table,
    inputs=frozenset({*_PLAIN, *_NESTED, *KEY_TYPES, *CAPACITY}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested=_NESTED,
    needs=frozenset({"attributes", "hashKey"}),
    also_needs=_also_needs,
    refuses=_refuses,
    auto_name=AutoName(max_length=255),
    defaults={"billingMode": "PROVISIONED", "tableClass": "STANDARD"},
    replace_on=frozenset({"localSecondaryIndexes", "name", *KEY_TYPES}),
    compare_as=_COMPARE_AS,
    changes_with={"attributes": "globalSecondaryIndexes"},
    renewed=_renewed,
)
