"""Aliases and event source mappings."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from local.aws import Aws
from tests.provider.cases.case import Case, shown

_BY_THEMSELVES = ("EventSourceMappingArn", "LastModified", "LastProcessingResult", "StateTransitionReason", "UUID")
_ALIAS: dict[str, Any] = {
    "AliasArn": "arn:aws:lambda:eu-central-1:ACCOUNT:function:worker-*:alias-*",
    "Name": "alias-*",
    "FunctionVersion": "2",
    "Description": "",
}
_MAPPING: dict[str, Any] = {
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
    "EventSourceArn": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*",
    "FunctionArn": "arn:aws:lambda:eu-central-1:ACCOUNT:function:worker-*",
    "FunctionResponseTypes": [],
    "State": "Enabled",
    "Tags": {},
}
_POLLED: dict[str, Any] = _MAPPING | {"EventSourceArn": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"}
_STREAM: dict[str, Any] = _MAPPING | {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "EventSourceArn": "arn:aws:kinesis:eu-central-1:ACCOUNT:stream/orders",
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
    "StartingPosition": "AT_TIMESTAMP",
    "StartingPositionTimestamp": "2026-11-21T10:00:00+00:00",
    "State": "Disabled",
    "TumblingWindowInSeconds": 0,
}
_STREAM_KEEPS = {"MaximumRecordAgeInSeconds": 120, "MaximumRetryAttempts": 3, "ParallelizationFactor": 3}
_SINCE = 'starting_position="AT_TIMESTAMP", starting_position_timestamp="2026-11-21T10:00:00Z"'


def _alias(arn: str) -> Any:
    *_, function, name = arn.split(":")
    return {"FunctionName": function, "Name": name}


def _look_at_alias(aws: Aws, arn: str) -> dict[str, Any]:
    return shown(aws, aws.lambda_.get_alias(**_alias(arn)), "RevisionId")


def _look_at_mapping(aws: Aws, uuid: str) -> dict[str, Any]:
    mapping: dict[str, Any] = {**aws.lambda_.get_event_source_mapping(UUID=uuid)}
    if begins := mapping.get("StartingPositionTimestamp"):
        mapping["StartingPositionTimestamp"] = begins.astimezone(UTC).isoformat()
    tags = aws.lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"]
    return shown(aws, {**mapping, "Tags": tags}, *_BY_THEMSELVES)


MAPPINGS = {
    "alias": Case(
        sdk="lambda_.Alias",
        created='description="first", function_name=worker.name, function_version="1"',
        changed="""
            description="second",
            function_name=worker.arn,
            function_version="2",
            routing_config={"additional_version_weights": {"1": 0.25}},
        """,
        bare='function_name=worker.name, function_version="2"',
        seen={
            "created": _ALIAS | {"Description": "first", "FunctionVersion": "1"},
            "changed": _ALIAS | {"Description": "second", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.25}}},
            "bare": _ALIAS,
        },
        look=_look_at_alias,
        drift=lambda aws, arn: aws.lambda_.update_alias(**_alias(arn), FunctionVersion="1"),
        drifted={"functionVersion"},
        remove=lambda aws, arn: aws.lambda_.delete_alias(**_alias(arn)),
        import_id=lambda arn: "{FunctionName}/{Name}".format(**_alias(arn)),
    ),
    "mapping": Case(
        sdk="lambda_.EventSourceMapping",
        created="""
            batch_size=5,
            enabled=False,
            event_source_arn=kept.arn,
            filter_criteria={"filters": [{"pattern": json.dumps({"body": ["first"]})}]},
            function_name=worker.arn,
            kms_key_arn="arn:aws:kms:eu-central-1:1:key/first",
            maximum_batching_window_in_seconds=2,
            metrics_config={"metrics": ["EventCount"]},
            scaling_config={"maximum_concurrency": 2},
            tags={"stays": "same", "changes": "first", "goes": "away"},
        """,
        changed="""
            batch_size=6,
            event_source_arn=kept.arn,
            filter_criteria={"filters": [{"pattern": json.dumps({"body": ["second"]})}]},
            function_name=pulumi.Output.concat(worker.arn, ":1"),
            function_response_types=["ReportBatchItemFailures"],
            kms_key_arn="arn:aws:kms:eu-central-1:1:key/second",
            maximum_batching_window_in_seconds=3,
            metrics_config={"metrics": ["EventCount"]},
            scaling_config={"maximum_concurrency": 3},
            tags={"stays": "same", "changes": "second"},
        """,
        bare="event_source_arn=kept.arn, function_name=worker.name",
        seen={
            "created": _MAPPING
            | {
                "BatchSize": 5,
                "MaximumBatchingWindowInSeconds": 2,
                "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["first"]}'}]},
                "KMSKeyArn": "arn:aws:kms:eu-central-1:1:key/first",
                "MetricsConfig": {"Metrics": ["EventCount"]},
                "ScalingConfig": {"MaximumConcurrency": 2},
                "State": "Disabled",
                "Tags": {"stays": "same", "changes": "first", "goes": "away"},
            },
            "changed": _MAPPING
            | {
                "BatchSize": 6,
                "MaximumBatchingWindowInSeconds": 3,
                "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["second"]}'}]},
                "KMSKeyArn": "arn:aws:kms:eu-central-1:1:key/second",
                "MetricsConfig": {"Metrics": ["EventCount"]},
                "ScalingConfig": {"MaximumConcurrency": 3},
                "FunctionArn": "arn:aws:lambda:eu-central-1:ACCOUNT:function:worker-*:1",
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "Tags": {"stays": "same", "changes": "second"},
            },
            "bare": _MAPPING,
        },
        look=_look_at_mapping,
        drift=lambda aws, uuid: aws.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False, BatchSize=7),
        drifted={"enabled", "batchSize"},
        remove=lambda aws, uuid: aws.lambda_.delete_event_source_mapping(UUID=uuid),
    ),
    "polled": Case(
        sdk="lambda_.EventSourceMapping",
        created="""
            event_source_arn=other.arn,
            function_name=worker.name,
            provisioned_poller_config={"maximum_pollers": 10, "minimum_pollers": 2},
        """,
        changed="""
            event_source_arn=other.arn, function_name=worker.name, provisioned_poller_config={"minimum_pollers": 3},
        """,
        bare="event_source_arn=other.arn, function_name=worker.name",
        seen={
            "created": _POLLED | {"ProvisionedPollerConfig": {"MaximumPollers": 10, "MinimumPollers": 2}},
            "changed": _POLLED | {"ProvisionedPollerConfig": {"MinimumPollers": 3}},
            "bare": _POLLED,
        },
        look=_look_at_mapping,
        drift=lambda aws, uuid: aws.lambda_.update_event_source_mapping(
            UUID=uuid, ProvisionedPollerConfig={"MinimumPollers": 5}
        ),
        drifted={"provisionedPollerConfig"},
        remove=lambda aws, uuid: aws.lambda_.delete_event_source_mapping(UUID=uuid),
    ),
    "stream": Case(
        sdk="lambda_.EventSourceMapping",
        created="""
            bisect_batch_on_function_error=True,
            destination_config={"on_failure": {"destination_arn": kept.arn}},
            enabled=False,
            event_source_arn=stream,
            function_name=worker.name,
            maximum_record_age_in_seconds=60,
            maximum_retry_attempts=2,
            parallelization_factor=2,
            tumbling_window_in_seconds=60,
        """
        + _SINCE,
        changed="""
            bisect_batch_on_function_error=False,
            destination_config={"on_failure": {"destination_arn": other.arn}},
            enabled=False,
            event_source_arn=stream,
            function_name=worker.name,
            maximum_record_age_in_seconds=120,
            maximum_retry_attempts=3,
            parallelization_factor=3,
            tumbling_window_in_seconds=120,
        """
        + _SINCE,
        bare="enabled=False, event_source_arn=stream, function_name=worker.name, " + _SINCE,
        seen={
            "created": _STREAM
            | {
                "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-central-1:ACCOUNT:kept-*"}},
                "BisectBatchOnFunctionError": True,
                "MaximumRecordAgeInSeconds": 60,
                "MaximumRetryAttempts": 2,
                "ParallelizationFactor": 2,
                "TumblingWindowInSeconds": 60,
            },
            "changed": _STREAM
            | _STREAM_KEEPS
            | {
                "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:eu-central-1:ACCOUNT:other-*"}},
                "TumblingWindowInSeconds": 120,
            },
            "bare": _STREAM,
        },
        keeps=_STREAM_KEEPS,
        look=_look_at_mapping,
        drift=lambda aws, uuid: aws.lambda_.update_event_source_mapping(
            UUID=uuid, BatchSize=50, TumblingWindowInSeconds=30
        ),
        drifted={"batchSize", "tumblingWindowInSeconds"},
        remove=lambda aws, uuid: aws.lambda_.delete_event_source_mapping(UUID=uuid),
    ),
}
