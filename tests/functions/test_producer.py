"""The producer: what it asks SQS for, and what it says became of each order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from random import Random
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from functions.orders.processing.claim_check import ClaimCheck
from functions.producer import MAX_REQUEST_BYTES, NewOrder, OrderSender, Outcome
from tests.support.aws_calls import answering, recorded, refusing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

BEHIND = "an order before it in its group was not sent"
LETTERS = "1..128 characters: letters, digits and punctuation of ASCII"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
TRACE_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
BUCKET = "order-bodies"


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1_000.0
    slept: list[float] = field(default_factory=list[float])

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    @property
    def keywords(self) -> Any:
        return {"clock": lambda: self.now, "sleep": self.sleep, "jitter": lambda: 1.0, "environment": {}}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sqs() -> Iterator[SQSClient]:
    with mock_aws():
        yield boto3.client(  # pyright: ignore[reportUnknownMemberType]
            "sqs",
            "eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture
def queue(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="orders")["QueueUrl"]


@pytest.fixture
def fifo(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def messages(sqs: SQSClient, queue: str) -> list[dict[str, Any]]:
    """Everything that is in the queue."""
    found: list[Any] = []
    while batch := sqs.receive_message(
        QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        found += batch
        for message in batch:  # SQS gives no more of a group until then
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message.get("ReceiptHandle", ""))
    return found


def bodies(requests: list[dict[str, Any]]) -> list[list[str]]:
    return [[entry["MessageBody"] for entry in request["Entries"]] for request in requests]


def failing(client: Any, answers: list[dict[str, tuple[str, bool]]]) -> None:
    """Let single entries of the next requests fail: body -> code and whether it is the sender's fault."""
    requests = recorded(client, "SendMessageBatch")

    def change(answer: dict[str, Any]) -> None:
        failures = answers.pop(0) if answers else {}
        body = {entry["Id"]: entry["MessageBody"] for entry in requests[-1]["Entries"]}
        for entry in list(answer["Successful"]):
            if body[entry["Id"]] in failures:
                code, fault = failures[body[entry["Id"]]]
                answer["Successful"].remove(entry)
                answer.setdefault("Failed", []).append(
                    {"Id": entry["Id"], "Code": code, "SenderFault": fault, "Message": "so it is"}
                )

    answering(client, "SendMessageBatch", change)


def test_any_number_of_orders_is_sent_ten_at_a_time_and_each_has_its_message_id(
    sqs: SQSClient, queue: str, time: Time
) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    orders = [f'{{"orderId": "A-{number}"}}' for number in range(23)]

    outcomes = OrderSender(queue, client=sqs, **time.keywords).send(map(NewOrder, orders))

    assert bodies(requests) == [orders[:10], orders[10:20], orders[20:]]
    assert requests[0]["Entries"][0] == {"Id": "0", "MessageBody": '{"orderId": "A-0"}'}
    sent = {message["Body"]: message["MessageId"] for message in messages(sqs, queue)}
    assert outcomes == [Outcome(message_id=sent[body]) for body in orders]
    assert time.slept == []


def test_no_orders_are_no_request(sqs: SQSClient, queue: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")

    assert OrderSender(queue, client=sqs).send([]) == []
    assert requests == []


def test_a_request_holds_as_many_as_fit_with_their_attributes(sqs: SQSClient, queue: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    half = MAX_REQUEST_BYTES // 2
    sizes = [half, half, half, half - 1, half - 15, half - 15, 2, half]
    attributes = {"type": "Ärger"}  # 4 bytes of name, 6 of "String", 6 of value

    outcomes = OrderSender(queue, client=sqs, environment={}).send(
        NewOrder("x" * size, attributes=attributes if size == half - 15 else {}) for size in sizes
    )

    assert [[len(body) for body in request] for request in bodies(requests)] == [
        [half, half],
        [half, half - 1],
        [half - 15],
        [half - 15, 2],
        [half],
    ]
    assert [bool(outcome.message_id) for outcome in outcomes] == [True] * 8


def test_an_order_that_sqs_cannot_take_is_refused_before_it_takes_others_with_it(sqs: SQSClient, queue: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")

    outcomes = OrderSender(queue, client=sqs).send(
        [
            NewOrder("x" * (MAX_REQUEST_BYTES + 1)),
            NewOrder("good"),
            NewOrder(""),
            NewOrder("\x00"),
            NewOrder("\ud800"),
            NewOrder("x", group="x" * 129),
            NewOrder("x", group="Ä"),
            NewOrder("x", deduplication_id="1"),
            NewOrder("x", attributes={str(number): "x" for number in range(10)}, traceparent=TRACE_PARENT),
            NewOrder("x", attributes={"AWS.type": "x"}),
            NewOrder("x", attributes={"type": ""}),
        ]
    )

    assert [outcome.reason for outcome in outcomes] == [
        "it has 1048577 bytes with its attributes, of which SQS takes 1048576",
        "",
        "it has no body",
        "its body has characters that SQS does not take",
        "its body has characters that SQS does not take",
        f"its group must be {LETTERS}",
        f"its group must be {LETTERS}",
        "only a FIFO queue takes a deduplication id",
        "it has 11 attributes, of which SQS takes 10",
        "the name of an attribute is not one that SQS takes",
        "an attribute is empty, or has characters that SQS does not take",
    ]
    assert bodies(requests) == [["good"]]


@pytest.mark.parametrize("name", ["type", "a.b", "_", "9", "x" * 256, "awsx", "Amazonas"])
def test_a_name_that_sqs_takes_is_an_attribute(sqs: SQSClient, queue: str, name: str) -> None:
    (outcome,) = OrderSender(queue, client=sqs).send([NewOrder("x", attributes={name: "value"})])

    assert outcome.reason == ""
    (message,) = messages(sqs, queue)
    assert message["MessageAttributes"] == {name: {"DataType": "String", "StringValue": "value"}}


@pytest.mark.parametrize("name", ["", ".a", "a.", "a..b", "a b", "Ä", "x" * 257, "AWS.x", "aws.x", "Amazon.x", "a\n"])
def test_a_name_that_sqs_refuses_is_refused(name: str, time: Time) -> None:
    sender = OrderSender("https://sqs.invalid/1/orders", client=cast("Any", Model()), **time.keywords)

    assert sender.send([NewOrder("x", attributes={name: "value"})]) == [
        Outcome(reason="the name of an attribute is not one that SQS takes")
    ]


def test_only_what_failed_is_sent_again_after_a_longer_wait_each_time(sqs: SQSClient, queue: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    failing(sqs, [{"b": ("InternalError", False), "d": ("InternalError", False)}, {"d": ("InternalError", False)}])

    outcomes = OrderSender(queue, client=sqs, **time.keywords).send(map(NewOrder, "abcde"))

    assert bodies(requests) == [["a", "b", "c", "d", "e"], ["b", "d"], ["d"]]
    assert time.slept == [0.1, 0.2]
    assert all(outcome.message_id and not outcome.reason for outcome in outcomes)


def test_what_failed_is_sent_again_before_what_still_waits(sqs: SQSClient, queue: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    failing(sqs, [{"b": ("InternalError", False), "d": ("InternalError", False)}])

    OrderSender(queue, client=sqs, **time.keywords).send(map(NewOrder, "abcdefghijklmnopqrstu"))

    assert ["".join(request) for request in bodies(requests)] == ["abcdefghij", "bdklmnopqr", "stu"]


def test_an_order_of_which_sqs_says_nothing_is_sent_again(time: Time) -> None:
    model: Any = Model(cast("Any", SimpleNamespace(random=lambda: 0.95)))

    outcomes = OrderSender("https://sqs.invalid/1/orders", client=model, **time.keywords).send([NewOrder("a")])

    assert outcomes == [Outcome(reason="SQS did not say what became of it")]
    assert time.slept == [0.1, 0.2, 0.4, 0.8]


def test_what_is_the_senders_fault_is_not_sent_again(sqs: SQSClient, queue: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    failing(sqs, [{"b": ("InvalidMessageContents", True)}])

    outcomes = OrderSender(queue, client=sqs, **time.keywords).send(map(NewOrder, "abc"))

    assert bodies(requests) == [["a", "b", "c"]]
    assert [outcome.reason for outcome in outcomes] == ["", "InvalidMessageContents: so it is", ""]


def test_after_the_last_try_the_last_reason_is_given(sqs: SQSClient, queue: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    failing(sqs, [{"b": (f"Error{number}", False)} for number in range(9)])

    outcomes = OrderSender(queue, client=sqs, max_tries=8, **time.keywords).send(map(NewOrder, "ab"))

    assert bodies(requests) == [["a", "b"], *[["b"]] * 7]
    assert time.slept == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
    assert outcomes[1] == Outcome(reason="Error7: so it is")


def test_the_wait_is_a_random_part(sqs: SQSClient, queue: str, time: Time) -> None:
    failing(sqs, [{"a": ("InternalError", False)}] * 3)
    parts = iter([0.5, 0.0, 0.25])
    keywords: Any = {**time.keywords, "jitter": lambda: next(parts)}

    OrderSender(queue, client=sqs, **keywords).send([NewOrder("a")])

    assert time.slept == [0.05, 0.1]


@pytest.mark.parametrize(
    ("code", "status"), [("RequestThrottled", 403), ("KmsThrottled", 400), ("ServiceUnavailable", 503)]
)
def test_a_request_that_sqs_does_not_take_now_is_sent_again(
    sqs: SQSClient, queue: str, time: Time, code: str, status: int
) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    refusing(sqs, "SendMessageBatch", code, status)

    outcomes = OrderSender(queue, client=sqs, max_tries=2, **time.keywords).send(map(NewOrder, "ab"))

    assert outcomes == [Outcome(reason=f"{code}: no")] * 2
    assert bodies(requests) == [["a", "b"]] * 2


def test_a_request_that_sqs_never_takes_is_sent_once(sqs: SQSClient, queue: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")

    outcomes = OrderSender(f"{queue}-of-others", client=sqs, **time.keywords).send(map(NewOrder, "ab"))

    reason = "AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist."
    assert outcomes == [Outcome(reason=reason)] * 2
    assert bodies(requests) == [["a", "b"]]


def test_a_network_that_does_not_answer_is_tried_again(time: Time) -> None:
    client: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "sqs",
        "eu-central-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )

    outcomes = OrderSender("http://127.0.0.1:1/1/orders", client=client, **time.keywords).send([NewOrder("a")])

    assert outcomes == [Outcome(reason='Could not connect to the endpoint URL: "http://127.0.0.1:1/"')]
    assert time.slept == [0.1, 0.2, 0.4, 0.8]


def test_a_client_of_its_own_does_not_retry_beside_the_sender(monkeypatch: pytest.MonkeyPatch, time: Time) -> None:
    requests: list[str] = []

    class Unavailable(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            requests.append(self.headers["X-Amz-Target"])
            self.send_error(503)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with HTTPServer(("127.0.0.1", 0), Unavailable) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", url)
        Thread(target=server.serve_forever, daemon=True).start()

        outcomes = OrderSender(f"{url}/1/orders", max_tries=2, **time.keywords).send([NewOrder("a")])
        server.shutdown()

    page = '503: <!DOCTYPE HTML> <html lang="en"> <head> <meta charset="utf-8"> <title>Error response</title> </head>'
    assert outcomes[0].reason.startswith(page)
    assert len(outcomes[0].reason) == 200
    assert requests == ["AmazonSQS.SendMessageBatch"] * 2


def test_after_the_time_limit_no_request_is_begun(time: Time) -> None:
    model: Any = Model(on_request=lambda: time.sleep(0.5))
    sender = OrderSender("https://sqs.invalid/1/orders", client=model, time_limit_seconds=1, **time.keywords)

    outcomes = sender.send(NewOrder(f"{number}") for number in range(40))

    assert [outcome.reason for outcome in outcomes] == [""] * 30 + ["not sent within 1 s"] * 10


def test_a_wait_that_would_pass_the_time_limit_is_not_begun(sqs: SQSClient, queue: str, time: Time) -> None:
    refusing(sqs, "SendMessageBatch", "RequestThrottled")

    (outcome,) = OrderSender(queue, client=sqs, time_limit_seconds=0.5, **time.keywords).send([NewOrder("a")])

    assert time.slept == [0.1, 0.2]
    assert outcome.reason == "not sent within 0.5 s: RequestThrottled: no"


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"max_tries": 0}, "max_tries must be 1..100, got 0"),
        ({"max_tries": 101}, "max_tries must be 1..100, got 101"),
        ({"time_limit_seconds": -1}, "time_limit_seconds must be 0..300, got -1"),
        ({"time_limit_seconds": 301}, "time_limit_seconds must be 0..300, got 301"),
    ],
)
def test_a_number_out_of_its_range_is_refused(sqs: SQSClient, numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        OrderSender("https://sqs.invalid/1/orders", client=sqs, **numbers)


def test_a_fifo_queue_gets_one_of_each_group_a_request_and_each_group_in_its_order(sqs: SQSClient, fifo: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    names = ["a1", "b1", "a2", "c1", "a3", "b2"]

    outcomes = OrderSender(fifo, client=sqs).send(NewOrder(name, group=name[0]) for name in names)

    assert bodies(requests) == [["a1", "b1", "c1"], ["a2", "b2"], ["a3"]]
    received = messages(sqs, fifo)
    assert [m["Body"] for m in received if m["Attributes"]["MessageGroupId"] == "a"] == ["a1", "a2", "a3"]
    sent = {message["Body"]: message["MessageId"] for message in received}
    assert outcomes == [Outcome(message_id=sent[name]) for name in names]


def test_a_deduplication_id_is_the_digest_of_the_body_unless_one_is_given(sqs: SQSClient, fifo: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")

    OrderSender(fifo, client=sqs, environment={}).send(
        [NewOrder("a", group="1"), NewOrder("a", group="2", deduplication_id="own")]
    )

    digest = hashlib.sha256(b"a").hexdigest()
    assert requests[0]["Entries"] == [
        {"Id": "0", "MessageBody": "a", "MessageGroupId": "1", "MessageDeduplicationId": digest},
        {"Id": "1", "MessageBody": "a", "MessageGroupId": "2", "MessageDeduplicationId": "own"},
    ]


def test_an_order_of_a_fifo_queue_needs_a_group_and_ids_that_sqs_takes(sqs: SQSClient, fifo: str) -> None:
    outcomes = OrderSender(fifo, client=sqs).send(
        [
            NewOrder("a"),
            NewOrder("b", group="x" * 128, deduplication_id="!~" * 64),
            NewOrder("c", group="g h", deduplication_id="x" * 129),
        ]
    )

    assert [outcome.reason for outcome in outcomes] == [
        "a FIFO queue requires a group",
        "",
        f"its group must be {LETTERS}; its deduplication id must be {LETTERS}",
    ]


def test_a_standard_queue_takes_a_group_for_its_fairness_and_many_of_one_in_a_request(
    sqs: SQSClient, queue: str
) -> None:
    requests = recorded(sqs, "SendMessageBatch")

    OrderSender(queue, client=sqs, environment={}).send([NewOrder("a", group="tenant"), NewOrder("b", group="tenant")])

    assert requests[0]["Entries"] == [
        {"Id": "0", "MessageBody": "a", "MessageGroupId": "tenant"},
        {"Id": "1", "MessageBody": "b", "MessageGroupId": "tenant"},
    ]


def test_behind_an_order_that_is_not_sent_none_of_its_group_is(sqs: SQSClient, fifo: str, time: Time) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    failing(sqs, [{"a1": ("InvalidParameterValue", True)}])
    names = ["a1", "b1", "a2", "b\x00", "b2", "a3"]

    outcomes = OrderSender(fifo, client=sqs, **time.keywords).send(NewOrder(name, group=name[0]) for name in names)

    assert bodies(requests) == [["a1", "b1"]]
    assert [outcome.reason for outcome in outcomes] == [
        "InvalidParameterValue: so it is",
        "",
        BEHIND,
        "its body has characters that SQS does not take",
        BEHIND,
        BEHIND,
    ]


def test_an_order_whose_answer_is_lost_is_in_a_fifo_queue_once(sqs: SQSClient, fifo: str, time: Time) -> None:
    failing(sqs, [{"a1": ("InternalError", False)}])

    outcomes = OrderSender(fifo, client=sqs, **time.keywords).send(
        [NewOrder("a1", group="a"), NewOrder("a2", group="a")]
    )

    assert [message["Body"] for message in messages(sqs, fifo)] == ["a1", "a2"]
    assert [outcome.reason for outcome in outcomes] == ["", ""]


def test_the_trace_of_the_invocation_and_of_the_caller_go_with_the_order(sqs: SQSClient, queue: str) -> None:
    requests = recorded(sqs, "SendMessageBatch")
    environment = {"_X_AMZN_TRACE_ID": TRACE}
    sender = OrderSender(queue, client=sqs, environment=environment)

    sender.send([NewOrder("a", traceparent=TRACE_PARENT)])
    environment["_X_AMZN_TRACE_ID"] = "Root=malformed"
    sender.send([NewOrder("b", traceparent="00-malformed")])

    assert [request["Entries"] for request in requests] == [
        [
            {
                "Id": "0",
                "MessageBody": "a",
                "MessageAttributes": {"traceparent": {"DataType": "String", "StringValue": TRACE_PARENT}},
                "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
            }
        ],
        [{"Id": "0", "MessageBody": "b"}],
    ]


def bucket() -> S3Client:
    s3 = boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "s3", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return s3


def test_a_large_order_leaves_a_claim_check_from_which_it_is_got_back(sqs: SQSClient, queue: str) -> None:
    claim_check = ClaimCheck(BUCKET, client=bucket())
    large = json.dumps({"orderId": "A-1", "note": "x" * 2_000_000})

    (outcome,) = OrderSender(queue, client=sqs, claim_check=claim_check).send([NewOrder(large)])

    (message,) = messages(sqs, queue)
    digest = hashlib.sha256(large.encode()).hexdigest()
    assert json.loads(message["Body"]) == {
        "claimCheck": {"bucket": BUCKET, "key": f"orders/{digest}", "sha256": digest, "bytes": len(large)}
    }
    assert claim_check.get(message["Body"]) == large
    assert outcome == Outcome(message_id=message["MessageId"])


def test_the_threshold_of_a_claim_check_counts_the_attributes(sqs: SQSClient, queue: str) -> None:
    claim_check = ClaimCheck(BUCKET, threshold_bytes=1024, client=bucket())
    requests = recorded(sqs, "SendMessageBatch")

    OrderSender(queue, client=sqs, claim_check=claim_check).send(
        [NewOrder("x" * 1009, attributes={"type": "Order"}), NewOrder("x" * 1010, attributes={"type": "Order"})]
    )

    assert [len(body) for body in bodies(requests)[0]] == [1009, 217]


def test_an_order_that_cannot_be_stored_is_not_sent(sqs: SQSClient, queue: str) -> None:
    s3 = bucket()
    refusing(s3, "PutObject", "SlowDown", 503)
    claim_check = ClaimCheck(BUCKET, threshold_bytes=1024, client=s3)

    outcomes = OrderSender(queue, client=sqs, claim_check=claim_check).send([NewOrder("x" * 1025), NewOrder("y")])

    assert [outcome.reason for outcome in outcomes] == ["it is not stored: PutObject is throttled (SlowDown)", ""]


class Model:
    """A queue that takes or refuses entries by chance, and checks that each request is within the limits of SQS."""

    def __init__(self, random: Random | None = None, on_request: Any = lambda: None) -> None:
        self.random, self.on_request = random, on_request
        self.taken: list[dict[str, Any]] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.on_request()
        assert 1 <= len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        assert sum(len(entry["MessageBody"].encode()) for entry in Entries) <= 1_048_576
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        for entry in Entries:
            chance = self.random.random() if self.random else 0
            if chance < 0.6:
                self.taken.append(entry)
                answer["Successful"].append({"Id": entry["Id"], "MessageId": f"message-{entry['MessageBody'][:9]}"})
            elif chance < 0.9:
                answer["Failed"].append({"Id": entry["Id"], "Code": "Fault", "SenderFault": chance > 0.85})
        return answer


@settings(deadline=None)
@given(
    groups=st.lists(st.sampled_from("abcd"), max_size=30),
    sizes=st.lists(st.sampled_from([9, 9, 9, 400_000]), min_size=30, max_size=30),
    seed=st.integers(),
    fifo=st.booleans(),
)
def test_whatever_fails_each_order_is_sent_once_or_has_a_reason_and_groups_keep_their_order(
    groups: list[str], sizes: list[int], seed: int, fifo: bool
) -> None:
    model, time = Model(Random(seed)), Time()
    url = f"https://sqs.invalid/1/orders{'.fifo' if fifo else ''}"
    texts = [f"{place:09}".ljust(size, "x") for place, size in zip(range(len(groups)), sizes, strict=False)]
    client: Any = model

    outcomes = OrderSender(url, client=client, **time.keywords).send(
        NewOrder(text, group=group) for text, group in zip(texts, groups, strict=True)
    )

    taken = Counter(entry["MessageBody"] for entry in model.taken)
    assert [outcome.message_id for outcome in outcomes] == [
        f"message-{text[:9]}" if taken[text] == 1 else "" for text in texts
    ]
    assert all(bool(outcome.message_id) != bool(outcome.reason) for outcome in outcomes)
    assert sum(taken.values()) == len(taken)
    for group in "abcd" if fifo else "":
        sent = [entry["MessageBody"] for entry in model.taken if entry["MessageGroupId"] == group]
        given_orders = [text for text, own in zip(texts, groups, strict=True) if own == group]
        assert sent == given_orders[: len(sent)]
