"""The events that a function gets from a mapping: what the source's API answers, in Lambda's shape.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html#services-kinesis-event-example
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html#events-sample-dynamodb
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

Event = dict[str, Any]


def message_event(message: Mapping[str, Any], queue_arn: str) -> Event:
    """A message of `ReceiveMessage`, with all its attributes, as an entry of `Records`."""
    body: str = message.get("Body", "")
    named: Mapping[str, Mapping[str, Any]] = message.get("MessageAttributes") or {}
    md5 = {"md5OfMessageAttributes": message["MD5OfMessageAttributes"]} if "MD5OfMessageAttributes" in message else {}
    return {
        "messageId": message.get("MessageId", ""),
        "receiptHandle": message.get("ReceiptHandle", ""),
        "body": body,
        "attributes": {**(message.get("Attributes") or {})},
        "messageAttributes": {name: _attribute(value) for name, value in named.items()},
        **md5,
        "md5OfBody": message.get("MD5OfBody") or md5_of(body),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": _region(queue_arn),
    }


def data_event(record: Mapping[str, Any], shard: str, stream_arn: str, role_arn: str) -> Event:
    """A record of a Kinesis stream's `GetRecords` as an entry of `Records`.

    Args:
        record: Its time may be a `datetime` or seconds.
        shard: It is in.
        stream_arn: Of the stream, or of the consumer with enhanced fan-out, as the mapping has it.
        role_arn: Of the function's role.
    """
    number: str = record["SequenceNumber"]
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": number,
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(_seconds(record["ApproximateArrivalTimestamp"]), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role_arn,
        "awsRegion": _region(stream_arn),
        "eventSourceARN": stream_arn,
    }


def change_event(record: Mapping[str, Any], stream_arn: str) -> Event:
    """A record of a DynamoDB stream's `GetRecords` as an entry of `Records`. Its time is one of whole seconds."""
    change: dict[str, Any] = {**record["dynamodb"]}
    change["ApproximateCreationDateTime"] = int(_seconds(change["ApproximateCreationDateTime"]))
    for image in {"Keys", "NewImage", "OldImage"} & change.keys():
        change[image] = {name: _value(value) for name, value in change[image].items()}
    # The API names what deleted an item whose time to live is over in capitals, and the event does not.
    by: Mapping[str, str] | None = record.get("userIdentity")
    identity = {"userIdentity": {name[0].lower() + name[1:]: value for name, value in by.items()}} if by else {}
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion") or "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": record.get("awsRegion") or _region(stream_arn),
        "dynamodb": change,
        **identity,
        "eventSourceARN": stream_arn,
    }


def event_of(records: Sequence[Event], more: Mapping[str, Any], shard: str = "", source_arn: str = "") -> Event:
    """The event of an invocation.

    Args:
        records: As the functions above make them.
        more: What the mapping says besides, of a tumbling window: such an event names its shard and source too, as it
            may have no record that does.
        shard: The records are in.
        source_arn: Of the stream.
    """
    named = {"shardId": shard, "eventSourceARN": source_arn} if more else {}
    return {"Records": [*records], **more, **named}


def text_of(event: Event) -> str:
    """An event as the function gets it."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def size_of(record: Event) -> int:
    """Bytes that a record takes in an event, with the comma behind it."""
    return len(text_of(record).encode("utf-8", "replace")) + 1


def md5_of(body: str) -> str:
    """As SQS gives it for a body."""
    return hashlib.md5(body.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _attribute(value: Mapping[str, Any]) -> Event:
    shaped: Event = {}
    if "StringValue" in value:
        shaped["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        shaped["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return {**shaped, "stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType", "String")}


def _value(value: Any) -> Any:
    """A value of an item, with bytes in base64."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _value(part) for name, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_value(part) for part in cast("list[Any]", value)]
    return value


def _seconds(time: datetime | float) -> float:
    return time.timestamp() if isinstance(time, datetime) else time


def _region(arn: str) -> str:
    return arn.split(":")[3]
