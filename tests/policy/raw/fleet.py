"""Several pipelines by a component in a loop, with one dead-letter queue for all and one function for each."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

TRUST = aws.iam.get_policy_document(
    statements=[
        {
            "actions": ["sts:AssumeRole"],
            "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
        }
    ]
).json


def reading(arn: str) -> str:
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return aws.iam.get_policy_document(statements=[{"actions": actions, "resources": [arn]}]).json


@dataclass(frozen=True)
class Kind:
    name: str
    seconds: int
    at_once: int = 2


class Pipeline(pulumi.ComponentResource):
    def __init__(self, kind: Kind, failed: aws.sqs.Queue, code: pulumi.Archive) -> None:
        super().__init__("shop:index:Pipeline", kind.name)
        mine = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(
            kind.name, visibility_timeout_seconds=kind.seconds * 6 + 2, sqs_managed_sse_enabled=True, opts=mine
        )
        aws.sqs.RedrivePolicy(
            kind.name,
            queue_url=self.queue.url,
            redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 8}),
            opts=mine,
        )
        role = aws.iam.Role(kind.name, assume_role_policy=TRUST, opts=mine)
        may = aws.iam.RolePolicy(kind.name, role=role.name, policy=self.queue.arn.apply(reading), opts=mine)
        logs = aws.cloudwatch.LogGroup(kind.name, retention_in_days=14, opts=mine)
        self.function = aws.lambda_.Function(
            kind.name, code=code, handler="main.run", role=role.arn, runtime="python3.13", timeout=kind.seconds,
            logging_config={"log_format": "JSON", "log_group": logs.name}, opts=mine,
            reserved_concurrent_executions=kind.at_once,
        )  # fmt: skip
        aws.lambda_.EventSourceMapping(
            kind.name, event_source_arn=self.queue.arn, function_name=self.function.arn, batch_size=50,
            maximum_batching_window_in_seconds=2, function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": kind.at_once},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[may]),
        )  # fmt: skip


failed = aws.sqs.Queue("failed", message_retention_seconds=1209600)
archive = pulumi.AssetArchive({"main.py": pulumi.StringAsset("def run(event, context): return {}")})
made = [Pipeline(kind, failed, archive) for kind in (Kind("orders", 30, 5), Kind("returns", 10), Kind("mails", 900))]
allowed = pulumi.Output.all(*(one.queue.arn for one in made))
aws.sqs.RedriveAllowPolicy(
    "failed",
    queue_url=failed.url,
    redrive_allow_policy=pulumi.Output.json_dumps({"redrivePermission": "byQueue", "sourceQueueArns": allowed}),
)
aws.cloudwatch.MetricAlarm(
    "failed", namespace="AWS/SQS", metric_name="ApproximateNumberOfMessagesVisible", statistic="Sum", period=300,
    evaluation_periods=1, comparison_operator="GreaterThanThreshold", threshold=0, alarm_actions=[],
    dimensions={"QueueName": failed.name},
)  # fmt: skip
