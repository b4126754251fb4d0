"""Log groups, alarms and dashboards."""

from __future__ import annotations

import json
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


_COMPOSITE = 'alarm_name="composite", alarm_rule=pulumi.Output.concat("ALARM(", watched.name, ")")'
_PROMQL = """
    evaluation_criteria={"promql_criteria": {"pending_period": 60, "query": "up < 1", "recovery_period": 60}},
    evaluation_interval=60,
"""
_BY_THEMSELVES = (
    *("AlarmConfigurationUpdatedTimestamp", "StateReason", "StateReasonData"),
    *("StateTransitionedTimestamp", "StateUpdatedTimestamp", "StateValue"),
)


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
    return shown(aws, {**found[0], "Tags": tags}, *_BY_THEMSELVES)


def _look_at_composite(aws: Aws, name: str) -> dict[str, Any] | None:
    found = aws.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    if not found:
        return None
    tags = aws.cloudwatch.list_tags_for_resource(ResourceARN=found[0].get("AlarmArn", ""))["Tags"]
    return shown(aws, {**found[0], "Tags": tags}, *_BY_THEMSELVES)


def _look_at_dashboard(aws: Aws, name: str) -> dict[str, Any]:
    found = aws.cloudwatch.get_dashboard(DashboardName=name)
    return shown(aws, {**found, "DashboardBody": json.loads(found["DashboardBody"])})


def _plotting(text: str) -> str:
    return f'json.dumps({{"widgets": [{{"type": "text", "properties": {{"markdown": "{text}"}}}}]}})'


def _plots(text: str) -> dict[str, Any]:
    return {
        "DashboardArn": "arn:aws:cloudwatch::ACCOUNT:dashboard/dashboard",
        "DashboardBody": {"widgets": [{"type": "text", "properties": {"markdown": text}}]},
        "DashboardName": "dashboard",
    }


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
    "Statistic": "Average",
    "Dimensions": [],
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "missing",
    "Tags": [],
}
_PERCENTILE: dict[str, Any] = {name: value for name, value in _ALARM.items() if name != "Statistic"} | {
    "AlarmName": "percentile-*",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:percentile-*",
    "Threshold": 100.0,
}
_OF_ONE_METRIC = ("Dimensions", "MetricName", "Namespace", "Period", "Statistic")
_MATH: dict[str, Any] = {name: value for name, value in _ALARM.items() if name not in _OF_ONE_METRIC} | {
    "AlarmName": "math-*",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:math-*",
}
_BAND: dict[str, Any] = {name: value for name, value in _MATH.items() if name != "Threshold"}
_OF_A_NUMBER = ("ComparisonOperator", "EvaluationPeriods", "Threshold")
_QUERY: dict[str, Any] = {name: value for name, value in _MATH.items() if name not in _OF_A_NUMBER} | {
    "AlarmName": "promql-*",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:promql-*",
    "EvaluationCriteria": {"PromQLCriteria": {"PendingPeriod": 60, "Query": "up < 1", "RecoveryPeriod": 60}},
    "EvaluationInterval": 60,
}
_BOTH: dict[str, Any] = {
    "AlarmName": "composite",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:composite",
    "AlarmDescription": "",
    "ActionsEnabled": True,
    "AlarmRule": "ALARM(watched-*)",
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
    "Tags": [],
}

MONITORING = {
    "logs": Case(
        sdk="cloudwatch.LogGroup",
        created="""
            kms_key_id="arn:aws:kms:eu-central-1:1:key/first",
            log_group_class="INFREQUENT_ACCESS",
            retention_in_days=7,
            skip_destroy=True,
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            kms_key_id="arn:aws:kms:eu-central-1:1:key/second",
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
        created=_METRIC + 'evaluate_low_sample_count_percentiles="ignore", extended_statistic="p99", threshold=100',
        changed=_METRIC + 'evaluate_low_sample_count_percentiles="evaluate", extended_statistic="p50", threshold=100',
        bare=_METRIC + 'statistic="Sum", threshold=100',
        seen={
            "created": _PERCENTILE | {"EvaluateLowSampleCountPercentile": "ignore", "ExtendedStatistic": "p99"},
            "changed": _PERCENTILE | {"EvaluateLowSampleCountPercentile": "evaluate", "ExtendedStatistic": "p50"},
            "bare": _PERCENTILE | {"Statistic": "Sum"},
        },
        keeps={"EvaluateLowSampleCountPercentile": "evaluate"},
        look=_look_at_alarm,
        drift=lambda aws, name: aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="Failures",
            Namespace="Orders",
            Period=60,
            EvaluateLowSampleCountPercentile="evaluate",
            ExtendedStatistic="p10",
            Threshold=100,
        ),
        drifted={"extendedStatistic", "statistic"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
    "math": Case(
        sdk="cloudwatch.MetricAlarm",
        created="""
            comparison_operator="GreaterThanUpperThreshold",
            evaluation_periods=1,
            evaluation_window={"wall_clock_window": {"timezone": "Europe/Berlin"}},
            metric_queries=[
                {
                    "id": "m",
                    "metric": {
                        "dimensions": {"QueueName": "first"}, "metric_name": "Failures", "namespace": "Orders",
                        "period": 60, "stat": "Sum", "unit": "Count",
                    },
                    "return_data": True,
                },
                {"expression": "ANOMALY_DETECTION_BAND(m)", "id": "e", "label": "band", "return_data": True},
            ],
            threshold_metric_id="e",
            warm_up_configuration={
                "only_start_evaluating_after_warm_up_period_ends": True, "warm_up_period_duration_in_minutes": 5,
            },
        """,
        changed="""
            comparison_operator="LessThanLowerThreshold",
            evaluation_periods=2,
            evaluation_window={"wall_clock_window": {"timezone": "UTC"}},
            metric_queries=[
                {"account_id": "123456789012", "expression": "SUM(METRICS())", "id": "e", "period": 60},
                {"id": "m", "metric": {"metric_name": "Failures", "period": 60, "stat": "p99"}, "return_data": True},
            ],
            threshold_metric_id="m",
            warm_up_configuration={"warm_up_period_duration_in_minutes": 10},
        """,
        bare="""
            comparison_operator="GreaterThanThreshold", evaluation_periods=1,
            metric_queries=[{"expression": "TIME_SERIES(1)", "id": "e", "return_data": True}],
        """,
        seen={
            "created": _BAND
            | {
                "ComparisonOperator": "GreaterThanUpperThreshold",
                "EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Berlin"}},
                "Metrics": [
                    {
                        "Id": "m",
                        "MetricStat": {
                            "Metric": {
                                "Dimensions": [{"Name": "QueueName", "Value": "first"}],
                                "MetricName": "Failures",
                                "Namespace": "Orders",
                            },
                            "Period": 60,
                            "Stat": "Sum",
                            "Unit": "Count",
                        },
                        "ReturnData": True,
                    },
                    {"Expression": "ANOMALY_DETECTION_BAND(m)", "Id": "e", "Label": "band", "ReturnData": True},
                ],
                "ThresholdMetricId": "e",
                "WarmUpConfiguration": {
                    "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
                    "WarmUpPeriodDurationInMinutes": 5,
                },
            },
            "changed": _BAND
            | {
                "ComparisonOperator": "LessThanLowerThreshold",
                "EvaluationPeriods": 2,
                "EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}},
                "Metrics": [
                    {
                        "AccountId": "123456789012",
                        "Expression": "SUM(METRICS())",
                        "Id": "e",
                        "Period": 60,
                        "ReturnData": False,
                    },
                    {
                        "Id": "m",
                        "MetricStat": {
                            "Metric": {"Dimensions": [], "MetricName": "Failures"},
                            "Period": 60,
                            "Stat": "p99",
                        },
                        "ReturnData": True,
                    },
                ],
                "ThresholdMetricId": "m",
                "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 10},
            },
            "bare": _MATH | {"Metrics": [{"Expression": "TIME_SERIES(1)", "Id": "e", "ReturnData": True}]},
        },
        look=_look_at_alarm,
        drift=lambda aws, name: aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Metrics=[{"Expression": "TIME_SERIES(2)", "Id": "e", "ReturnData": True}],
            Threshold=0,
        ),
        drifted={"metricQueries"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
    "promql": Case(
        sdk="cloudwatch.MetricAlarm",
        created=_PROMQL,
        changed=_PROMQL.replace("60", "120"),
        bare=_PROMQL,
        seen={
            "created": _QUERY,
            "changed": _QUERY
            | {
                "EvaluationCriteria": {
                    "PromQLCriteria": {"PendingPeriod": 120, "Query": "up < 1", "RecoveryPeriod": 120}
                },
                "EvaluationInterval": 120,
            },
            "bare": _QUERY,
        },
        look=_look_at_alarm,
        drift=lambda aws, name: aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            EvaluationCriteria={"PromQLCriteria": {"PendingPeriod": 60, "Query": "up < 2", "RecoveryPeriod": 60}},
            EvaluationInterval=60,
        ),
        drifted={"evaluationCriteria"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
    "composite": Case(
        sdk="cloudwatch.CompositeAlarm",
        created="""
            actions_suppressor={"alarm": watched.name, "extension_period": 60, "wait_period": 120},
            alarm_actions=["arn:aws:sns:eu-central-1:1:first"],
            alarm_description="first",
            alarm_name="composite",
            alarm_rule=pulumi.Output.concat("OK(", watched.name, ")"),
            insufficient_data_actions=["arn:aws:sns:eu-central-1:1:first"],
            ok_actions=["arn:aws:sns:eu-central-1:1:first"],
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            actions_suppressor={"alarm": watched.arn, "extension_period": 90, "wait_period": 180},
            alarm_actions=["arn:aws:sns:eu-central-1:1:second", "arn:aws:sns:eu-central-1:1:third"],
            alarm_description="second",
            alarm_name="composite",
            alarm_rule=pulumi.Output.concat("NOT ALARM(", watched.name, ")"),
            insufficient_data_actions=["arn:aws:sns:eu-central-1:1:second"],
            ok_actions=["arn:aws:sns:eu-central-1:1:second"],
            tags={"stays": "same", "changes": "second"},
        """,
        bare=_COMPOSITE,
        seen={
            "created": _BOTH
            | {
                "ActionsSuppressor": "watched-*",
                "ActionsSuppressorExtensionPeriod": 60,
                "ActionsSuppressorWaitPeriod": 120,
                "AlarmActions": ["arn:aws:sns:eu-central-1:1:first"],
                "AlarmDescription": "first",
                "AlarmRule": "OK(watched-*)",
                "InsufficientDataActions": ["arn:aws:sns:eu-central-1:1:first"],
                "OKActions": ["arn:aws:sns:eu-central-1:1:first"],
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _BOTH
            | {
                "ActionsSuppressor": "arn:aws:cloudwatch:eu-central-1:ACCOUNT:alarm:watched-*",
                "ActionsSuppressorExtensionPeriod": 90,
                "ActionsSuppressorWaitPeriod": 180,
                "AlarmActions": ["arn:aws:sns:eu-central-1:1:second", "arn:aws:sns:eu-central-1:1:third"],
                "AlarmDescription": "second",
                "AlarmRule": "NOT ALARM(watched-*)",
                "InsufficientDataActions": ["arn:aws:sns:eu-central-1:1:second"],
                "OKActions": ["arn:aws:sns:eu-central-1:1:second"],
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _BOTH,
        },
        look=_look_at_composite,
        drift=lambda aws, name: aws.cloudwatch.put_composite_alarm(
            AlarmName=name,
            AlarmRule="TRUE",
            ActionsSuppressor="deploying",
            ActionsSuppressorExtensionPeriod=60,
            ActionsSuppressorWaitPeriod=60,
        ),
        drifted={"actionsSuppressor", "alarmRule"},
        remove=lambda aws, name: aws.cloudwatch.delete_alarms(AlarmNames=[name]),
    ),
    "dashboard": Case(
        sdk="cloudwatch.Dashboard",
        created=f'dashboard_body={_plotting("first")}, dashboard_name="dashboard"',
        changed=f'dashboard_body={_plotting("second")}, dashboard_name="dashboard"',
        bare=f'dashboard_body={_plotting("bare")}, dashboard_name="dashboard"',
        seen={"created": _plots("first"), "changed": _plots("second"), "bare": _plots("bare")},
        look=_look_at_dashboard,
        drift=lambda aws, name: aws.cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}'),
        drifted={"dashboardBody"},
        remove=lambda aws, name: aws.cloudwatch.delete_dashboards(DashboardNames=[name]),
    ),
}
