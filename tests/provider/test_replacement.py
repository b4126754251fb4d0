"""What AWS cannot change in place is replaced: in the right order, under the right name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from local.provider import plan, resources
from tests.provider.cases import CASES
from tests.provider.lifecycle import PRELUDE, look
from tests.support.program import NewProgram, Program, Result

_CREATE_FIRST = ["create-replacement", "replace", "delete-replaced"]
_DELETE_FIRST = ["delete-replaced", "replace", "create-replacement"]
_SUPPORT = """
first_queue = aws.sqs.Queue("first-queue")
second_queue = aws.sqs.Queue("second-queue")
first_role = aws.iam.Role("first-role", assume_role_policy=trust("lambda.amazonaws.com"))
second_role = aws.iam.Role("second-role", assume_role_policy=trust("lambda.amazonaws.com"))
zipped = {"code": code("text"), "handler": "handler.handle", "role": first_role.arn, "runtime": "python3.13"}
reads = aws.iam.RolePolicy("reads", policy=document("sqs:*"), role=first_role.name)
zipped["opts"] = pulumi.ResourceOptions(depends_on=[reads])
opted = {"opts": zipped["opts"], "role": first_role.arn}
first_api = aws.apigatewayv2.Api("first-api", protocol_type="HTTP")
second_api = aws.apigatewayv2.Api("second-api", protocol_type="HTTP")
sending = {"MessageBody": "$request.body", "QueueUrl": first_queue.url}
first_function = aws.lambda_.Function("first-function", publish=True, **zipped)
second_function = aws.lambda_.Function("second-function", publish=True, **zipped)
metric = {"comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "metric_name": "m", "period": 60}
metric |= {"namespace": "n", "statistic": "Sum", "threshold": 1}
redriving = pulumi.Output.json_dumps({"deadLetterTargetArn": first_queue.arn, "maxReceiveCount": 3})
first_key = aws.kms.Key("first-key")
first_topic, second_topic = aws.sns.Topic("first-topic"), aws.sns.Topic("second-topic")
first_bucket, second_bucket = aws.s3.Bucket("first-bucket"), aws.s3.Bucket("second-bucket")
first_bus = aws.cloudwatch.EventBus("first-bus")
first_stream = aws.kinesis.Stream("first-stream", shard_count=1)
second_stream = aws.kinesis.Stream("second-stream", shard_count=1)
owned = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": first_role.arn}}
lent = pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": owned})
texts = {"billing_mode": "PAY_PER_REQUEST", "attributes": [{"name": name, "type": "S"} for name in ("one", "two")]}
both = {**texts, "hash_key": "one", "range_key": "two"}
pattern = json.dumps({"source": ["orders"]})
first_rule = aws.cloudwatch.EventRule("first-rule", event_pattern=pattern, name="rule")
second_rule = aws.cloudwatch.EventRule("second-rule", event_pattern=pattern)
bus_rule = aws.cloudwatch.EventRule("bus-rule", event_bus_name=first_bus.name, event_pattern=pattern, name="rule")
"""


@dataclass(frozen=True)
class Replacement:
    """A resource whose arguments change from `before` to `after`, beside those that stay."""

    sdk: str
    property: str
    before: str
    after: str
    stays: str = ""
    order: list[str] | None = None


REPLACEMENTS = {
    "queue_name": Replacement("sqs.Queue", "name", 'name="one"', 'name="two"'),
    "queue_fifo": Replacement("sqs.Queue", "fifoQueue", "", "fifo_queue=True"),
    "allow_queue": Replacement(
        "sqs.RedriveAllowPolicy",
        "queueUrl",
        "queue_url=first_queue.url",
        "queue_url=second_queue.url",
        'redrive_allow_policy=json.dumps({"redrivePermission": "denyAll"})',
    ),
    "policy_queue": Replacement(
        "sqs.QueuePolicy",
        "queueUrl",
        "queue_url=first_queue.url",
        "queue_url=second_queue.url",
        'policy=document("sqs:*")',
    ),
    "redrive_queue": Replacement(
        "sqs.RedrivePolicy",
        "queueUrl",
        "queue_url=first_queue.url",
        "queue_url=second_queue.url",
        "redrive_policy=redriving",
    ),
    "key_spec": Replacement(
        "kms.Key",
        "customerMasterKeySpec",
        'customer_master_key_spec="HMAC_224"',
        'customer_master_key_spec="HMAC_256"',
        'key_usage="GENERATE_VERIFY_MAC"',
    ),
    "key_regions": Replacement("kms.Key", "multiRegion", "", "multi_region=True"),
    "key_alias_name": Replacement(
        "kms.Alias", "name", 'name="alias/one"', 'name="alias/two"', "target_key_id=first_key.id"
    ),
    "named_key_alias_prefix": Replacement(
        "kms.Alias", "namePrefix", 'name_prefix="alias/1-"', 'name_prefix="alias/2-"', "target_key_id=first_key.id"
    ),
    "parameter_name": Replacement(
        "ssm.Parameter", "name", 'name="one"', 'name="/two/three"', 'type="String", value="v"'
    ),
    "parameter_kind": Replacement(
        "ssm.Parameter", "dataType", "", 'data_type="aws:ec2:image"', 'type="String", value="ami-12345678"'
    ),
    "parameter_tier": Replacement(
        "ssm.Parameter", "tier", 'tier="Advanced"', 'tier="Standard"', 'type="String", value="v"'
    ),
    "topic_policy": Replacement(
        "sns.TopicPolicy", "arn", "arn=first_topic.arn", "arn=second_topic.arn", 'policy=document("sns:*")'
    ),
    "subscription_topic": Replacement(
        "sns.TopicSubscription",
        "topic",
        "topic=first_topic.arn",
        "topic=second_topic.arn",
        'endpoint=first_queue.arn, protocol="sqs"',
    ),
    "subscription_endpoint": Replacement(
        "sns.TopicSubscription",
        "endpoint",
        "endpoint=first_queue.arn",
        "endpoint=second_queue.arn",
        'protocol="sqs", topic=first_topic.arn, raw_message_delivery=True',
    ),
    "subscription_protocol": Replacement(
        "sns.TopicSubscription",
        "protocol",
        'protocol="email"',
        'protocol="email-json"',
        'endpoint="orders@example.com", topic=first_topic.arn',
    ),
    "bus_name": Replacement("cloudwatch.EventBus", "name", 'name="one"', 'name="two"'),
    "rule_name": Replacement("cloudwatch.EventRule", "name", 'name="one"', 'name="two"', "event_pattern=pattern"),
    "rule_bus": Replacement(
        "cloudwatch.EventRule", "eventBusName", "", "event_bus_name=first_bus.name", "event_pattern=pattern"
    ),
    "target_bus": Replacement(
        "cloudwatch.EventTarget",
        "eventBusName",
        "",
        "event_bus_name=first_bus.name",
        'arn=first_queue.arn, rule="rule", opts=pulumi.ResourceOptions(depends_on=[first_rule, bus_rule])',
    ),
    "target_rule": Replacement(
        "cloudwatch.EventTarget",
        "rule",
        "rule=first_rule.name",
        "rule=second_rule.name",
        "arn=first_queue.arn",
    ),
    "target_id": Replacement(
        "cloudwatch.EventTarget",
        "targetId",
        'target_id="one"',
        'target_id="two"',
        "arn=first_queue.arn, rule=first_rule.name",
    ),
    "named_bucket": Replacement("s3.Bucket", "bucket", 'bucket="the-first-bucket"', 'bucket="the-second-bucket"'),
    "notification_bucket": Replacement(
        "s3.BucketNotification",
        "bucket",
        "bucket=first_bucket.bucket",
        "bucket=second_bucket.bucket",
        "eventbridge=True",
    ),
    **{
        f"{name}_bucket": Replacement(
            f"s3.{sdk}", "bucket", "bucket=first_bucket.bucket", "bucket=second_bucket.bucket", stays
        )
        for name, sdk, stays in (
            (
                "aging",
                "BucketLifecycleConfiguration",
                'rules=[{"id": "o", "expiration": {"days": 1}, "status": "Enabled"}]',
            ),
            ("lent", "BucketPolicy", "policy=lent"),
            ("private", "BucketPublicAccessBlock", "block_public_acls=True"),
            (
                "ciphered",
                "BucketServerSideEncryptionConfiguration",
                'rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms"}}]',
            ),
        )
    },
    "table_name": Replacement("dynamodb.Table", "name", 'name="one"', 'name="two"', "**both"),
    "table_hash": Replacement(
        "dynamodb.Table",
        "hashKey",
        'attributes=[texts["attributes"][0]], hash_key="one"',
        'attributes=[texts["attributes"][1]], hash_key="two"',
        'billing_mode="PAY_PER_REQUEST"',
    ),
    "table_range": Replacement(
        "dynamodb.Table",
        "rangeKey",
        'attributes=[texts["attributes"][0]]',
        'attributes=texts["attributes"], range_key="two"',
        'billing_mode="PAY_PER_REQUEST", hash_key="one"',
    ),
    "named_table_local": Replacement(
        "dynamodb.Table",
        "localSecondaryIndexes",
        "",
        'local_secondary_indexes=[{"name": "again", "projection_type": "ALL", "range_key": "two"}]',
        '**both, name="named"',
        _DELETE_FIRST,
    ),
    "stream_name": Replacement("kinesis.Stream", "name", 'name="one"', 'name="two"', "shard_count=1"),
    "consumer_name": Replacement(
        "kinesis.StreamConsumer", "name", 'name="one"', 'name="two"', "stream_arn=first_stream.arn"
    ),
    "consumer_stream": Replacement(
        "kinesis.StreamConsumer", "streamArn", "stream_arn=first_stream.arn", "stream_arn=second_stream.arn"
    ),
    "topic_name": Replacement("sns.Topic", "name", 'name="one"', 'name="two"'),
    "topic_fifo": Replacement("sns.Topic", "fifoTopic", "fifo_topic=True", ""),
    "role_name": Replacement(
        "iam.Role", "name", 'name="one"', 'name="two"', 'assume_role_policy=trust("lambda.amazonaws.com")'
    ),
    "role_path": Replacement(
        "iam.Role", "path", "", 'path="/orders/"', 'assume_role_policy=trust("lambda.amazonaws.com")'
    ),
    "named_role_path": Replacement(
        "iam.Role",
        "path",
        'path="/orders/"',
        "",
        'assume_role_policy=trust("lambda.amazonaws.com"), name="named"',
        _DELETE_FIRST,
    ),
    "policy_name": Replacement(
        "iam.RolePolicy", "name", 'name="one"', 'name="two"', 'policy=document("sqs:*"), role=first_role.name'
    ),
    "policy_role": Replacement(
        "iam.RolePolicy", "role", "role=first_role.name", "role=second_role.name", 'policy=document("sqs:*")'
    ),
    "named_policy_role": Replacement(
        "iam.RolePolicy",
        "role",
        "role=first_role.name",
        "role=second_role.name",
        'policy=document("sqs:*"), name="named"',
        _DELETE_FIRST,
    ),
    "logs_name": Replacement("cloudwatch.LogGroup", "name", 'name="one"', 'name="two"'),
    "logs_class": Replacement("cloudwatch.LogGroup", "logGroupClass", "", 'log_group_class="INFREQUENT_ACCESS"'),
    "named_logs_class": Replacement(
        "cloudwatch.LogGroup",
        "logGroupClass",
        'log_group_class="INFREQUENT_ACCESS"',
        'log_group_class="STANDARD"',
        'name="named"',
        _DELETE_FIRST,
    ),
    "alarm_name": Replacement("cloudwatch.MetricAlarm", "name", 'name="one"', 'name="two"', "**metric"),
    "composite_name": Replacement(
        "cloudwatch.CompositeAlarm", "alarmName", 'alarm_name="one"', 'alarm_name="two"', 'alarm_rule="FALSE"'
    ),
    "named_composite_actions": Replacement(
        "cloudwatch.CompositeAlarm",
        "actionsEnabled",
        "",
        "actions_enabled=False",
        'alarm_name="named", alarm_rule="FALSE"',
        _DELETE_FIRST,
    ),
    "dashboard_name": Replacement(
        "cloudwatch.Dashboard",
        "dashboardName",
        'dashboard_name="one"',
        'dashboard_name="two"',
        """dashboard_body='{"widgets": []}'""",
    ),
    "attachment_policy": Replacement(
        "iam.RolePolicyAttachment",
        "policyArn",
        'policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess"',
        'policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"',
        "role=second_role.name",
    ),
    "attachment_role": Replacement(
        "iam.RolePolicyAttachment",
        "role",
        "role=first_role.name",
        "role=second_role.name",
        'policy_arn="arn:aws:iam::aws:policy/PowerUserAccess"',
    ),
    "layer_code": Replacement(
        "lambda_.LayerVersion", "code", 'code=code("one")', 'code=code("two")', 'layer_name="coded"'
    ),
    "layer_name": Replacement(
        "lambda_.LayerVersion", "layerName", 'layer_name="one"', 'layer_name="two"', 'code=code("text")'
    ),
    **{
        f"layer_{property_name}": Replacement(
            "lambda_.LayerVersion", property_name, before, after, f'code=code("text"), layer_name="{property_name}"'
        )
        for property_name, before, after in (
            ("compatibleArchitectures", 'compatible_architectures=["arm64"]', 'compatible_architectures=["x86_64"]'),
            ("compatibleRuntimes", 'compatible_runtimes=["python3.12"]', 'compatible_runtimes=["python3.13"]'),
            ("description", 'description="one"', 'description="two"'),
            ("licenseInfo", 'license_info="MIT"', ""),
            ("skipDestroy", "", "skip_destroy=True"),
        )
    },
    "loops_function": Replacement(
        "lambda_.FunctionRecursionConfig",
        "functionName",
        "function_name=first_function.name",
        "function_name=second_function.name",
        'recursive_loop="Allow"',
    ),
    "api_protocol": Replacement(
        "apigatewayv2.Api",
        "protocolType",
        'protocol_type="HTTP"',
        'protocol_type="WEBSOCKET"',
        'route_selection_expression="$request.body.action"',
    ),
    "integration_api": Replacement(
        "apigatewayv2.Integration",
        "apiId",
        "api_id=first_api.id",
        "api_id=second_api.id",
        'integration_type="HTTP_PROXY", integration_method="GET", integration_uri="https://example.com/"',
    ),
    "integration_type": Replacement(
        "apigatewayv2.Integration",
        "integrationType",
        'integration_type="HTTP_PROXY", integration_method="POST", integration_uri=first_function.invoke_arn',
        'integration_type="AWS_PROXY", integration_method="POST", integration_uri=first_function.invoke_arn',
        "api_id=first_api.id",
    ),
    "integration_subtype": Replacement(
        "apigatewayv2.Integration",
        "integrationSubtype",
        "integration_uri=first_function.invoke_arn",
        'credentials_arn=first_role.arn, integration_subtype="SQS-SendMessage", request_parameters=sending',
        'api_id=first_api.id, integration_type="AWS_PROXY"',
    ),
    "route_api": Replacement(
        "apigatewayv2.Route",
        "apiId",
        "api_id=first_api.id",
        "api_id=second_api.id",
        'route_key="GET /"',
    ),
    "stage_api": Replacement(
        "apigatewayv2.Stage",
        "apiId",
        "api_id=first_api.id",
        "api_id=second_api.id",
    ),
    "stage_name": Replacement("apigatewayv2.Stage", "name", 'name="one"', 'name="$default"', "api_id=first_api.id"),
    "named_stage_api": Replacement(
        "apigatewayv2.Stage",
        "apiId",
        "api_id=first_api.id",
        "api_id=second_api.id",
        'name="named"',
        _DELETE_FIRST,
    ),
    "function_package": Replacement(
        "lambda_.Function",
        "packageType",
        "**zipped",
        'image_uri="123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:1", package_type="Image", **opted',
    ),
    "function_name": Replacement("lambda_.Function", "name", 'name="one"', 'name="two"', "**zipped"),
    "alias_name": Replacement(
        "lambda_.Alias",
        "name",
        'name="one"',
        'name="two"',
        'function_name=first_function.name, function_version="1"',
    ),
    "alias_function": Replacement(
        "lambda_.Alias",
        "functionName",
        "function_name=first_function.name",
        "function_name=second_function.arn",
        'function_version="1"',
    ),
    "named_alias_function": Replacement(
        "lambda_.Alias",
        "functionName",
        "function_name=first_function.arn",
        "function_name=second_function.name",
        'function_version="1", name="named"',
        _DELETE_FIRST,
    ),
    "mapping_source": Replacement(
        "lambda_.EventSourceMapping",
        "eventSourceArn",
        "event_source_arn=first_queue.arn",
        "event_source_arn=second_queue.arn",
        "enabled=False, function_name=first_function.name",
    ),
    "mapping_since": Replacement(
        "lambda_.EventSourceMapping",
        "startingPositionTimestamp",
        'starting_position_timestamp="2026-11-21T10:00:00Z"',
        'starting_position_timestamp="2026-11-21T11:00:00Z"',
        'enabled=False, event_source_arn=stream, function_name=first_function.name, starting_position="AT_TIMESTAMP"',
    ),
    "mapping_start": Replacement(
        "lambda_.EventSourceMapping",
        "startingPosition",
        'starting_position="LATEST"',
        'starting_position="TRIM_HORIZON"',
        "enabled=False, event_source_arn=stream, function_name=first_function.name",
    ),
}
each_replacement = pytest.mark.parametrize("name", REPLACEMENTS)
each_automatic = pytest.mark.parametrize(
    "name", [name for name, case in REPLACEMENTS.items() if not name.startswith("named") and case.property != "name"]
)


@dataclass(frozen=True)
class Replaced:
    before: dict[str, dict[str, Any]]
    result: Result
    after: dict[str, dict[str, Any]]
    seen_before: dict[str, Any]
    seen_after: dict[str, Any]


@pytest.fixture(scope="module")
def replaced(new_program: NewProgram) -> Replaced:
    program = new_program()
    program.write(_program(program, "before"))
    result = program.up()
    assert result.code == 0, result.text
    before = program.state()
    program.write(_program(program, "after"))
    result = program.up()
    assert result.code == 0, result.text
    after = program.state()
    return Replaced(before, result, after, _seen(program, before), _seen(program, after))


def _program(program: Program, stage: str) -> str:
    lines = [
        f"{name} = aws.{case.sdk}({', '.join(filter(None, [repr(name), getattr(case, stage), case.stays]))})\n"
        for name, case in REPLACEMENTS.items()
    ]
    return PRELUDE.replace("ACCOUNT", program.aws.account) + _SUPPORT + "".join(lines)


def _seen(program: Program, state: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What AWS shows after all of the resources that a state names."""
    looks = {case.sdk: case.look for case in CASES.values()}
    return {name: look(looks[case.sdk], program.aws, state[name]["id"]) for name, case in REPLACEMENTS.items()}


@each_replacement
def test_the_property_replaces_the_resource(replaced: Replaced, name: str) -> None:
    steps = [event["resourcePreEvent"]["metadata"] for event in replaced.result.events if "resourcePreEvent" in event]
    own = [step for step in steps if step["urn"].endswith(f"::{name}")]

    assert [step["op"] for step in own] == (REPLACEMENTS[name].order or _CREATE_FIRST)
    (because,) = (step["keys"] for step in own if step["op"] == "replace")
    assert because == [REPLACEMENTS[name].property]


@each_replacement
def test_aws_has_the_new_one_and_not_the_old_one(replaced: Replaced, name: str) -> None:
    same_id = replaced.before[name]["id"] == replaced.after[name]["id"]

    assert replaced.seen_after[name] is not None
    assert replaced.seen_before[name] == (replaced.seen_after[name] if same_id else None)


@each_automatic
def test_an_automatic_name_is_new(replaced: Replaced, name: str) -> None:
    resource = resources.find(replaced.before[name]["type"])
    if resource.auto_name is not None:
        named = resource.name_property
        before, after = (state[name]["outputs"][named] for state in (replaced.before, replaced.after))
        assert before != after
        assert re.fullmatch(rf"{name}-[0-9a-f]{{7}}(\.fifo)?", after)


def test_every_property_that_replaces_is_replaced_here_or_below(replaced: Replaced) -> None:
    shown = {(replaced.after[name]["type"], case.property) for name, case in REPLACEMENTS.items()}
    tokens = {resource["type"] for resource in replaced.after.values() if resource["type"].startswith("aws:")}

    declared = {(token, name) for token in tokens for name in resources.find(token).replace_on}

    assert declared - shown == {("aws:kms/key:Key", "keyUsage")}  # no two go with the same kind of key here
    assert len(tokens) == len(resources.known())


def test_another_use_replaces_a_key() -> None:
    key = resources.find("aws:kms/key:Key")

    changes = plan.diff(key, {"keyUsage": "ENCRYPT_DECRYPT"}, {"keyUsage": "SIGN_VERIFY"}, frozenset())

    assert changes == [plan.Change("keyUsage", "update", replaces=True)]
