"""Everything that an account has, of the kinds that the provider makes."""

from __future__ import annotations

from local.aws import Aws
from tests.provider.cases.case import shown


def inventory(aws: Aws) -> dict[str, list[str]]:
    """Kind -> names of what is there, automatic ones as `<logical>-*`; kinds of which there is nothing are left out."""
    roles = [role["RoleName"] for role in aws.iam.list_roles()["Roles"]]
    functions = [function.get("FunctionName", "") for function in aws.lambda_.list_functions()["Functions"]]
    found = {
        "alarms": [alarm.get("AlarmName", "") for alarm in aws.cloudwatch.describe_alarms()["MetricAlarms"]],
        "aliases": [
            alias.get("Name", "")
            for function in functions
            for alias in aws.lambda_.list_aliases(FunctionName=function)["Aliases"]
        ],
        "functions": functions,
        "log groups": [group.get("logGroupName", "") for group in aws.logs.describe_log_groups()["logGroups"]],
        "mappings": [
            mapping.get("UUID", "") for mapping in aws.lambda_.list_event_source_mappings()["EventSourceMappings"]
        ],
        "queues": aws.sqs.list_queues().get("QueueUrls", []),
        "role policies": [
            policy for role in roles for policy in aws.iam.list_role_policies(RoleName=role)["PolicyNames"]
        ],
        "roles": roles,
        "topics": [topic.get("TopicArn", "") for topic in aws.sns.list_topics()["Topics"]],
    }
    return shown(aws, {kind: sorted(names) for kind, names in found.items() if names})
