"""Alarms with all that they were made with, which the emulator drops where it does not know what to do with it.

- An alarm keeps its queries of metric math, and every other setting; a composite alarm keeps its suppressor.
- It shows only what it was made with: no statistic or period of its own beside queries, no plain statistic beside a
  percentile, no threshold beside a band.

<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html>
<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_CompositeAlarm.html>
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

_DROPPED = (
    *("EvaluateLowSampleCountPercentile", "EvaluationCriteria", "EvaluationInterval", "EvaluationWindow", "Metrics"),
    *("ThresholdMetricId", "WarmUpConfiguration"),
)
_DROPPED_OF_COMPOSITE = ("ActionsSuppressor", "ActionsSuppressorExtensionPeriod", "ActionsSuppressorWaitPeriod")
_OF_ONE_METRIC = ("Dimensions", "Period", "Statistic")
_FILLED_IN = {
    "EvaluationCriteria": (*_OF_ONE_METRIC, "EvaluationPeriods", "Threshold"),
    "ExtendedStatistic": ("Statistic",),
    "Metrics": _OF_ONE_METRIC,
    "ThresholdMetricId": ("Threshold",),
}
"""With which setting the emulator shows others that were not set."""


def mend() -> None:
    """Put it right, once, before the first request."""
    cloudwatch._put_metric_alarm = _whole(cloudwatch._put_metric_alarm, cloudwatch._alarms, _DROPPED)
    cloudwatch._put_composite_alarm = _whole(
        cloudwatch._put_composite_alarm, cloudwatch._composite_alarms, _DROPPED_OF_COMPOSITE
    )


def _whole(put: Callable[..., Any], alarms: Any, dropped: tuple[str, ...]) -> Callable[..., Any]:
    def call(parameters: Any, data: dict[str, Any], *protocol: Any) -> Any:
        answer = put(parameters, data, *protocol)
        alarm = alarms.get((data or {}).get("AlarmName", ""))
        if alarm and answer[0] == 200:  # noqa: PLR2004
            alarm.update({name: data[name] for name in dropped if data.get(name)})
            for name, others in _FILLED_IN.items():
                for other in others if data.get(name) else ():
                    alarm.pop(other, None)
        return answer

    return call
