"""What each argument of `OrderPipeline` changes, one at a time."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest

from components import OrderPipeline, OrderPipelineArgs
from tests.support.pipelines import CODE, TAGS, changes, record
from tests.support.recorder import Recorder

DAY = 86_400
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:000000000001:orders-dead-letters"
KEY = "arn:aws:kms:eu-central-1:000000000001:key/1234"
QUEUES = ("queue", "dead-letters")
METRIC_ALARMS = (
    "age-alarm", "backlog-alarm", "dead-letters-alarm", "dead-letters-expiring-alarm", "dead-letters-grew-alarm",
    "duration-alarm", "errors-alarm", "mapping-failing-alarm", "not-polling-alarm", "stalled-alarm", "throttles-alarm",
)  # fmt: skip
CONSUME = {
    "Sid": "ConsumeOrders",
    "Effect": "Allow",
    "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    "Resource": "arn:aws:sqs:eu-central-1:000000000001:orders-queue",
}
WRITE_LOGS = {
    "Sid": "WriteLogs",
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:cloudwatch:eu-central-1:000000000001:orders-logs:*",
}
TRACE = {
    "Sid": "Trace",
    "Effect": "Allow",
    "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    "Resource": "*",
}
JOIN_VPC = {
    "Sid": "JoinVpc",
    "Effect": "Allow",
    "Action": [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "Resource": "*",
}
SEND_DEAD_LETTERS = {
    "Sid": "SendDeadLetters",
    "Effect": "Allow",
    "Action": "sqs:SendMessage",
    "Resource": DEAD_LETTERS,
}
DELAY_RETRIES = {
    "Sid": "DelayRetries",
    "Effect": "Allow",
    "Action": "sqs:ChangeMessageVisibility",
    "Resource": CONSUME["Resource"],
}
WRITE_TABLE = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "arn:aws:dynamodb:::table/orders"}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def redrive(max_receive_count: int) -> dict[str, Any]:
    return {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": max_receive_count}


Changes = dict[tuple[str, str], Any]
FIFO: Changes = {
    ("mapping", "batchSize"): 1,
    ("mapping", "maximumBatchingWindowInSeconds"): None,
    # A FIFO queue counts retention anew when it moves a message.
    ("dead-letters-expiring-alarm", "threshold"): 0.75 * 14 * DAY,
    **{(queue, "fifoQueue"): True for queue in QUEUES},
    **{(queue, "contentBasedDeduplication"): True for queue in QUEUES},
    **{(queue, "deduplicationScope"): "messageGroup" for queue in QUEUES},
    **{(queue, "fifoThroughputLimit"): "perMessageGroupId" for queue in QUEUES},
}
CASES: list[tuple[dict[str, Any], Changes]] = [
    # What processes the orders.
    (
        {"timeout": 60},
        {
            ("function", "timeout"): 60,
            ("queue", "visibilityTimeoutSeconds"): 360,
            ("duration-alarm", "threshold"): 48_000,
        },
    ),
    ({"memory": 512}, {("function", "memorySize"): 512}),
    ({"ephemeral_storage": 1_024}, {("function", "ephemeralStorage"): {"size": 1_024}}),
    ({"environment": {"A": "1"}}, {("function", "environment"): {"variables": {"A": "1"}}}),
    ({"environment": {}}, {}),
    ({"environment": {"A": None}}, {}),
    ({"layers": ["arn:layer"]}, {("function", "layers"): ["arn:layer"]}),
    ({"layers": []}, {}),
    (
        {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
        {
            ("function", "vpcConfig"): {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            ("policy", "policy"): policy(CONSUME, WRITE_LOGS, TRACE, JOIN_VPC),
        },
    ),
    ({"permissions": [WRITE_TABLE]}, {("policy", "policy"): policy(CONSUME, WRITE_LOGS, TRACE, WRITE_TABLE)}),
    (
        {"tracing": False},
        {
            ("function", "tracingConfig"): {"mode": "PassThrough"},
            ("policy", "policy"): policy(CONSUME, WRITE_LOGS),
        },
    ),
    ({"log_retention": 365}, {("logs", "retentionInDays"): 365}),
    ({"enabled": False}, {("mapping", "enabled"): False}),
    # How orders are taken from the queue.
    ({"batch_size": 5}, {("mapping", "batchSize"): 5}),
    (
        {"batch_window": 5},
        {("mapping", "maximumBatchingWindowInSeconds"): 5, ("queue", "visibilityTimeoutSeconds"): 185},
    ),
    ({"max_receive_count": 3}, {("queue", "redrivePolicy"): redrive(3)}),
    ({"visibility_timeout": 900}, {("queue", "visibilityTimeoutSeconds"): 900}),
    (
        {"visibility_timeout": 60, "visibility_reason": "repeats are harmless"},
        {
            ("queue", "visibilityTimeoutSeconds"): 60,
            ("queue", "tags"): {**TAGS, "visibility-timeout-reason": "repeats are harmless"},
        },
    ),
    ({"visibility_reason": " "}, {}),
    ({"max_concurrency": 10}, {("mapping", "scalingConfig"): {"maximumConcurrency": 10}}),
    (
        {"reserved_concurrency": 20},
        {
            ("function", "reservedConcurrentExecutions"): 20,
            ("mapping", "scalingConfig"): {"maximumConcurrency": 20},
        },
    ),
    (
        {"reserved_concurrency": 20, "max_concurrency": 10},
        {
            ("function", "reservedConcurrentExecutions"): 20,
            ("mapping", "scalingConfig"): {"maximumConcurrency": 10},
        },
    ),
    ({"min_pollers": 2}, {("mapping", "provisionedPollerConfig"): {"minimumPollers": 2}}),
    (
        {"min_pollers": 2, "max_pollers": 4, "reserved_concurrency": 40},
        {
            ("function", "reservedConcurrentExecutions"): 40,
            ("mapping", "provisionedPollerConfig"): {"minimumPollers": 2, "maximumPollers": 4},
        },
    ),
    (
        {"filters": [{"body": {"type": ["sale"]}}], "filter_reason": " returns are for another function "},
        {
            ("mapping", "filterCriteria"): {"filters": [{"pattern": {"body": {"type": ["sale"]}}}]},
            ("mapping", "tags"): {**TAGS, "filter-reason": "returns are for another function"},
        },
    ),
    ({"filters": [], "filter_reason": "returns are for another function"}, {}),
    # What becomes of orders that fail.
    ({"report_batch_item_failures": True}, {}),
    (
        {"dead_letter_at_once": True},
        {
            ("function", "environment"): {
                "variables": {"DEAD_LETTER_QUEUE_URL": "<url of orders-dead-letters>", "MAX_RECEIVE_COUNT": "5"}
            },
            ("policy", "policy"): policy(CONSUME, SEND_DEAD_LETTERS, WRITE_LOGS, TRACE),
        },
    ),
    (
        {"retry_after": True, "environment": {"A": "1"}},
        {
            ("function", "environment"): {"variables": {"A": "1", "RETRY_AFTER": "true"}},
            ("policy", "policy"): policy(CONSUME, DELAY_RETRIES, WRITE_LOGS, TRACE),
        },
    ),
    (
        {"fifo": True, "group_failures": "skip"},
        {**FIFO, ("function", "environment"): {"variables": {"FIFO_FAILURES": "skip"}}},
    ),
    ({"fifo": True, "group_failures": "block"}, FIFO),
    ({"dead_letter_at_once": False, "retry_after": False, "claim_check": False}, {}),
    # The queue.
    ({"fifo": True}, FIFO),
    (
        {"fifo": True, "dead_letter_reason": "settled by hand"},
        {**FIFO, ("queue", "tags"): {**TAGS, "fifo-dead-letter-reason": "settled by hand"}},
    ),
    (
        {"fifo": True, "content_based_deduplication": False, "high_throughput": False},
        {
            key: False if key[1] == "contentBasedDeduplication" else value
            for key, value in FIFO.items()
            if key[1] not in ("deduplicationScope", "fifoThroughputLimit")
        },
    ),
    (
        {"retention": 2 * DAY},
        {
            ("queue", "messageRetentionSeconds"): 2 * DAY,
            ("dead-letters-expiring-alarm", "threshold"): 0.75 * (14 - 2) * DAY,
        },
    ),
    ({"delay": 60}, {("queue", "delaySeconds"): 60}),
    ({"max_message_size": 1_024}, {("queue", "maxMessageSize"): 1_024}),
    (
        {"kms_key_arn": KEY},
        {
            **{(queue, "kmsMasterKeyId"): KEY for queue in QUEUES},
            **{(queue, "sqsManagedSseEnabled"): None for queue in QUEUES},
            ("policy", "policy"): policy(
                CONSUME,
                {"Sid": "DecryptOrders", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY},
                WRITE_LOGS,
                TRACE,
            ),
        },
    ),
    # Who is told.
    ({"max_backlog": 7}, {("backlog-alarm", "threshold"): 7}),
    ({"max_age": 60}, {("age-alarm", "threshold"): 60, ("stalled-alarm", "threshold"): 60}),
    (
        {"alarm_actions": ["arn:mine"]},
        {
            ("alarm-topic", "tags"): None,
            **{(alarm, key): ["arn:mine"] for alarm in METRIC_ALARMS for key in ("alarmActions", "okActions")},
        },
    ),
    (
        {"alarm_actions": []},
        {
            ("alarm-topic", "tags"): None,
            **{(alarm, key): [] for alarm in METRIC_ALARMS for key in ("alarmActions", "okActions")},
        },
    ),
    ({"alarms": {"age": {"threshold": 50}}}, {("age-alarm", "threshold"): 300}),
    # House rules; the rest of them in `test_children.py`.
    ({"tags": {}, "transform": {}, "topics": {}, "events": {}, "buckets": {}}, {}),
    ({"timeout": None, "handler": None, "environment": None, "fifo": None, "front_door": None, "alarms": None}, {}),
]


@pytest.fixture(scope="module")
def plain() -> Recorder:
    return record()


@pytest.mark.parametrize(("arguments", "expected"), CASES, ids=[str(case[0]) for case in CASES])
def test_an_argument_changes_exactly_this(arguments: dict[str, Any], expected: Changes, plain: Recorder) -> None:
    assert changes(record(**arguments), plain) == expected


IN_FILES_OF_THEIR_OWN = {
    "code", "image", "handler", "runtime", "architecture", "existing_function",  # test_consumer.py
    "report_batch_item_failures",  # test_consumer.py
    "existing_queue", "fair",  # test_queue.py
    "claim_check",  # test_claim_check.py
    "customer_key",  # test_encryption.py
    "topics", "events", "buckets",  # test_producers.py
    "front_door",  # test_front_door.py
    "tags", "protect", "transform",  # test_children.py
}  # fmt: skip


def test_every_argument_is_here_or_in_a_file_of_its_own() -> None:
    tried = {name for arguments, expected in CASES if expected for name in arguments}

    assert tried | IN_FILES_OF_THEIR_OWN == OrderPipelineArgs.__annotations__.keys()


def test_arguments_may_come_from_other_resources(plain: Recorder) -> None:
    recorder = Recorder()

    def program() -> None:
        topic = aws.sns.Topic("alarms")
        OrderPipeline("orders", {"code": CODE, "alarm_actions": [topic.arn], "environment": {"TOPIC": topic.arn}})

    recorder.run(program)

    arn = "arn:aws:sns:eu-central-1:000000000001:alarms"
    assert changes(recorder, plain) == {
        ("alarm-topic", "tags"): None,
        ("function", "environment"): {"variables": {"TOPIC": arn}},
        **{(alarm, key): [arn] for alarm in METRIC_ALARMS for key in ("alarmActions", "okActions")},
    }


def test_the_alarms_of_a_pipeline_without_a_topic_of_its_own_say_so_in_its_outputs() -> None:
    assert record(alarm_actions=["arn:mine"]).outputs["orders"]["alarmTopicArn"] == ""
