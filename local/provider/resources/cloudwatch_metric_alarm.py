"""`aws.cloudwatch.MetricAlarm`: AWS has one call that creates and changes an alarm."""

from __future__ import annotations

from typing import Any

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
    "evaluationPeriods": "EvaluationPeriods",
    "extendedStatistic": "ExtendedStatistic",
    "insufficientDataActions": "InsufficientDataActions",
    "metricName": "MetricName",
    "name": "AlarmName",
    "namespace": "Namespace",
    "okActions": "OKActions",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
}
_UNSEEN: Fields = {
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
    "evaluationWindow": ("EvaluationWindow", {"wallClockWindow": ("WallClockWindow", {"timezone": "Timezone"})}),
    "thresholdMetricId": "ThresholdMetricId",
    "warmUpConfiguration": (
        "WarmUpConfiguration",
        {
            "onlyStartEvaluatingAfterWarmUpPeriodEnds": "OnlyStartEvaluatingAfterWarmUpPeriodEnds",
            "warmUpPeriodDurationInMinutes": "WarmUpPeriodDurationInMinutes",
        },
    ),
}
"""What the embedded AWS takes and does not show, as the queries of metric math below."""
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


def create(aws: Aws, news: Properties) -> str:
    _put(aws, news, Tags=tag_list(news.get("tags")))
    name: str = news["name"]
    return name


def read(aws: Aws, name: str) -> Properties | None:
    alarms = aws.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not alarms:
        return None
    alarm = alarms[0]
    is_plain = "MetricName" in alarm
    tags = aws.cloudwatch.list_tags_for_resource(ResourceARN=alarm.get("AlarmArn", ""))["Tags"]
    return {
        **from_aws(_FIELDS, alarm),
        # The embedded AWS shows a plain statistic beside a percentile as well, it and a period beside metric math, and
        # a number of periods where a query has none.
        "evaluationPeriods": alarm.get("EvaluationPeriods") if "ComparisonOperator" in alarm else None,
        "period": alarm.get("Period") if is_plain else None,
        "statistic": alarm.get("Statistic") if is_plain and not alarm.get("ExtendedStatistic") else None,
        "arn": alarm.get("AlarmArn"),
        "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])} or None,
        "evaluateLowSampleCountPercentiles": "",
        "tags": tag_map(tags),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    _put(aws, news)
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
    aws.cloudwatch.put_metric_alarm(**to_aws({**_FIELDS, **_UNSEEN}, news), **given, **only_at_create)


def _query(query: Properties) -> Any:
    metric: Properties | None = query.get("metric")
    if metric is None:
        return to_aws(_QUERY, query)
    named = {**to_aws(_METRIC, metric), "Dimensions": _dimensions(metric)}
    return {**to_aws(_QUERY, query), "MetricStat": {"Metric": named, **to_aws(_STATISTIC, metric)}}


def _dimensions(properties: Properties) -> Any:
    dimensions: dict[str, str] = properties.get("dimensions") or {}
    return [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]


def _needs(given: Properties) -> frozenset[str]:
    return frozenset({"comparisonOperator", "evaluationPeriods"}) if _METRICS & given.keys() else frozenset()


TYPE = ResourceType(
    sdk=aws.cloudwatch.MetricAlarm,
    inputs=frozenset({*_FIELDS, *_UNSEEN, *_QUERIES, "dimensions", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    nested={**_UNSEEN, **_QUERIES},
    auto_name=AutoName(max_length=255),
    also_needs=_needs,
    creates_from=_METRICS | {"evaluationCriteria"},
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    replace_on=frozenset({"name"}),
    compare_as=dict.fromkeys(("alarmActions", "insufficientDataActions", "okActions"), frozenset),
    write_only=frozenset({*_UNSEEN, *_QUERIES}),
)
