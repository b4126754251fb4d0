"""What a mapping works by, from what Lambda's API says of it."""

from __future__ import annotations

import math

from local.mappings.settings import QueueSettings, StreamSettings

QUEUE = "arn:aws:sqs:eu-central-1:1:orders"


def test_the_mapping_of_a_queue_has_lambdas_defaults() -> None:
    assert QueueSettings.of({"EventSourceArn": QUEUE}, 60) == QueueSettings(
        batch_size=10,
        batch_window=0,
        visibility_timeout=60,
        reports_failures=False,
        is_fifo=False,
        first_lanes=5,
        fewest_lanes=2,
        most_lanes=1_250,
        lanes_per_second=5,
    )


def test_a_maximum_concurrency_below_five_is_there_from_the_start_and_stays() -> None:
    mapping = {"EventSourceArn": f"{QUEUE}.fifo", "ScalingConfig": {"MaximumConcurrency": 3}}

    settings = QueueSettings.of(mapping, 60)

    assert (settings.first_lanes, settings.fewest_lanes, settings.most_lanes, settings.is_fifo) == (3, 3, 3, True)


def test_provisioned_pollers_are_two_to_two_hundred_unless_asked_for() -> None:
    settings = QueueSettings.of({"EventSourceArn": QUEUE, "ProvisionedPollerConfig": {"MaximumPollers": 200}}, 60)

    assert (settings.first_lanes, settings.fewest_lanes, settings.most_lanes) == (20, 20, 2_000)
    assert settings.lanes_per_second == 1_000 / 60


def test_the_mapping_of_a_stream_has_lambdas_defaults_and_minus_one_is_for_ever() -> None:
    kinesis = StreamSettings.of(
        {"EventSourceArn": "arn:aws:kinesis:eu-central-1:1:stream/s", "MaximumRetryAttempts": -1}
    )
    table = StreamSettings.of({"EventSourceArn": "arn:aws:dynamodb:eu-central-1:1:table/t/stream/1"}, 86_400)

    assert kinesis == StreamSettings(
        batch_size=100,
        batch_window=0,
        starting_position="TRIM_HORIZON",
        parallelization_factor=1,
        tumbling_window=0,
        max_retries=math.inf,
        max_record_age=math.inf,
        bisects=False,
        reports_failures=False,
        poll_seconds=1,
        retention=86_400,
    )
    assert table.poll_seconds == 0.25


def test_a_retry_limit_of_zero_is_none_at_all() -> None:
    mapping = {"EventSourceArn": "arn:aws:kinesis:eu-central-1:1:stream/s/consumer/c:1", "MaximumRetryAttempts": 0}

    settings = StreamSettings.of(mapping)

    assert (settings.max_retries, settings.poll_seconds) == (0, 0)
