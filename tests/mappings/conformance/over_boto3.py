"""Runs a case over AWS's API: on an embedded AWS, whoever drives its mappings, or on moto."""

from __future__ import annotations

import io
import json
import secrets
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tests.mappings.conformance import function
from tests.mappings.conformance.cases import Align, Case, Count, Enable, Reserve, Send, Split, Step, Until, Wait
from tests.mappings.conformance.seen import is_over, seen

_MOST_BYTES = 900_000
"""Of a batch of messages that is sent at once."""
_SETTLE_SECONDS = 1.0
"""After all is seen that must be: what comes then is too much."""
_POLL_SECONDS = 0.1
_LOOK_SECONDS = 0.3


@dataclass
class World:
    """Where cases run.

    Args:
        aws: Clients of an account: `sqs`, `lambda_` and so on, `account`, and `arn` of a service and a resource.
        folder: For what functions write down.
        seconds: How long all that must be seen may take, after the last step.
        patience: How long a step may wait for an invocation, seconds.
        maps_first: Whether a mapping is made before what its case does before: one that looks at its source only when
            something is sent would else never be asked.
    """

    aws: Any
    folder: Path
    seconds: float
    patience: float
    maps_first: bool = False

    def run(self, case: Case) -> dict[str, Any]:
        """What was seen of a case; `refused` is what AWS's API said to a part of it."""
        running = _Running(self.aws, case, self.folder / secrets.token_hex(8))
        try:
            running.make()
            # A mapping that begins at the latest has to come after what it shall not see.
            if maps_first := self.maps_first and case.settings.get("StartingPosition") != "LATEST":
                running.map()
            for step in case.before:
                running.do(step, self.patience)
            if not maps_first:
                running.map()
            for step in case.after:
                running.do(step, self.patience)
        except ClientError as error:
            return {"refused": f"{error.operation_name}: {error.response.get('Error', {}).get('Message', '')}"}
        deadline = time.monotonic() + self.seconds
        while not is_over(case, running.seen()) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        time.sleep(_SETTLE_SECONDS)
        return running.seen()


@dataclass
class _Running:
    aws: Any
    case: Case
    seen_in: Path
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    counts: list[int] = field(default_factory=list[int])
    uuid: str = ""
    queue_url: str = ""
    dead_url: str = ""
    source_arn: str = ""
    dead: list[str] = field(default_factory=list[str])
    """What was taken out of the dead-letter queue, and out of the destination."""
    told: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def __post_init__(self) -> None:
        self.name = f"case-{self.seen_in.name}"

    def make(self) -> None:
        """Make the source, the function, and where it may end."""
        case, aws = self.case, self.aws
        aws.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument="{}")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("handler.py", Path(function.__file__).read_text())
        self.function_arn: str = aws.lambda_.create_function(
            FunctionName=self.name,
            Runtime="python3.11",
            Role=f"arn:aws:iam::{aws.account}:role/{self.name}",
            Handler="handler.handler",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"SEEN": str(self.seen_in), "PLAN": json.dumps(case.plan)}},
            Timeout=case.timeout,
        )["FunctionArn"]
        aws.lambda_.invoke(FunctionName=self.name, Payload=b"{}")
        make: Mapping[str, Callable[[], None]] = {
            "queue": self._make_queue,
            "fifo": self._make_queue,
            "stream": self._make_stream,
            "consumer": self._make_stream,
            "table": self._make_table,
        }
        make[case.source]()
        if case.destination == "queue":
            self.told_url: str = aws.sqs.create_queue(QueueName=f"{self.name}-told")["QueueUrl"]
        elif case.destination == "bucket":
            aws.s3.create_bucket(
                Bucket=f"{self.name}-told", CreateBucketConfiguration={"LocationConstraint": aws.region}
            )

    def _make_queue(self) -> None:
        case, aws = self.case, self.aws
        name, attributes = self.name, {"VisibilityTimeout": str(case.visibility)}
        if case.source == "fifo":
            name = f"{name}.fifo"
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        if case.max_receives:
            self.dead_url = aws.sqs.create_queue(QueueName=f"{self.name}-dead")["QueueUrl"]
            redrive = {
                "deadLetterTargetArn": aws.arn("sqs", f"{self.name}-dead"),
                "maxReceiveCount": case.max_receives,
            }
            attributes["RedrivePolicy"] = json.dumps(redrive)
        self.queue_url = aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.source_arn = aws.arn("sqs", name)

    def _make_stream(self) -> None:
        kinesis = self.aws.kinesis
        kinesis.create_stream(StreamName=self.name, ShardCount=self.case.shards)
        self.source_arn = self.aws.arn("kinesis", f"stream/{self.name}")
        if self.case.source == "consumer":
            answer = kinesis.register_stream_consumer(StreamARN=self.source_arn, ConsumerName="own")
            self.source_arn = answer["Consumer"]["ConsumerARN"]

    def _make_table(self) -> None:
        made = self.aws.dynamodb.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.source_arn = made["TableDescription"]["LatestStreamArn"]

    def map(self) -> None:
        """Map the source to the function."""
        settings = {**self.case.settings}
        if destination := self.case.destination:
            name = f"{self.name}-told"
            arn = self.aws.arn("sqs", name) if destination == "queue" else f"arn:aws:s3:::{name}"
            settings["DestinationConfig"] = {"OnFailure": {"Destination": arn}}
        self.uuid = self.aws.lambda_.create_event_source_mapping(
            FunctionName=self.function_arn, EventSourceArn=self.source_arn, **settings
        )["UUID"]

    def do(self, step: Step, patience: float) -> None:
        """Do a step; one that waits for the function waits no longer than `patience` seconds."""
        lambda_ = self.aws.lambda_
        if isinstance(step, Send):
            self._send(step.orders)
        elif isinstance(step, Wait):
            time.sleep(step.seconds)
        elif isinstance(step, Align):
            time.sleep(step.seconds - time.time() % step.seconds + 0.1)
        elif isinstance(step, Until):
            deadline = time.monotonic() + patience
            while len(function.calls(self.seen_in)) < step.calls and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
        elif isinstance(step, Count):
            self.counts.append(len(function.calls(self.seen_in)))
        elif isinstance(step, Enable):
            lambda_.update_event_source_mapping(UUID=self.uuid, Enabled=step.is_enabled)
        elif isinstance(step, Split):
            self.aws.kinesis.split_shard(
                StreamName=self.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
            )
        elif step.concurrency is None:
            lambda_.delete_function_concurrency(FunctionName=self.name)
        else:
            assert isinstance(step, Reserve)
            lambda_.put_function_concurrency(FunctionName=self.name, ReservedConcurrentExecutions=step.concurrency)

    def seen(self) -> dict[str, Any]:
        """What was seen up to now."""
        left = 0
        if self.queue_url:
            found = self.aws.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["All"])["Attributes"]
            left = sum(int(found[f"ApproximateNumberOfMessages{one}"]) for one in ("", "NotVisible", "Delayed"))
        if self.dead_url:
            self.dead += [json.loads(body)["id"] for body in self._taken(self.dead_url)]
        calls = function.calls(self.seen_in)
        return seen(
            self.case,
            calls,
            left=left,
            dead=self.dead,
            told=self._told(),
            numbers=self.numbers,
            counts=self.counts,
        )

    def _send(self, orders: tuple[dict[str, Any], ...]) -> None:
        if self.case.source in ("queue", "fifo"):
            self._send_messages(orders)
        elif self.case.source == "table":
            for order in orders:
                item = {"id": {"S": order["id"]}, "order": {"S": json.dumps(order)}}
                self.aws.dynamodb.put_item(TableName=self.name, Item=item)
        else:
            for order in orders:
                answer = self.aws.kinesis.put_record(
                    StreamName=self.name, Data=json.dumps(order).encode(), PartitionKey=order["key"]
                )
                self.numbers[answer["SequenceNumber"]] = order["id"]

    def _send_messages(self, orders: tuple[dict[str, Any], ...]) -> None:
        entries: list[dict[str, Any]] = []
        for order in orders:
            group = {"MessageGroupId": order["key"]} if self.case.source == "fifo" else {}
            entries.append({"Id": order["id"], "MessageBody": json.dumps(order), **group})
        step = 1 if sum(len(entry["MessageBody"]) for entry in entries) > _MOST_BYTES else 10
        for start in range(0, len(entries), step):
            self.aws.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries[start : start + step])

    def _told(self) -> list[tuple[str, str]]:
        if self.case.destination == "queue":
            self.told += [("", body) for body in self._taken(self.told_url)]
        elif self.case.destination == "bucket":
            bucket = f"{self.name}-told"
            s3 = self.aws.s3
            keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
            self.told = [(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()) for key in sorted(keys)]
        return self.told

    def _taken(self, url: str) -> list[str]:
        answer = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in answer.get("Messages", [])]
