r"""A queue of orders and the function that processes them, as one unit.

producers -> queue -> event source mapping -> alias `live` -> function
\-> dead-letter queue, after max_receive_count failed attempts
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import timing
from components.alarms import DEAD_LETTER_ALARM, create_queue_alarm, queue_alarms
from components.arguments import Arguments
from components.consumer import create_consumer
from components.errors import PipelineError
from components.package import handler_problems

# No `from __future__ import annotations` here: Pulumi reads these annotations when it serves the component to other
# languages, and it cannot read strings. For the same reason numbers are plain and texts are `pulumi.Input`.


class OrderPipelineArgs(TypedDict):
    """Arguments of `OrderPipeline`."""

    code: str
    """Folder with the function's source code."""
    alarm_topic_arn: pulumi.Input[str]
    """ARN of the SNS topic that alarms notify."""
    handler: NotRequired[str]
    """`<file>.<function>` in the code folder. Default: `handler.lambda_handler`."""
    timeout: NotRequired[int]
    """Longest run of one invocation, seconds, 1..900. Default: 30. The visibility timeout follows from it."""
    memory: NotRequired[int]
    """Memory of the function, MiB, 128..10240; CPU grows with it. Default: 256."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables of the function. Default: none."""
    batch_size: NotRequired[int]
    """Messages per invocation, 1..10000; above 10 needs a batch_window. Default: 10."""
    batch_window: NotRequired[int]
    """Longest wait for a fuller batch, seconds, 0..300. Default: 0, so that no order waits."""
    max_receive_count: NotRequired[int]
    """Attempts before an order goes to the dead-letter queue, 1..1000. Default: 3."""
    visibility_timeout: NotRequired[int]
    """Pause before a failed order is tried again, seconds. Default and least: 6 x timeout + batch_window."""
    retention: NotRequired[int]
    """How long an order waits for a consumer before SQS drops it, seconds, 60..1209599. Default: 345600 (4 days)."""
    max_backlog: NotRequired[int]
    """Waiting orders that raise the backlog alarm when they last for 5 minutes. Default: 1000."""
    max_age: NotRequired[int]
    """Age of the oldest order that raises the age alarm, seconds. Default: 600."""


@dataclass(frozen=True)
class _Settings:
    code: str
    handler: str
    memory: int
    timing: timing.Timing
    max_backlog: int
    max_age: int


class OrderPipeline(pulumi.ComponentResource):
    """An SQS queue, its dead-letter queue and the function that consumes it, with role, logs, mapping and alarms.

    Example:
        orders = OrderPipeline("orders", {"code": "functions/orders", "alarm_topic_arn": topic.arn, "timeout": 30})
        pulumi.export("queueUrl", orders.queue_url)

    Raises:
        PipelineError: Arguments that cannot work; it lists all of them, and no resource was registered.
    """

    queue_url: pulumi.Output[str]
    """URL of the queue that producers send orders to."""
    queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    dead_letter_queue_url: pulumi.Output[str]
    """URL of the queue with the orders that failed every attempt; it keeps them for 14 days."""
    dead_letter_queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    function_name: pulumi.Output[str]
    """Name of the function."""
    log_group_name: pulumi.Output[str]
    """Name of the function's log group."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the alarms: backlog, age, dead letters."""

    def __init__(self, name: str, args: OrderPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = _resolve(name, args)
        super().__init__("order-pipelines:index:OrderPipeline", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        times = settings.timing

        dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            message_retention_seconds=timing.DEAD_LETTER_RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=child,
        )
        queue = aws.sqs.Queue(
            f"{name}-queue",
            message_retention_seconds=times.retention,
            redrive_policy=pulumi.Output.json_dumps(
                {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": times.max_receive_count}
            ),
            sqs_managed_sse_enabled=True,
            visibility_timeout_seconds=times.visibility_timeout,
            opts=child,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow",
            queue_url=dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=child,
        )
        consumer = create_consumer(
            name,
            code=settings.code,
            handler=settings.handler,
            timeout=times.timeout,
            memory=settings.memory,
            environment=args.get("environment") or {},
            source_statements=[
                {
                    "Effect": "Allow",
                    "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
                    "Resource": queue.arn,
                }
            ],
            opts=child,
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-mapping",
            batch_size=times.batch_size,
            event_source_arn=queue.arn,
            function_name=consumer.alias.arn,
            function_response_types=["ReportBatchItemFailures"],
            maximum_batching_window_in_seconds=times.batch_window,
            opts=child,
        )
        watched = [(alarm, queue) for alarm in queue_alarms(settings.max_backlog, settings.max_age)]
        alarms = [
            create_queue_alarm(name, alarm, target, consumer.log_group, args["alarm_topic_arn"], child)
            for alarm, target in [*watched, (DEAD_LETTER_ALARM, dead_letters)]
        ]

        self.queue_url = queue.url
        self.queue_arn = queue.arn
        self.dead_letter_queue_url = dead_letters.url
        self.dead_letter_queue_arn = dead_letters.arn
        self.function_name = consumer.function.name
        self.log_group_name = consumer.log_group.name
        self.alarm_names = pulumi.Output.all(*(alarm.name for alarm in alarms)).apply(list)
        self.register_outputs(
            {
                "queueUrl": self.queue_url,
                "queueArn": self.queue_arn,
                "deadLetterQueueUrl": self.dead_letter_queue_url,
                "deadLetterQueueArn": self.dead_letter_queue_arn,
                "functionName": self.function_name,
                "logGroupName": self.log_group_name,
                "alarmNames": self.alarm_names,
            }
        )


def _resolve(name: str, args: OrderPipelineArgs) -> _Settings:
    """Apply defaults and collect every problem before anything is registered."""
    given = Arguments(OrderPipelineArgs, args)
    code, handler = given.text("code"), given.text("handler", "handler.lambda_handler")
    memory = given.integer("memory", 256)
    max_backlog, max_age = given.integer("max_backlog", 1000), given.integer("max_age", 600)
    times, problems = timing.resolve(
        timeout=given.integer("timeout", 30),
        batch_size=given.integer("batch_size", 10),
        batch_window=given.integer("batch_window", 0),
        max_receive_count=given.integer("max_receive_count", 3),
        retention=given.integer("retention", 4 * timing.DAY_SECONDS),
        visibility_timeout=given.integer("visibility_timeout", None),
    )
    if given.problems:  # the limits of arguments that could not be read say nothing
        raise PipelineError(name, given.problems)
    problems += handler_problems(code, handler)
    if not 128 <= memory <= 10_240:  # noqa: PLR2004 - the limits in the message
        problems.append(f"memory must be 128..10240 MiB, got {memory}")
    problems += [
        f"{key} must be at least 1, got {value}"
        for key, value in (("max_backlog", max_backlog), ("max_age", max_age))
        if value < 1
    ]
    if max_age >= times.retention:
        problems.append(
            f"max_age {max_age} s >= retention {times.retention} s: no order gets that old, so lower max_age or raise "
            "retention"
        )
    if problems:
        raise PipelineError(name, problems)
    return _Settings(code, handler, memory, times, max_backlog, max_age)
