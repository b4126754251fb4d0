"""What is done with a failed message before it is handed back, on moto's SQS in this process."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.orders.processing import sqs as adapter
from functions.orders.processing.batch import Settled
from functions.orders.processing.errors import (
    OrderError,
    OutOfTimeError,
    PermanentError,
    PoisonError,
    RetryAfterError,
)
from functions.orders.processing.failures import MAX_BACKOFF_SECONDS, MAX_WAIT_SECONDS, Failures
from functions.orders.processing.settings import Settings
from tests.functions.messages import QUEUE_ARN, Invocation, Log, Orders, answer, in_group, message, order
from tests.support.aws_calls import recorded, refusing

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

REGION = "eu-central-1"


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[SQSClient]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield client()
    adapter.failures_for.cache_clear()


def client(region: str = REGION, **more: Any) -> SQSClient:
    session: Any = boto3.Session("test", "test", region_name=region)
    return session.client("sqs", **more)


def queue(sqs: SQSClient, name: str) -> str:
    fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    return sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]  # pyright: ignore[reportArgumentType]


def received(sqs: SQSClient, url: str) -> list[Any]:
    """What is in a queue: body, attributes by their values, and the system attributes that were sent."""
    messages = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["AWSTraceHeader", "MessageGroupId", "MessageDeduplicationId"],
    ).get("Messages", [])
    return [
        (
            found.get("Body"),
            {
                name: value.get("StringValue", value.get("BinaryValue"))
                for name, value in found.get("MessageAttributes", {}).items()
            },
            found.get("Attributes", {}),
        )
        for found in messages
    ]


def text(value: str, kind: str = "String") -> dict[str, Any]:
    """An attribute as an event has it."""
    return {"dataType": kind, "stringValue": value, "stringListValues": [], "binaryListValues": []}


def dead_lettering(url: str) -> Settings:
    return Settings(dead_letter_queue_url=url)


@pytest.mark.parametrize(
    ("error", "kind"),
    [(PoisonError("it is not JSON"), "poison"), (PermanentError("there is no such shop"), "permanent")],
)
def test_what_never_succeeds_goes_to_the_dead_letter_queue_at_once_with_its_reason(
    error: OrderError, kind: str, sqs: SQSClient
) -> None:
    url = queue(sqs, "dead-letters")
    binary = {"dataType": "Binary.gif", "binaryValue": base64.b64encode(b"\x00\xff").decode()}
    sent = message("m1", "the body", AWSTraceHeader="Root=1-5759e988-bd862e3fe1be46a994272793") | {
        "messageAttributes": {"type": text("OrderPlaced"), "amount": text("7", "Number"), "logo": binary}
    }

    settled = Failures(dead_lettering(url), sqs).settle(SQSRecord(sent), error)

    assert settled == Settled(dead_letter=kind, fields={"failureKind": kind})
    reasons = {"failureKind": kind, "failureReason": str(error), "originalMessageId": "m1"}
    assert received(sqs, url) == [
        (
            "the body",
            {**reasons, "type": "OrderPlaced", "amount": "7", "logo": b"\x00\xff"},
            {"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"},
        )
    ]


def test_the_type_of_an_attribute_stays_what_it_was(sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters")
    calls = recorded(sqs, "SendMessage")
    binary = {"dataType": "Binary.gif", "binaryValue": "AA=="}
    sent = message("m1", "x") | {"messageAttributes": {"n": text("7", "Number.int"), "b": binary}}

    Failures(dead_lettering(url), sqs).settle(SQSRecord(sent), PermanentError("no"))

    assert {name: value["DataType"] for name, value in calls[0]["MessageAttributes"].items()} == {
        "failureKind": "String",
        "failureReason": "String",
        "originalMessageId": "String",
        "n": "Number.int",
        "b": "Binary.gif",
    }


def test_of_more_attributes_than_sqs_takes_the_reasons_come_first_and_are_not_those_of_an_earlier_failure(
    sqs: SQSClient,
) -> None:
    url = queue(sqs, "dead-letters")
    sent = {f"a{number}": text(str(number)) for number in range(9)}
    again = message("m2", "x") | {"messageAttributes": {"failureReason": text("an older one"), **sent}}

    Failures(dead_lettering(url), sqs).settle(SQSRecord(again), PermanentError("no"))

    ((_, attributes, _),) = received(sqs, url)
    assert attributes == {
        "failureKind": "permanent",
        "failureReason": "no",
        "originalMessageId": "m2",
        **{f"a{number}": str(number) for number in range(7)},
    }


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("Ärger \U0001f4a5", "Ärger \U0001f4a5"),
        ("a\x00b\x1fc\ud800d\uffff", "a?b?c?d?"),
        ("", "none given"),
        ("x" * 5_000, "x" * 1_000),
    ],
)
def test_a_reason_is_sent_as_sqs_takes_it(reason: str, sent: str, sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters")

    Failures(dead_lettering(url), sqs).settle(SQSRecord(message("m1", "x")), PermanentError(reason))

    assert [attributes["failureReason"] for _, attributes, _ in received(sqs, url)] == [sent]


def test_in_the_dead_letter_queue_of_a_fifo_queue_an_order_keeps_its_group_and_is_there_once(sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters.fifo")
    failures = Failures(dead_lettering(url), sqs)

    for _ in range(2):  # the function died after the first, before it answered
        failures.settle(SQSRecord(in_group("m1", "north", "x")), PermanentError("no"))

    assert [(body, system) for body, _, system in received(sqs, url)] == [
        ("x", {"MessageGroupId": "north", "MessageDeduplicationId": "m1"})
    ]


def test_the_group_of_a_standard_queue_is_none_of_its_dead_letter_queue(sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters")

    Failures(dead_lettering(url), sqs).settle(
        SQSRecord(message("m1", "x", MessageGroupId="tenant")), PermanentError("no")
    )

    assert [(body, system) for body, _, system in received(sqs, url)] == [("x", {})]


EVERY_SETTING = Settings(dead_letter_queue_url="https://sqs.eu-central-1.amazonaws.com/1/none", retry_after=True)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(), PoisonError("no")),
        (Settings(), PermanentError("no")),
        (Settings(), RetryAfterError("later")),
        (Settings(retry_after=True), PermanentError("no")),
        (dead_lettering("https://sqs.eu-central-1.amazonaws.com/1/none"), RetryAfterError("later")),
        *((EVERY_SETTING, error) for error in (OrderError("no"), OutOfTimeError("no"), ValueError("no"))),
    ],
)
def test_what_is_not_asked_for_or_is_no_such_failure_is_handed_back_without_a_request(
    settings: Settings, error: Exception
) -> None:
    unused: Any = object()

    assert Failures(settings, unused).settle(SQSRecord(message("m1", "x")), error) == Settled()


def test_a_message_is_done_only_once_it_is_in_the_dead_letter_queue(sqs: SQSClient, log: Log) -> None:
    url = queue(sqs, "dead-letters")
    event = {"Records": [message("m1", "poison"), message("m2", order("A2")), message("m3", order("A3"))]}
    errors: dict[str, Exception] = {"A3": PermanentError("there is no such shop")}

    missing = f"{url}-missing"
    assert adapter.handle(event, None, dead_lettering(missing), Orders(errors)) == answer("m1", "m3")
    assert [line.get("notSettled", "").split(":")[0] for line in log.said()] == [
        "QueueDoesNotExist",
        "",
        "QueueDoesNotExist",
    ]

    assert adapter.handle(event, None, dead_lettering(url), Orders(errors)) == answer()
    assert [(line.get("failureKind"), line.get("reason")) for line in log.said()] == [
        ("poison", "PoisonError: the message is not JSON"),
        (None, None),
        ("permanent", "PermanentError: there is no such shop"),
    ]
    assert [body for body, _, _ in received(sqs, url)] == ["poison", order("A3")]


def test_an_answer_that_sqs_refused_is_no_dead_letter(sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters")
    refusing(sqs, "SendMessage", "AccessDenied", 403)

    with pytest.raises(ClientError, match="AccessDenied"):
        Failures(dead_lettering(url), sqs).settle(SQSRecord(message("m1", "x")), PermanentError("no"))


def test_a_message_without_body_cannot_be_a_dead_letter_and_is_handed_back(sqs: SQSClient, log: Log) -> None:
    url = queue(sqs, "dead-letters")
    event = {"Records": [message("m1", None), message("m2", order("A2"))]}

    assert adapter.handle(event, None, dead_lettering(url), Orders()) == answer("m1")

    assert [line["message"] for line in log.said()] == ["order failed", "order processed"]
    assert received(sqs, url) == []


@pytest.mark.parametrize(
    ("attempt", "named", "share", "seconds"),
    [
        (1, None, 1, 2),
        (2, None, 1, 4),
        (5, None, 1, 32),
        (5, None, 0.5, 16),
        (5, None, 0.51, 17),
        (9, None, 1, 512),
        (10, None, 1, MAX_BACKOFF_SECONDS),
        (1_000_000, None, 1, MAX_BACKOFF_SECONDS),
        (5, None, 0, 1),  # 0 would bring it back while its batch is still processed
        (1, 0, 0, 1),
        (3, 60, 0, 60),  # never sooner than the error says
        (3, 60, 1, 68),
        (1, 100_000, 1, MAX_WAIT_SECONDS),
    ],
)
def test_what_may_succeed_later_waits_longer_with_every_attempt_and_as_long_as_it_says(
    attempt: int, named: int | None, share: float, seconds: int, sqs: SQSClient
) -> None:
    url = queue(sqs, "orders")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0].get("ReceiptHandle", "")
    calls = recorded(sqs, "ChangeMessageVisibility")
    failures = Failures(Settings(retry_after=True), sqs, lambda low, high: low + share * (high - low))

    settled = failures.settle(
        SQSRecord(message("m1", "x", attempt) | {"receiptHandle": handle}), RetryAfterError("busy", named)
    )

    assert settled == Settled(fields={"retryInSeconds": seconds})
    assert calls == [{"QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds}]


def test_the_longest_wait_is_within_the_twelve_hours_of_sqs() -> None:
    assert MAX_WAIT_SECONDS + 900 + 300 == 12 * 60 * 60


def test_jitter_spreads_what_failed_together_over_the_whole_backoff(sqs: SQSClient) -> None:
    url = queue(sqs, "orders")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0].get("ReceiptHandle", "")
    failures = Failures(Settings(retry_after=True), sqs)
    record = SQSRecord(message("m1", "x", attempt=4) | {"receiptHandle": handle})

    waits = {failures.settle(record, RetryAfterError("busy")).fields["retryInSeconds"] for _ in range(400)}

    assert waits == set(range(1, 17))


def test_an_order_that_waits_is_handed_back_and_received_when_its_time_has_come(sqs: SQSClient, log: Log) -> None:
    url = queue(sqs, "orders")
    sqs.send_message(QueueUrl=url, MessageBody=order("A1"))
    (found,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"]
    sent = message("m1", order("A1")) | {"receiptHandle": found.get("ReceiptHandle")}
    busy: dict[str, Exception] = {"A1": RetryAfterError("the shop is busy")}

    assert adapter.handle({"Records": [sent]}, None, Settings(retry_after=True), Orders(busy)) == answer("m1")

    (line,) = log.said()
    seconds = line.pop("retryInSeconds")
    assert line == {
        "message": "order failed",
        "messageId": "m1",
        "attempt": 1,
        "reason": "RetryAfterError: the shop is busy",
    }
    assert seconds in {1, 2}
    assert sqs.receive_message(QueueUrl=url).get("Messages", []) == []
    time.sleep(seconds)
    assert [again.get("Body") for again in sqs.receive_message(QueueUrl=url)["Messages"]] == [order("A1")]


def test_an_order_is_handed_back_also_when_its_wait_cannot_be_changed(sqs: SQSClient, log: Log) -> None:
    sent = message("m1", order("A1"))  # its queue is not there
    busy: dict[str, Exception] = {"A1": RetryAfterError("the shop is busy")}

    assert adapter.handle({"Records": [sent]}, None, Settings(retry_after=True), Orders(busy)) == answer("m1")

    (line,) = log.said()
    assert line["reason"] == "RetryAfterError: the shop is busy"
    assert line["notSettled"].startswith("QueueDoesNotExist: An error occurred")


def lasting(url: str) -> Settings:
    """Every failure policy, on a queue that lets a message be received 5 times."""
    return Settings(dead_letter_queue_url=url, max_receive_count=5, retry_after=True)


LAST_REASONS: list[tuple[Exception, str, str]] = [
    (OrderError("order A1 asks to fail"), "exhausted", "OrderError: order A1 asks to fail"),
    (RetryAfterError("the shop\nis busy", 60), "exhausted", "RetryAfterError: the shop is busy"),
    (OutOfTimeError("5 ms are left"), "exhausted", "OutOfTimeError: 5 ms are left"),
    (ConnectionError("the table does not answer"), "exhausted", "ConnectionError: the table does not answer"),
    (PoisonError("it is not JSON"), "poison", "it is not JSON"),
    (PermanentError("there is no such shop"), "permanent", "there is no such shop"),
]


@pytest.mark.parametrize("attempt", [5, 6])
@pytest.mark.parametrize(("error", "kind", "why"), LAST_REASONS)
def test_whatever_fails_its_last_attempt_goes_to_the_dead_letter_queue_with_the_reason_of_it(
    error: Exception, kind: str, why: str, attempt: int, sqs: SQSClient
) -> None:
    url = queue(sqs, "dead-letters")

    settled = Failures(lasting(url), sqs).settle(SQSRecord(message("m1", "the body", attempt)), error)

    assert settled == Settled(dead_letter=kind, fields={"failureKind": kind})
    reasons = {"failureKind": kind, "failureReason": why, "originalMessageId": "m1"}
    assert received(sqs, url) == [("the body", reasons, {})]


@pytest.mark.parametrize("count", ["4", "", "many", "-5", "5.0", "9" * 5_000])
def test_an_attempt_that_is_not_the_last_or_cannot_be_read_is_handed_back_without_a_request(count: str) -> None:
    unused: Any = object()
    sent = message("m1", "x", ApproximateReceiveCount=count)

    assert Failures(lasting("https://sqs/1/none"), unused).settle(SQSRecord(sent), OrderError("no")) == Settled()


def test_a_message_that_does_not_say_how_often_it_was_received_waits_like_one_that_was_not(sqs: SQSClient) -> None:
    url = queue(sqs, "orders")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0].get("ReceiptHandle", "")
    sent = message("m1", "x", ApproximateReceiveCount="many") | {"receiptHandle": handle}
    failures = Failures(lasting(url), sqs, lambda low, high: high)

    assert failures.settle(SQSRecord(sent), RetryAfterError("busy", 7)) == Settled(fields={"retryInSeconds": 8})


def test_an_order_that_fails_its_last_attempt_is_done_and_logged_like_other_dead_letters(
    sqs: SQSClient, log: Log
) -> None:
    url = queue(sqs, "dead-letters")
    records = [
        message("m1", order("A1", fail=True), attempt=5),
        message("m2", order("A2", fail=True), attempt=4),
        message("m3", order("A3"), attempt=5),
        message("m4", order("A4", fail=True), attempt=5) | {"attributes": None},
    ]

    assert adapter.handle({"Records": records}, None, replace(lasting(url), retry_after=False), Orders()) == answer(
        "m2", "m4"
    )

    assert log.said() == [
        {
            "message": "order failed",
            "messageId": "m1",
            "attempt": 5,
            "reason": "RetryAfterError: order A1 asks to fail",
            "failureKind": "exhausted",
        },
        {
            "message": "order failed",
            "messageId": "m2",
            "attempt": 4,
            "reason": "RetryAfterError: order A2 asks to fail",
        },
        {"message": "order processed", "messageId": "m3", "attempt": 5, "orderId": "A3"},
        {
            "message": "order failed",
            "messageId": "m4",
            "attempt": 0,
            "reason": "RetryAfterError: order A4 asks to fail",
        },
    ]
    assert [(body, said["failureReason"]) for body, said, _ in received(sqs, url)] == [
        (order("A1", fail=True), "RetryAfterError: order A1 asks to fail")
    ]


def test_an_order_that_there_is_no_time_for_on_its_last_attempt_becomes_a_dead_letter_that_says_so(
    sqs: SQSClient, log: Log
) -> None:
    url = queue(sqs, "dead-letters")
    context = Invocation(10_000)

    class Slow(Orders):
        def apply(self, order: Any) -> bool:
            context.left -= 6_000
            return super().apply(order)

    orders = Slow()
    records = [message(f"m{number}", order(f"A{number}"), attempt=attempt) for number, attempt in enumerate((5, 5, 4))]

    assert adapter.handle({"Records": records}, context, lasting(url), orders) == answer("m2")

    why = "4000 ms of the invocation are left, and 9000 ms are kept back"
    assert orders.applied == ["A0"]
    said = {"attempt": 5, "correlation_id": "request-1"}
    assert log.said() == [
        {"message": "order processed", "messageId": "m0", "orderId": "A0", **said},
        {
            "message": "order failed",
            "messageId": "m1",
            "reason": f"OutOfTimeError: {why}",
            "failureKind": "exhausted",
            **said,
        },
        {"message": "orders handed back untried", "untried": 1, "reason": why},
    ]
    assert [(body, said["failureKind"], said["failureReason"]) for body, said, _ in received(sqs, url)] == [
        (order("A1"), "exhausted", f"OutOfTimeError: {why}")
    ]


def test_on_a_fifo_queue_an_order_behind_a_failed_one_is_left_to_sqs_also_on_its_last_attempt(sqs: SQSClient) -> None:
    url = queue(sqs, "dead-letters.fifo")
    records = [
        in_group("m1", "north", order("A1", fail=True), attempt=4),
        in_group("m2", "north", order("A2"), attempt=5),
        in_group("m3", "south", order("A3", fail=True), attempt=5),
        in_group("m4", "south", order("A4"), attempt=5),
    ]
    orders = Orders()

    assert adapter.handle({"Records": records}, None, lasting(url), orders) == answer("m1", "m2")

    assert orders.applied == ["A4"]
    assert [(body, said["failureKind"], system) for body, said, system in received(sqs, url)] == [
        (
            order("A3", fail=True),
            "exhausted",
            {"MessageGroupId": "south", "MessageDeduplicationId": "m3"},
        )
    ]


def test_a_dead_letter_of_a_last_attempt_that_cannot_be_sent_is_handed_back_and_the_log_says_so(
    sqs: SQSClient, log: Log
) -> None:
    url = queue(sqs, "dead-letters")
    context = Invocation(10_000)

    class Slow(Orders):
        def apply(self, order: Any) -> bool:
            context.left -= 6_000
            return super().apply(order)

    records = [message(f"m{number}", order(f"A{number}"), attempt=5) for number in range(2)]

    assert adapter.handle({"Records": records}, context, lasting(f"{url}-missing"), Slow()) == answer("m1")

    late = log.said()[1:]
    assert [(line["message"], line["notSettled"].split(":")[0]) for line in late] == [
        ("order failed", "QueueDoesNotExist")
    ]


@pytest.mark.parametrize(
    ("region", "endpoint", "url"),
    [
        ("eu-central-1", None, "https://sqs.eu-central-1.amazonaws.com/123456789012/orders"),
        ("us-east-1", None, "https://sqs.us-east-1.amazonaws.com/123456789012/orders"),
        ("cn-north-1", None, "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders"),
        ("eu-central-1", "http://127.0.0.1:4566", "http://127.0.0.1:4566/123456789012/orders"),
    ],
)
def test_a_queue_is_reached_where_the_client_reaches_sqs(region: str, endpoint: str | None, url: str) -> None:
    with mock_aws():
        there = client(region, endpoint_url=endpoint)
    calls = recorded(there, "ChangeMessageVisibility")
    arn = QUEUE_ARN.replace(REGION, region)

    def stop(**_: Any) -> Any:
        raise InterruptedError

    there.meta.events.register("before-send.sqs.ChangeMessageVisibility", stop)  # nothing leaves this process
    with pytest.raises(InterruptedError):
        Failures(Settings(retry_after=True), there).settle(
            SQSRecord(message("m1", "x") | {"eventSourceARN": arn}), RetryAfterError("busy", 5)
        )

    assert [call["QueueUrl"] for call in calls] == [url]
