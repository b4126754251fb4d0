"""An account of the embedded AWS with functions that write down what they get."""

from __future__ import annotations

import io
import json
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from local.aws import Aws
from local.supervisor import Instance
from tests.support.waiting import eventually

REGION = "eu-central-1"
_HANDLER = '''
"""Does as each record says, and writes down what it got."""
import base64, json, os, time
from pathlib import Path

def content(record):
    if "body" in record:
        return json.loads(record["body"]), record["messageId"]
    if "kinesis" in record:
        return json.loads(base64.b64decode(record["kinesis"]["data"])), record["kinesis"]["sequenceNumber"]
    return {"id": record["dynamodb"]["Keys"]["id"]["S"]}, record["dynamodb"]["SequenceNumber"]

def handler(event, context):
    began = time.time()
    found = [content(record) for record in event["Records"]]
    for order, _ in found:
        if "exit" in order and not Path(order["exit"]).exists():
            Path(order["exit"]).touch()
            os._exit(1)
    time.sleep(max([order.get("sleep", 0) for order, _ in found], default=0))
    with open(os.environ["SEEN"], "a") as seen:
        ids = [order["id"] for order, _ in found]
        seen.write(json.dumps({"ids": ids, "began": began, "ended": time.time(), "event": event}) + "\\n")
    print("records:", len(found))
    failed = [identifier for order, identifier in found if order.get("fails")]
    answers = {"raises": failed, "partial": failed, "malformed": [""]}
    if os.environ["MODE"] == "raises" and failed:
        raise RuntimeError("failing")
    return {"batchItemFailures": [{"itemIdentifier": one} for one in answers[os.environ["MODE"]]]}
'''


@dataclass(frozen=True)
class Consumer:
    """A function and what it has written down."""

    arn: str
    name: str
    seen: Path

    def calls(self) -> list[dict[str, Any]]:
        """Its invocations, in the order of their ends."""
        return [json.loads(line) for line in self.seen.read_text().splitlines()] if self.seen.exists() else []

    def batches(self) -> list[list[str]]:
        """The ids of the records of each invocation."""
        return [call["ids"] for call in self.calls()]

    def ids(self) -> list[str]:
        """The ids of all records."""
        return [one for batch in self.batches() for one in batch]

    def wait_for(self, *ids: str) -> None:
        """Wait until it got all these."""
        eventually(lambda: set(ids) <= set(self.ids()), 30)


class Account:
    """An account of its own.

    Args:
        instance: The embedded AWS.
        folder: For what functions write down.
    """

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.aws = Aws(instance.endpoint, REGION, f"{secrets.randbelow(10**12):012d}")
        self._folder = folder
        self.aws.iam.create_role(RoleName="consumer", AssumeRolePolicyDocument="{}")

    def consumer(self, mode: str = "raises", timeout: int = 20) -> Consumer:
        """A function that fails on records that say so: it raises, or names them, or answers with nonsense."""
        name = f"consumer-{secrets.token_hex(4)}"
        seen = self._folder / name
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("handler.py", _HANDLER)
        made = self.aws.lambda_.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=f"arn:aws:iam::{self.aws.account}:role/consumer",
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"SEEN": str(seen), "MODE": mode}},
            Timeout=timeout,
        )
        return Consumer(made["FunctionArn"], name, seen)

    def queue(self, name: str = "orders", **attributes: str) -> str:
        """A queue; its URL."""
        values: Any = {"VisibilityTimeout": "30", **attributes}
        return self.aws.sqs.create_queue(QueueName=name, Attributes=values)["QueueUrl"]

    def map(self, source: str, consumer: Consumer, **options: Any) -> str:
        """A mapping, from a source's ARN or the name of a queue; its id."""
        arn = source if source.startswith("arn:") else self.aws.arn("sqs", source)
        made = self.aws.lambda_.create_event_source_mapping(FunctionName=consumer.arn, EventSourceArn=arn, **options)
        return made.get("UUID", "")

    def send(self, url: str, *orders: dict[str, Any], **options: Any) -> None:
        """Send orders, at most ten at once."""
        for start in range(0, len(orders), 10):
            entries: Any = [
                {"Id": str(at), "MessageBody": json.dumps(order), **options}
                for at, order in enumerate(orders[start : start + 10])
            ]
            self.aws.sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def stream(self, shards: int = 1) -> str:
        """A Kinesis stream; its ARN."""
        self.aws.kinesis.create_stream(StreamName="orders", ShardCount=shards)
        return self.aws.arn("kinesis", "stream/orders")

    def put(self, *orders: dict[str, Any]) -> None:
        """Put orders into the stream, each under its key."""
        records: Any = [{"Data": json.dumps(order).encode(), "PartitionKey": order["key"]} for order in orders]
        self.aws.kinesis.put_records(StreamName="orders", Records=records)

    def depth(self, url: str) -> tuple[int, int]:
        """How many messages wait in a queue, and how many are in flight."""
        found = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]).get("Attributes", {})
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])

    def taken(self, url: str) -> list[dict[str, Any]]:
        """The bodies of the messages of a queue, taken out of it."""
        answer = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message.get("ReceiptHandle", ""))
        return [cast("dict[str, Any]", json.loads(message.get("Body", ""))) for message in answer.get("Messages", [])]


def overlap(calls: list[dict[str, Any]]) -> int:
    """How many invocations there were at once, at most."""
    return max(sum(one["began"] <= call["began"] < one["ended"] for one in calls) for call in calls)
