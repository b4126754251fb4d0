"""Keys, indexes and capacity of a DynamoDB table: the same of the table and of each of its indexes."""

from __future__ import annotations

from typing import Any, cast

from local.provider.fields import Fields, from_aws, to_aws
from local.provider.resource import Properties

KEYS: Fields = {"keySchemas": ("KeySchema", {"attributeName": "AttributeName", "keyType": "KeyType"})}
KEY_TYPES = {"hashKey": "HASH", "rangeKey": "RANGE"}
CAPACITY: Fields = {"readCapacity": "ReadCapacityUnits", "writeCapacity": "WriteCapacityUnits"}
_PROJECTION: Fields = {"nonKeyAttributes": "NonKeyAttributes", "projectionType": "ProjectionType"}
LOCAL_INDEX: Fields = {"name": "IndexName", "rangeKey": "", **_PROJECTION}
"""Its `rangeKey` is made a part of `KeySchema`."""
ON_DEMAND = "PAY_PER_REQUEST"


def keys(item: Properties) -> Any:
    """The key of a table or an index: written out, or as one hash key and perhaps one range key."""
    named = [{"AttributeName": item[name], "KeyType": kind} for name, kind in KEY_TYPES.items() if item.get(name)]
    return to_aws(KEYS, item).get("KeySchema") or named


def shown_keys(answer: dict[str, Any]) -> Properties:
    """The hash key and the range key that AWS shows; a key of several attributes of a kind has no name here."""
    found = {
        name: [key["AttributeName"] for key in answer["KeySchema"] if key["KeyType"] == kind]
        for name, kind in KEY_TYPES.items()
    }
    return {name: attributes[0] for name, attributes in found.items() if len(attributes) == 1}


def index(item: Properties, keyed: Properties) -> Any:
    """An index for AWS, with the key of `keyed`."""
    return {"IndexName": item["name"], "KeySchema": keys(keyed), "Projection": to_aws(_PROJECTION, item)}


def shown_index(answer: dict[str, Any]) -> Properties:
    """What AWS shows of an index of either kind."""
    return {"name": answer["IndexName"], **shown_keys(answer), **from_aws(_PROJECTION, answer["Projection"])}


def by_name(items: Any) -> dict[str, Properties]:
    """Attributes or indexes, which have no order."""
    return {item["name"]: item for item in cast("list[Properties]", items or [])}


def shape(item: Properties) -> Any:
    """What AWS cannot change of an index: another one has to take its place."""
    return keys(item), item["projectionType"], frozenset[str](item.get("nonKeyAttributes") or ())


def throughput(item: Properties, table: Properties) -> Any:
    """Of a table or an index: none on demand, and nothing that a program leaves out is made up."""
    given = to_aws(CAPACITY, {name: item.get(name) or None for name in CAPACITY})
    needed = dict.fromkeys(CAPACITY.values(), 0) if table["billingMode"] != ON_DEMAND else {}
    capacity = {**needed, **given}
    return {"ProvisionedThroughput": capacity} if capacity else {}


def shown_capacity(answer: dict[str, Any], billing: str) -> Properties:
    """The capacity that AWS shows: zero on demand, where the embedded AWS may still show what an index had before."""
    return dict.fromkeys(CAPACITY, 0) if billing == ON_DEMAND else from_aws(CAPACITY, answer["ProvisionedThroughput"])
