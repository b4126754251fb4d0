"""Mappings of streams on a real embedded AWS, as AWS documents them."""

from __future__ import annotations

import json
from typing import Any

from tests.mappings.live.account import Account, overlap
from tests.support.waiting import eventually

TRIM_HORIZON: Any = {"StartingPosition": "TRIM_HORIZON"}


def _orders(*ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": one, "key": "same", **more} for one in ids]


def _destination(arn: str) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": arn}}}


def test_bisecting_isolates_the_record_that_fails_and_its_destination_has_the_whole_event(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer()
    account.put(*_orders("1", "2"), *_orders("bad", fails=True), *_orders("4"))
    bucket = f"failed-{account.aws.account}"
    account.aws.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    uuid = account.map(
        stream,
        consumer,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=0,
        **_destination(f"arn:aws:s3:::{bucket}"),
        **TRIM_HORIZON,
    )

    keys = eventually(
        lambda: [one.get("Key", "") for one in account.aws.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    )
    eventually(lambda: consumer.batches()[-1] == ["4"])

    [key] = keys
    assert key.startswith(f"aws/lambda/{uuid}/shardId-000000000000/")
    stored = json.loads(account.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    [record] = json.loads(stored["payload"])["Records"]
    [of_bad] = [call for call in consumer.calls() if call["ids"] == ["bad"]][:1]
    assert record == of_bad["event"]["Records"][0]
    assert stored["KinesisBatchInfo"]["batchSize"] == 1
    assert stored["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert consumer.batches() == [["1", "2", "bad", "4"], ["1", "2"], ["bad", "4"], ["bad"], ["4"]]


def test_a_batch_is_retried_so_often_and_then_its_destination_is_told_where_it_is(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer()
    account.put(*_orders("bad", fails=True), *_orders("good"))
    url = account.queue("failed")
    account.map(
        stream, consumer, MaximumRetryAttempts=1, **_destination(account.aws.arn("sqs", "failed")), **TRIM_HORIZON
    )

    [told] = eventually(lambda: account.taken(url))

    assert consumer.batches() == [["bad", "good"], ["bad", "good"]]
    numbers = [record["kinesis"]["sequenceNumber"] for record in consumer.calls()[0]["event"]["Records"]]
    info = told["KinesisBatchInfo"]
    assert [info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]] == [*numbers, 2]
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert "payload" not in told


def test_a_partial_answer_is_a_checkpoint(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer("partial")
    account.put(*_orders("1", "2"), *_orders("3", fails=True), *_orders("4"))
    account.map(
        stream,
        consumer,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        MaximumRetryAttempts=1,
        **TRIM_HORIZON,
    )

    eventually(lambda: len(consumer.batches()) == 2)
    account.put(*_orders("5"))
    consumer.wait_for("5")

    assert consumer.batches() == [["1", "2", "3", "4"], ["3", "4"], ["5"]]


def test_shards_are_processed_at_once_and_each_in_its_order(account: Account) -> None:
    stream, consumer = account.stream(shards=2), account.consumer()
    # The hashes of these keys are in different halves.
    account.put(*({"id": f"{key}-{number}", "key": key, "sleep": 0.5} for number in range(2) for key in ("b", "c")))
    account.map(stream, consumer, BatchSize=1, **TRIM_HORIZON)

    consumer.wait_for("b-1", "c-1")

    assert [[one for one in consumer.ids() if one[0] == key] for key in "bc"] == [["b-0", "b-1"], ["c-0", "c-1"]]
    shards = {call["event"]["Records"][0]["eventID"].partition(":")[0] for call in consumer.calls()}
    assert len(shards) == 2
    assert overlap(consumer.calls()) == 2


def test_what_a_shard_held_before_it_was_split_comes_before_what_its_children_hold(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer()
    account.put(*_orders("1", "2"))
    account.map(stream, consumer, BatchSize=1, **TRIM_HORIZON)
    account.aws.kinesis.split_shard(
        StreamName="orders", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    account.put(*_orders("3"))
    account.aws.kinesis.update_shard_count(StreamName="orders", TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    account.put(*_orders("4"))

    consumer.wait_for("4")

    assert consumer.batches() == [["1"], ["2"], ["3"], ["4"]]
    shards = [call["event"]["Records"][0]["eventID"].partition(":")[0][-1] for call in consumer.calls()]
    assert shards in (["0", "0", "1", "3"], ["0", "0", "2", "3"])


def test_a_consumer_with_a_throughput_of_its_own_is_a_source_too(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer()
    registered = account.aws.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="own")["Consumer"]
    account.map(registered["ConsumerARN"], consumer, **TRIM_HORIZON)
    account.put(*_orders("1"))

    consumer.wait_for("1")

    [record] = consumer.calls()[0]["event"]["Records"]
    assert record["eventSourceARN"] == registered["ConsumerARN"]


def test_a_mapping_that_begins_at_the_latest_gets_what_is_written_after_it_was_made(account: Account) -> None:
    aws, consumer = account.aws, account.consumer()
    table: Any = aws.dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    aws.dynamodb.put_item(TableName="orders", Item={"id": {"S": "before"}})
    account.map(table["LatestStreamArn"], consumer, StartingPosition="LATEST")
    aws.dynamodb.put_item(TableName="orders", Item={"id": {"S": "after"}, "raw": {"B": b"raw"}})

    consumer.wait_for("after")

    assert consumer.ids() == ["after"]
    [record] = consumer.calls()[0]["event"]["Records"]
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "after"}, "raw": {"B": "cmF3"}}


def test_a_window_keeps_its_state_and_ends(account: Account) -> None:
    stream, consumer = account.stream(), account.consumer("partial")
    account.put(*_orders("1"))
    account.map(stream, consumer, TumblingWindowInSeconds=1, MaximumRetryAttempts=0, **TRIM_HORIZON)

    consumer.wait_for("1")

    event = consumer.calls()[0]["event"]
    assert event["state"] == {}
    assert event["shardId"] == "shardId-000000000000"
    assert event["eventSourceARN"] == stream
    assert event["isFinalInvokeForWindow"] is False
