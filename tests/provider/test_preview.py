"""What a preview knows: the program's values and the defaults; and what it does not: all that AWS fills in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from pulumi.runtime import rpc

from local.provider import plan, resources
from local.provider.resource import UNKNOWN, Properties
from tests.support.program import NewProgram

_REGION = "eu-central-1"


@dataclass(frozen=True)
class New:
    """A new resource: what the program gives, what the provider adds, and what stays open."""

    given: Properties
    defaults: Properties
    unknown: str
    known: Properties = field(default_factory=lambda: {"region": _REGION, "tagsAll": {}})


NEW = {
    "aws:sqs/queue:Queue": New(
        {},
        {
            "contentBasedDeduplication": False,
            "delaySeconds": 0,
            "fifoQueue": False,
            "maxMessageSize": 262_144,
            "messageRetentionSeconds": 345_600,
            "name": "orders-19b2585",
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        "arn deduplicationScope fifoThroughputLimit kmsDataKeyReusePeriodSeconds namePrefix policy redriveAllowPolicy "
        "redrivePolicy sqsManagedSseEnabled url",
    ),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": New(
        {"queueUrl": UNKNOWN, "redriveAllowPolicy": "{}"}, {}, "", {"region": _REGION}
    ),
    "aws:sqs/queuePolicy:QueuePolicy": New({"policy": "{}", "queueUrl": UNKNOWN}, {}, "", {"region": _REGION}),
    "aws:sqs/redrivePolicy:RedrivePolicy": New(
        {"queueUrl": UNKNOWN, "redrivePolicy": "{}"}, {}, "", {"region": _REGION}
    ),
    "aws:kms/key:Key": New(
        {},
        {
            "bypassPolicyLockoutSafetyCheck": False,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "enableKeyRotation": False,
            "isEnabled": True,
            "keyUsage": "ENCRYPT_DECRYPT",
        },
        "arn description keyId multiRegion policy rotationPeriodInDays",
    ),
    "aws:kms/alias:Alias": New(
        {"namePrefix": "alias/orders-", "targetKeyId": UNKNOWN},
        {},
        "arn name targetKeyArn",
        {"region": _REGION},
    ),
    "aws:ssm/parameter:Parameter": New(
        {"type": "SecureString", "value": "secret"},
        {"name": "orders-19b2585"},
        "arn dataType hasValueWo insecureValue keyId tier version",
    ),
    "aws:sns/topicPolicy:TopicPolicy": New({"arn": UNKNOWN, "policy": "{}"}, {}, "owner", {"region": _REGION}),
    "aws:sns/topicSubscription:TopicSubscription": New(
        {"endpoint": UNKNOWN, "protocol": "sqs", "topic": UNKNOWN},
        {"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
        "arn confirmationWasAuthenticated filterPolicyScope ownerId pendingConfirmation",
        {"region": _REGION},
    ),
    "aws:cloudwatch/eventBus:EventBus": New({}, {"name": "orders-19b2585"}, "arn"),
    "aws:cloudwatch/eventRule:EventRule": New(
        {"eventPattern": "{}"},
        {"eventBusName": "default", "forceDestroy": False, "name": "orders-19b2585"},
        "arn namePrefix",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": New(
        {"arn": UNKNOWN, "rule": UNKNOWN},
        {"eventBusName": "default", "forceDestroy": False},
        "targetId",
        {"region": _REGION},
    ),
    "aws:s3/bucket:Bucket": New(
        {},
        {"bucket": "orders-19b2585", "forceDestroy": False},
        "accelerationStatus acl arn bucketDomainName bucketNamespace bucketPrefix bucketRegion "
        "bucketRegionalDomainName corsRules grants hostedZoneId lifecycleRules logging objectLockConfiguration "
        "objectLockEnabled policy replicationConfiguration requestPayer serverSideEncryptionConfiguration versioning "
        "website websiteDomain websiteEndpoint",
    ),
    "aws:s3/bucketNotification:BucketNotification": New(
        {"bucket": UNKNOWN}, {"eventbridge": False}, "", {"region": _REGION}
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": New(
        {"bucket": UNKNOWN, "rules": [{"id": "old", "status": "Enabled"}]},
        {},
        "expectedBucketOwner transitionDefaultMinimumObjectSize",
        {"region": _REGION},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": New({"bucket": UNKNOWN, "policy": UNKNOWN}, {}, "", {"region": _REGION}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": New(
        {"bucket": UNKNOWN, "blockPublicAcls": True},
        {"blockPublicPolicy": False, "ignorePublicAcls": False, "restrictPublicBuckets": False},
        "",
        {"region": _REGION},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": New(
        {"bucket": UNKNOWN, "rules": [{"bucketKeyEnabled": True}]}, {}, "", {"region": _REGION}
    ),
    "aws:dynamodb/table:Table": New(
        {"attributes": [{"name": "id", "type": "S"}], "billingMode": "PAY_PER_REQUEST", "hashKey": "id"},
        {"name": "orders-19b2585", "tableClass": "STANDARD"},
        "arn globalSecondaryIndexes globalTableWitness pointInTimeRecovery readCapacity serverSideEncryption "
        "streamArn streamLabel streamViewType ttl warmThroughput writeCapacity",
    ),
    "aws:kinesis/stream:Stream": New(
        {"shardCount": 1},
        {"encryptionType": "NONE", "enforceConsumerDeletion": False, "name": "orders-19b2585", "retentionPeriod": 24},
        "arn maxRecordSizeInKib streamModeDetails",
    ),
    "aws:kinesis/streamConsumer:StreamConsumer": New(
        {"streamArn": UNKNOWN}, {"name": "orders-19b2585"}, "arn creationTimestamp"
    ),
    "aws:iam/role:Role": New(
        {"assumeRolePolicy": "{}"},
        {"forceDetachPolicies": False, "maxSessionDuration": 3600, "name": "orders-19b2585", "path": "/"},
        "arn createDate inlinePolicies managedPolicyArns namePrefix uniqueId",
        {"tagsAll": {}},
    ),
    "aws:iam/rolePolicy:RolePolicy": New(
        {"policy": UNKNOWN, "role": UNKNOWN}, {"name": "orders-19b2585"}, "namePrefix", {}
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": New({"policyArn": UNKNOWN, "role": UNKNOWN}, {}, "", {}),
    "aws:cloudwatch/logGroup:LogGroup": New(
        {},
        {"name": "orders-19b2585", "retentionInDays": 0, "skipDestroy": False},
        "arn deletionProtectionEnabled logGroupClass namePrefix",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": New(
        {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1},
        {"actionsEnabled": True, "name": "orders-19b2585", "treatMissingData": "missing"},
        "arn evaluateLowSampleCountPercentiles",
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": New(
        {"alarmName": "orders", "alarmRule": UNKNOWN}, {"actionsEnabled": True}, "arn"
    ),
    "aws:cloudwatch/dashboard:Dashboard": New(
        {"dashboardBody": UNKNOWN, "dashboardName": "orders"}, {}, "dashboardArn", {"region": _REGION}
    ),
    "aws:sns/topic:Topic": New(
        {"fifoTopic": True, "tags": {"team": "orders"}},
        {"contentBasedDeduplication": False, "name": "orders-19b2585.fifo"},
        "arn beginningArchiveTime fifoThroughputScope maximumMessageSize namePrefix owner policy signatureVersion "
        "tracingConfig",
        {"region": _REGION, "tagsAll": {"team": "orders"}},
    ),
    "aws:lambda/function:Function": New(
        {"code": "code", "handler": "handler.handle", "role": UNKNOWN, "runtime": "python3.13"},
        {
            "memorySize": 128,
            "name": "orders-19b2585",
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": -1,
            "skipDestroy": False,
            "timeout": 3,
        },
        "architectures arn codeSha256 ephemeralStorage invokeArn lastModified loggingConfig qualifiedArn "
        "qualifiedInvokeArn responseStreamingInvokeArn signingJobArn signingProfileVersionArn sourceCodeHash "
        "sourceCodeSize tracingConfig version",
    ),
    "aws:lambda/alias:Alias": New(
        {"functionName": UNKNOWN, "functionVersion": UNKNOWN},
        {"name": "orders-19b2585"},
        "arn invokeArn",
        {"region": _REGION},
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": New(
        {"eventSourceArn": UNKNOWN, "functionName": UNKNOWN},
        {"enabled": True},
        "amazonManagedKafkaEventSourceConfig arn functionArn lastModified lastProcessingResult "
        "maximumRecordAgeInSeconds maximumRetryAttempts parallelizationFactor selfManagedKafkaEventSourceConfig state "
        "stateTransitionReason uuid",
    ),
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": New(
        {"functionName": UNKNOWN, "recursiveLoop": "Allow"}, {}, "", {"region": _REGION}
    ),
    "aws:lambda/layerVersion:LayerVersion": New(
        {"code": "code", "layerName": "tools"},
        {"skipDestroy": False},
        "arn codeSha256 createdDate layerArn signingJobArn signingProfileVersionArn sourceCodeHash sourceCodeSize "
        "version",
        {"region": _REGION},
    ),
    "aws:apigatewayv2/api:Api": New(
        {"protocolType": "HTTP"},
        {
            "apiKeySelectionExpression": "$request.header.x-api-key",
            "name": "orders-19b2585",
            "routeSelectionExpression": "$request.method $request.path",
        },
        "apiEndpoint arn executionArn ipAddressType",
    ),
    "aws:apigatewayv2/integration:Integration": New(
        {"apiId": UNKNOWN, "integrationType": "AWS_PROXY"},
        {"connectionType": "INTERNET", "payloadFormatVersion": "1.0"},
        "integrationResponseSelectionExpression timeoutMilliseconds",
        {"region": _REGION},
    ),
    "aws:apigatewayv2/route:Route": New(
        {"apiId": UNKNOWN, "routeKey": "POST /orders"},
        {"apiKeyRequired": False, "authorizationType": "NONE"},
        "",
        {"region": _REGION},
    ),
    "aws:apigatewayv2/stage:Stage": New(
        {"apiId": UNKNOWN},
        {"autoDeploy": False, "name": "orders-19b2585"},
        "arn deploymentId executionArn invokeUrl",
    ),
}
"""Defaults and unknowns as the documentation of pulumi-aws has them: "Defaults to" and "Optional, Computed"."""


@pytest.mark.parametrize("token", NEW)
def test_of_a_new_resource_all_is_known_but_what_aws_fills_in(token: str) -> None:
    resource, new = resources.find(token), NEW[token]

    inputs, problems = plan.check(resource, "orders", new.given, {}, b"seed", _REGION)

    assert problems == []
    assert inputs == {**new.given, **new.defaults, "__defaults": sorted(new.defaults)}
    unknown: Properties = dict.fromkeys(new.unknown.split(), UNKNOWN)
    assert plan.preview(resource, inputs, {}, _REGION) == {**new.given, **new.defaults, **new.known, **unknown}


def test_every_type_is_here() -> None:
    assert len(NEW) == len(resources.known())


def test_of_an_update_all_is_known_and_what_aws_does_not_have_stays_unset() -> None:
    queue = resources.find("aws:sqs/queue:Queue")
    state: Properties = {"arn": "arn:queue", "name": "orders-19b2585", "url": "http://queue", "delaySeconds": 0}

    planned = plan.preview(queue, {"name": "orders-19b2585", "delaySeconds": 5}, state, _REGION)

    assert planned == {
        "arn": "arn:queue",
        "name": "orders-19b2585",
        "url": "http://queue",
        "delaySeconds": 5,
        "region": _REGION,
        "tagsAll": {},
    }


_VERSION = {"qualifiedArn", "qualifiedInvokeArn", "version"}
_CODE = {"codeSha256", "sourceCodeHash", "sourceCodeSize"}


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"tags": {"team": "orders"}}, set[str]()),
        ({"timeout": 9}, {"lastModified"}),
        ({"code": "new"}, {"lastModified", *_CODE}),
        ({"timeout": 9, "publish": True}, {"lastModified", *_VERSION}),
        ({"code": "new", "publish": True}, {"lastModified", *_CODE, *_VERSION}),
        ({"publish": True}, _VERSION),
    ],
)
def test_an_updated_function_has_a_new_version_only_when_it_is_published(change: Properties, unknown: set[str]) -> None:
    function = resources.find("aws:lambda/function:Function")
    state: Properties = dict.fromkeys({"lastModified", *_CODE, *_VERSION}, "old")
    inputs: Properties = {"code": "old", "timeout": 3, "publish": False}

    planned = plan.preview(function, inputs | change, state | inputs, _REGION)

    assert {name for name, value in planned.items() if value is UNKNOWN} == unknown


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"streamViewType": "KEYS_ONLY"}, {"streamArn"}),
        ({"streamEnabled": False}, {"streamArn"}),
        ({"ttl": {"attributeName": "expires", "enabled": True}}, set[str]()),
    ],
)
def test_an_updated_table_has_a_new_stream_only_when_it_is_switched(change: Properties, unknown: set[str]) -> None:
    table = resources.find("aws:dynamodb/table:Table")
    inputs: Properties = {"hashKey": "id", "streamEnabled": True, "streamViewType": "NEW_IMAGE"}
    state: Properties = {"streamArn": "old", "streamLabel": "old", **inputs}

    planned = plan.preview(table, inputs | change, state, _REGION)

    assert {name for name, value in planned.items() if value is UNKNOWN} == unknown


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"tags": {"team": "orders"}}, set[str]()),
        ({"value": "new"}, {"version"}),
        ({"description": "new"}, {"version"}),
    ],
)
def test_an_updated_parameter_has_a_new_version_unless_only_its_tags_change(
    change: Properties, unknown: set[str]
) -> None:
    parameter = resources.find("aws:ssm/parameter:Parameter")
    inputs: Properties = {"name": "orders", "type": "String", "value": "old"}

    planned = plan.preview(parameter, inputs | change, {"version": 1, **inputs}, _REGION)

    assert {name for name, value in planned.items() if value is UNKNOWN} == unknown


def test_the_engine_shows_the_same(new_program: NewProgram) -> None:
    program = new_program()
    program.write('pulumi.export("policy", aws.sqs.Queue("orders").redrive_policy)')

    result = program.preview()

    assert result.code == 0, result.text
    ends = [event["resOutputsEvent"]["metadata"] for event in result.events if "resOutputsEvent" in event]
    outputs: dict[str, dict[str, Any]] = {end["type"]: end["new"]["outputs"] for end in ends}
    token = "aws:sqs/queue:Queue"
    assert re.fullmatch("orders-[0-9a-f]{7}", outputs[token].pop("name"))
    assert outputs[token] == {
        **{name: value for name, value in NEW[token].defaults.items() if name != "name"},
        **NEW[token].known,
        **dict.fromkeys(NEW[token].unknown.split(), rpc.UNKNOWN),
    }
    assert outputs["pulumi:pulumi:Stack"] == {"policy": rpc.UNKNOWN}
