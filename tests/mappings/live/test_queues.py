"""Mappings of queues on a real embedded AWS, as AWS documents them."""

from __future__ import annotations

import time

from tests.mappings.live.account import Account, overlap
from tests.support.waiting import eventually

PARTIAL = ["ReportBatchItemFailures"]


def _ids(*ids: str) -> list[dict[str, str]]:
    return [{"id": one} for one in ids]


def test_of_a_batch_only_the_message_that_failed_comes_back(account: Account) -> None:
    url, consumer = account.queue(VisibilityTimeout="2"), account.consumer("partial", timeout=2)
    account.send(url, {"id": "good"}, {"id": "bad", "fails": True})
    account.map("orders", consumer, FunctionResponseTypes=PARTIAL)

    eventually(lambda: len(consumer.batches()) >= 2)

    first, second = consumer.calls()[:2]
    assert [first["ids"], second["ids"]] == [["good", "bad"], ["bad"]]
    assert second["event"]["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_an_answer_that_names_no_message_fails_the_whole_batch(account: Account) -> None:
    url, consumer = account.queue(VisibilityTimeout="2"), account.consumer("malformed", timeout=2)
    account.send(url, *_ids("one", "two"))
    account.map("orders", consumer, FunctionResponseTypes=PARTIAL)

    eventually(lambda: len(consumer.batches()) >= 2)

    assert consumer.batches()[:2] == [["one", "two"], ["one", "two"]]


def test_messages_of_one_window_come_together(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    account.send(url, {"id": "0"})
    account.map("orders", consumer, MaximumBatchingWindowInSeconds=2)
    for number in range(1, 6):
        time.sleep(0.1)
        account.send(url, {"id": str(number)})

    consumer.wait_for("5")

    assert consumer.batches() == [["0", "1", "2", "3", "4", "5"]]


def test_a_batch_is_larger_than_a_receive_where_there_is_a_window(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    account.send(url, *_ids(*map(str, range(25))))
    account.map("orders", consumer, BatchSize=25, MaximumBatchingWindowInSeconds=20)

    consumer.wait_for("24")

    assert consumer.batches() == [[str(number) for number in range(25)]]
    eventually(lambda: account.depth(url) == (0, 0))


def test_a_fifo_queue_keeps_the_order_in_each_group_and_groups_are_processed_at_once(account: Account) -> None:
    url = account.queue("orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    consumer = account.consumer()
    for group in ("north", "south"):
        account.send(url, *({"id": f"{group}-{number}", "sleep": 0.3} for number in range(3)), MessageGroupId=group)
    account.map("orders.fifo", consumer, BatchSize=1)

    consumer.wait_for("north-2", "south-2")

    by_group = [[one for one in consumer.ids() if one.startswith(group)] for group in ("north", "south")]
    assert by_group == [["north-0", "north-1", "north-2"], ["south-0", "south-1", "south-2"]]
    assert overlap(consumer.calls()) == 2


def test_what_no_filter_matches_is_deleted_and_never_invoked(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    account.send(url, {"id": "cheap", "amount": 1}, {"id": "dear", "amount": 100})
    pattern = '{"body": {"amount": [{"numeric": [">", 10]}]}}'
    account.map("orders", consumer, FilterCriteria={"Filters": [{"Pattern": pattern}]})

    eventually(lambda: consumer.ids() and account.depth(url) == (0, 0))

    assert consumer.batches() == [["dear"]]


def test_the_maximum_concurrency_is_reached_and_not_passed(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    ids = [str(number) for number in range(8)]
    account.send(url, *({"id": one, "sleep": 0.2} for one in ids))
    account.map("orders", consumer, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})

    consumer.wait_for(*ids)

    assert overlap(consumer.calls()) == 2


def test_a_batch_that_is_throttled_is_tried_again_without_another_receive(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    account.aws.lambda_.put_function_concurrency(FunctionName=consumer.name, ReservedConcurrentExecutions=0)
    account.map("orders", consumer)
    account.send(url, *_ids("one", "two"))
    eventually(lambda: account.depth(url) == (0, 2))
    time.sleep(0.5)
    account.aws.lambda_.delete_function_concurrency(FunctionName=consumer.name)

    consumer.wait_for("one", "two")

    records = [record for call in consumer.calls() for record in call["event"]["Records"]]
    assert [record["attributes"]["ApproximateReceiveCount"] for record in records] == ["1", "1"]


def test_a_disabled_mapping_takes_nothing_until_it_is_enabled_again(account: Account) -> None:
    url, consumer = account.queue(), account.consumer()
    uuid = account.map("orders", consumer)
    account.send(url, {"id": "before"})
    consumer.wait_for("before")
    account.aws.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    account.send(url, {"id": "after"})
    time.sleep(1)

    assert account.depth(url) == (1, 0)

    account.aws.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    consumer.wait_for("after")
    assert consumer.ids() == ["before", "after"]


def test_a_mapping_shows_the_options_that_it_was_made_with(account: Account) -> None:
    account.queue()
    uuid = account.map("orders", account.consumer(), MetricsConfig={"Metrics": ["EventCount"]})

    account.aws.lambda_.update_event_source_mapping(
        UUID=uuid, ProvisionedPollerConfig={"MinimumPollers": 2, "MaximumPollers": 4}
    )

    found = account.aws.lambda_.get_event_source_mapping(UUID=uuid)
    assert found.get("MetricsConfig") == {"Metrics": ["EventCount"]}
    assert found.get("ProvisionedPollerConfig") == {"MinimumPollers": 2, "MaximumPollers": 4}
    assert not [name for name in found if name.startswith("_")]
