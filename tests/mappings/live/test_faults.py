"""Nothing is lost when a function, the driver, or the embedded AWS comes to a sudden end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from local import supervisor
from local.engine import is_alive
from local.mappings.live import process
from tests.mappings.live.account import Account
from tests.support.waiting import eventually


def test_messages_of_a_function_whose_process_dies_come_back(account: Account, tmp_path: Path) -> None:
    url, consumer = account.queue(VisibilityTimeout="2"), account.consumer(timeout=2)
    account.send(url, {"id": "deadly", "exit": str(tmp_path / "died")}, {"id": "beside"})
    account.map("orders", consumer)

    consumer.wait_for("deadly", "beside")

    records = [record for call in consumer.calls() for record in call["event"]["Records"]]
    assert {record["attributes"]["ApproximateReceiveCount"] for record in records} == {"2"}
    eventually(lambda: account.depth(url) == (0, 0))


def test_a_driver_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "emulator"
    with supervisor.serving(folder, drives=True) as instance:
        account = Account(instance, tmp_path)
        url, of_queue, of_stream = account.queue(VisibilityTimeout="4"), account.consumer(timeout=4), account.consumer()
        account.map("orders", of_queue, BatchSize=2)
        account.map(account.stream(), of_stream, BatchSize=2, StartingPosition="TRIM_HORIZON")
        ids = [str(number) for number in range(10)]
        account.send(url, *({"id": one, "sleep": 0.3} for one in ids))
        account.put(*({"id": one, "key": "same", "sleep": 0.3} for one in ids))
        eventually(lambda: len(of_stream.ids()) >= 4 and of_queue.ids())
        driver = process.running(folder)
        assert driver is not None

        os.kill(driver, signal.SIGKILL)
        eventually(lambda: process.running(folder) is None)
        [restarted] = process.start(folder, "detached")

        of_queue.wait_for(*ids)
        of_stream.wait_for(*ids)
        eventually(lambda: account.depth(url) == (0, 0))
        # What was done is done, but for the batch whose answer the driver did not live to see.
        assert [of_stream.ids().count(one) for one in ids[:2]] == [1, 1]
        assert [*dict.fromkeys(of_stream.ids())] == ids
    restarted.wait()


def test_the_driver_outlives_the_embedded_aws_and_drives_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "emulator"
    with supervisor.serving(folder, drives=True) as first:
        driver = eventually(lambda: process.running(folder))
        account = Account(first, tmp_path)
        account.queue()
        account.map("orders", account.consumer())

        os.kill(first.pid, signal.SIGKILL)
        eventually(lambda: supervisor.running(folder) is None)
        with supervisor.serving(folder, drives=True) as second:
            account = Account(second, tmp_path)
            url, consumer = account.queue(), account.consumer()
            account.map("orders", consumer)
            account.send(url, {"id": "after"})
            consumer.wait_for("after")

            assert process.running(folder) == driver
            assert second.epoch != first.epoch
    assert not is_alive(driver or 0)


def test_an_embedded_aws_that_is_restarted_goes_on_with_its_mappings(tmp_path: Path) -> None:
    folder = tmp_path / "emulator"
    with supervisor.serving(folder, drives=True) as first:
        account = Account(first, tmp_path)
        url, consumer = account.queue(), account.consumer()
        stream = account.stream()
        of_stream = account.consumer()
        account.map("orders", consumer)
        account.map(stream, of_stream, StartingPosition="LATEST")
        account.put({"id": "1", "key": "same"})
        of_stream.wait_for("1")

    with supervisor.serving(folder, drives=True) as second:
        assert second.epoch == first.epoch
        account.send(url, {"id": "after"})
        account.put({"id": "2", "key": "same"})
        consumer.wait_for("after")
        of_stream.wait_for("2")
        assert of_stream.ids() == ["1", "2"]
