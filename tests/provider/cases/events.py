"""Event buses, rules and their targets."""

from __future__ import annotations

from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown, tag_list

_BUS: dict[str, Any] = {
    "Name": "bus-*",
    "Arn": "arn:aws:events:eu-central-1:ACCOUNT:event-bus/bus-*",
    "Description": "",
    "Tags": [],
}
_RULE: dict[str, Any] = {
    "Name": "rule-*",
    "Arn": "arn:aws:events:eu-central-1:ACCOUNT:rule/rule-*",
    "CreatedBy": "ACCOUNT",
    "EventBusName": "default",
    "EventPattern": '{"source": ["bare"]}',
    "State": "ENABLED",
    "Tags": [],
}
_BUS_RULE: dict[str, Any] = _RULE | {
    "Name": "busrule-*",
    "Arn": "arn:aws:events:eu-central-1:ACCOUNT:rule/line-*/busrule-*",
    "EventBusName": "line-*",
    "EventPattern": '{"source": ["orders"]}',
}
_TARGET: dict[str, Any] = {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*", "Id": "to-the-queue"}
_TRANSFORMED: dict[str, Any] = {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*", "Id": True}


def _look_at_bus(aws: Aws, name: str) -> dict[str, Any]:
    bus = aws.events.describe_event_bus(Name=name)
    tags = aws.events.list_tags_for_resource(ResourceARN=bus["Arn"]).get("Tags", [])
    return shown(aws, {**bus, "Tags": tags}, "CreationTime", "LastModifiedTime")


def _rule(rule_id: str) -> Any:
    bus, _, name = rule_id.rpartition("/")
    return {"EventBusName": bus or "default", "Name": name}


def _look_at_rule(aws: Aws, rule_id: str) -> dict[str, Any]:
    rule = aws.events.describe_rule(**_rule(rule_id))
    tags = sorted(aws.events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"], key=lambda tag: tag["Key"])
    return shown(aws, {**rule, "Tags": tags})


def _target(target_id: str) -> tuple[str, str, str]:
    *bus, rule, name = target_id.split("/")
    return bus[0] if bus else "default", rule, name


def _look_at_target(aws: Aws, target_id: str) -> dict[str, Any] | None:
    bus, rule, name = _target(target_id)
    targets = aws.events.list_targets_by_rule(EventBusName=bus, Rule=rule)["Targets"]
    return next((shown(aws, target) for target in targets if target["Id"] == name), None)


def _look_at_transformed(aws: Aws, target_id: str) -> dict[str, Any] | None:
    found = _look_at_target(aws, target_id)
    return found and found | {"Id": found["Id"].startswith("terraform-")}


def _change_target(aws: Aws, target_id: str) -> None:
    bus, rule, name = _target(target_id)
    aws.events.put_targets(
        EventBusName=bus, Rule=rule, Targets=[{"Id": name, "Arn": aws.arn("sqs", "by-hand"), "InputPath": "$"}]
    )


def _remove_target(aws: Aws, target_id: str) -> None:
    bus, rule, name = _target(target_id)
    aws.events.remove_targets(EventBusName=bus, Rule=rule, Ids=[name])


EVENTS = {
    "bus": Case(
        sdk="cloudwatch.EventBus",
        created="""
            dead_letter_config={"arn": kept.arn},
            description="first",
            kms_key_identifier="first",
            log_config={"include_detail": "FULL", "level": "INFO"},
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            dead_letter_config={"arn": other.arn},
            description="second",
            kms_key_identifier="second",
            log_config={"level": "ERROR"},
            tags={"stays": "same", "changes": "second"},
        """,
        bare="",
        seen={
            "created": _BUS
            | {
                "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*"},
                "Description": "first",
                "KmsKeyIdentifier": "first",
                "LogConfig": {"IncludeDetail": "FULL", "Level": "INFO"},
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _BUS
            | {
                "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"},
                "Description": "second",
                "KmsKeyIdentifier": "second",
                "LogConfig": {"Level": "ERROR"},
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _BUS,
        },
        keeps={"DeadLetterConfig": {}, "KmsKeyIdentifier": "", "LogConfig": {}},
        look=_look_at_bus,
        drift=lambda aws, name: aws.events.update_event_bus(Name=name, Description="by hand"),
        drifted={"description"},
        remove=lambda aws, name: aws.events.delete_event_bus(Name=name),
    ),
    "rule": Case(
        sdk="cloudwatch.EventRule",
        created="""
            description="first",
            event_pattern=json.dumps({"source": ["first"]}),
            force_destroy=True,
            schedule_expression="rate(1 hour)",
            state="DISABLED",
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            description="second",
            event_pattern=json.dumps({"source": ["second"]}),
            schedule_expression="rate(2 hours)",
            state="ENABLED",
            tags={"stays": "same", "changes": "second"},
        """,
        bare='event_pattern=json.dumps({"source": ["bare"]})',
        seen={
            "created": _RULE
            | {
                "Description": "first",
                "EventPattern": '{"source": ["first"]}',
                "ScheduleExpression": "rate(1 hour)",
                "State": "DISABLED",
                "Tags": tag_list(stays="same", changes="first", goes="away"),
            },
            "changed": _RULE
            | {
                "Description": "second",
                "EventPattern": '{"source": ["second"]}',
                "ScheduleExpression": "rate(2 hours)",
                "Tags": tag_list(stays="same", changes="second"),
            },
            "bare": _RULE,
        },
        look=_look_at_rule,
        drift=lambda aws, rule_id: aws.events.put_rule(
            **_rule(rule_id),
            Description="by hand",
            EventPattern='{"source":["bare"]}',
            ScheduleExpression="rate(1 day)",
        ),
        drifted={"description", "scheduleExpression"},
        remove=lambda aws, rule_id: aws.events.delete_rule(**_rule(rule_id)),
    ),
    "busrule": Case(
        sdk="cloudwatch.EventRule",
        created='event_bus_name=line.name, event_pattern=json.dumps({"source": ["orders"]}), state="DISABLED"',
        changed='event_bus_name=line.name, event_pattern=json.dumps({"source": ["orders"]}), state="ENABLED"',
        bare='event_bus_name=line.name, event_pattern=json.dumps({"source": ["orders"]})',
        seen={"created": _BUS_RULE | {"State": "DISABLED"}, "changed": _BUS_RULE, "bare": _BUS_RULE},
        look=_look_at_rule,
        drift=lambda aws, rule_id: aws.events.put_rule(**_rule(rule_id), EventPattern='{"source": ["by hand"]}'),
        drifted={"eventPattern"},
        remove=lambda aws, rule_id: aws.events.delete_rule(**_rule(rule_id)),
    ),
    "target": Case(
        sdk="cloudwatch.EventTarget",
        created="""
            arn=kept.arn,
            dead_letter_config={"arn": kept.arn},
            force_destroy=True,
            input=json.dumps({"order": 1}),
            retry_policy={"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 3},
            rule=watch.name,
            sqs_target={"message_group_id": "first"},
            target_id="to-the-queue",
        """,
        changed="""
            arn=other.arn,
            dead_letter_config={"arn": other.arn},
            input=json.dumps({"order": 2}),
            retry_policy={"maximum_event_age_in_seconds": 120, "maximum_retry_attempts": 4},
            rule=watch.name,
            sqs_target={"message_group_id": "second"},
            target_id="to-the-queue",
        """,
        bare='arn=kept.arn, rule=watch.name, target_id="to-the-queue"',
        seen={
            "created": _TARGET
            | {
                "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*"},
                "Input": '{"order": 1}',
                "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 3},
                "SqsParameters": {"MessageGroupId": "first"},
            },
            "changed": _TARGET
            | {
                "Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*",
                "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"},
                "Input": '{"order": 2}',
                "RetryPolicy": {"MaximumEventAgeInSeconds": 120, "MaximumRetryAttempts": 4},
                "SqsParameters": {"MessageGroupId": "second"},
            },
            "bare": _TARGET,
        },
        look=_look_at_target,
        drift=_change_target,
        drifted={"arn", "inputPath"},
        remove=_remove_target,
    ),
    "transformed": Case(
        sdk="cloudwatch.EventTarget",
        created='arn=kept.arn, event_bus_name="default", input_path="$.detail", rule=watch.name',
        changed="""
            arn=kept.arn,
            input_transformer={"input_paths": {"id": "$.detail.id"}, "input_template": '{"order": <id>}'},
            rule=watch.name,
        """,
        bare='arn=kept.arn, input_path="$.detail.order", rule=watch.name',
        seen={
            "created": _TRANSFORMED | {"InputPath": "$.detail"},
            "changed": _TRANSFORMED
            | {"InputTransformer": {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"order": <id>}'}},
            "bare": _TRANSFORMED | {"InputPath": "$.detail.order"},
        },
        look=_look_at_transformed,
        drift=_change_target,
        drifted={"arn", "inputPath"},
        remove=_remove_target,
    ),
}
