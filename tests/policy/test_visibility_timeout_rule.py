"""ORD-SQS-001 over programs of any shape: pass, finding, undecided, accepted, or none of its business."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Finding, Verdict
from policy.rules.sqs import visibility_timeout
from policy.tokens import FUNCTION, MAPPING
from tests.support.findings import found
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
REASON = "retried by the caller, who waits"
STATED = {"team": "orders", "visibility-timeout-reason": REASON}
FOR_30_SECONDS = "visibility {} s < 6 x 30 s + {} s = {} s (queue orders, function worker): "
UNKNOWN_REASON = "whether its tag visibility-timeout-reason says why is not known yet"


def check(*resources: Resource) -> list[tuple[str, str]]:
    return found(visibility_timeout, resources)


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
        (30.0, 30.0, 0.0, "30 s < 6 x 30 s + 0 s = 180 s"),
        (1.0, 1.0, 0.0, "1 s < 6 x 1 s + 0 s = 6 s"),
    ],
)
def test_six_times_the_timeout_plus_the_window_is_the_least(
    deployed: bool, visibility: float | None, timeout: float | None, window: float | None, shortfall: str | None
) -> None:
    source = queue(deployed=deployed, **seconds(visibilityTimeoutSeconds=visibility))
    target = function(deployed=deployed, timeout=timeout)

    findings = check(source, target, mapping(source, target, **seconds(maximumBatchingWindowInSeconds=window)))

    needed = (shortfall or "").rpartition("= ")[2].removesuffix(" s")
    message = f"visibility {shortfall} (queue orders, function worker): set visibility_timeout_seconds >= {needed}"
    assert findings == ([("orders", message)] if shortfall else [])


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
        "visibility, and a function outside": (
            [*unknown(True, False), mapping(source, resource(FUNCTION, "w", {"arn": FUNCTION_OUTSIDE}), "z")],
            "orders",
            NOT_KNOWN,
        ),
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


@pytest.mark.parametrize("visibility", [0.0, 29.0, -1.0, 43_201.0])
def test_what_aws_refuses_is_left_to_the_rules_about_that(visibility: float) -> None:
    assert check(*pipeline(visibility, tags={})) == []


def test_a_visibility_timeout_that_is_long_enough_for_any_function_passes() -> None:
    source = queue(visibilityTimeoutSeconds=5_700.0)
    outside = resource(FUNCTION, "outside", {"arn": FUNCTION_OUTSIDE})

    assert check(source, mapping(source, outside)) == []
    assert check(queue(visibilityTimeoutSeconds=5_699.0), mapping(source, outside)) == [
        ("mapping", f"? {NOT_SEEN.format('function')}")
    ]


def pipeline(
    visibility: float, window: float | None = None, *, tags: Any = STATED, deployed: bool = True, **of_queue: Any
) -> list[Resource]:
    """A queue with these tags, and the function with a timeout of 30 s that consumes it."""
    source = queue(visibilityTimeoutSeconds=visibility, tags=tags, deployed=deployed, **of_queue)
    target = function(deployed=deployed)
    return [source, target, mapping(source, target, **seconds(maximumBatchingWindowInSeconds=window))]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
@pytest.mark.parametrize(
    ("visibility", "window", "needed"), [(179.0, None, 180), (30.0, None, 180), (184.0, 5.0, 185), (35.0, 5.0, 185)]
)
def test_a_stated_reason_is_accepted_down_to_the_timeout_plus_the_window(
    deployed: bool, visibility: float, window: float | None, needed: int
) -> None:
    shortfall = FOR_30_SECONDS.format(int(visibility), int(window or 0), needed)

    assert check(*pipeline(visibility, window, deployed=deployed)) == [("orders", f"~ {shortfall}{REASON}")]


@pytest.mark.parametrize(("visibility", "window", "needed", "least"), [(30.0, 1.0, 181, 31), (34.0, 5.0, 185, 35)])
def test_no_reason_is_good_enough_below_the_timeout_plus_the_window(
    visibility: float, window: float | None, needed: int, least: int
) -> None:
    shortfall = FOR_30_SECONDS.format(int(visibility), int(window or 0), needed)

    assert check(*pipeline(visibility, window)) == [
        (
            "orders",
            f"{shortfall}set visibility_timeout_seconds >= {needed}, or >= {least} for the reason in its tag "
            "visibility-timeout-reason",
        )
    ]


@pytest.mark.parametrize(
    "tags",
    [
        None,
        {},
        {"team": "orders"},
        {"team": UNKNOWN},
        {"visibility-timeout-reason": None},
        {"visibility-timeout-reason": ""},
        {"visibility-timeout-reason": " \n"},
        {"Visibility-Timeout-Reason": REASON},
    ],
    ids=str,
)
def test_a_tag_that_says_nothing_is_no_reason(tags: dict[str, Any] | None) -> None:
    assert check(*pipeline(60.0, tags=tags)) == [("orders", TOO_SHORT.format(via=""))]


def test_a_default_tag_of_the_provider_is_no_reason_of_this_queue() -> None:
    everywhere = {"visibility-timeout-reason": REASON}

    assert check(*pipeline(60.0, tags={}, tagsAll=everywhere)) == [("orders", TOO_SHORT.format(via=""))]


@pytest.mark.parametrize("tags", [UNKNOWN, {"visibility-timeout-reason": UNKNOWN}], ids=["all tags", "its tag"])
def test_a_reason_that_is_not_known_is_undecided_unless_none_would_do(tags: Any) -> None:
    shortfall = FOR_30_SECONDS.format(60, 0, 180)
    too_low = FOR_30_SECONDS.format(34, 5, 185)

    assert check(*pipeline(60.0, tags=tags)) == [("orders", f"? {shortfall}{UNKNOWN_REASON}")]
    assert check(*pipeline(34.0, 5.0, tags=tags)) == [("orders", f"{too_low}set visibility_timeout_seconds >= 185")]


def test_a_reason_beside_a_tag_that_is_not_known_is_accepted() -> None:
    tags = {"team": UNKNOWN, "visibility-timeout-reason": REASON}

    assert check(*pipeline(60.0, tags=tags)) == [("orders", f"~ {FOR_30_SECONDS.format(60, 0, 180)}{REASON}")]


def test_a_reason_is_shown_in_one_line() -> None:
    tags = {"visibility-timeout-reason": " retried by\n  the caller,\twho waits "}

    assert check(*pipeline(60.0, tags=tags)) == [("orders", f"~ {FOR_30_SECONDS.format(60, 0, 180)}{REASON}")]


def test_a_reason_that_nothing_needs_is_none_of_its_business() -> None:
    assert check(*pipeline(180.0)) == []


@settings(deadline=None)  # the machine may be busy
@given(timeout=st.integers(1, 900), window=st.integers(0, 300))
def test_what_the_message_advises_is_the_least_that_passes(timeout: int, window: int) -> None:
    def judge(visibility: int, **tags: str) -> list[Finding]:
        source, target = queue(visibilityTimeoutSeconds=visibility, tags=tags), function(timeout=timeout)
        resources = [source, target, mapping(source, target, **seconds(maximumBatchingWindowInSeconds=window))]
        return visibility_timeout.findings(Graph(resources))

    def verdicts(*visibilities: int, **tags: str) -> list[list[Verdict]]:
        return [[finding.verdict for finding in judge(visibility, **tags)] for visibility in visibilities]

    reason = {"visibility-timeout-reason": REASON}
    [needed] = map(int, re.findall(r">= (\d+)", judge(timeout)[0].message))
    least = timeout + window
    broken, accepted = [Verdict.BROKEN], [Verdict.ACCEPTED]

    assert verdicts(timeout - 1, timeout, needed - 1, needed) == [[], broken, broken, []]
    assert verdicts(least, needed - 1, needed, **reason) == [accepted, accepted, []]
    if window:
        [advised] = map(int, re.findall(r"or >= (\d+)", judge(least - 1, **reason)[0].message))
        assert (advised, verdicts(least - 1, **reason)) == (least, [broken])


def consumed_by(*timeouts: float, visibility: float, **of_mapping: float) -> list[Resource]:
    """A queue and functions with these timeouts that consume it, the last with what is said of its mapping."""
    source = queue(visibilityTimeoutSeconds=visibility, tags=STATED)
    functions = [function(f"worker{number}", timeout=timeout) for number, timeout in enumerate(timeouts)]
    last = len(functions) - 1
    mappings = [
        mapping(source, target, f"mapping{number}", **(of_mapping if number == last else {}))
        for number, target in enumerate(functions)
    ]
    return [source, *functions, *mappings]


def test_a_queue_is_judged_once_by_the_mapping_that_needs_most() -> None:
    def said(*timeouts: float, visibility: float, **of_mapping: float) -> list[tuple[str, str]]:
        return check(*reversed(consumed_by(*timeouts, visibility=visibility, **of_mapping)))

    needs = "visibility {} s < 6 x {} s + {} s = {} s (queue orders, function {}): "
    assert said(11.0, 10.0, 20.0, visibility=60.0) == [
        ("orders", f"~ {needs.format(60, 20, 0, 120, 'worker2')}{REASON}")
    ]
    assert said(20.0, 10.0, visibility=120.0) == []
    # The function that runs longest is not the one with the longest window: AWS refuses only what is below the former.
    assert said(20.0, 1.0, visibility=20.0, maximumBatchingWindowInSeconds=200.0) == [
        (
            "orders",
            f"{needs.format(20, 1, 200, 206, 'worker1')}set visibility_timeout_seconds >= 206, or >= 201 for the "
            "reason in its tag visibility-timeout-reason",
        )
    ]
    assert said(20.0, 1.0, visibility=19.0, maximumBatchingWindowInSeconds=200.0) == []


def test_what_is_not_known_of_one_mapping_changes_no_finding_about_another() -> None:
    source, short = queue(visibilityTimeoutSeconds=180.0), queue(visibilityTimeoutSeconds=60.0)
    outside = resource(FUNCTION, "outside", {"arn": FUNCTION_OUTSIDE})
    both = [mapping(source, function(), "a"), mapping(source, outside, "b")]

    assert check(short, function(), *both) == [("orders", TOO_SHORT.format(via=""))]
    assert check(source, function(), *both) == [
        ("b", "? " + NOT_SEEN.format("function").replace("mapping mapping", "mapping b"))
    ]
