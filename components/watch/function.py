"""What is watched of a function, whatever it consumes: its alarms and its graphs.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul

import pulumi

from components.watch.model import WARNING, Alarm, Graph, Metric, derive

SIGNS_OF_FAILURE = ("failed", "ERROR", "Error", "timeout")
"""Words in a log line that tell of a failure: of this project's handler, of Lambda's levels, of exceptions, and of an
invocation that was cut off (`"status": "timeout"`)."""
READ_FAILURES = (
    "aws logs tail {log_group_name} --since 1h --filter-pattern '"
    + " ".join(f"?{word}" for word in SIGNS_OF_FAILURE)
    + "'"
)
"""Command that shows why orders failed."""
_PERIOD_SECONDS = 300


@dataclass(frozen=True)
class WatchedFunction:
    """A function that consumes a source, by its physical names."""

    function_name: pulumi.Input[str]
    alias_name: str
    """The alias or version that is invoked, or nothing."""
    log_group_name: pulumi.Input[str]
    timeout_seconds: pulumi.Input[int]

    @property
    def function_resource(self) -> pulumi.Input[str] | None:
        """The alias as Lambda's metrics name it, so that a test of another version does not alarm."""
        if not self.alias_name:
            return None
        return derive("{}:{}".format, self.function_name, self.alias_name)

    @property
    def timeout_milliseconds(self) -> pulumi.Input[int]:
        """The timeout in the unit of the metric `Duration`."""
        return derive(mul, self.timeout_seconds, 1_000)


def _of_alias(name: str, statistic: str) -> Metric:
    where = {"FunctionName": "function_name", "Resource": "function_resource"}
    return Metric("AWS/Lambda", name, where, statistic)


def _of_function(name: str, statistic: str) -> Metric:
    """Of all versions together, as they share what is reserved for the function."""
    return Metric("AWS/Lambda", name, {"FunctionName": "function_name"}, statistic)


_ERRORS = _of_alias("Errors", "Sum")
_THROTTLES = _of_function("Throttles", "Sum")
_DURATION = _of_alias("Duration", "Maximum")

FUNCTION_ALARMS = (
    Alarm(
        name="errors",
        # A warning: a handler that answers with partial failures has none, and orders are tried again.
        severity=WARNING,
        metrics={"errors": _ERRORS},
        period=_PERIOD_SECONDS,
        threshold=1,
        meaning=(
            "{threshold} or more invocations of {function_name} ended in an error (exception, timeout, out of memory), "
            "so that whole batches are tried again"
        ),
        first=READ_FAILURES,
    ),
    Alarm(
        name="throttles",
        # A burst is throttled while Lambda scales up: only what lasts is worth a look.
        severity=WARNING,
        metrics={"throttles": _THROTTLES},
        period=_PERIOD_SECONDS,
        periods=3,
        datapoints=2,
        threshold=1,
        meaning=(
            "Lambda keeps refusing invocations of {function_name} for want of concurrency; from a queue each refusal "
            "costs its orders an attempt"
        ),
        first="aws lambda get-function-concurrency --function-name {function_name}",
    ),
    Alarm(
        name="duration",
        # Twice, as one slow answer of a dependency is no trend.
        severity=WARNING,
        metrics={"duration": _DURATION},
        period=_PERIOD_SECONDS,
        periods=3,
        datapoints=2,
        threshold=80,
        percent_of="timeout_milliseconds",
        meaning=(
            "invocations of {function_name} take {threshold} ms or longer, close to its timeout of {timeout_seconds} "
            "s, which cuts off the whole batch"
        ),
        first="aws lambda get-function-configuration --function-name {function_name} --query '[Timeout,MemorySize]'",
    ),
)
"""None of these metrics is sent while nothing is invoked: an idle function never alarms."""

FUNCTION_GRAPHS = (
    Graph(
        title="Invocations",
        lines={"invocations": _of_alias("Invocations", "Sum"), "errors": _ERRORS, "throttles": _THROTTLES},
        period=_PERIOD_SECONDS,
        thresholds=("errors", "throttles"),
    ),
    Graph(
        title="Duration (ms)",
        lines={"longest": _DURATION, "95 % are shorter": _of_alias("Duration", "p95")},
        period=_PERIOD_SECONDS,
        thresholds=("duration",),
        limits={"timeout": "timeout_milliseconds"},
    ),
    Graph(
        title="Concurrency",
        lines={"running": _of_function("ConcurrentExecutions", "Maximum")},
        period=_PERIOD_SECONDS,
    ),
)
