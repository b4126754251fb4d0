"""`aws.cloudwatch.MetricAlarm`: AWS has one call that creates and changes an alarm."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from local.aws import Aws
from local.provider.fields import from_aws, sync_tags, tag_list, tag_map, to_aws
from local.provider.resource import AutoName, Properties, ResourceType

_FIELDS = {
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
        **from_aws(_FIELDS, alarm),
        # The embedded AWS shows a plain statistic beside a percentile as well.
        "statistic": None if alarm.get("ExtendedStatistic") else alarm.get("Statistic"),
        "arn": alarm.get("AlarmArn"),
        "dimensions": {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])} or None,
        "evaluateLowSampleCountPercentiles": alarm.get("EvaluateLowSampleCountPercentile", ""),
        "tags": tag_map(tags),
    }


def update(aws: Aws, name: str, olds: Properties, news: Properties) -> None:
    _put(aws, news)
    sync_tags(
        olds,
        news,
        lambda keys: aws.cloudwatch.untag_resource(ResourceARN=_arn(aws, name), TagKeys=keys),
        lambda tags: aws.cloudwatch.tag_resource(ResourceARN=_arn(aws, name), Tags=tag_list(tags)),
    )


def delete(aws: Aws, name: str, _: Properties) -> None:
    aws.cloudwatch.delete_alarms(AlarmNames=[name])


def _put(aws: Aws, news: Properties, **only_at_create: Any) -> None:
    dimensions: dict[str, str] = news.get("dimensions") or {}
    aws.cloudwatch.put_metric_alarm(
        **to_aws(_FIELDS, news),
        **only_at_create,
        Dimensions=[{"Name": name, "Value": value} for name, value in sorted(dimensions.items())],
    )


def _arn(aws: Aws, name: str) -> str:
    return aws.arn("cloudwatch", f"alarm:{name}")


TYPE = ResourceType(
    sdk=aws.cloudwatch.MetricAlarm,
    inputs=frozenset({*_FIELDS, "dimensions", "tags"}),
    create=create,
    read=read,
    update=update,
    delete=delete,
    auto_name=AutoName(max_length=255),
    needs=frozenset({"comparisonOperator", "evaluationPeriods"}),
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    replace_on=frozenset({"name"}),
    compare_as=dict.fromkeys(("alarmActions", "insufficientDataActions", "okActions"), frozenset),
)
