"""A run that is cut off in the middle: the next one puts everything right."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from local import supervisor
from local.engine import is_alive
from local.environment import Workspace
from local.mappings.live import process
from local.supervisor import Instance
from tests.end_to_end.conftest import Deployment, deploy, embedded_aws
from tests.support.command import LocalCommand
from tests.support.waiting import eventually


def _running(command: LocalCommand) -> Instance:
    return eventually(lambda: supervisor.running(Workspace(command.workspace).emulator))  # pyright: ignore[reportReturnType]


def _has_created_a_queue(command: LocalCommand) -> bool:
    return bool(embedded_aws(command).sqs.list_queues().get("QueueUrls"))


def _children(pid: int) -> list[int]:
    by_thread = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in by_thread for child in children.read_text().split()]


def _program(pid: int) -> str:
    """The file name of the program or script that a process runs, without its options and the engine's address."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return Path([word for word in words if "/" in word][-1]).name


def _processes_an_order(deployment: Deployment) -> bool:
    started = int(time.time() * 1000)
    deployment.aws.sqs.send_message(
        QueueUrl=deployment.outputs["queueUrl"], MessageBody=json.dumps({"orderId": "ORD-AFTER"})
    )
    group = deployment.outputs["logGroupName"]

    def is_logged() -> bool:
        events = deployment.aws.logs.filter_log_events(logGroupName=group, startTime=started)["events"]
        return any('"orderId": "ORD-AFTER"' in event.get("message", "") for event in events)

    return eventually(is_logged)


def test_an_up_whose_aws_is_killed_fails_and_the_next_up_recovers(local_command: LocalCommand) -> None:
    interrupted = local_command.start("up")
    instance = _running(local_command)
    eventually(lambda: _has_created_a_queue(local_command))
    os.kill(instance.pid, signal.SIGKILL)
    text, _ = interrupted.communicate()
    assert interrupted.returncode != 0
    assert "error" in text

    deployment = deploy(local_command)

    assert len(deployment.aws.sqs.list_queues().get("QueueUrls", [])) == 5
    assert _processes_an_order(deployment)
    assert local_command.run("up", "--expect-no-changes")[0] == 0


def test_an_up_that_is_killed_itself_leaves_no_lock_and_no_process_behind(local_command: LocalCommand) -> None:
    interrupted = local_command.start("up")
    emulator = _running(local_command)
    eventually(lambda: _has_created_a_queue(local_command))
    driver = eventually(lambda: process.running(Workspace(local_command.workspace).emulator))
    (engine,) = set(_children(interrupted.pid)) - {emulator.pid, driver}
    plugins = {_program(pid): pid for pid in _children(engine)}
    assert set(plugins) == {"pack", "pulumi-language-python", "pulumi-resource-aws"}
    os.kill(engine, signal.SIGKILL)
    interrupted.communicate()
    os.kill(plugins["pulumi-language-python"], signal.SIGTERM)  # Pulumi's own; it notices by itself, but minutes later
    assert eventually(lambda: not any(is_alive(pid) for pid in plugins.values()))

    deployment = deploy(local_command)

    assert _processes_an_order(deployment)
    _leave_a_policy(deployment)  # as the one that was killed does if it comes at that moment
    code, text = local_command.run("destroy")
    assert code == 0, text


def _leave_a_policy(deployment: Deployment) -> None:
    """Give each role a policy that Pulumi does not know of."""
    nothing = {"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:nothing"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nothing]})
    for role in deployment.aws.iam.list_roles()["Roles"]:
        deployment.aws.iam.put_role_policy(RoleName=role["RoleName"], PolicyName="left", PolicyDocument=policy)
