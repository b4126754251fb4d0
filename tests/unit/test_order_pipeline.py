"""What `OrderPipeline` registers when nothing but the code is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pulumi
import pulumi_aws as aws
import pytest

from components import OrderPipeline
from components.order_pipeline import OrderPipelineResources
from tests.support.pipelines import CODE, TAGS, Later, children, complete, record
from tests.support.recorder import ROOT, Recorder

COMPONENT = "order-pipelines:index:OrderPipeline"
DAY = 86_400
QUEUE = "arn:aws:sqs:eu-central-1:000000000001:orders-queue"
DEAD_LETTERS = "arn:aws:sqs:eu-central-1:000000000001:orders-dead-letters"
LOGS = "arn:aws:cloudwatch:eu-central-1:000000000001:orders-logs"
TOPIC = "arn:aws:sns:eu-central-1:000000000001:orders-alarm-topic"


def only_tls(queue: str) -> dict[str, Any]:
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def allowed(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def pipeline_without_its_watch() -> dict[str, tuple[str, dict[str, Any]]]:
    """Type and inputs of everything that orders go through."""
    assumed = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "queue": (
            "aws:sqs/queue:Queue",
            {
                "delaySeconds": 0,
                "maxMessageSize": 1_048_576,
                "messageRetentionSeconds": 4 * DAY,
                "receiveWaitTimeSeconds": 20,
                "redrivePolicy": {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": 5},
                "sqsManagedSseEnabled": True,
                "tags": TAGS,
                "visibilityTimeoutSeconds": 6 * 30 + 0,
            },
        ),
        "queue-policy": (
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": "<url of orders-queue>", "policy": document(only_tls(QUEUE))},
        ),
        "dead-letters": (
            "aws:sqs/queue:Queue",
            {
                "maxMessageSize": 1_048_576,
                "messageRetentionSeconds": 14 * DAY,
                "receiveWaitTimeSeconds": 20,
                "sqsManagedSseEnabled": True,
                "tags": TAGS,
            },
        ),
        "dead-letters-policy": (
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": "<url of orders-dead-letters>", "policy": document(only_tls(DEAD_LETTERS))},
        ),
        "redrive-allow": (
            "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
            {
                "queueUrl": "<url of orders-dead-letters>",
                "redriveAllowPolicy": {"redrivePermission": "byQueue", "sourceQueueArns": [QUEUE]},
            },
        ),
        "role": (
            "aws:iam/role:Role",
            {"assumeRolePolicy": document(assumed), "forceDetachPolicies": True, "tags": TAGS},
        ),
        "policy": (
            "aws:iam/rolePolicy:RolePolicy",
            {
                "role": "<name of orders-role>",
                "policy": document(
                    allowed(
                        "ConsumeOrders", ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], QUEUE
                    ),
                    allowed("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOGS}:*"),
                    allowed("Trace", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
                ),
            },
        ),
        "logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30, "tags": TAGS}),
        "function": (
            "aws:lambda/function:Function",
            {
                "architectures": ["arm64"],
                "handler": "handler.lambda_handler",
                "loggingConfig": {"logFormat": "JSON", "logGroup": "<name of orders-logs>"},
                "memorySize": 256,
                "publish": True,
                "role": "arn:aws:iam:eu-central-1:000000000001:orders-role",
                "runtime": "python3.13",
                "tags": TAGS,
                "timeout": 30,
                "tracingConfig": {"mode": "Active"},
            },
        ),
        "live": (
            "aws:lambda/alias:Alias",
            {
                "name": "live",
                "functionName": "<name of orders-function>",
                "functionVersion": "<version of orders-function>",
            },
        ),
        "mapping": (
            "aws:lambda/eventSourceMapping:EventSourceMapping",
            {
                "batchSize": 10,
                "enabled": True,
                "eventSourceArn": QUEUE,
                "functionName": "arn:aws:lambda:eu-central-1:000000000001:orders-live",
                "functionResponseTypes": ["ReportBatchItemFailures"],
                "maximumBatchingWindowInSeconds": 0,
                "metricsConfig": {"metrics": ["EventCount"]},
                "tags": TAGS,
            },
        ),
    }


THRESHOLDS = {
    "age-alarm": 600,
    "backlog-alarm": 1_000,
    "dead-letters-alarm": 1,
    "dead-letters-expiring-alarm": 0.75 * (14 - 4) * DAY,
    "dead-letters-grew-alarm": 1,
    "duration-alarm": 0.8 * 30_000,
    "errors-alarm": 1,
    "mapping-failing-alarm": 50,
    "not-polling-alarm": 1,
    "stalled-alarm": 600,
    "throttles-alarm": 1,
}
WATCH = {
    **dict.fromkeys(THRESHOLDS, "aws:cloudwatch/metricAlarm:MetricAlarm"),
    "critical-alarm": "aws:cloudwatch/compositeAlarm:CompositeAlarm",
    "alarm-topic": "aws:sns/topic:Topic",
    "dashboard": "aws:cloudwatch/dashboard:Dashboard",
}
OUTPUTS = {
    "queueUrl": "<url of orders-queue>",
    "queueArn": QUEUE,
    "deadLetterQueueUrl": "<url of orders-dead-letters>",
    "deadLetterQueueArn": DEAD_LETTERS,
    "undeliveredQueueUrl": "",
    "claimCheckBucket": "",
    "functionName": "<name of orders-function>",
    "logGroupName": "<name of orders-logs>",
    "mappingId": "<uuid of orders-mapping>",
    "alarmNames": [f"<name of orders-{alarm}>" for alarm in sorted(THRESHOLDS)],
    "alarmTopicArn": TOPIC,
    "dashboardName": "order-pipelines-unit-orders",
    "frontDoorUrl": "",
}


def test_a_pipeline_is_these_resources_with_these_inputs() -> None:
    made = children(record())

    code = made["function"].inputs.pop("code")
    assert {role: (child.type, child.inputs) for role, child in made.items() if role not in WATCH} == (
        pipeline_without_its_watch()
    )
    assert {role: child.type for role, child in made.items() if role in WATCH} == WATCH
    files = [path for path in Path(CODE).rglob("*") if path.suffix in {".py", ".in"} and path.is_file()]
    own = {str(path.relative_to(CODE)): path.read_bytes() for path in files}
    with ZipFile(code) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    libraries = {name.split("/")[0] for name in packed.keys() - own.keys()}
    assert {"handler.py", "processing/core.py"} <= own.keys()
    assert {name: packed.get(name) for name in own} == own
    assert {"aws_lambda_powertools", "jmespath", "typing_extensions.py"} <= libraries


def test_every_child_belongs_to_the_component_and_the_component_to_the_stack() -> None:
    recorder = record()

    assert {name: made.parent for name, made in recorder.made.items()} == {
        "orders": ROOT,
        **dict.fromkeys((f"orders-{role}" for role in [*pipeline_without_its_watch(), *WATCH]), "orders"),
    }
    assert (recorder.made["orders"].type, recorder.made["orders"].inputs) == (COMPONENT, {"code": CODE})


def test_alarms_and_dashboard_watch_this_pipeline_and_tell_its_topic() -> None:
    made = children(record())

    alarms = {role: made[role].inputs for role in THRESHOLDS}
    assert {role: alarm["threshold"] for role, alarm in alarms.items()} == THRESHOLDS
    assert {(tuple(alarm["alarmActions"]), tuple(alarm["okActions"])) for alarm in alarms.values()} == {
        ((TOPIC,), (TOPIC,))
    }
    named = {
        ("QueueName", "<name of orders-queue>"),
        ("QueueName", "<name of orders-dead-letters>"),
        ("FunctionName", "<name of orders-function>"),
        ("Resource", "<name of orders-function>:live"),
        ("EventSourceMappingUUID", "<uuid of orders-mapping>"),
    }
    assert {pair for alarm in alarms.values() for pair in dimensions(alarm)} == named
    widgets = made["dashboard"].inputs["dashboardBody"]["widgets"]
    metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
    assert {pair for metric in metrics for pair in zip(metric[2:-1:2], metric[3:-1:2], strict=True)} == named
    assert {widget["properties"]["region"] for widget in widgets if "region" in widget["properties"]} == {
        "eu-central-1"
    }


def dimensions(alarm: dict[str, Any]) -> set[tuple[str, str]]:
    """Every dimension of an alarm, of its one metric or of several."""
    queries: list[dict[str, Any]] = alarm.get("metricQueries", [{"metric": alarm}])
    return {pair for query in queries if "metric" in query for pair in query["metric"]["dimensions"].items()}


def test_the_component_registers_its_outputs_and_has_them_as_attributes() -> None:
    recorder = Recorder()

    def program() -> None:
        orders = OrderPipeline("orders", {"code": CODE})
        pulumi.export("queueUrl", orders.queue_url)
        pulumi.export("queueArn", orders.queue_arn)
        pulumi.export("deadLetterQueueUrl", orders.dead_letter_queue_url)
        pulumi.export("deadLetterQueueArn", orders.dead_letter_queue_arn)
        pulumi.export("undeliveredQueueUrl", orders.undelivered_queue_url)
        pulumi.export("claimCheckBucket", orders.claim_check_bucket)
        pulumi.export("functionName", orders.function_name)
        pulumi.export("logGroupName", orders.log_group_name)
        pulumi.export("mappingId", orders.mapping_id)
        pulumi.export("alarmNames", orders.alarm_names)
        pulumi.export("alarmTopicArn", orders.alarm_topic_arn)
        pulumi.export("dashboardName", orders.dashboard_name)
        pulumi.export("frontDoorUrl", orders.front_door_url)

    recorder.run(program)

    assert recorder.outputs == {"orders": OUTPUTS, ROOT: OUTPUTS}


def names_of_resources(**arguments: Any) -> dict[str, Any]:
    """The fields of `pipeline.resources`, each with the name of its child."""
    found: list[OrderPipelineResources] = []

    def program() -> None:
        found.append(OrderPipeline("orders", complete(arguments)).resources)

    Recorder().run(program)
    (resources,) = found

    def name(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: name(item) for key, item in cast("dict[str, Any]", value).items()}
        return value and value.pulumi_resource_name

    return {field.name: name(getattr(resources, field.name)) for field in fields(resources)}


def test_resources_are_the_children_by_their_meaning() -> None:
    resources = {
        "queue": "orders-queue",
        "dead_letters": "orders-dead-letters",
        "undelivered": None,
        "bodies": None,
        "key": None,
        "role": "orders-role",
        "log_group": "orders-logs",
        "function": "orders-function",
        "alias": "orders-live",
        "mapping": "orders-mapping",
        "alarms": {role.removesuffix("-alarm"): f"orders-{role}" for role in THRESHOLDS},
        "composite_alarm": "orders-critical-alarm",
        "dashboard": "orders-dashboard",
    }

    assert names_of_resources() == resources
    assert names_of_resources(customer_key=True, claim_check=True) == {
        **resources,
        "bodies": "orders-bodies",
        "key": "orders-key",
    }


def test_two_pipelines_stand_side_by_side_and_share_nothing() -> None:
    alone = Recorder()
    alone.run(lambda: OrderPipeline("returns", {"code": CODE}))
    both = Recorder()

    def program() -> None:
        OrderPipeline("orders", {"code": CODE})
        OrderPipeline("returns", {"code": CODE})

    both.run(program)

    assert both.made == {**record().made, **alone.made}


def test_a_preview_registers_the_same_resources_and_already_shows_every_number() -> None:
    previewed, deployed = children(record(preview=True)), children(record())

    assert previewed.keys() == deployed.keys()
    numbers = {
        (role, name): value
        for role, child in deployed.items()
        for name, value in child.inputs.items()
        if isinstance(value, (bool, float))
    }
    assert {(role, name): previewed[role].inputs.get(name) for role, name in numbers} == numbers


def _one_provider(provider: aws.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=provider)


def _all_providers(provider: aws.Provider) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(providers=[provider])


@pytest.mark.parametrize("options", [_one_provider, _all_providers])
def test_an_explicit_provider_reaches_every_child(
    options: Callable[[aws.Provider], pulumi.ResourceOptions],
) -> None:
    recorder = Recorder()

    def program() -> None:
        ireland = options(aws.Provider("ireland", region="eu-west-1"))
        OrderPipeline("orders", {"code": CODE, "customer_key": True, "front_door": {}}, ireland)

    recorder.run(program)

    made = children(recorder)
    assert {child.provider for child in made.values()} == {"ireland"}
    assert made.keys() > pipeline_without_its_watch().keys()


def test_what_needs_another_resource_waits_for_it_and_for_nothing_else() -> None:
    made = children(record())

    waits_for = {
        role: {name.removeprefix("orders-") for name in child.depends_on}
        for role, child in made.items()
        if role not in WATCH
    }
    assert waits_for == {
        "role": set(),
        "dead-letters": set(),
        "queue": {"dead-letters"},
        "queue-policy": {"queue"},
        "dead-letters-policy": {"dead-letters"},
        "redrive-allow": {"dead-letters", "queue"},
        "logs": set(),
        "policy": {"logs", "queue", "role"},
        # It may read and log by the time that the mapping begins to poll, which is at once.
        "function": {"logs", "policy", "role"},
        "live": {"function"},
        "mapping": {"live", "policy", "queue"},
    }


def test_a_secret_of_the_environment_stays_secret() -> None:
    token = "canary"
    recorder = record(environment={"A": "plain", "TOKEN": Later(token, is_secret=True)})

    variables = {"A": "plain", "TOKEN": {"secret": token}}
    assert children(recorder)["function"].inputs["environment"] == {"variables": variables}
    assert recorder.made["orders"].inputs["environment"] == variables
    shown = [asdict(child) for role, child in children(recorder).items() if role != "function"]
    assert token not in str(shown)
