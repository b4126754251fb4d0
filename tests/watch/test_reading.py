"""How a deployed pipeline is seen, with a function that fails and the dead letter that follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.aws import Aws
from local.environment import Workspace
from local.supervisor import Instance, serving
from local.watch.deployed import deployed, state_file
from local.watch.reading import Reader
from local.watch.snapshot import Alarm, Pipeline
from tests.support.program import STACK, NewProgram
from tests.support.waiting import eventually

_PROGRAM = """
from components import OrderPipeline

OrderPipeline("shop", {
    "code": "code",
    "batch_size": 1,
    "timeout": 5,
    "visibility_timeout": 5,
    "visibility_reason": "the test has no time for more",
    "max_receive_count": 1,
    "tracing": False,
    "alarm_actions": [],
})
"""
_HANDLER = """
import json

def lambda_handler(event, context):
    (record,) = event["Records"]
    order = json.loads(record["body"])["orderId"]
    if order == "bad":
        print(json.dumps({"message": "order failed", "orderId": order, "reason": "out of cups"}))
        raise RuntimeError("out of cups")
    print(json.dumps({"message": "order processed", "orderId": order}))
    print("done")
"""


@dataclass(frozen=True)
class Shop:
    """The pipeline, and the reader that has seen it since it was new."""

    aws: Aws
    instance: Instance
    state: Path
    reader: Reader

    def look(self) -> Pipeline:
        (pipeline,) = self.reader.read().pipelines
        return pipeline


@pytest.fixture(scope="module")
def shop(new_program: NewProgram, embedded_aws: Instance) -> Iterator[Shop]:
    program = new_program()
    program.write(_PROGRAM)
    (program.folder / "code").mkdir()
    (program.folder / "code" / "handler.py").write_text(_HANDLER)
    result = program.up()
    assert result.code == 0, result.text
    state = state_file(Workspace(program.folder.parent / "workspace"), program.folder, STACK)
    reader = Reader(embedded_aws.folder, state)
    yield Shop(program.aws, embedded_aws, state, reader)
    reader.close()


def test_a_failing_function_its_dead_letter_and_its_log_are_seen_and_nothing_is_received(shop: Shop) -> None:
    (known,) = deployed(shop.state)
    new = shop.look()
    url = shop.aws.sqs.get_queue_url(QueueName=known.queue.rpartition(":")[2])["QueueUrl"]
    for order in ("good", "bad"):
        shop.aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"orderId": order}))
    eventually(lambda: shop.look().in_flight == 1)
    eventually(lambda: shop.look().dead_letters)
    seen = shop.look()

    assert (new.invocations, new.dead_letters, new.log) == (0, 0, ())
    assert [(alarm.name, alarm.severity) for alarm in seen.alarms] == sorted(known.alarms.items())
    assert {alarm.severity for alarm in seen.alarms} == {"critical", "warning"}
    assert seen == Pipeline(
        name="shop",
        depth=0,
        in_flight=0,
        age=0,
        dead_letters=1,
        invocations=2,
        errors=1,
        throttles=0,
        mapping="Enabled",
        alarms=seen.alarms,
        log=seen.log,
    )
    said = [(line.message, line.order, line.reason) for line in seen.log]
    assert {("order processed", "good", ""), ("done", "", ""), ("order failed", "bad", "out of cups")} <= {*said}
    assert not [line for line in seen.log if line.message.startswith(("START ", "END ", "REPORT "))]
    assert len({*said}) == len(said)  # none is shown twice
    assert _receives(shop.aws, known.dead_letters) == ["2"]  # once by the mapping, once just now

    later = Reader(shop.instance.folder, shop.state)
    (pipeline,) = later.read().pipelines
    later.close()
    assert (pipeline.dead_letters, pipeline.invocations, pipeline.errors) == (1, 0, 0)  # counts since it began


def _receives(aws: Aws, queue: str) -> list[str]:
    url = aws.sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
    answer: Any = aws.sqs.receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"], VisibilityTimeout=0, WaitTimeSeconds=0
    )
    return [message["Attributes"]["ApproximateReceiveCount"] for message in answer["Messages"]]


def test_waiting_messages_throttles_and_the_state_of_the_mapping_are_seen(shop: Shop) -> None:
    (known,) = deployed(shop.state)
    function = known.function.rpartition(":")[2]
    url = shop.aws.sqs.get_queue_url(QueueName=known.queue.rpartition(":")[2])["QueueUrl"]
    before = shop.look().throttles
    shop.aws.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    once = Aws(shop.aws.endpoint, shop.aws.region, shop.aws.account, retries={"total_max_attempts": 1}).lambda_
    with pytest.raises(once.exceptions.TooManyRequestsException):
        once.invoke(FunctionName=function)
    shop.aws.lambda_.delete_function_concurrency(FunctionName=function)
    shop.aws.lambda_.update_event_source_mapping(UUID=known.mapping, Enabled=False)
    for delay in (0, 0, 60):
        shop.aws.sqs.send_message(QueueUrl=url, MessageBody='{"orderId": "waits"}', DelaySeconds=delay)

    eventually(lambda: shop.look().age >= 1)
    seen = shop.look()
    assert (seen.depth, seen.in_flight, seen.mapping, seen.throttles - before) == (3, 0, "Disabled", 1)
    shop.aws.sqs.purge_queue(QueueUrl=url)
    assert (shop.look().depth, shop.look().age) == (0, 0)


def test_an_alarm_is_seen_in_its_state_and_with_its_severity(shop: Shop) -> None:
    (known,) = deployed(shop.state)
    name, severity = next((name, severity) for name, severity in known.alarms.items() if "-age-" in name)

    def fire() -> bool:
        shop.aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="the test")
        return Alarm(name, severity, "ALARM") in shop.look().alarms

    assert severity == "critical"
    eventually(fire)  # it is evaluated meanwhile, and then is OK again


def test_a_pipeline_that_is_no_longer_there_is_said_to_be_gone(shop: Shop) -> None:
    (known,) = deployed(shop.state)
    url = shop.aws.sqs.get_queue_url(QueueName=known.queue.rpartition(":")[2])["QueueUrl"]
    shop.aws.sqs.delete_queue(QueueUrl=url)

    found = shop.reader.read()

    assert found.pipelines == ()
    assert found.notice == "deployed, and no longer in the embedded AWS: shop: run `make up`"


def test_it_is_said_what_to_do_when_nothing_is_deployed_or_drives_or_runs(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "emulator", tmp_path / "state.json")
    with serving(tmp_path / "emulator", drives=True):
        assert reader.read().notice == "no pipeline is deployed: run `make up`"
    assert reader.read().notice == "the embedded AWS does not run: run `make up`"
    reader.close()
