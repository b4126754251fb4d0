"""ORD-SQS-001 over programs of any shape: pass, finding, undecided, or none of its business."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.timing import resolve
from policy.facts import Resource
from policy.graph import MAPPING, Graph
from policy.rules.sqs import visibility_timeout
from tests.support.resources import ACCOUNT, UNKNOWN, alias, function, mapping, queue, resource

ARN_OUTSIDE = ACCOUNT.format("sqs", "returns")
FUNCTION_OUTSIDE = ACCOUNT.format("lambda", "function:returns")
STREAM = "arn:aws:kinesis:eu-central-1:000000000001:stream/orders"
PARAMETER = resource("aws:ssm/parameter:Parameter", "settings", {"value": UNKNOWN})
TOO_SHORT = (
    "visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function worker{via}): "
    "set visibility_timeout_seconds >= 180"
)
NOT_SEEN = "the {} of mapping mapping is not in this program, or not known yet: the visibility timeout cannot be judged"
NOT_KNOWN = "a timeout of queue orders or function worker is not known yet: the visibility timeout cannot be judged"


def check(*resources: Resource) -> list[tuple[str, str]]:
    """Name of the resource and message of each finding; what is undecided starts with a question mark."""
    return [
        (finding.urn.rpartition("::")[2], finding.message if finding.decided else f"? {finding.message}")
        for finding in visibility_timeout(Graph(resources))
    ]


def seconds(**properties: float | None) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if value is not None}


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
@pytest.mark.parametrize(
    ("visibility", "timeout", "window", "shortfall"),
    [
        (180.0, 30.0, 0.0, None),
        (179.0, 30.0, 0.0, "179 s < 6 x 30 s + 0 s = 180 s"),
        (180.0, 30.0, None, None),
        (185.0, 30.0, 5.0, None),
        (184.0, 30.0, 5.0, "184 s < 6 x 30 s + 5 s = 185 s"),
        (43_200.0, 900.0, 300.0, None),
        (None, 5.0, None, None),
        (None, 6.0, None, "30 s < 6 x 6 s + 0 s = 36 s"),
        (18.0, None, None, None),
        (17.0, None, None, "17 s < 6 x 3 s + 0 s = 18 s"),
        (None, None, 12.0, None),
        (None, None, 13.0, "30 s < 6 x 3 s + 13 s = 31 s"),
        (0.0, 1.0, 0.0, "0 s < 6 x 1 s + 0 s = 6 s"),
    ],
)
def test_six_times_the_timeout_plus_the_window_is_the_least(
    deployed: bool, visibility: float | None, timeout: float | None, window: float | None, shortfall: str | None
) -> None:
    source = queue(deployed=deployed, **seconds(visibilityTimeoutSeconds=visibility))
    target = function(deployed=deployed, timeout=timeout)

    found = check(source, target, mapping(source, target, **seconds(maximumBatchingWindowInSeconds=window)))

    needed = (shortfall or "").rpartition("= ")[2].removesuffix(" s")
    message = f"visibility {shortfall} (queue orders, function worker): set visibility_timeout_seconds >= {needed}"
    assert found == ([("orders", message)] if shortfall else [])


def wirings() -> dict[str, tuple[list[Resource], str]]:
    """Ways for a program to wire its queue to its function: the resources, and how a message names the way."""
    source, target = queue(visibilityTimeoutSeconds=60.0), function()
    new_source, new_target = queue(visibilityTimeoutSeconds=60.0, deployed=False), function(deployed=False)
    live, new_live = alias(target), alias(new_target, deployed=False)
    namesake = alias(function("other"), name="worker-3c4d")
    arn = source.properties["arn"]

    def by_text(event_source: object, name: object, *others: Resource) -> list[Resource]:
        return [source, target, *others, resource(MAPPING, "m", {"eventSourceArn": event_source, "functionName": name})]

    version = f"{target.properties['arn']}:7"
    return {
        "by ARN": (by_text(arn, target.properties["arn"]), ""),
        "by name": (by_text(arn, "worker-3c4d"), ""),
        "by name and not the alias of that name": (by_text(arn, "worker-3c4d", namesake, function("other")), ""),
        "by version": (by_text(arn, version), ""),
        "by name and version": (by_text(arn, "worker-3c4d:7"), ""),
        "by ARN of an alias": (by_text(arn, live.properties["arn"], live), " via alias live"),
        "by name and alias outside": (by_text(arn, "worker-3c4d:blue"), ""),
        "by ARN in a preview": ([new_source, new_target, mapping(new_source, new_target)], ""),
        "by alias in a preview": ([new_source, new_target, new_live, mapping(new_source, new_live)], " via alias live"),
    }


@pytest.mark.parametrize(("resources", "via"), wirings().values(), ids=wirings().keys())
def test_the_function_of_a_queue_is_found_however_it_is_referred_to(resources: list[Resource], via: str) -> None:
    assert check(*resources) == [("orders", TOO_SHORT.format(via=via))]


def undecided() -> dict[str, tuple[list[Resource], str, str]]:
    """Programs that the rule cannot judge: the resources, where it says so, and how."""
    target = function()

    def fed_by(source_arn: str, *sources: Resource) -> list[Resource]:
        properties = {"eventSourceArn": source_arn, "functionName": target.properties["arn"]}
        return [target, *sources, resource(MAPPING, "mapping", properties, eventSourceArn=sources)]

    def unknown(of_queue: bool, of_function: bool, **of_mapping: Any) -> list[Resource]:
        source = queue(visibilityTimeoutSeconds=UNKNOWN if of_queue else 60.0)
        worker = function(timeout=UNKNOWN if of_function else 30.0)
        return [source, worker, mapping(source, worker, **of_mapping)]

    source = queue()
    outside = {"eventSourceArn": source.properties["arn"], "functionName": FUNCTION_OUTSIDE}
    return {
        "a queue outside": (fed_by(ARN_OUTSIDE), "mapping", NOT_SEEN.format("queue")),
        "an ARN of nobody": (fed_by(UNKNOWN), "mapping", NOT_SEEN.format("queue")),
        "an ARN from a parameter": (fed_by(UNKNOWN, PARAMETER), "mapping", NOT_SEEN.format("queue")),
        "an ARN with an unknown part": (fed_by(f"arn:aws:{UNKNOWN}"), "mapping", NOT_SEEN.format("queue")),
        "one of two queues": (fed_by(UNKNOWN, queue("one"), queue("other")), "mapping", NOT_SEEN.format("queue")),
        "a function outside": ([source, resource(MAPPING, "mapping", outside)], "mapping", NOT_SEEN.format("function")),
        "visibility": (unknown(True, False), "orders", NOT_KNOWN),
        "timeout": (unknown(False, True), "orders", NOT_KNOWN),
        "window": (unknown(False, False, maximumBatchingWindowInSeconds=UNKNOWN), "orders", NOT_KNOWN),
    }


@pytest.mark.parametrize(("resources", "name", "message"), undecided().values(), ids=undecided().keys())
def test_what_is_not_known_is_undecided_and_not_a_pass(resources: list[Resource], name: str, message: str) -> None:
    assert check(*resources) == [(name, f"? {message}")]


@pytest.mark.parametrize(
    "properties",
    [
        {"eventSourceArn": STREAM, "startingPosition": "LATEST"},
        {"eventSourceArn": UNKNOWN, "startingPosition": "LATEST"},
        {"eventSourceArn": UNKNOWN, "queues": ["orders"]},
        {"selfManagedEventSource": {"endpoints": {}}, "startingPosition": "LATEST"},
    ],
    ids=["a stream", "a stream in a preview", "a message broker in a preview", "a Kafka of one's own"],
)
def test_a_mapping_that_reads_no_queue_is_none_of_its_business(properties: dict[str, Any]) -> None:
    target = function()
    source = resource(MAPPING, "mapping", {**properties, "functionName": target.properties["arn"]})

    assert check(target, source, queue()) == []


@settings(deadline=None)  # the machine may be busy
@given(timeout=st.integers(1, 900), window=st.integers(0, 300), visibility=st.integers(0, 6000))
def test_the_rule_and_the_component_agree_on_any_numbers(timeout: int, window: int, visibility: int) -> None:
    source, target = queue(visibilityTimeoutSeconds=visibility), function(timeout=timeout)

    found = check(source, target, mapping(source, target, **seconds(maximumBatchingWindowInSeconds=window)))

    _, problems = resolve(
        timeout=timeout,
        batch_size=10,
        batch_window=window,
        max_receive_count=1,
        retention=86_400,
        visibility_timeout=visibility,
    )
    assert [message.partition(" (")[0] for _, message in found] == [problem.partition(":")[0] for problem in problems]


def test_each_mapping_of_a_queue_is_judged_and_the_order_is_that_of_names() -> None:
    source = queue(visibilityTimeoutSeconds=60.0)
    slow, quick, slower = (
        function("slow", timeout=11.0),
        function("quick", timeout=10.0),
        function("slower", timeout=20.0),
    )
    mappings = [mapping(source, target, target.name) for target in (slow, quick, slower)]

    assert check(*reversed([source, slow, quick, slower, *mappings])) == [
        (
            "orders",
            "visibility 60 s < 6 x 11 s + 0 s = 66 s (queue orders, function slow): "
            "set visibility_timeout_seconds >= 66",
        ),
        (
            "orders",
            "visibility 60 s < 6 x 20 s + 0 s = 120 s (queue orders, function slower): "
            "set visibility_timeout_seconds >= 120",
        ),
    ]
