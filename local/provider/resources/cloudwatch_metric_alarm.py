"""`aws.cloudwatch.MetricAlarm`: AWS has one call that creates and changes an alarm."""

from __future__ import annotations

from typing import Any, cast

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import Fields, from_aws, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS: Fields = {
    "actionsEnabled": "ActionsEnabled",
    "alarmActions": "AlarmActions",
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "evaluationCriteria": (
        "EvaluationCriteria",
        {
            "promqlCriteria": (
                "PromQLCriteria",
                {"pendingPeriod": "PendingPeriod", "query": "Query", "recoveryPeriod": "RecoveryPeriod"},
            )
        },
    ),
    "evaluationInterval": "EvaluationInterval",
    "evaluationPeriods": "EvaluationPeriods",
    "evaluationWindow": ("EvaluationWindow", {"wallClockWindow": ("WallClockWindow", {"timezone": "Timezone"})}),
    "extendedStatistic": "ExtendedStatistic",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "name": "AlarmName",
    "namespace": "Namespace",
    "okActions": "OKActions",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "thresholdMetricId": "ThresholdMetricId",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
    "warmUpConfiguration": (
        "WarmUpConfiguration",
        {
            "onlyStartEvaluatingAfterWarmUpPeriodEnds": "OnlyStartEvaluatingAfterWarmUpPeriodEnds",
            "warmUpPeriodDurationInMinutes": "WarmUpPeriodDurationInMinutes",
        },
    ),
}
_QUERY: Fields = {
    "accountId": "AccountId",
    "expression": "Expression",
    "id": "Id",
    "label": "Label",
    "period": "Period",
    "returnData": "ReturnData",
}
_METRIC: Fields = {"metricName": "MetricName", "namespace": "Namespace"}
_STATISTIC: Fields = {"period": "Period", "stat": "Stat", "unit": "Unit"}
_QUERIES: Fields = {
    "metricQueries": ("Metrics", {**_QUERY, "metric": ("MetricStat", {**_METRIC, **_STATISTIC, "dimensions": ""})})
}

_METRICS = frozenset({"metricName", "metricQueries"})
_LOW_COUNTS = "evaluateLowSampleCountPercentiles"
"""Stays as it is when the program no longer sets it, although an alarm is always set as a whole."""


def create(aws: Aws, news: Properties) -> str:
    _put(aws, news, Tags=tag_list(news.get("tags")))
    name: str = news["name"]
    return name


def read(aws: Aws, name: str) -> Properties | None:
    alarms = aws.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not alarms:
        return None
    alarm = alarms[0]
    tags = aws.cloudwatch.list_tags_for_resource(ResourceARN=alarm.get("AlarmArn", ""))["Tags"]
    return {
        _LOW_COUNTS: "",
        **from_aws(_FIELDS, alarm),
        "arn": alarm.get("AlarmArn"),
        "dimensions": _shown_dimensions(alarm),
        "metricQueries": [_shown_query(query) for query in alarm.get("Metrics", [])] or None,
        "tags": tag_map(tags),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    _put(aws, {_LOW_COUNTS: olds.get(_LOW_COUNTS) or None, **news})
    sync_alarm_tags(aws, name, olds, news)


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.cloudwatch.delete_alarms(AlarmNames=[name])


def sync_alarm_tags(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    """Tags of an alarm."""
    arn = aws.arn("cloudwatch", f"alarm:{name}")
    sync_tags(
        olds,
        news,
        lambda keys: aws.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=keys),
        lambda tags: aws.cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(tags)),
    )


def _put(aws: Aws, news: Properties, **only_at_create: Any) -> None:
    lists = {"Dimensions": _dimensions(news), "Metrics": [_query(query) for query in news.get("metricQueries") or ()]}
    given = {name: items for name, items in lists.items() if items}  # AWS takes one or the other
    aws.cloudwatch.put_metric_alarm(**to_aws(_FIELDS, news), **given, **only_at_create)


def _query(query: Properties) -> Any:
    wanted: dict[str, Any] = {"ReturnData": False, **to_aws(_QUERY, query)}  # as the official provider has it, not AWS
    metric: Properties | None = query.get("metric")
    if metric is not None:
        named = {**to_aws(_METRIC, metric), "Dimensions": _dimensions(metric)}
        wanted["MetricStat"] = {"Metric": named, **to_aws(_STATISTIC, metric)}
    return wanted


def _shown_query(query: Any) -> Properties:
    shown = from_aws(_QUERY, query)
    if statistic := query.get("MetricStat"):
        metric: Any = statistic["Metric"]
        found = {
            **from_aws(_METRIC, metric),
            **from_aws(_STATISTIC, statistic),
            "dimensions": _shown_dimensions(metric),
        }
        shown["metric"] = {name: value for name, value in found.items() if value is not None}
    return shown


def _unordered(queries: Any) -> list[Any]:
    return sorted((_without_defaults(query) for query in cast("list[Any]", queries or [])), key=repr)


def _without_defaults(value: Any) -> Any:
    """Without what is zero, empty or off, which is the same as left out."""
    if not isinstance(value, dict):
        return value
    return {name: _without_defaults(item) for name, item in sorted(cast("Properties", value).items()) if item}


def _dimensions(properties: Properties) -> Any:
    dimensions: dict[str, str] = properties.get("dimensions") or {}
    return [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]


def _shown_dimensions(metric: Any) -> dict[str, str] | None:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", [])} or None


def _needs(given: Properties) -> frozenset[str]:
    return frozenset({"comparisonOperator", "evaluationPeriods"}) if _METRICS & given.keys() else frozenset()


TYPE = ResourceType(
    sdk=aws.cloudwatch.MetricAlarm,
    inputs=frozenset({*_FIELDS, *_QUERIES, "dimensions", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested={**_FIELDS, **_QUERIES},
    auto_name=AutoName(max_length=255),
    also_needs=_needs,
    creates_from=_METRICS | {"evaluationCriteria"},
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    replace_on=frozenset({"name"}),
    compare_as={
        **dict.fromkeys(("alarmActions", "insufficientDataActions", "okActions"), frozenset),
        "metricQueries": _unordered,
    },
)
