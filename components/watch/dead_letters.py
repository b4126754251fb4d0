"""What is watched of the orders that were given up, and of the events that were never delivered.

As in `queue.py`, a queue that is idle sends no metrics.

Sources:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from components.watch.function import READ_FAILURES
from components.watch.model import CRITICAL, Alarm, Graph, Metric


def read_attributes(queue: str) -> str:
    """The command that shows how many messages a queue has."""
    url = f"$(aws sqs get-queue-url --queue-name {queue} --query QueueUrl --output text)"
    return f"aws sqs get-queue-attributes --attribute-names All --queue-url {url}"


def _of_dead_letters(name: str, statistic: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": "dead_letter_queue_name"}, statistic)


# Not NumberOfMessagesSent: it does not count what SQS itself moves there.
_DEAD = _of_dead_letters("ApproximateNumberOfMessagesVisible", "Maximum")
_DEAD_IN_FLIGHT = _of_dead_letters("ApproximateNumberOfMessagesNotVisible", "Maximum")
_DEAD_AGE = _of_dead_letters("ApproximateAgeOfOldestMessage", "Maximum")
_UNDELIVERED = Metric(
    "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "undelivered_queue_name"}, "Maximum"
)

DEAD_LETTER_ALARMS = (
    Alarm(
        name="dead-letters",
        severity=CRITICAL,
        metrics={"visible": _DEAD},
        threshold=1,
        meaning=(
            "{dead_letter_queue_name} holds {threshold} or more orders that were given up, after their last attempt "
            "or, if they can never succeed, at once; they are lost unless somebody acts. Why is in the log, and in the "
            "attributes failureKind and failureReason of each that the handler put there itself"
        ),
        # Not receive-message: it hides them for a while, and after three times from the metric of their age.
        first=READ_FAILURES,
        needs=("dead_letter_queue_name",),
    ),
    Alarm(
        name="dead-letters-grew",
        severity=CRITICAL,
        metrics={"visible": _DEAD, "in_flight": _DEAD_IN_FLIGHT},
        # How many came in a minute, when some were there before: the first ones raise `dead-letters`, which then stays
        # in ALARM and would say nothing of the next. Those in flight are added, as reading a dead letter hides it for a
        # while. Idle: no value, or 0.
        expression="IF((visible + in_flight) > DIFF(visible + in_flight), DIFF(visible + in_flight), 0)",
        # In ALARM for a quarter of an hour: a wave of failures is one call and not one a minute.
        periods=15,
        datapoints=1,
        threshold=1,
        meaning=(
            "{threshold} or more orders joined those that {dead_letter_queue_name} already held: orders go on failing"
        ),
        first=READ_FAILURES,
        needs=("dead_letter_queue_name",),
    ),
    Alarm(
        name="dead-letters-expiring",
        severity=CRITICAL,
        metrics={"age": _DEAD_AGE},
        period=300,
        threshold=75,
        percent_of="dead_letter_seconds",
        meaning=(
            "an order has been in {dead_letter_queue_name} for {threshold} s or longer; SQS can delete it for good "
            "when it has been there for {dead_letter_seconds} s"
        ),
        first=read_attributes("{dead_letter_queue_name}"),
        needs=("dead_letter_queue_name", "dead_letter_retention_seconds"),
    ),
    Alarm(
        name="undelivered",
        severity=CRITICAL,
        metrics={"visible": _UNDELIVERED},
        threshold=1,
        meaning=(
            "{undelivered_queue_name} holds {threshold} or more events that EventBridge could not deliver to "
            "{queue_name}; they are lost unless somebody acts"
        ),
        first=read_attributes("{undelivered_queue_name}"),
        needs=("undelivered_queue_name",),
    ),
)

DEAD_LETTER_GRAPHS = (
    Graph(
        title="Dead letters",
        lines={"waiting": _DEAD, "in flight": _DEAD_IN_FLIGHT},
        thresholds=("dead-letters",),
        needs=("dead_letter_queue_name",),
    ),
    Graph(
        title="Age of the oldest dead letter (s)",
        lines={"age": _DEAD_AGE},
        period=300,
        thresholds=("dead-letters-expiring",),
        limits={"can be deleted": "dead_letter_seconds"},
        needs=("dead_letter_queue_name", "dead_letter_retention_seconds"),
    ),
    Graph(
        title="Undelivered events",
        lines={"waiting": _UNDELIVERED},
        thresholds=("undelivered",),
        needs=("undelivered_queue_name",),
    ),
)
