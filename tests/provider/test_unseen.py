"""What the embedded AWS takes and does not show: it is sent as AWS wants it, all the same."""

from __future__ import annotations

import secrets

import pytest

from local.aws import Aws
from local.environment import REGION
from local.provider.resource import Properties
from local.provider.resources import cloudwatch_composite_alarm as composite
from local.provider.resources import cloudwatch_metric_alarm as alarm
from local.provider.resources import lambda_event_source_mapping as mapping
from local.supervisor import Instance
from tests.provider.queues import allow, document, new_queue, service
from tests.provider.sent import requests_of


@pytest.fixture
def aws(embedded_aws: Instance) -> Aws:
    return Aws(embedded_aws.endpoint, REGION, f"{secrets.randbelow(10**12):012d}")


def test_metric_math_and_what_else_an_alarm_has(aws: Aws) -> None:
    requests = requests_of(aws.cloudwatch, "cloudwatch", "PutMetricAlarm")
    common: Properties = {"comparisonOperator": "GreaterThanUpperThreshold", "evaluationPeriods": 1, "name": "orders"}
    metric = {"dimensions": {"b": "2", "a": "1"}, "metricName": "m", "namespace": "n", "period": 60, "stat": "Sum"}
    queries = [
        {"expression": "ANOMALY_DETECTION_BAND(m)", "id": "e", "label": "band", "returnData": True},
        {"accountId": "123456789012", "id": "m", "metric": {**metric, "unit": "Count"}, "returnData": False},
    ]
    criteria = {"promqlCriteria": {"pendingPeriod": 60, "query": "up < 1", "recoveryPeriod": 120}}
    warm_up = {"onlyStartEvaluatingAfterWarmUpPeriodEnds": True, "warmUpPeriodDurationInMinutes": 5}

    alarm.create(aws, {**common, "metricQueries": queries, "thresholdMetricId": "e"})
    alarm.update(aws, "orders", {}, {**common, "evaluateLowSampleCountPercentiles": "ignore", "metricQueries": []})
    alarm.create(
        aws,
        {
            "evaluationCriteria": criteria,
            "evaluationInterval": 60,
            "evaluationWindow": {"wallClockWindow": {"timezone": "Europe/Berlin"}},
            "name": "query",
            "warmUpConfiguration": warm_up,
        },
    )

    sent = {"AlarmName": "orders", "ComparisonOperator": "GreaterThanUpperThreshold", "EvaluationPeriods": 1}
    dimensions = [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]
    assert requests == [
        {
            **sent,
            "Metrics": [
                {"Expression": "ANOMALY_DETECTION_BAND(m)", "Id": "e", "Label": "band", "ReturnData": True},
                {
                    "AccountId": "123456789012",
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {"Dimensions": dimensions, "MetricName": "m", "Namespace": "n"},
                        "Period": 60,
                        "Stat": "Sum",
                        "Unit": "Count",
                    },
                    "ReturnData": False,
                },
            ],
            "Tags": [],
            "ThresholdMetricId": "e",
        },
        {**sent, "EvaluateLowSampleCountPercentile": "ignore"},
        {
            "AlarmName": "query",
            "EvaluationCriteria": {
                "PromQLCriteria": {"PendingPeriod": 60, "Query": "up < 1", "RecoveryPeriod": 120},
            },
            "EvaluationInterval": 60,
            "EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Berlin"}},
            "Tags": [],
            "WarmUpConfiguration": {
                "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
                "WarmUpPeriodDurationInMinutes": 5,
            },
        },
    ]


def test_the_suppressor_of_a_composite_alarm(aws: Aws) -> None:
    requests = requests_of(aws.cloudwatch, "cloudwatch", "PutCompositeAlarm")
    suppressor = {"alarm": "deploying", "extensionPeriod": 60, "waitPeriod": 120}
    common: Properties = {"alarmName": "orders", "alarmRule": "FALSE"}

    composite.create(aws, {**common, "actionsSuppressor": suppressor})
    composite.update(aws, "orders", {}, common)

    sent = {"AlarmName": "orders", "AlarmRule": "FALSE"}
    suppressed = {
        "ActionsSuppressor": "deploying",
        "ActionsSuppressorExtensionPeriod": 60,
        "ActionsSuppressorWaitPeriod": 120,
    }
    assert requests == [{**sent, **suppressed, "Tags": []}, sent]


def test_what_a_mapping_has_and_loses(aws: Aws) -> None:
    requests = requests_of(aws.lambda_, "lambda", "CreateEventSourceMapping", "UpdateEventSourceMapping")
    worker = _function(aws)
    _, queue = new_queue(aws, "orders")
    stream = aws.arn("kinesis", "stream/orders")
    unseen: Properties = {
        "kmsKeyArn": "arn:aws:kms:eu-central-1:1:key/k",
        "metricsConfig": {"metrics": ["EventCount"]},
        "provisionedPollerConfig": {"maximumPollers": 10, "minimumPollers": 2},
    }
    common: Properties = {"enabled": False, "eventSourceArn": queue, "functionName": worker}
    records: Properties = {**common, "eventSourceArn": stream, "startingPosition": "LATEST"}

    of_the_queue = mapping.create(aws, {**common, **unseen})
    mapping.update(aws, of_the_queue, {**common, **unseen}, common)
    of_the_stream = mapping.create(aws, {**records, "tumblingWindowInSeconds": 60})
    since: Properties = {"startingPosition": "AT_TIMESTAMP", "startingPositionTimestamp": "2026-11-21T10:00:00Z"}
    mapping.create(aws, {**records, **since})
    mapping.update(aws, of_the_stream, {**records, "tumblingWindowInSeconds": 60}, records)

    plain = {"Enabled": False, "FunctionName": worker}
    assert requests == [
        {
            **plain,
            "BatchSize": 10,
            "EventSourceArn": queue,
            "KMSKeyArn": "arn:aws:kms:eu-central-1:1:key/k",
            "MetricsConfig": {"Metrics": ["EventCount"]},
            "ProvisionedPollerConfig": {"MaximumPollers": 10, "MinimumPollers": 2},
        },
        {**plain, "KMSKeyArn": "", "MetricsConfig": {}, "ProvisionedPollerConfig": {}, "UUID": of_the_queue},
        {
            **plain,
            "BatchSize": 100,
            "EventSourceArn": stream,
            "StartingPosition": "LATEST",
            "TumblingWindowInSeconds": 60,
        },
        {
            **plain,
            "BatchSize": 100,
            "EventSourceArn": stream,
            "StartingPosition": "AT_TIMESTAMP",
            "StartingPositionTimestamp": "2026-11-21T10:00:00Z",
        },
        {**plain, "TumblingWindowInSeconds": 0, "UUID": of_the_stream},
    ]


def _function(aws: Aws) -> str:
    """The name of a function that may read queues."""
    trust = document([allow(service("lambda"), "sts:AssumeRole")])
    role = aws.iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    reads = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    aws.iam.put_role_policy(RoleName="worker", PolicyName="reads", PolicyDocument=document([reads]))
    empty_zip = b"PK\x05\x06" + bytes(18)
    aws.lambda_.create_function(
        FunctionName="worker", Role=role, Runtime="python3.13", Handler="handler.handle", Code={"ZipFile": empty_zip}
    )
    return "worker"
