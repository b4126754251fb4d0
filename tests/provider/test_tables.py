"""How a table is changed: by the calls that AWS takes, and only where the official provider sees a change."""

from __future__ import annotations

from typing import Any

from local.provider import plan, resources
from local.provider.plan import Change
from local.provider.resource import UNKNOWN, Properties
from local.provider.resources import dynamodb_table as table
from tests.provider.sent import requests_of
from tests.support.program import NewProgram

_TYPE = resources.find("aws:dynamodb/table:Table")
_ID, _DAY, _SHOP = ({"name": name, "type": "S"} for name in ("id", "day", "shop"))
_BY_DAY: Properties = {"hashKey": "day", "name": "by-day", "projectionType": "ALL"}
_BY_SHOP: Properties = {"hashKey": "shop", "name": "by-shop", "projectionType": "ALL"}
_ON_DEMAND: Properties = {
    "attributes": [_ID, _DAY, _SHOP],
    "billingMode": "PAY_PER_REQUEST",
    "globalSecondaryIndexes": [_BY_DAY, _BY_SHOP],
    "hashKey": "id",
    "name": "orders",
    "streamEnabled": True,
    "streamViewType": "NEW_IMAGE",
    "tableClass": "STANDARD",
}
_UNITS = {"readCapacity": 2, "writeCapacity": 3}
_CAPACITY = {"ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}}


def _updates(new_program: NewProgram, *steps: Properties) -> list[dict[str, Any]]:
    """The calls of `UpdateTable` from one form of a table to the next, without the table's name."""
    aws = new_program().aws
    table.create(aws, steps[0])
    requests = requests_of(aws.dynamodb, "dynamodb", "UpdateTable")
    for step in steps[1:]:
        table.update(aws, "orders", table.read(aws, "orders"), step)
    assert plan.diff(_TYPE, table.read(aws, "orders"), steps[-1], frozenset()) == []
    return [{key: value for key, value in request.items() if key != "TableName"} for request in requests]


def test_every_change_of_an_index_the_class_the_stream_and_the_encryption_is_a_call_of_its_own(
    new_program: NewProgram,
) -> None:
    changed = {
        **_ON_DEMAND,
        "deletionProtectionEnabled": True,
        "globalSecondaryIndexes": [{**_BY_SHOP, "projectionType": "KEYS_ONLY"}],
        "serverSideEncryption": {"enabled": True, "kmsKeyArn": "arn:aws:kms:eu-central-1:1:key/k"},
        "streamViewType": "KEYS_ONLY",
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
    }

    assert _updates(new_program, _ON_DEMAND, changed | {"attributes": [_ID, _SHOP]}) == [
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-day"}}]},
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-shop"}}]},
        {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
        {"DeletionProtectionEnabled": True},
        {"StreamSpecification": {"StreamEnabled": False}},
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        {
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "shop", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexUpdates": [
                {
                    "Create": {
                        "IndexName": "by-shop",
                        "KeySchema": [{"AttributeName": "shop", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "KEYS_ONLY"},
                    }
                }
            ],
        },
        {
            "SSESpecification": {
                "Enabled": True,
                "KMSMasterKeyId": "arn:aws:kms:eu-central-1:1:key/k",
                "SSEType": "KMS",
            }
        },
    ]


def test_a_table_gets_its_capacity_together_with_that_of_its_indexes_and_loses_both(new_program: NewProgram) -> None:
    indexes = [{**_BY_DAY, **_UNITS}, {**_BY_SHOP, **_UNITS}]
    provisioned = {**_ON_DEMAND, "billingMode": "PROVISIONED", "globalSecondaryIndexes": indexes, **_UNITS}

    assert _updates(new_program, _ON_DEMAND, provisioned, _ON_DEMAND) == [
        {
            "BillingMode": "PROVISIONED",
            **_CAPACITY,
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "by-day", **_CAPACITY}},
                {"Update": {"IndexName": "by-shop", **_CAPACITY}},
            ],
        },
        {"BillingMode": "PAY_PER_REQUEST"},
    ]


def test_a_table_that_says_the_same_in_another_way_is_not_changed(new_program: NewProgram) -> None:
    keyed = {**_BY_DAY, "keySchemas": [{"attributeName": "day", "keyType": "HASH"}]}
    del keyed["hashKey"]
    other: Properties = {
        **_ON_DEMAND,
        "attributes": [_SHOP, _DAY, _ID],
        "globalSecondaryIndexes": [_BY_SHOP, keyed],
        "pointInTimeRecovery": {"enabled": False},
        "serverSideEncryption": {"enabled": False},
        "ttl": {"attributeName": "expires", "enabled": False},
    }

    assert _updates(new_program, _ON_DEMAND, other) == []


def test_attributes_change_only_with_the_indexes_that_need_them() -> None:
    without = {**_ON_DEMAND, "attributes": [_ID]}
    del without["globalSecondaryIndexes"]

    alone = plan.diff(_TYPE, _ON_DEMAND, without, frozenset())
    both = plan.diff(_TYPE, _ON_DEMAND, {**without, "globalSecondaryIndexes": []}, frozenset())

    assert alone == []
    assert both == [
        Change("attributes", "update", replaces=False),
        Change("globalSecondaryIndexes", "update", replaces=False),
    ]


def test_an_index_whose_key_is_not_known_yet_is_a_change() -> None:
    unknown = {**_ON_DEMAND, "globalSecondaryIndexes": [{**_BY_DAY, "nonKeyAttributes": [UNKNOWN]}, _BY_SHOP]}

    assert plan.diff(_TYPE, _ON_DEMAND, unknown, frozenset()) == [
        Change("globalSecondaryIndexes", "update", replaces=False)
    ]
