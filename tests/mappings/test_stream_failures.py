"""What becomes of records by the function's answer: done, tried again, halved, or given up to a destination."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from local.mappings.actions import Answer, Discard
from local.mappings.destinations import Origin, failure_record, object_key, stored_record
from local.mappings.events import change_event, data_event
from local.mappings.virtual import Simulation
from local.mappings.virtual.functions import Reply
from local.mappings.virtual.streams import Record

REPORTS: dict[str, Any] = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
BISECTS = {"BisectBatchOnFunctionError": True}


def run(
    reply: Reply, *, count: int = 4, until: float = 100, **settings: Any
) -> tuple[list[tuple[float, list[int]]], list[tuple[float, list[int], str, int]], Simulation]:
    """Invocations and what was given up, of records that one shard holds from the start."""
    simulation = Simulation()
    stream = simulation.stream()
    stream.put("a", *map(str, range(1, count + 1)))
    simulation.mapping(stream, simulation.function(duration=0, reply=reply), simulation.queue("dead"), **settings)
    simulation.run(until=until)
    invoked = [(entry[0], numbers(entry[3])) for entry in simulation.of("invoked")]
    discarded = [(entry[0], numbers(entry[3]), entry[4], entry[5]) for entry in simulation.of("discarded")]
    return invoked, discarded, simulation


def numbers(ids: list[str]) -> list[int]:
    return [int(one) for one in ids]


def named(*ids: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}


def number(one: int) -> str:
    return str(one).zfill(56)


def poison(batch: Sequence[Any]) -> None:
    if any(record.text == "3" for record in batch):
        raise RuntimeError("poison")


def test_a_batch_that_fails_is_tried_as_often_as_it_has_retries_and_then_given_up_and_the_shard_goes_on() -> None:
    invoked, discarded, _ = run(poison, count=6, BatchSize=4, MaximumRetryAttempts=2)

    assert invoked == [(0, [1, 2, 3, 4]), (1, [1, 2, 3, 4]), (3, [1, 2, 3, 4]), (3, [5, 6])]
    assert discarded == [(3, [1, 2, 3, 4], "RetryAttemptsExhausted", 3)]


def test_without_a_limit_a_batch_is_tried_until_its_records_expire_and_the_shard_waits() -> None:
    invoked, discarded, _ = run(poison, count=6, BatchSize=4, until=200, MaximumRetryAttempts=-1)

    assert invoked == [(time, [1, 2, 3, 4]) for time in (0, 1, 3, 7, 15, 31, 63, 123, 183)]
    assert discarded == []


def test_halving_finds_the_record_that_fails_and_costs_no_retry() -> None:
    invoked, discarded, _ = run(poison, MaximumRetryAttempts=1, **BISECTS)

    assert invoked == [(0, [1, 2, 3, 4]), (0, [1, 2]), (0, [3, 4]), (0, [3]), (1, [3]), (1, [4])]
    assert discarded == [(1, [3], "RetryAttemptsExhausted", 4)]


def test_an_answer_that_names_records_is_tried_again_from_the_first_of_them() -> None:
    answers = iter([named(number(3), number(2)), named(number(4)), None])

    invoked, discarded, _ = run(lambda _: next(answers), **REPORTS, **BISECTS)

    assert invoked == [(0, [1, 2, 3, 4]), (1, [2, 3, 4]), (3, [4])]
    assert discarded == []


def test_a_partial_failure_costs_a_retry_and_only_what_is_left_is_given_up() -> None:
    invoked, discarded, simulation = run(lambda _: named(number(3)), MaximumRetryAttempts=1, **REPORTS)

    assert invoked == [(0, [1, 2, 3, 4]), (1, [3, 4])]
    assert discarded == [(1, [3, 4], "RetryAttemptsExhausted", 2)]
    [told] = [entry[3] for entry in simulation.of("sent")]
    assert told == ["1"]


@pytest.mark.parametrize(
    ("answer", "is_success"),
    [
        (None, True),
        ({}, True),
        ("", True),
        (named(), True),
        ({"batchItemFailures": None}, True),
        ({"other": 1}, True),
        (named(""), False),
        (named(None), False),
        (named(123), False),
        (named("unknown"), False),
        (named(number(2), "unknown"), False),
        ({"batchItemFailures": [{"foo": 123}]}, False),
        ({"batchItemFailures": [{"foo": None}]}, False),
        ("no JSON", False),
    ],
    ids=json.dumps,
)
def test_an_answer_without_sense_fails_the_whole_batch(answer: Any, is_success: bool) -> None:
    answers = iter([answer, None])

    invoked, _, _ = run(lambda _: next(answers), **REPORTS)

    assert invoked == [(0, [1, 2, 3, 4])] + ([] if is_success else [(1, [1, 2, 3, 4])])


def test_without_the_option_an_answer_that_names_records_is_a_success() -> None:
    assert run(lambda _: named(number(2)))[0] == [(0, [1, 2, 3, 4])]


def test_a_throttle_costs_no_retry_and_holds_the_shard_back() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    stream.put("a", "1")
    function = simulation.function(concurrency=0)
    simulation.mapping(stream, function, simulation.queue("dead"), MaximumRetryAttempts=0)
    simulation.at(20, lambda: setattr(function, "concurrency", 1))
    simulation.run(until=60)

    assert [entry[0] for entry in simulation.of("throttled")] == [0, 1, 3, 7, 15]
    assert [entry[0] for entry in simulation.of("invoked")] == [31]
    assert simulation.of("discarded") == []


def test_records_that_are_too_old_are_given_up_one_by_one_also_before_a_first_try() -> None:
    simulation = Simulation()
    stream = simulation.stream()
    dead = simulation.queue("dead")
    stream.put("a", "1", "2")
    simulation.run(until=50)
    stream.put("a", "3", "4")
    simulation.run(until=61)

    mapping = simulation.mapping(stream, simulation.function(duration=0), dead, MaximumRecordAgeInSeconds=60)
    simulation.run(until=70)

    assert [(entry[0], numbers(entry[3])) for entry in simulation.of("invoked")] == [(61, [3, 4])]
    [discarded] = simulation.of("discarded")
    assert (numbers(discarded[3]), *discarded[4:]) == ([1, 2], "RecordAgeExceeded", 0)
    assert mapping.counts == {
        "PolledEventCount": 4,
        "InvokedEventCount": 2,
        "OnFailureDestinationDeliveredEventCount": 2,
    }
    told = json.loads(dead.waiting()[0].body)
    assert "responseContext" not in told
    assert told["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_record_that_grows_too_old_while_it_fails_is_given_up_at_its_next_try() -> None:
    invoked, discarded, _ = run(poison, until=200, MaximumRecordAgeInSeconds=60)

    assert [time for time, _ in invoked] == [0, 1, 3, 7, 15, 31]
    assert discarded == [(63, [1, 2, 3, 4], "RecordAgeExceeded", 6)]


def test_what_no_destination_takes_is_dropped() -> None:
    counts: list[dict[str, int]] = []
    for is_up in (True, False, None):
        simulation = Simulation()
        stream = simulation.stream()
        stream.put("a", "3", "4")
        topic = simulation.topic()
        topic.is_up = bool(is_up)
        function = simulation.function(reply=poison)
        given = None if is_up is None else topic
        mapping = simulation.mapping(stream, function, given, MaximumRetryAttempts=0)
        simulation.run(until=5)
        names = ("DroppedEventCount", "DestinationDeliveryFailures", "OnFailureDestinationDeliveredEventCount")
        counts.append({name: mapping.counts[name] for name in names})

    assert [[*count.values()] for count in counts] == [[0, 0, 2], [2, 1, 0], [2, 0, 0]]


def test_a_bucket_gets_the_whole_event_and_a_topic_says_where_the_records_are() -> None:
    simulation = Simulation(start=1_700_000_000)
    stream = simulation.stream()
    stream.put("a", "3", "4")
    bucket = simulation.bucket()
    simulation.mapping(stream, simulation.function(reply=poison), bucket, MaximumRetryAttempts=0)
    simulation.run(until=simulation.now + 5)

    [(key, text)] = bucket.objects.items()
    stored = json.loads(text)

    assert key.startswith("aws/lambda/")
    assert key.split("/", 3)[3].startswith("shardId-000000000000/2023/11/14/2023-11-14T22.13.20-")
    assert [record["kinesis"]["data"] for record in json.loads(stored["payload"])["Records"]] == ["Mw==", "NA=="]
    assert stored["KinesisBatchInfo"]["batchSize"] == 2


ORIGIN = Origin("arn:aws:kinesis:eu-central-1:1:stream/s", "arn:aws:lambda:eu-central-1:1:function:f", "uuid")
TABLE = Origin("arn:aws:dynamodb:eu-central-1:1:table/t/stream/1", "arn:aws:lambda:eu-central-1:1:function:f", "uuid")
BATCH = [Record("7", "a", "x", 1573691884.835, 1), Record("9", "a", "x", 1573691885.1, 1)]


def test_a_destination_gets_the_record_that_aws_documents() -> None:
    failed = Discard("shardId-0", BATCH, "RetryAttemptsExhausted", 3, Answer("failed"))

    assert failure_record(failed, ORIGIN, 1573691886.021, "request") == {
        "requestContext": {
            "requestId": "request",
            "functionArn": "arn:aws:lambda:eu-central-1:1:function:f",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2019-11-14T00:38:06.021Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-0",
            "startSequenceNumber": "7",
            "endSequenceNumber": "9",
            "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
            "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.100Z",
            "batchSize": 2,
            "streamArn": "arn:aws:kinesis:eu-central-1:1:stream/s",
        },
    }


def test_a_table_has_times_of_whole_seconds_and_a_partial_failure_has_no_error() -> None:
    partial = Discard("shardId-0", BATCH, "RetryAttemptsExhausted", 1, Answer(payload=named("7")))

    told = failure_record(partial, TABLE, 1573691886, "request")

    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}
    assert told["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"] == "2019-11-14T00:38:04Z"
    assert stored_record({"a": 1}, '{"Records":[]}') == {"a": 1, "payload": '{"Records":[]}'}
    key = object_key(ORIGIN, "shardId-0", 1573691886, "u")
    assert key == "aws/lambda/uuid/shardId-0/2019/11/14/2019-11-14T00.38.06-u"


def test_records_become_events_with_all_that_aws_says_of_them() -> None:
    stream, table = ORIGIN.stream_arn, TABLE.stream_arn
    data: dict[str, Any] = {
        "SequenceNumber": "7",
        "PartitionKey": "a",
        "Data": b"foobar",
        "ApproximateArrivalTimestamp": 1545084650.9871,
    }
    change: dict[str, Any] = {
        "eventID": "1",
        "eventName": "REMOVE",
        "dynamodb": {
            "ApproximateCreationDateTime": 1545084650.9,
            "Keys": {"id": {"B": b"foobar"}},
            "SequenceNumber": "7",
            "SizeBytes": 9,
            "StreamViewType": "KEYS_ONLY",
        },
        "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
    }

    assert data_event(data, "shardId-0", stream, "role") == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "a",
            "sequenceNumber": "7",
            "data": "Zm9vYmFy",
            "approximateArrivalTimestamp": 1545084650.987,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-0:7",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "role",
        "awsRegion": "eu-central-1",
        "eventSourceARN": stream,
    }
    assert change_event(change, table) == {
        "eventID": "1",
        "eventName": "REMOVE",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1545084650,
            "Keys": {"id": {"B": "Zm9vYmFy"}},
            "SequenceNumber": "7",
            "SizeBytes": 9,
            "StreamViewType": "KEYS_ONLY",
        },
        "userIdentity": {"principalId": "dynamodb.amazonaws.com", "type": "Service"},
        "eventSourceARN": table,
    }
