"""What `OrderPipeline` registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components import OrderPipeline, OrderPipelineArgs
from tests.support.recorder import ROOT, Recorder

TOPIC = "arn:aws:sns:eu-central-1:1:alarms"
ARGS: OrderPipelineArgs = {"code": "functions/orders", "alarm_topic_arn": TOPIC}
COMPONENT = "order-pipelines:index:OrderPipeline"

QUEUES: dict[str, tuple[str, dict[str, Any]]] = {
    "orders-queue": (
        "aws:sqs/queue:Queue",
        {
            "messageRetentionSeconds": 4 * 86_400,
            "redrivePolicy": {"deadLetterTargetArn": "<arn of orders-dead-letters>", "maxReceiveCount": 3},
            "sqsManagedSseEnabled": True,
            "visibilityTimeoutSeconds": 6 * 30 + 0,
        },
    ),
    "orders-dead-letters": (
        "aws:sqs/queue:Queue",
        {"messageRetentionSeconds": 14 * 86_400, "sqsManagedSseEnabled": True},
    ),
    "orders-redrive-allow": (
        "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
        {
            "queueUrl": "<url of orders-dead-letters>",
            "redriveAllowPolicy": {"redrivePermission": "byQueue", "sourceQueueArns": ["<arn of orders-queue>"]},
        },
    ),
}
CONSUMER: dict[str, tuple[str, dict[str, Any]]] = {
    "orders-role": (
        "aws:iam/role:Role",
        {
            "assumeRolePolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        },
    ),
    "orders-policy": (
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": "<name of orders-role>",
            "policy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                        "Resource": "<arn of orders-queue>",
                    },
                    {
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": "<arn of orders-logs>:*",
                    },
                ],
            },
        },
    ),
    "orders-logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30}),
    "orders-function": (
        "aws:lambda/function:Function",
        {
            "architectures": ["arm64"],
            "code": {
                "__init__.py": "functions/orders/__init__.py",
                "handler.py": "functions/orders/handler.py",
            },
            "handler": "handler.lambda_handler",
            "loggingConfig": {"logFormat": "JSON", "logGroup": "<name of orders-logs>"},
            "memorySize": 256,
            "publish": True,
            "role": "<arn of orders-role>",
            "runtime": "python3.13",
            "timeout": 30,
        },
    ),
    "orders-live": (
        "aws:lambda/alias:Alias",
        {
            "name": "live",
            "functionName": "<name of orders-function>",
            "functionVersion": "<version of orders-function>",
        },
    ),
    "orders-mapping": (
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "batchSize": 10,
            "eventSourceArn": "<arn of orders-queue>",
            "functionName": "<arn of orders-live>",
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "maximumBatchingWindowInSeconds": 0,
        },
    ),
}


def _alarm(queue: str, metric: str, threshold: int, periods: int, meaning: str) -> tuple[str, dict[str, Any]]:
    return (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "alarmActions": [TOPIC],
            "alarmDescription": f"<name of {queue}> {meaning} (log group <name of orders-logs>).",
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "dimensions": {"QueueName": f"<name of {queue}>"},
            "evaluationPeriods": periods,
            "metricName": metric,
            "namespace": "AWS/SQS",
            "okActions": [TOPIC],
            "period": 60,
            "statistic": "Maximum",
            "threshold": threshold,
            "treatMissingData": "notBreaching",
        },
    )


ALARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "orders-backlog-alarm": _alarm(
        "orders-queue",
        "ApproximateNumberOfMessagesVisible",
        1000,
        5,
        "had 1000 or more orders waiting for 5 minutes: the function is slow or failing. "
        "First: look at the function's log for errors, then at its throttles and duration",
    ),
    "orders-age-alarm": _alarm(
        "orders-queue",
        "ApproximateAgeOfOldestMessage",
        600,
        2,
        "has an order that has waited 600 s or longer: orders are late. "
        "First: look in the function's log for the order that fails again and again",
    ),
    "orders-dead-letter-alarm": _alarm(
        "orders-dead-letters",
        "ApproximateNumberOfMessagesVisible",
        1,
        1,
        "holds orders that failed every attempt and are kept for 14 days. "
        "First: read the reason in the function's log by the message id, mend it, then redrive the queue to its source",
    ),
}
CHILDREN = {**QUEUES, **CONSUMER, **ALARMS}
OUTPUTS = {
    "queueUrl": "<url of orders-queue>",
    "queueArn": "<arn of orders-queue>",
    "deadLetterQueueUrl": "<url of orders-dead-letters>",
    "deadLetterQueueArn": "<arn of orders-dead-letters>",
    "functionName": "<name of orders-function>",
    "logGroupName": "<name of orders-logs>",
    "alarmNames": [
        "<name of orders-backlog-alarm>",
        "<name of orders-age-alarm>",
        "<name of orders-dead-letter-alarm>",
    ],
}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_a_pipeline_is_these_resources_with_these_inputs(recorder: Recorder) -> None:
    recorder.run(lambda: OrderPipeline("orders", ARGS))

    assert {name: (made.type, made.inputs) for name, made in recorder.made.items()} == {
        "orders": (COMPONENT, ARGS),
        **CHILDREN,
    }


def test_every_child_belongs_to_the_component_and_the_component_to_the_stack(recorder: Recorder) -> None:
    recorder.run(lambda: OrderPipeline("orders", ARGS))

    assert {name: made.parent for name, made in recorder.made.items()} == {
        "orders": ROOT,
        **dict.fromkeys(CHILDREN, "orders"),
    }


def test_the_component_registers_its_outputs_and_has_them_as_attributes(recorder: Recorder) -> None:
    def program() -> None:
        orders = OrderPipeline("orders", ARGS)
        pulumi.export("queueUrl", orders.queue_url)
        pulumi.export("queueArn", orders.queue_arn)
        pulumi.export("deadLetterQueueUrl", orders.dead_letter_queue_url)
        pulumi.export("deadLetterQueueArn", orders.dead_letter_queue_arn)
        pulumi.export("functionName", orders.function_name)
        pulumi.export("logGroupName", orders.log_group_name)
        pulumi.export("alarmNames", orders.alarm_names)

    recorder.run(program)

    assert recorder.outputs == {"orders": OUTPUTS, ROOT: OUTPUTS}


def test_two_pipelines_stand_side_by_side_and_share_nothing(recorder: Recorder) -> None:
    alone = Recorder()
    alone.run(lambda: OrderPipeline("returns", ARGS))

    def program() -> None:
        OrderPipeline("orders", ARGS)
        OrderPipeline("returns", ARGS)

    recorder.run(program)

    assert recorder.made.keys() == {"orders", *CHILDREN, *alone.made}
    assert {name: recorder.made[name] for name in alone.made} == alone.made


def test_a_preview_registers_the_same_resources(recorder: Recorder) -> None:
    recorder.run(lambda: OrderPipeline("orders", ARGS), preview=True)

    assert recorder.made.keys() == {"orders", *CHILDREN}


def _one_provider(provider: aws.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider)


def _all_providers(provider: aws.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers=[provider])


@pytest.mark.parametrize("options", [_one_provider, _all_providers])
def test_an_explicit_provider_reaches_every_child(
    recorder: Recorder, options: Callable[[aws.Provider], pulumi.ResourceOptions]
) -> None:
    recorder.run(lambda: OrderPipeline("orders", ARGS, options(aws.Provider("ireland", region="eu-west-1"))))

    assert {name: made.provider for name, made in recorder.made.items() if made.parent == "orders"} == dict.fromkeys(
        CHILDREN, "ireland"
    )


def test_the_mapping_starts_to_poll_only_when_the_function_may_read_and_log(recorder: Recorder) -> None:
    recorder.run(lambda: OrderPipeline("orders", ARGS))

    waits_for = {name: made.depends_on for name, made in recorder.made.items()}
    assert waits_for["orders-mapping"] == {"orders-queue", "orders-live"}
    assert waits_for["orders-live"] == {"orders-function"}
    assert waits_for["orders-function"] == {"orders-role", "orders-policy", "orders-logs"}
    assert waits_for["orders-policy"] == {"orders-role", "orders-queue", "orders-logs"}


def test_a_secret_of_the_environment_stays_secret(recorder: Recorder) -> None:
    token = "canary"
    recorder.run(
        lambda: OrderPipeline("orders", {**ARGS, "environment": {"A": "plain", "TOKEN": pulumi.Output.secret(token)}})
    )

    variables = {"A": "plain", "TOKEN": {"secret": token}}
    assert recorder.made["orders-function"].inputs["environment"] == {"variables": variables}
    assert recorder.made["orders"].inputs["environment"] == variables
