"""What the fixtures of the rules about mappings cannot hold: AWS' own ranges, and what this program does not manage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import botocore.session
import pytest

from policy.rule import Rule
from policy.rules.map import visibility_limit
from policy.rules.map_concurrency import concurrency_range, pollers
from policy.rules.map_filters import filtered
from policy.rules.map_limits import batch_window, fifo_batch, ranges, stream_numbers
from tests.support.findings import found
from tests.support.programs import YamlProgram

MODEL = botocore.session.get_session().get_service_model("lambda")
WORKER = {"type": "aws:lambda:Function", "properties": {"timeout": 60}}


def program(source: str = "aws:sqs:Queue", **properties: Any) -> YamlProgram:
    """A source with a mapping that has these properties besides."""
    given = {"eventSourceArn": "${source.arn}", "functionName": "${worker.arn}", **properties}
    mapping = {"type": "aws:lambda:EventSourceMapping", "properties": given}
    return YamlProgram({"source": {"type": source}, "worker": WORKER, "mapping": mapping})


def limits(shape: str, member: str) -> tuple[int, int]:
    """The lowest and the highest number that AWS takes."""
    structure: Any = MODEL.shape_for(shape)
    metadata = structure.members[member].metadata
    return metadata["min"], metadata["max"]


@pytest.mark.parametrize(
    ("rule", "source", "name"),
    [
        (ranges, "aws:sqs:Queue", "batchSize"),
        (ranges, "aws:sqs:Queue", "maximumBatchingWindowInSeconds"),
        (stream_numbers, "aws:kinesis:Stream", "maximumRecordAgeInSeconds"),
        (stream_numbers, "aws:kinesis:Stream", "maximumRetryAttempts"),
        (stream_numbers, "aws:kinesis:Stream", "parallelizationFactor"),
        (stream_numbers, "aws:kinesis:Stream", "tumblingWindowInSeconds"),
    ],
)
def test_the_range_of_an_option_is_that_of_the_api(rule: Rule, source: str, name: str) -> None:
    low, high = limits("CreateEventSourceMappingRequest", name[0].upper() + name[1:])

    for value in (low, high):
        assert found(rule, program(source, **{name: value}).deployed()) == []
    for value in (low - 1 or -1, high + 1):
        [(where, said)] = found(rule, program(source, **{name: value}).deployed())
        assert where == "mapping"
        assert f" {value} of mapping mapping is not " in said


def test_the_ranges_of_concurrency_and_pollers_are_those_of_the_api() -> None:
    low, high = limits("ScalingConfig", "MaximumConcurrency")
    assert found(concurrency_range, program(scalingConfig={"maximumConcurrency": low}).deployed()) == []
    assert found(concurrency_range, program(scalingConfig={"maximumConcurrency": high}).deployed()) == []
    for value in (low - 1, high + 1):
        assert found(concurrency_range, program(scalingConfig={"maximumConcurrency": value}).deployed()) == [
            ("mapping", f"maximum_concurrency {value} of mapping mapping is not {low}..{high}: set it to one of these")
        ]
    # The model has one lower end for queues and Kafka; its text says 2 for queues.
    for name in ("minimumPollers", "maximumPollers"):
        _, high = limits("ProvisionedPollerConfig", name[0].upper() + name[1:])
        assert found(pollers, program(provisionedPollerConfig={name: high, "maximumPollers": high}).deployed()) == []
        assert len(found(pollers, program(provisionedPollerConfig={name: high + 1}).deployed())) == 1


def test_a_queue_that_is_only_read_is_judged_at_its_mapping() -> None:
    resources = [
        replace(resource, managed=False) if resource.name == "source" else resource for resource in program().deployed()
    ]
    said = "visibility 30 s < timeout 60 s (queue source, function worker): set visibility_timeout_seconds >= 360"

    assert found(visibility_limit, resources) == [("mapping", said)]
    assert found(visibility_limit, program().deployed()) == [("source", said)]


def test_a_large_batch_without_a_window_is_refused_whatever_the_queue_turns_out_to_be() -> None:
    preview = program(eventSourceArn="${settings.value}", batchSize=20)
    elsewhere = YamlProgram({**preview.resources, "settings": {"type": "aws:ssm/parameter:Parameter"}}).preview()

    [(where, said)] = found(batch_window, elsewhere)
    assert (where, said.partition(":")[0]) == (
        "mapping",
        "batch_size 20 of mapping mapping > 10 needs a batching window",
    )
    assert found(fifo_batch, elsewhere) == []


def test_a_stated_reason_for_a_filter_is_shown_in_one_line() -> None:
    resources = program(
        filterCriteria={"filters": [{"pattern": '{"body": {"card": ["4111"]}}'}]},
        tags={"filter-reason": "  returns have\n their own queue "},
    ).preview()

    assert found(filtered, resources) == [
        (
            "mapping",
            "~ mapping mapping deletes every message that none of its filters matches: returns have their own queue",
        )
    ]


def test_a_pattern_of_4096_characters_is_the_longest() -> None:
    _, most = limits("Filter", "Pattern")
    start, end = '{"body": ["', '"]}'
    longest = start + "a" * (most - len(start + end)) + end

    assert found(ranges, program(filterCriteria={"filters": [{"pattern": longest}]}).deployed()) == []
    filters = [{"pattern": longest}, {"pattern": f"{longest} "}]
    assert found(ranges, program(filterCriteria={"filters": filters}).deployed()) == [
        (
            "mapping",
            "the pattern of filter 2 of mapping mapping has more than 4096 characters: shorten it, or split it into "
            "two",
        )
    ]
