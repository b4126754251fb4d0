"""ORD-SQS-003 over programs of any shape: pass, finding, undecided."""

from __future__ import annotations

from typing import Any

import pytest

from policy.facts import Resource
from policy.rules.sqs import one_mapping
from policy.tokens import MAPPING, PIPE
from tests.support.findings import found
from tests.support.resources import ACCOUNT, UNKNOWN, alias, function, mapping, queue, resource

OUTSIDE = ACCOUNT.format("sqs", "returns")
OTHER_OUTSIDE = ACCOUNT.format("sqs", "refunds")
STREAM = "arn:aws:kinesis:eu-central-1:000000000001:stream/orders"
SETTINGS = resource("pulumi:pulumi:StackReference", "shared", {"outputs": UNKNOWN})
WORKER, AUDIT = function(), function("audit")
READ = (
    "2 consumers ({}) read one queue, so that each order reaches only one of them, and is lost if that one filters it "
    "out: keep one, or give each consumer a queue of its own behind an SNS topic"
)
NOT_KNOWN = "? whether another consumer reads the queue of {} is not known yet"
WHICH = "? which consumers of one queue (a, b) are enabled is not known yet"


def check(*resources: Resource) -> list[tuple[str, str]]:
    return found(one_mapping, resources)


def reads(arn: str, name: str, of: Resource | None = None, **properties: Any) -> Resource:
    """A mapping that has the ARN as a text, which may come from another resource."""
    values = {"eventSourceArn": arn, "functionName": WORKER.properties["arn"], **properties}
    return resource(MAPPING, name, values, **({"eventSourceArn": of} if of else {}))


def pipe(source: str, name: str, of: Resource | None = None, **properties: Any) -> Resource:
    """A pipe that has the ARN of its source as a text, which may come from another resource."""
    values = {"source": source, "target": WORKER.properties["arn"], **properties}
    return resource(PIPE, name, values, **({"source": of} if of else {}))


def single() -> dict[str, list[Resource]]:
    orders, returns = queue(), queue("returns")
    new, new_returns = queue(deployed=False), queue("returns", deployed=False)
    arn = orders.properties["arn"]
    kinesis: dict[str, Any] = {"startingPosition": "LATEST"}
    return {
        "one mapping": [orders, mapping(orders, WORKER)],
        "each its own queue": [orders, returns, mapping(orders, WORKER, "a"), mapping(returns, AUDIT, "b")],
        "each its own in a first preview": [new, new_returns, mapping(new, WORKER, "a"), mapping(new_returns, AUDIT)],
        "two queues to one function": [orders, returns, mapping(orders, WORKER, "a"), mapping(returns, WORKER, "b")],
        "two queues outside": [reads(OUTSIDE, "a"), reads(OTHER_OUTSIDE, "b")],
        "one outside and one here": [orders, mapping(orders, WORKER, "a"), reads(OUTSIDE, "b")],
        "one that is not known": [SETTINGS, orders, reads(UNKNOWN, "a", SETTINGS)],
        "one mapping and a pipe that is stopped": [
            orders, mapping(orders, WORKER, "a"), pipe(arn, "b", desiredState="STOPPED"),
        ],
        "two pipes from one stream": [pipe(STREAM, "a"), pipe(STREAM, "b")],
        "one mapping and a pipe from a stream": [orders, mapping(orders, WORKER, "a"), pipe(STREAM, "b")],
        "one mapping and a pipe from what is not known": [
            SETTINGS, orders, mapping(orders, WORKER, "a"), pipe(UNKNOWN, "b", SETTINGS),
        ],
        "a queue and a stream": [orders, mapping(orders, WORKER, "a"), reads(STREAM, "b", **kinesis)],
        "two mappings of one stream": [reads(STREAM, "a", **kinesis), reads(STREAM, "b", **kinesis)],
        "two streams in a preview": [
            reads(UNKNOWN, "a", SETTINGS, **kinesis), reads(UNKNOWN, "b", SETTINGS, **kinesis)
        ],
        "a stream in a preview, whose function has a queue for failures": [
            new, mapping(new, WORKER, "a"),
            reads(UNKNOWN, "b", SETTINGS, **kinesis, destinationConfig={"onFailure": {"destinationArn": arn}}),
        ],
    }  # fmt: skip


@pytest.mark.parametrize("resources", single().values(), ids=single().keys())
def test_a_queue_that_one_mapping_reads_passes(resources: list[Resource]) -> None:
    assert check(*resources) == []


def double() -> dict[str, tuple[list[Resource], str]]:
    """Programs in which the mappings `a` and `b` read one queue, and where that is said."""
    orders, new = queue(), queue(deployed=False)
    arn = orders.properties["arn"]
    live, new_worker = alias(WORKER), function(deployed=False)
    new_live = alias(new_worker, deployed=False)
    return {
        "by resource": ([orders, mapping(orders, WORKER, "a"), mapping(orders, AUDIT, "b")], "orders"),
        "in a first preview": ([new, mapping(new, WORKER, "a"), mapping(new, AUDIT, "b")], "orders"),
        "by ARN": ([orders, reads(arn, "a"), reads(arn, "b")], "orders"),
        "by resource and by ARN": ([orders, mapping(orders, WORKER, "a"), reads(arn, "b")], "orders"),
        "of a queue outside": ([reads(OUTSIDE, "a"), reads(OUTSIDE, "b")], "b"),
        "to a function and its alias": (
            [orders, WORKER, live, mapping(orders, live, "a"), mapping(orders, WORKER, "b")], "orders"
        ),
        "to one alias": ([orders, WORKER, live, mapping(orders, live, "a"), mapping(orders, live, "b")], "orders"),
        "to a new function and its alias": (
            [new, new_worker, new_live, mapping(new, new_live, "a"), mapping(new, new_worker, "b")], "orders"
        ),
        "with filters": (
            [
                orders,
                mapping(orders, WORKER, "a", filterCriteria={"filters": [{"pattern": '{"body": {"kind": ["new"]}}'}]}),
                mapping(orders, AUDIT, "b", filterCriteria={"filters": [{"pattern": '{"body": {"kind": ["old"]}}'}]}),
            ],
            "orders",
        ),
        "by a pipe": ([orders, mapping(orders, WORKER, "a"), pipe(arn, "b")], "orders"),
        "by a pipe in a first preview": ([new, mapping(new, WORKER, "a"), pipe(UNKNOWN, "b", new)], "orders"),
        "by a pipe, of a queue outside": ([reads(OUTSIDE, "a"), pipe(OUTSIDE, "b", desiredState="RUNNING")], "b"),
        "enabled in so many words": (
            [orders, mapping(orders, WORKER, "a", enabled=True), mapping(orders, AUDIT, "b")], "orders"
        ),
    }  # fmt: skip


@pytest.mark.parametrize(("resources", "name"), double().values(), ids=double().keys())
def test_a_queue_that_two_mappings_read_is_found(resources: list[Resource], name: str) -> None:
    assert check(*resources) == [(name, READ.format("a, b"))]


def test_each_queue_is_judged_by_itself_and_in_the_order_of_the_mappings() -> None:
    orders, returns = queue(), queue("returns")
    mappings = [mapping(orders, WORKER, "b"), mapping(returns, WORKER, "a"), mapping(returns, AUDIT, "c")]

    assert check(orders, returns, *mappings, mapping(orders, AUDIT, "d")) == [
        ("returns", READ.format("a, c")),
        ("orders", READ.format("b, d")),
    ]


def test_a_mapping_that_is_disabled_does_not_read() -> None:
    orders = queue()
    off, on = mapping(orders, WORKER, "a", enabled=False), mapping(orders, AUDIT, "b", enabled=True)

    assert check(orders, off, on) == []
    assert check(orders, off, on, mapping(orders, AUDIT, "c")) == [("orders", READ.format("b, c"))]


def not_known() -> dict[str, tuple[list[Resource], list[tuple[str, str]]]]:
    orders, returns = queue(), queue("returns")
    arn = orders.properties["arn"]
    new, new_returns = queue(deployed=False), queue("returns", deployed=False)
    here, shared = mapping(orders, WORKER, "a"), reads(UNKNOWN, "b", SETTINGS)
    either = resource(
        MAPPING, "b", {"eventSourceArn": UNKNOWN, "functionName": UNKNOWN}, eventSourceArn=[new, new_returns]
    )
    perhaps = mapping(orders, AUDIT, "b", enabled=UNKNOWN)
    return {
        "a queue from elsewhere": ([orders, SETTINGS, here, shared], [("b", NOT_KNOWN.format("b"))]),
        "two queues from elsewhere": (
            [SETTINGS, reads(UNKNOWN, "a", SETTINGS), shared],
            [("a", NOT_KNOWN.format("a")), ("b", NOT_KNOWN.format("b"))],
        ),
        "one of two queues": ([new, new_returns, mapping(new, WORKER, "a"), either], [("b", NOT_KNOWN.format("b"))]),
        "an ARN with an unknown part": (
            [orders, here, reads(f"arn:aws:sqs:{UNKNOWN}", "b")], [("b", NOT_KNOWN.format("b"))]
        ),
        "a pipe from a queue that is not known": (
            [orders, SETTINGS, here, pipe(UNKNOWN, "b", SETTINGS, sourceParameters={"sqsQueueParameters": {}})],
            [("b", NOT_KNOWN.format("b"))],
        ),
        "whether a pipe is running": ([orders, here, pipe(arn, "b", desiredState=UNKNOWN)], [("orders", WHICH)]),
        "whether it is enabled": ([orders, here, perhaps], [("orders", WHICH)]),
        "whether it is enabled, of a queue outside": (
            [reads(OUTSIDE, "a", enabled=UNKNOWN), reads(OUTSIDE, "b")], [("b", WHICH)]
        ),
        "whether the only one is enabled": ([orders, returns, perhaps, mapping(returns, WORKER, "a")], []),
    }  # fmt: skip


@pytest.mark.parametrize(("resources", "findings"), not_known().values(), ids=not_known().keys())
def test_what_is_not_known_is_undecided_and_not_a_pass(
    resources: list[Resource], findings: list[tuple[str, str]]
) -> None:
    assert check(*resources) == findings


def test_what_is_not_known_leaves_the_rest_decided() -> None:
    orders = queue()
    pair = [mapping(orders, WORKER, "a"), mapping(orders, AUDIT, "b")]

    assert check(orders, SETTINGS, *pair, reads(UNKNOWN, "c", SETTINGS)) == [
        ("orders", READ.format("a, b")),
        ("c", NOT_KNOWN.format("c")),
    ]
