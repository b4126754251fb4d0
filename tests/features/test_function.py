"""What a function and its mapping can have, as AWS shows it."""

from __future__ import annotations

from typing import Any

from tests.features.deployed import Pipeline


def _function(pipeline: Pipeline) -> dict[str, Any]:
    found = pipeline.aws.lambda_.get_function(FunctionName=pipeline.child("function")["name"], Qualifier="live")
    return {**found["Configuration"], "Code": found["Code"]}


def _mapping(pipeline: Pipeline) -> dict[str, Any]:
    return dict(pipeline.aws.lambda_.get_event_source_mapping(UUID=pipeline.child("mapping")["uuid"]))


def test_a_function_has_all_that_it_was_given(paused: Pipeline) -> None:
    found = _function(paused)

    assert {name: found[name] for name in ("Architectures", "Handler", "MemorySize", "PackageType", "Runtime")} == {
        "Architectures": ["arm64"],
        "Handler": "handler.lambda_handler",
        "MemorySize": 512,
        "PackageType": "Zip",
        "Runtime": "python3.13",
    }
    assert found["EphemeralStorage"] == {"Size": 1024}
    assert found["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": paused.child("logs")["name"]}
    assert [layer["Arn"] for layer in found["Layers"]] == ["arn:aws:lambda:eu-central-1:123456789012:layer:tools:1"]
    assert found["TracingConfig"] == {"Mode": "Active"}
    assert found["VpcConfig"]["SubnetIds"] == ["subnet-0123456789abcdef0"]
    assert found["VpcConfig"]["SecurityGroupIds"] == ["sg-0123456789abcdef0"]


def test_a_function_can_be_an_image(boxed: Pipeline) -> None:
    found = _function(boxed)

    assert (found["PackageType"], found["TracingConfig"]) == ("Image", {"Mode": "PassThrough"})
    assert found["Code"]["ImageUri"] == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/orders:1"


def test_the_customer_key_encrypts_the_environment(locked: Pipeline) -> None:
    found = _function(locked)

    assert found["KMSKeyArn"] == locked.child("key")["arn"]
    assert {*found["Environment"]["Variables"]} == {
        *("CLAIM_CHECK_BUCKET", "DEAD_LETTER_QUEUE_URL", "MAX_RECEIVE_COUNT", "OUTBOX", "RETRY_AFTER")
    }


def test_the_handler_is_told_which_attempt_is_the_last(locked: Pipeline) -> None:
    assert _function(locked)["Environment"]["Variables"]["MAX_RECEIVE_COUNT"] == "2"


def test_what_was_given_as_the_output_of_a_resource_takes_effect_with_all_that_follows_from_it(
    hurried: Pipeline,
) -> None:
    found = hurried.aws.sqs.get_queue_attributes(QueueUrl=hurried.url, AttributeNames=["All"]).get("Attributes", {})

    assert (_function(hurried)["Timeout"], found["VisibilityTimeout"]) == (1, "2")


def test_a_mapping_runs_no_more_at_a_time_than_are_reserved_for_its_function(hurried: Pipeline) -> None:
    name = hurried.child("function")["name"]
    reserved = hurried.aws.lambda_.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]

    assert (reserved, _mapping(hurried)["ScalingConfig"]) == (3, {"MaximumConcurrency": 3})
    hurried.send({"orderId": "hasty"})
    hurried.wait_for("hasty")


def test_a_mapping_has_its_pollers_and_its_metrics(paused: Pipeline) -> None:
    """The embedded AWS takes both and shows neither, so this is what it was asked for."""
    mapping = paused.child("mapping")

    assert (mapping["provisionedPollerConfig"]["minimumPollers"], mapping["metricsConfig"]) == (
        2,
        {"metrics": ["EventCount"]},
    )
    assert mapping["provisionedPollerConfig"]["maximumPollers"] == 4
    assert _mapping(paused)["State"] == "Disabled"
