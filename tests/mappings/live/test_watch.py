"""The metrics that are published, and alarms that fire on them as far as a queue behind a topic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.mappings.live import process
from local.mappings.live.emulator import Emulator
from local.mappings.live.watch import Watch
from local.supervisor import Instance, serving
from tests.mappings.live.account import Account
from tests.support.waiting import eventually

_MINUTE = 60


@pytest.fixture(scope="module")
def unwatched_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An embedded AWS without its driver, which would take what is counted."""
    with serving(tmp_path_factory.mktemp("unwatched") / "emulator", drives=True) as instance:
        eventually(lambda: process.stop(instance.folder))
        yield instance


@pytest.fixture
def emulator(unwatched_aws: Instance) -> Iterator[Emulator]:
    emulator = Emulator(unwatched_aws.folder)
    yield emulator
    emulator.close()


@pytest.fixture
def account(unwatched_aws: Instance, tmp_path: Path) -> Account:
    return Account(unwatched_aws, tmp_path)


def _alarm(account: Account, name: str, queue: str, topic: str, *, enabled: bool = True) -> None:
    account.aws.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        Statistic="Maximum",
        Period=_MINUTE,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        ActionsEnabled=enabled,
        AlarmActions=[topic],
    )


def _states(account: Account) -> dict[str, str]:
    found: Any = account.aws.cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {one["AlarmName"]: one["StateValue"] for one in [*found["MetricAlarms"], *found["CompositeAlarms"]]}


def test_an_alarm_fires_for_its_queue_alone_and_reaches_a_queue_behind_its_topic(
    emulator: Emulator, account: Account
) -> None:
    aws = account.aws
    pages = account.queue("pages")
    topic = aws.sns.create_topic(Name="alarms")["TopicArn"]
    allowed = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}'
    aws.sqs.set_queue_attributes(QueueUrl=pages, Attributes={"Policy": allowed})
    aws.sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=aws.arn("sqs", "pages"),
        Attributes={"RawMessageDelivery": "true"},
    )
    full, empty = account.queue("full"), account.queue("empty")
    _alarm(account, "full", "full", topic)
    _alarm(account, "silent", "full", topic, enabled=False)
    _alarm(account, "empty", "empty", topic)
    aws.cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("full") OR ALARM("empty")')
    account.send(full, {"id": "waits"})
    account.taken(empty)
    watch = Watch(emulator, list)
    end = (time.time() // _MINUTE + 1) * _MINUTE

    watch.publish(end)
    watch.evaluate(end)

    assert _states(account) == {"full": "ALARM", "silent": "ALARM", "empty": "OK", "any": "ALARM"}
    [page] = eventually(lambda: account.taken(pages))
    assert (page["AlarmName"], page["OldStateValue"], page["NewStateValue"]) == ("full", "INSUFFICIENT_DATA", "ALARM")
    assert account.depth(pages) == (0, 0)

    account.taken(full)
    watch.publish(end + _MINUTE)
    watch.evaluate(end + _MINUTE)

    assert _states(account) == {"full": "OK", "silent": "OK", "empty": "OK", "any": "OK"}


def test_a_function_and_its_queue_are_counted_for_each_minute(emulator: Emulator, account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    account.aws.lambda_.publish_version(FunctionName=consumer.name)
    account.send(url, {"id": "one"}, {"id": "two"})
    taken = account.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2).get("Messages", [])
    account.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0].get("ReceiptHandle", ""))
    for arn in (consumer.arn, f"{consumer.arn}:1"):
        account.aws.lambda_.invoke(FunctionName=arn, Payload=b"{}")  # which it cannot read
    end = (time.time() // _MINUTE + 1) * _MINUTE

    Watch(emulator, list).publish(end)

    def total(namespace: str, name: str, **dimensions: str) -> float:
        found: Any = account.aws.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.fromtimestamp(end - 600, UTC),
            EndTime=datetime.fromtimestamp(end + 600, UTC),
            Period=1_200,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])

    queue = {name: total("AWS/SQS", name, QueueName="orders") for name in _QUEUE}
    assert queue == {
        "NumberOfMessagesSent": 2,
        "NumberOfMessagesReceived": 2,
        "NumberOfMessagesDeleted": 1,
        "ApproximateNumberOfMessagesNotVisible": 1,
    }
    function = {name: total("AWS/Lambda", name, FunctionName=consumer.name) for name in _FUNCTION}
    assert function == {"Invocations": 2, "Errors": 2, "Throttles": 0}
    of_version = {"FunctionName": consumer.name, "Resource": f"{consumer.name}:1"}
    assert {name: total("AWS/Lambda", name, **of_version) for name in _FUNCTION} == {
        "Invocations": 1,
        "Errors": 1,
        "Throttles": 0,
    }


_QUEUE = (
    *("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted"),
    "ApproximateNumberOfMessagesNotVisible",
)
_FUNCTION = ("Invocations", "Errors", "Throttles")


def test_an_age_counts_from_the_move_to_the_dead_letter_queue(emulator: Emulator, account: Account) -> None:
    dead = account.queue("dead")
    url = account.queue(
        "orders", RedrivePolicy=f'{{"deadLetterTargetArn": "{account.aws.arn("sqs", "dead")}", "maxReceiveCount": 1}}'
    )
    account.send(url, {"id": "one"})
    time.sleep(1.1)
    account.aws.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    account.taken(url)
    assert account.depth(dead) == (1, 0)

    points = emulator.ask(f"figures?before={int(time.time())}")["points"]

    ages = [
        point["Maximum"]
        for point in points
        if point["Name"] == "ApproximateAgeOfOldestMessage"
        and point["Dimensions"] == {"QueueName": "dead"}
        and point["Account"] == account.aws.account
    ]
    assert ages == [1]  # the second in which it was looked for
