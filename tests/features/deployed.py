"""Deployed pipelines, and what their handler did with the orders that it got."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from functions.orders.processing.claim_check import ClaimCheck
from functions.producer import NewOrder, OrderSender, Outcome
from local.aws import Aws
from local.environment import PROJECT
from policy.settings import FILE
from tests.support.program import Program, Result
from tests.support.waiting import eventually

PROGRAMS = Path(__file__).parent / "programs"
PROCESSING = PROJECT / "functions" / "orders" / "processing"
"""Of which the recorder takes what reads claim checks."""


@dataclass(frozen=True)
class Pipeline:
    """One deployed `OrderPipeline` whose function is `programs/recorder`."""

    name: str
    aws: Aws
    resources: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Logical name -> resource in the stack's state."""

    def child(self, role: str) -> Any:
        """What AWS said of a child, by its role."""
        return self.resources[f"{self.name}-{role}"]["outputs"]

    @property
    def url(self) -> str:
        return self.child("queue")["url"]

    @property
    def arn(self) -> str:
        return self.child("queue")["arn"]

    @property
    def front_door(self) -> str:
        return self.resources[self.name]["outputs"]["frontDoorUrl"]

    def send(self, order: Any, **more: Any) -> None:
        self.aws.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(order), **more)

    def send_batch(self, orders: Sequence[Any]) -> None:
        entries: Any = [{"Id": str(number), "MessageBody": json.dumps(order)} for number, order in enumerate(orders)]
        self.aws.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def send_by(self, role: str, order: Any) -> Outcome:
        """Send an order as a service does whose role may: by `OrderSender`, through the bucket if it is large."""
        claim_check = ClaimCheck(self.child("bodies")["bucket"], client=as_role(self.aws, role, "s3"))
        sender = OrderSender(self.url, claim_check=claim_check, client=as_role(self.aws, role))
        (outcome,) = sender.send([NewOrder(json.dumps(order))])
        return outcome

    def handled(self) -> list[dict[str, Any]]:
        """What the handler logged, in the order in which it happened."""
        pages = self.aws.logs.get_paginator("filter_log_events").paginate(logGroupName=self.child("logs")["name"])
        lines = [event.get("message", "") for page in pages for event in page["events"]]
        return sorted((json.loads(line) for line in lines if line.startswith('{"outcome"')), key=lambda it: it["at"])

    def history(self, *orders: str) -> list[tuple[str, str, int]]:
        """Outcome, id and attempt of everything that the handler did with some orders."""
        return [
            (entry["outcome"], _id(entry["order"]), entry["attempt"])
            for entry in self.handled()
            if _id(entry["order"]) in orders
        ]

    def processed(self, *orders: str) -> set[str]:
        """Those of some orders that the handler has processed."""
        return {order for outcome, order, _ in self.history(*orders) if outcome == "processed"}

    def wait_for(self, *orders: str) -> None:
        """Until the handler has processed these orders."""
        eventually(lambda: self.processed(*orders) == set(orders))

    def dead_letters(self) -> list[Any]:
        """Ids of the orders in the dead-letter queue, which stay there."""
        answer = self.aws.sqs.receive_message(
            QueueUrl=self.child("dead-letters")["url"], MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
        )
        return [_id(json.loads(message.get("Body", ""))) for message in answer.get("Messages", [])]

    def take_undelivered(self, role: str) -> list[tuple[Any, dict[str, str]]]:
        """Detail and attributes of the events in a queue for what EventBridge could not deliver; they leave it."""
        url = self.child(role)["url"]
        answer = self.aws.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=0, VisibilityTimeout=0
        )
        taken: list[tuple[Any, dict[str, str]]] = []
        for message in answer.get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            if "RULE_ARN" in attributes:
                said = {name: value.get("StringValue", "") for name, value in attributes.items()}
                taken.append((json.loads(message.get("Body", ""))["detail"], said))
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message.get("ReceiptHandle", ""))
        return taken

    def waiting(self) -> int:
        """Orders in the queue, received at present or not."""
        counts = self.aws.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"]).get("Attributes", {})
        return int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])


@dataclass(frozen=True)
class Deployed:
    """A deployed program of `programs/`."""

    program: Program
    result: Result = field(repr=False)
    resources: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @property
    def aws(self) -> Aws:
        return self.program.aws

    def pipeline(self, name: str) -> Pipeline:
        return Pipeline(name, self.aws, self.resources)

    def output(self, name: str) -> Mapping[str, Any]:
        """What AWS said of a resource, by its logical name."""
        return self.resources[name]["outputs"]


def lay_out(program: Program, name: str) -> None:
    """Make a program of `programs/` the text of a test's program; beside it the recorder as code, and its settings."""
    recorder = program.folder / "recorder"
    shutil.copytree(PROGRAMS / "recorder", recorder, dirs_exist_ok=True)
    shutil.copytree(PROCESSING, recorder / "processing", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROGRAMS / f"{name}.py", program.folder / "__main__.py")
    if (settings := PROGRAMS / f"{name}.policy.yaml").exists():
        shutil.copy(settings, program.folder / FILE)


def deploy(program: Program, *options: str) -> Deployed:
    """`pulumi up`, which must succeed."""
    result = program.up(*options)
    assert result.code == 0, result.text
    return Deployed(program, result, program.state())


def as_role(aws: Aws, role: str, service: str = "sqs") -> Any:
    """A service for a role of the account, and not for its owner."""
    arn = f"arn:aws:iam::{aws.account}:role/{role}"
    found = aws.sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session: Any = boto3.Session()  # the stubs have one overload for each service name
    return session.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=aws.region,
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        config=Config(proxies={}),
    )


def large(order_id: str) -> dict[str, Any]:
    """An order of more than 300 KB."""
    return {"orderId": order_id, "items": [f"item {number}" for number in range(25_000)]}


def _id(order: Any) -> Any:
    return order.get("orderId") if isinstance(order, dict) else order  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
