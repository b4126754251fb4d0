"""Log groups and alarms."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_METRIC = """
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="Failures",
    namespace="Orders",
    period=60,
"""


def _look_at_log_group(aws: Aws, name: str) -> dict[str, Any] | None:
    found = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not found:
        return None
    tags = aws.logs.list_tags_for_resource(resourceArn=found[0].get("arn", "").removesuffix(":*"))["tags"]
    return shown(aws, {**found[0], "tags": tags}, "creationTime")


def _look_at_alarm(aws: Aws, name: str) -> dict[str, Any] | None:
    found = aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    if not found:
        return None
    tags = aws.cloudwatch.list_tags_for_resource(ResourceARN=found[0].get("AlarmArn", ""))["Tags"]
    by_themselves = ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp", "StateReason", "StateValue")
    return shown(aws, {**found[0], "Tags": tags}, *by_themselves)


_LOGS: dict[str, Any] = {
    "logGroupName": "logs-*",
    "arn": "arn:aws:logs:eu-central-1:ACCOUNT:log-group:logs-*:*",
    "logGroupArn": "arn:aws:logs:eu-central-1:ACCOUNT:log-group:logs-*",
    "logGroupClass": "STANDARD",
    "metricFilterCount": 0,
    "storedBytes": 0,
    "tags": {},
}
_ALARM: dict[str, Any] = {
    "AlarmName": "alarm-*",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:alarm-*",
    "AlarmDescription": "",
    "ActionsEnabled": True,
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
    "MetricName": "Failures",
    "Namespace": "Orders",
    "Statistic": "Average",  # the embedded AWS shows it beside a percentile too
    "Dimensions": [],
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "missing",
    "Tags": [],
}
_PERCENTILE: dict[str, Any] = _ALARM | {
    "AlarmName": "percentile-*",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:percentile-*",
    "Threshold": 100.0,
}

MONITORING = {
    "logs": Case(
        sdk="cloudwatch.LogGroup",
        created="""
            log_group_class="INFREQUENT_ACCESS",
            retention_in_days=7,
            skip_destroy=True,
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            log_group_class="INFREQUENT_ACCESS",
            retention_in_days=30,
            tags={"stays": "same", "changes": "second"},
        """,
        bare="",
        seen={
            "created": _LOGS
            | {
                "logGroupClass": "INFREQUENT_ACCESS",
                "retentionInDays": 7,
                "tags": {"stays": "same", "changes": "first", "goes": "away"},
            },
            "changed": _LOGS
            | {
                "logGroupClass": "INFREQUENT_ACCESS",
                "retentionInDays": 30,
                "tags": {"stays": "same", "changes": "second"},
            },
            "bare": _LOGS,
        },
        keeps={"logGroupClass": "INFREQUENT_ACCESS"},
        look=_look_at_log_group,
        drift=lambda aws, name: aws.logs.put_retention_policy(logGroupName=name, retentionInDays=1),
        drifted={"retentionInDays"},
        remove=lambda aws, name: aws.logs.delete_log_group(logGroupName=name),
    ),
    "alarm": Case(
        sdk="cloudwatch.MetricAlarm",
        created="""
            actions_enabled=False,
            alarm_actions=["arn:aws:sns:eu-central-1:1:first"],
            alarm_description="first",
            comparison_operator="GreaterThanThreshold",
            datapoints_to_alarm=1,
            dimensions={"QueueName": "first"},
            evaluation_periods=2,
            insufficient_data_actions=["arn:aws:sns:eu-central-1:1:first"],
            metric_name="First",
            namespace="Orders/First",
            ok_actions=["arn:aws:sns:eu-central-1:1:first"],
            period=60,
            statistic="Sum",
            tags={"stays": "same", "changes": "first", "goes": "away"},
            threshold=1.5,
            treat_missing_data="ignore",
            unit="Count",
        """,
        changed="""
            alarm_actions=["arn:aws:sns:eu-central-1:1:second", "arn:aws:sns:eu-central-1:1:third"],
            alarm_description="second",
            comparison_operator="LessThanThreshold",
            datapoints_to_alarm=2,
            dimensions={"QueueName": "second", "Region": "all"},
            evaluation_periods=3,
            insufficient_data_actions=["arn:aws:sns:eu-central-1:1:second"],
            metric_name="Second",
            namespace="Orders/Second",
            ok_actions=["arn:aws:sns:eu-central-1:1:second"],
            period=120,
            statistic="Maximum",
            tags={"stays": "same", "changes": "second"},
            threshold=2.5,
            treat_missing_data="breaching",
            unit="Seconds",
        """,
        bare=_METRIC + 'statistic="Average", threshold=0,',
        seen={
            "created": _ALARM
            | {
                "AlarmDescription": "first",
                "ActionsEnabled": False,
                "OKActions": ["arn:aws:sns:eu-central-1:1:first"],
                "AlarmActions": ["arn:aws:sns:eu-central-1:1:first"],
                "InsufficientDataActions": ["arn:aws:sns:eu-central-1:1:first"],
                "MetricName": "First",
                "Namespace": "Orders/First",
                "Statistic": "Sum",
                "Dimensions": [{"Name": "QueueName", "Value": "first"}],
                "Unit": "Count",
                "EvaluationPeriods": 2,
                "DatapointsToAlarm": 1,
                "Threshold": 1.5,
                "TreatMissingData": "ignore",
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _ALARM
            | {
                "AlarmDescription": "second",
                "OKActions": ["arn:aws:sns:eu-central-1:1:second"],
                "AlarmActions": ["arn:aws:sns:eu-central-1:1:second", "arn:aws:sns:eu-central-1:1:third"],
                "InsufficientDataActions": ["arn:aws:sns:eu-central-1:1:second"],
                "MetricName": "Second",
                "Namespace": "Orders/Second",
                "Statistic": "Maximum",
                "Dimensions": [{"Name": "QueueName", "Value": "second"}, {"Name": "Region", "Value": "all"}],
                "Period": 120,
                "Unit": "Seconds",
                "EvaluationPeriods": 3,
                "DatapointsToAlarm": 2,
                "Threshold": 2.5,
                "ComparisonOperator": "LessThanThreshold",
                "TreatMissingData": "breaching",
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _ALARM,
        },
        look=_look_at_alarm,
        drift=lambda aws, name: aws.cloudwatch.disable_alarm_actions(AlarmNames=[name]),
        drifted={"actionsEnabled"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
    "percentile": Case(
        sdk="cloudwatch.MetricAlarm",
        created=_METRIC + 'extended_statistic="p99", threshold=100',
        changed=_METRIC + 'extended_statistic="p50", threshold=100',
        bare=_METRIC + 'statistic="Sum", threshold=100',
        seen={
            "created": _PERCENTILE | {"ExtendedStatistic": "p99"},
            "changed": _PERCENTILE | {"ExtendedStatistic": "p50"},
            "bare": _PERCENTILE | {"Statistic": "Sum"},
        },
        look=_look_at_alarm,
        drift=lambda aws, name: aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="Failures",
            Namespace="Orders",
            Period=60,
            ExtendedStatistic="p10",
            Threshold=100,
        ),
        drifted={"extendedStatistic", "statistic"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
}
