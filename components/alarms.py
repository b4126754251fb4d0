"""The alarms of a queue pipeline. Each says in its description what it means and the first thing to do.

An idle queue sends no data: that is never an alarm (`notBreaching`).
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_PERIOD_SECONDS = 60


@dataclass(frozen=True)
class QueueAlarm:
    """One alarm on one metric of a queue."""

    role: str
    """Ends the alarm's name."""
    metric: str
    threshold: int
    periods: int
    """One-minute periods in a row that must breach."""
    meaning: str
    """What the alarm means, after the queue's name."""
    first_step: str
    """The first thing to do."""


def queue_alarms(max_backlog: int, max_age: int) -> list[QueueAlarm]:
    """The alarms on the source queue, for a backlog in messages and an age in seconds."""
    return [
        QueueAlarm(
            role="backlog-alarm",
            metric="ApproximateNumberOfMessagesVisible",
            threshold=max_backlog,
            periods=5,
            meaning=f"had {max_backlog} or more orders waiting for 5 minutes: the function is slow or failing",
            first_step="look at the function's log for errors, then at its throttles and duration",
        ),
        QueueAlarm(
            role="age-alarm",
            metric="ApproximateAgeOfOldestMessage",
            threshold=max_age,
            periods=2,
            meaning=f"has an order that has waited {max_age} s or longer: orders are late",
            first_step="look in the function's log for the order that fails again and again",
        ),
    ]


DEAD_LETTER_ALARM = QueueAlarm(
    role="dead-letter-alarm",
    # Not NumberOfMessagesSent: it does not count what SQS itself moves here.
    metric="ApproximateNumberOfMessagesVisible",
    threshold=1,
    periods=1,
    meaning="holds orders that failed every attempt and are kept for 14 days",
    first_step="read the reason in the function's log by the message id, mend it, then redrive the queue to its source",
)


def create_queue_alarm(
    name: str,
    alarm: QueueAlarm,
    queue: aws.sqs.Queue,
    log_group: aws.cloudwatch.LogGroup,
    topic_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """Create an alarm on a queue that notifies an SNS topic when it fires and when it is over."""
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{alarm.role}",
        alarm_actions=[topic_arn],
        alarm_description=pulumi.Output.format(
            "{0} {1}. First: {2} (log group {3}).",
            queue.name,
            alarm.meaning,
            alarm.first_step,
            log_group.name,
        ),
        comparison_operator="GreaterThanOrEqualToThreshold",
        dimensions={"QueueName": queue.name},
        evaluation_periods=alarm.periods,
        metric_name=alarm.metric,
        namespace="AWS/SQS",
        ok_actions=[topic_arn],
        period=_PERIOD_SECONDS,
        statistic="Maximum",
        threshold=alarm.threshold,
        treat_missing_data="notBreaching",
        opts=opts,
    )
