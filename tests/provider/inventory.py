"""Everything that an account has, of the kinds that the provider makes."""

from __future__ import annotations

from local.aws import Aws
from tests.provider.cases.case import shown


def inventory(aws: Aws) -> dict[str, list[str]]:
    """Kind -> names of what is there, automatic ones as `<logical>-*`; kinds of which there is nothing are left out."""
    roles = [role["RoleName"] for role in aws.iam.list_roles()["Roles"]]
    functions = [function.get("FunctionName", "") for function in aws.lambda_.list_functions()["Functions"]]
    keys = [aws.kms.describe_key(KeyId=key.get("KeyId", ""))["KeyMetadata"] for key in aws.kms.list_keys()["Keys"]]
    streams = [stream.get("StreamARN", "") for stream in aws.kinesis.list_streams().get("StreamSummaries", [])]
    found = {
        "alarms": [
            alarm.get("AlarmName", "")
            for kind in ("CompositeAlarms", "MetricAlarms")
            for alarm in aws.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])[kind]
        ],
        "aliases": [
            alias.get("Name", "")
            for function in functions
            for alias in aws.lambda_.list_aliases(FunctionName=function)["Aliases"]
        ],
        "apis": [api.get("Name", "") for api in aws.apigatewayv2.get_apis()["Items"]],
        "buckets": [bucket.get("Name", "") for bucket in aws.s3.list_buckets()["Buckets"]],
        "dashboards": [
            dashboard.get("DashboardName", "") for dashboard in aws.cloudwatch.list_dashboards()["DashboardEntries"]
        ],
        "event buses": [bus.get("Name", "") for bus in aws.events.list_event_buses()["EventBuses"][1:]],
        "event rules": [rule.get("Name", "") for rule in aws.events.list_rules()["Rules"]],
        "functions": functions,
        "key aliases": [alias.get("AliasName", "") for alias in aws.kms.list_aliases()["Aliases"]],
        "keys": ["KEY" for key in keys if key.get("KeyState") != "PendingDeletion"],
        "layers": [layer.get("LayerName", "") for layer in aws.lambda_.list_layers()["Layers"]],
        "log groups": [group.get("logGroupName", "") for group in aws.logs.describe_log_groups()["logGroups"]],
        "mappings": [
            mapping.get("UUID", "") for mapping in aws.lambda_.list_event_source_mappings()["EventSourceMappings"]
        ],
        "parameters": [found.get("Name", "") for found in aws.ssm.describe_parameters()["Parameters"]],
        "queues": aws.sqs.list_queues().get("QueueUrls", []),
        "role attachments": [
            policy.get("PolicyName", "")
            for role in roles
            for policy in aws.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        ],
        "role policies": [
            policy for role in roles for policy in aws.iam.list_role_policies(RoleName=role)["PolicyNames"]
        ],
        "roles": roles,
        "stream consumers": [
            consumer["ConsumerName"]
            for stream in streams
            for consumer in aws.kinesis.list_stream_consumers(StreamARN=stream)["Consumers"]
        ],
        "streams": streams,
        "subscriptions": [
            subscription.get("SubscriptionArn", "") for subscription in aws.sns.list_subscriptions()["Subscriptions"]
        ],
        "tables": aws.dynamodb.list_tables()["TableNames"],
        "topics": [topic.get("TopicArn", "") for topic in aws.sns.list_topics()["Topics"]],
    }
    return shown(aws, {kind: sorted(names) for kind, names in found.items() if names})
