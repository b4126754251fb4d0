"""What is watched of a queue pipeline: its alarms and its graphs.

Each metric that SQS sends is there only while the queue is active, and some only while something happens: an idle queue
sends none. What the expressions then yield is said with each; in them CloudWatch takes a value that is missing beside
another for 0, so that none needs to be filled in.

Sources:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-operators
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import sub

import pulumi

from components.watch.dead_letters import DEAD_LETTER_ALARMS, DEAD_LETTER_GRAPHS, read_attributes
from components.watch.function import FUNCTION_ALARMS, FUNCTION_GRAPHS, READ_FAILURES, WatchedFunction
from components.watch.model import CRITICAL, WARNING, Alarm, Graph, Metric, derive

_SILENCE_SECONDS = 1_200
"""Longer than any invocation, of at most 900 s: a consumer that is alive has by then deleted, and polled, something."""
_MAPPING = "aws lambda get-event-source-mapping --uuid {mapping_uuid}"


@dataclass(frozen=True)
class WatchedQueue(WatchedFunction):
    """A queue, its dead-letter queue and the function that consumes it, by their physical names."""

    queue_name: pulumi.Input[str]
    mapping_uuid: pulumi.Input[str]
    max_backlog: pulumi.Input[int]
    """Orders that may wait."""
    max_age: pulumi.Input[int]
    """How long an order may wait, seconds."""
    retention_seconds: pulumi.Input[int]
    dead_letter_queue_name: pulumi.Input[str] | None
    """`None` when it is not known: then dead letters are not watched."""
    dead_letter_retention_seconds: pulumi.Input[int] | None
    undelivered_queue_name: pulumi.Input[str] | None
    """`None` without events that could not wait among the dead letters."""
    fifo: bool
    fair: bool
    """Whether producers give message groups on a standard queue."""
    has_mapping_metrics: bool
    """Whether the mapping sends the metrics of `EventCount`."""

    @property
    def age_metric(self) -> str:
        """The age that `max_age` is about: in a fair queue a noisy group waits so that the others need not."""
        return "ApproximateAgeOfOldestMessage" + ("InQuietGroups" if self.fair else "")

    @property
    def age_scope(self) -> str:
        """Whose age it is, in words."""
        return " of a quiet group" if self.fair else ""

    @property
    def dead_letter_seconds(self) -> pulumi.Input[int]:
        """The shortest that an order is kept as a dead letter, as the metric of its age counts: since it was moved.

        A standard queue goes on counting retention from when the order was sent, and it was sent at most the source's
        retention before it was moved. A FIFO queue begins anew.
        """
        kept = self.dead_letter_retention_seconds
        assert kept is not None, "only asked for when it is known"
        return kept if self.fifo else derive(sub, kept, self.retention_seconds)


def _of_queue(name: str, statistic: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": "queue_name"}, statistic)


def _of_mapping(name: str, statistic: str) -> Metric:
    return Metric("AWS/Lambda", name, {"EventSourceMappingUUID": "mapping_uuid"}, statistic)


_VISIBLE = _of_queue("ApproximateNumberOfMessagesVisible", "Maximum")
_AGE = _of_queue("{age_metric}", "Maximum")
_AGE_OF_ALL = _of_queue("ApproximateAgeOfOldestMessage", "Maximum")
_DELETED = _of_queue("NumberOfMessagesDeleted", "Sum")
_FAILED = _of_mapping("FailedInvokeEventCount", "Sum")
_PROCESSED = _of_mapping("DeletedEventCount", "Sum")
# How often it is sent, not its sum: an empty poll sends 0, a disabled mapping sends nothing.
_POLLS = _of_mapping("PolledEventCount", "SampleCount")

QUEUE_ALARMS = (
    Alarm(
        name="backlog",
        # A warning: many orders that are processed in time are no harm, and late ones raise `age`.
        severity=WARNING,
        metrics={"visible": _VISIBLE},
        periods=5,
        datapoints=5,
        threshold=100,
        percent_of="max_backlog",
        meaning="{threshold} or more orders have waited in {queue_name} for {minutes} minutes",
        first=read_attributes("{queue_name}"),
    ),
    Alarm(
        name="age",
        # 2 of 3, as the age is approximate and a minute of it can be missing.
        severity=CRITICAL,
        metrics={"age": _AGE},
        periods=3,
        datapoints=2,
        threshold=100,
        percent_of="max_age",
        meaning="an order{age_scope} in {queue_name} has waited {threshold} s or longer: orders are late",
        first=READ_FAILURES,
    ),
    Alarm(
        name="noisy-age",
        # A warning: the group that sends more than its share waits, and nobody else.
        severity=WARNING,
        metrics={"age": _AGE_OF_ALL},
        periods=3,
        datapoints=2,
        threshold=100,
        percent_of="max_age",
        meaning=(
            "an order in {queue_name} has waited {threshold} s or longer: unless `age` fires too, one of a group that "
            "sends more than its share"
        ),
        first=read_attributes("{queue_name}"),
        needs=("fair",),
    ),
    Alarm(
        name="stalled",
        severity=CRITICAL,
        metrics={"age": _AGE_OF_ALL, "deleted": _DELETED},
        # The age where there is one and nothing was deleted, else 0. Idle: no age, so no value, or 0 beside deletions.
        expression="IF((age > 0) > (deleted > 0), age, 0)",
        period=_SILENCE_SECONDS,
        threshold=100,
        percent_of="max_age",
        meaning=(
            "an order in {queue_name} has waited {threshold} s or longer and none was deleted for {minutes} minutes: "
            "the consumer is not slow, it has stopped"
        ),
        first=_MAPPING,
    ),
    *DEAD_LETTER_ALARMS,
    Alarm(
        name="mapping-failing",
        # A warning: the orders are tried again, and those that fail every time raise `dead-letters`. For so long that
        # the attempts of a single bad order on a quiet queue are over.
        severity=WARNING,
        metrics={"failed": _FAILED, "processed": _PROCESSED},
        # Percent. Idle: nothing divided by nothing, which is no value.
        expression="100 * failed / (failed + processed)",
        period=300,
        periods=3,
        datapoints=3,
        threshold=50,
        percent_of="",
        meaning=(
            "{threshold} % or more of the orders from {queue_name} have failed for {minutes} minutes, in "
            "{function_name} or because it cannot be invoked"
        ),
        first=READ_FAILURES,
        needs=("has_mapping_metrics",),
    ),
    Alarm(
        name="not-polling",
        severity=CRITICAL,
        metrics={"visible": _VISIBLE, "polls": _POLLS},
        # The orders that wait while nobody polls, else 0. Idle: polls are there and no orders, or neither.
        expression="IF((visible > 0) > (polls > 0), visible, 0)",
        period=_SILENCE_SECONDS,
        threshold=1,
        meaning=(
            "{threshold} or more orders wait in {queue_name} and its event source mapping has not polled for {minutes} "
            "minutes: it is disabled, or may not read the queue"
        ),
        first=_MAPPING,
        needs=("has_mapping_metrics",),
    ),
    *FUNCTION_ALARMS,
)

QUEUE_GRAPHS = (
    (
        Graph(
            title="Orders in and out",
            lines={
                "sent": _of_queue("NumberOfMessagesSent", "Sum"),
                "received": _of_queue("NumberOfMessagesReceived", "Sum"),
                "deleted": _DELETED,
            },
        ),
        Graph(
            title="Backlog",
            lines={"waiting": _VISIBLE, "in flight": _of_queue("ApproximateNumberOfMessagesNotVisible", "Maximum")},
            thresholds=("backlog",),
        ),
        Graph(title="Age of the oldest order (s)", lines={"age": _AGE}, thresholds=("age", "stalled")),
    ),
    (
        Graph(
            title="Age of the oldest order of all groups (s)",
            lines={"age": _AGE_OF_ALL},
            thresholds=("noisy-age",),
            needs=("fair",),
        ),
        Graph(
            title="Noisy groups",
            lines={"groups": _of_queue("ApproximateNumberOfNoisyGroups", "Maximum")},
            needs=("fair",),
        ),
    ),
    (
        *DEAD_LETTER_GRAPHS,
        Graph(
            title="Event source mapping",
            lines={
                "polled": _of_mapping("PolledEventCount", "Sum"),
                "filtered out": _of_mapping("FilteredOutEventCount", "Sum"),
                "failed": _FAILED,
                "deleted": _PROCESSED,
                "polls": _POLLS,
            },
            period=300,
            needs=("has_mapping_metrics",),
        ),
    ),
    FUNCTION_GRAPHS,
)
"""Rows of graphs, from the queue to the function."""
