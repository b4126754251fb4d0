"""Every alarm of a standard queue pipeline without adjustments, in whole."""

from __future__ import annotations

from typing import Any

from tests.support.recorder import PROJECT, STACK
from tests.support.watching import ACTIONS, DAY

COMPOSITE = f"{PROJECT}-{STACK}-orders-critical-alarm"

SQS = "AWS/SQS"
LAMBDA = "AWS/Lambda"
QUEUE = {"QueueName": "orders"}
DEAD = {"QueueName": "dead"}
MAPPING = {"EventSourceMappingUUID": "1-2-3"}
FUNCTION = {"FunctionName": "worker"}
ALIAS = {"FunctionName": "worker", "Resource": "worker:live"}
LOG = "aws logs tail orders-logs --since 1h --filter-pattern '?failed ?ERROR ?Error ?timeout'"
ATTRIBUTES = (
    "aws sqs get-queue-attributes --attribute-names All "
    "--queue-url $(aws sqs get-queue-url --queue-name {} --query QueueUrl --output text)"
)
GET_MAPPING = "aws lambda get-event-source-mapping --uuid 1-2-3"


def described(severity: str, meaning: str, first: str, name: str) -> str:
    return f"{severity.upper()}: {meaning}.\n\nFirst: {first}\n\nThen: docs/runbook.md#{name}"


def metric(name: str, namespace: str, dimensions: dict[str, str], statistic: str, period: int) -> dict[str, Any]:
    return {
        "dimensions": dimensions,
        "metricName": name,
        "namespace": namespace,
        "period": period,
        "statistic": statistic,
    }


def expression(text: str, **metrics: dict[str, Any]) -> dict[str, Any]:
    queries = [
        {"id": name, "metric": {"stat" if key == "statistic" else key: value for key, value in given.items()}}
        for name, given in metrics.items()
    ]
    return {"metricQueries": [*queries, {"id": "value", "expression": text, "returnData": True}]}


def alarm(
    name: str,
    severity: str,
    value: dict[str, Any],
    *,
    threshold: int,
    of: tuple[int, int],
    meaning: str,
    first: str,
) -> dict[str, Any]:
    return {
        **value,
        "alarmActions": ACTIONS,
        "alarmDescription": described(severity, meaning, first, name),
        "comparisonOperator": "GreaterThanOrEqualToThreshold",
        "datapointsToAlarm": of[0],
        "evaluationPeriods": of[1],
        "okActions": ACTIONS,
        "tags": {"severity": severity},
        "threshold": threshold,
        "treatMissingData": "notBreaching",
    }


ALARMS = {
    "backlog": alarm(
        "backlog",
        "warning",
        metric("ApproximateNumberOfMessagesVisible", SQS, QUEUE, "Maximum", 60),
        threshold=1000,
        of=(5, 5),
        meaning="1000 or more orders have waited in orders for 5 minutes",
        first=ATTRIBUTES.format("orders"),
    ),
    "age": alarm(
        "age",
        "critical",
        metric("ApproximateAgeOfOldestMessage", SQS, QUEUE, "Maximum", 60),
        threshold=600,
        of=(2, 3),
        meaning="an order in orders has waited 600 s or longer: orders are late",
        first=LOG,
    ),
    "stalled": alarm(
        "stalled",
        "critical",
        expression(
            "IF((age > 0) > (deleted > 0), age, 0)",
            age=metric("ApproximateAgeOfOldestMessage", SQS, QUEUE, "Maximum", 1200),
            deleted=metric("NumberOfMessagesDeleted", SQS, QUEUE, "Sum", 1200),
        ),
        threshold=600,
        of=(1, 1),
        meaning=(
            "an order in orders has waited 600 s or longer and none was deleted for 20 minutes: the consumer is not "
            "slow, it has stopped"
        ),
        first=GET_MAPPING,
    ),
    "dead-letters": alarm(
        "dead-letters",
        "critical",
        metric("ApproximateNumberOfMessagesVisible", SQS, DEAD, "Maximum", 60),
        threshold=1,
        of=(1, 1),
        meaning=(
            "dead holds 1 or more orders that were given up, after their last attempt or, if they can never succeed, "
            "at once; they are lost unless somebody acts. Why is in the log, and in the attributes failureKind and "
            "failureReason of each that the handler put there itself"
        ),
        first=LOG,
    ),
    "dead-letters-grew": alarm(
        "dead-letters-grew",
        "critical",
        expression(
            "IF((visible + in_flight) > DIFF(visible + in_flight), DIFF(visible + in_flight), 0)",
            visible=metric("ApproximateNumberOfMessagesVisible", SQS, DEAD, "Maximum", 60),
            in_flight=metric("ApproximateNumberOfMessagesNotVisible", SQS, DEAD, "Maximum", 60),
        ),
        threshold=1,
        of=(1, 15),
        meaning="1 or more orders joined those that dead already held: orders go on failing",
        first=LOG,
    ),
    "dead-letters-expiring": alarm(
        "dead-letters-expiring",
        "critical",
        metric("ApproximateAgeOfOldestMessage", SQS, DEAD, "Maximum", 300),
        threshold=75 * (14 - 4) * DAY // 100,
        of=(1, 1),
        meaning=(
            "an order has been in dead for 648000 s or longer; SQS can delete it for good when it has been there for "
            "864000 s"
        ),
        first=ATTRIBUTES.format("dead"),
    ),
    "mapping-failing": alarm(
        "mapping-failing",
        "warning",
        expression(
            "100 * failed / (failed + processed)",
            failed=metric("FailedInvokeEventCount", LAMBDA, MAPPING, "Sum", 300),
            processed=metric("DeletedEventCount", LAMBDA, MAPPING, "Sum", 300),
        ),
        threshold=50,
        of=(3, 3),
        meaning=(
            "50 % or more of the orders from orders have failed for 15 minutes, in worker or because it cannot be "
            "invoked"
        ),
        first=LOG,
    ),
    "not-polling": alarm(
        "not-polling",
        "critical",
        expression(
            "IF((visible > 0) > (polls > 0), visible, 0)",
            visible=metric("ApproximateNumberOfMessagesVisible", SQS, QUEUE, "Maximum", 1200),
            polls=metric("PolledEventCount", LAMBDA, MAPPING, "SampleCount", 1200),
        ),
        threshold=1,
        of=(1, 1),
        meaning=(
            "1 or more orders wait in orders and its event source mapping has not polled for 20 minutes: it is "
            "disabled, or may not read the queue"
        ),
        first=GET_MAPPING,
    ),
    "errors": alarm(
        "errors",
        "warning",
        metric("Errors", LAMBDA, ALIAS, "Sum", 300),
        threshold=1,
        of=(1, 1),
        meaning=(
            "1 or more invocations of worker ended in an error (exception, timeout, out of memory), so that whole "
            "batches are tried again"
        ),
        first=LOG,
    ),
    "throttles": alarm(
        "throttles",
        "warning",
        metric("Throttles", LAMBDA, FUNCTION, "Sum", 300),
        threshold=1,
        of=(2, 3),
        meaning=(
            "Lambda keeps refusing invocations of worker for want of concurrency; from a queue each refusal costs its "
            "orders an attempt"
        ),
        first="aws lambda get-function-concurrency --function-name worker",
    ),
    "duration": alarm(
        "duration",
        "warning",
        metric("Duration", LAMBDA, ALIAS, "Maximum", 300),
        threshold=24_000,
        of=(2, 3),
        meaning=(
            "invocations of worker take 24000 ms or longer, close to its timeout of 30 s, which cuts off the whole "
            "batch"
        ),
        first="aws lambda get-function-configuration --function-name worker --query '[Timeout,MemorySize]'",
    ),
}
CRITICAL = ["age", "stalled", "dead-letters", "dead-letters-grew", "dead-letters-expiring", "not-polling"]


def composite(*critical: str) -> dict[str, Any]:
    return {
        "alarmDescription": described(
            "critical",
            "at least one critical alarm of orders is in ALARM: orders are late or lost",
            f"aws cloudwatch describe-alarms --children-of-alarm-name {COMPOSITE}",
            "critical",
        ),
        "alarmName": COMPOSITE,
        "alarmRule": " OR ".join(f'ALARM("<name of orders-{name}-alarm>")' for name in critical),
        "tags": {"severity": "critical"},
    }


def changes(found: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """What is different in an alarm from what it is without adjustments, without its words."""
    assert found[name].keys() == ALARMS[name].keys()
    return {
        key: value
        for key, value in found[name].items()
        if value != ALARMS[name][key] and key not in ("alarmDescription", "metricQueries")
    }
