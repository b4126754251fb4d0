"""DynamoDB tables."""

from __future__ import annotations

import re
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_BY_THEMSELVES = ("CreationDateTime", "LatestStreamArn", "LatestStreamLabel", "TableId", "WarmThroughput")
_ONE, _FULL = '{"name": "id", "type": "S"}', '{"name": "shop", "type": "S"}, {"name": "day", "type": "N"}'
_BY_SHOP = """{
    "name": "by-shop",
    "key_schemas": [{"attribute_name": "shop", "key_type": "HASH"}, {"attribute_name": "day", "key_type": "RANGE"}],
    "non_key_attributes": ["total", "status"],
    "projection_type": "INCLUDE",
    "read_capacity": 1,
    "write_capacity": 1,
}"""
_TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "DeletionProtectionEnabled": False,
    "ItemCount": 0,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    "Recovery": "DISABLED",
    "TableClass": "STANDARD",
    "TableSizeBytes": 0,
    "TableStatus": "ACTIVE",
    "Tags": [],
    "TimeToLive": {"TimeToLiveStatus": "DISABLED"},
}
_ARN = "arn:aws:dynamodb:eu-central-1:ACCOUNT:table"
_KEY = "arn:aws:kms:eu-central-1:ACCOUNT:key"


def _look_at_table(aws: Aws, name: str) -> dict[str, Any]:
    table: dict[str, Any] = dict(aws.dynamodb.describe_table(TableName=name)["Table"])
    backups = aws.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    found = shown(aws, table, *_BY_THEMSELVES, "BillingModeSummary", "TableClassSummary")
    if key := found.get("SSEDescription", {}).get("KMSMasterKeyArn"):
        found["SSEDescription"]["KMSMasterKeyArn"] = re.sub("[0-9a-f-]{36}$", "KEY", key)
    return {
        **found,
        "BillingMode": table["BillingModeSummary"]["BillingMode"],
        "Recovery": backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus"),
        "TableClass": table["TableClassSummary"]["TableClass"],
        "Tags": aws.dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
        "TimeToLive": aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
    }


def _attributes(**kinds: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()]


def _keys(**kinds: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds.items()]


def _index(table: str, name: str, keys: list[dict[str, str]], units: int, **projection: Any) -> dict[str, Any]:
    return {
        "IndexName": name,
        "IndexArn": f"{_ARN}/{table}-*/index/{name}",
        "IndexSizeBytes": 0,
        "IndexStatus": "ACTIVE",
        "ItemCount": 0,
        "KeySchema": keys,
        "Projection": projection,
        "ProvisionedThroughput": {"ReadCapacityUnits": units, "WriteCapacityUnits": units},
    }


def _encrypted(key: str) -> dict[str, str]:
    return {"KMSMasterKeyArn": key, "SSEType": "KMS", "Status": "ENABLED"}


_BY_DAY = _index("table", "by-day", _keys(day="HASH", shop="RANGE"), 2, ProjectionType="ALL")
_BY_SHOP_ALONE = _index("table", "by-shop", _keys(shop="HASH"), 1, ProjectionType="KEYS_ONLY")
_BY_TOTAL = _index("table", "by-total", _keys(total="HASH"), 3, ProjectionType="ALL")

TABLES = {
    "table": Case(
        sdk="dynamodb.Table",
        created=f"""
            attributes=[{_ONE}, {_FULL}],
            deletion_protection_enabled=True,
            global_secondary_indexes=[
                {_BY_SHOP},
                {{
                    "name": "by-day",
                    "hash_key": "day",
                    "projection_type": "ALL",
                    "range_key": "shop",
                    "read_capacity": 1,
                    "write_capacity": 1,
                }},
            ],
            hash_key="id",
            point_in_time_recovery={{"enabled": True}},
            read_capacity=2,
            server_side_encryption={{"enabled": True, "kms_key_arn": lock.arn}},
            stream_enabled=True,
            stream_view_type="NEW_IMAGE",
            table_class="STANDARD_INFREQUENT_ACCESS",
            tags={{"stays": "same", "changes": "first", "goes": "away"}},
            ttl={{"attribute_name": "expires", "enabled": True}},
            write_capacity=3,
        """,
        changed=f"""
            attributes=[{_FULL}, {_ONE}, {{"name": "total", "type": "N"}}],
            deletion_protection_enabled=False,
            global_secondary_indexes=[
                {{
                    "name": "by-day",
                    "hash_key": "day",
                    "projection_type": "ALL",
                    "range_key": "shop",
                    "read_capacity": 2,
                    "write_capacity": 2,
                }},
                {{
                    "name": "by-shop",
                    "hash_key": "shop",
                    "projection_type": "KEYS_ONLY",
                    "read_capacity": 1,
                    "write_capacity": 1,
                }},
                {{
                    "name": "by-total",
                    "hash_key": "total",
                    "projection_type": "ALL",
                    "read_capacity": 3,
                    "write_capacity": 3,
                }},
            ],
            hash_key="id",
            point_in_time_recovery={{"enabled": False}},
            read_capacity=4,
            server_side_encryption={{"enabled": True}},
            stream_enabled=True,
            stream_view_type="KEYS_ONLY",
            tags={{"stays": "same", "changes": "second"}},
            ttl={{"attribute_name": "expires", "enabled": False}},
            write_capacity=5,
        """,
        bare=f'attributes=[{_ONE}], billing_mode="PAY_PER_REQUEST", hash_key="id"',
        seen={
            "created": _TABLE
            | {
                "AttributeDefinitions": _attributes(id="S", shop="S", day="N"),
                "BillingMode": "PROVISIONED",
                "DeletionProtectionEnabled": True,
                "GlobalSecondaryIndexes": [
                    _index(
                        "table",
                        "by-shop",
                        _keys(shop="HASH", day="RANGE"),
                        1,
                        NonKeyAttributes=["total", "status"],
                        ProjectionType="INCLUDE",
                    ),
                    _index("table", "by-day", _keys(day="HASH", shop="RANGE"), 1, ProjectionType="ALL"),
                ],
                "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3},
                "Recovery": "ENABLED",
                "SSEDescription": _encrypted(f"{_KEY}/KEY"),
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
                "TableArn": f"{_ARN}/table-*",
                "TableClass": "STANDARD_INFREQUENT_ACCESS",
                "TableName": "table-*",
                "Tags": tag_list(stays="same", changes="first", goes="away"),
                "TimeToLive": {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"},
            },
            "changed": _TABLE
            | {
                "AttributeDefinitions": _attributes(id="S", shop="S", day="N", total="N"),
                "BillingMode": "PROVISIONED",
                "GlobalSecondaryIndexes": [_BY_DAY, _BY_SHOP_ALONE, _BY_TOTAL],
                "ProvisionedThroughput": {"ReadCapacityUnits": 4, "WriteCapacityUnits": 5},
                "SSEDescription": _encrypted("arn:aws:kms:eu-central-1:ACCOUNT:alias/aws/dynamodb"),
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
                "TableArn": f"{_ARN}/table-*",
                "TableName": "table-*",
                "Tags": tag_list(stays="same", changes="second"),
                "TimeToLive": {"AttributeName": "expires", "TimeToLiveStatus": "DISABLED"},
            },
            "bare": _TABLE | {"TableArn": f"{_ARN}/table-*", "TableName": "table-*"},
        },
        keeps={
            "AttributeDefinitions": _attributes(id="S", shop="S", day="N", total="N"),
            "GlobalSecondaryIndexes": [_BY_DAY, _BY_SHOP_ALONE, _BY_TOTAL],
            "SSEDescription": _encrypted("arn:aws:kms:eu-central-1:ACCOUNT:alias/aws/dynamodb"),
            "TimeToLive": {"AttributeName": "expires", "TimeToLiveStatus": "DISABLED"},
        },
        look=_look_at_table,
        drift=lambda aws, name: aws.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True),
        drifted={"deletionProtectionEnabled"},
        remove=lambda aws, name: aws.dynamodb.delete_table(TableName=name),
    ),
    "ledger": Case(
        sdk="dynamodb.Table",
        created=f"""
            attributes=[{_ONE}, {_FULL}],
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            local_secondary_indexes=[{{"name": "by-shop", "projection_type": "KEYS_ONLY", "range_key": "shop"}}],
            range_key="day",
        """,
        changed=f"""
            attributes=[{_ONE}, {_FULL}],
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            local_secondary_indexes=[{{"name": "by-shop", "projection_type": "KEYS_ONLY", "range_key": "shop"}}],
            point_in_time_recovery={{"enabled": True}},
            range_key="day",
            server_side_encryption={{"enabled": True, "kms_key_arn": lock.arn}},
            stream_enabled=True,
            stream_view_type="NEW_AND_OLD_IMAGES",
            tags={{"by": "hand"}},
            ttl={{"attribute_name": "expires", "enabled": True}},
        """,
        bare=f"""
            attributes=[{_ONE}, {_FULL}],
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            local_secondary_indexes=[{{"name": "by-shop", "projection_type": "KEYS_ONLY", "range_key": "shop"}}],
            range_key="day",
        """,
        seen={
            "created": (
                ledger := _TABLE
                | {
                    "AttributeDefinitions": _attributes(id="S", shop="S", day="N"),
                    "KeySchema": _keys(id="HASH", day="RANGE"),
                    "LocalSecondaryIndexes": [
                        {
                            "IndexName": "by-shop",
                            "IndexArn": f"{_ARN}/ledger-*/index/by-shop",
                            "IndexSizeBytes": 0,
                            "ItemCount": 0,
                            "KeySchema": _keys(id="HASH", shop="RANGE"),
                            "Projection": {"ProjectionType": "KEYS_ONLY"},
                        }
                    ],
                    "TableArn": f"{_ARN}/ledger-*",
                    "TableName": "ledger-*",
                }
            ),
            "changed": ledger
            | (
                kept := {
                    "Recovery": "ENABLED",
                    "SSEDescription": _encrypted(f"{_KEY}/KEY"),
                    "TimeToLive": {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"},
                }
            )
            | {
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
                "Tags": tag_list(by="hand"),
            },
            "bare": ledger,
        },
        keeps=kept,
        look=_look_at_table,
        drift=lambda aws, name: aws.dynamodb.tag_resource(
            ResourceArn=aws.arn("dynamodb", f"table/{name}"), Tags=[{"Key": "by", "Value": "hand"}]
        ),
        drifted={"tags"},
        remove=lambda aws, name: aws.dynamodb.delete_table(TableName=name),
    ),
}
