"""The rules have nothing against an `OrderPipeline`, whatever it is made of, but what its arguments ask for."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws
import pytest

from components import OrderPipeline, OrderPipelineArgs, iam
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.settings import Settings
from tests.support.any_arguments import EXISTING, LEGACY, WORKER
from tests.support.pipelines import Later, complete
from tests.support.recorder import Recorder, quiet

STRICT = Settings(profile=Profile.STRICT)
IMAGE = "000000000001.dkr.ecr.eu-central-1.amazonaws.com/orders:1"
KEY = "arn:aws:kms:eu-central-1:000000000001:key/1234"
TOPIC = "arn:aws:sns:eu-central-1:000000000002:store"
PLACED = {"source": ["store"], "detail-type": ["OrderPlaced"]}
FIFO: dict[str, Any] = {
    "fifo": True,
    "dead_letter_reason": "what failed is settled by hand",
    "topics": {"shop": {"arn": f"{TOPIC}.fifo"}},
    "events": {"placed": {"pattern": PLACED, "message_group": "all"}},
    "front_door": {"message_group": "$request.body.customerId"},
}
PRODUCERS: dict[str, Any] = {
    "topics": {"shop": {"arn": TOPIC, "filter": {"kind": ["order"]}}, "till": {"arn": Later(TOPIC)}},
    "events": {"placed": {"pattern": PLACED}, "elsewhere": {"pattern": PLACED, "bus": "store"}},
    "buckets": {"drop": {"name": "drop", "prefix": "in/"}},
    "front_door": {"required_fields": ["orderId"], "authorization": "NONE"},
}
PIPELINES: dict[str, dict[str, Any]] = {
    "nothing but code": {},
    "producers of every kind": PRODUCERS,
    "producers of every kind and a key": {**PRODUCERS, "customer_key": True, "environment": {"A": "1"}},
    "a FIFO queue": FIFO,
    "a FIFO queue and a key": {**FIFO, "customer_key": True, "protect": True},
    "a FIFO queue of low throughput": {
        **FIFO,
        "content_based_deduplication": False,
        "high_throughput": False,
        "events": {},
        "front_door": {**FIFO["front_door"], "deduplication": "$request.body.orderId"},
    },
    "a fair queue": {"fair": True, "front_door": {"message_group": "$request.body.customerId"}},
    "a key of somebody else": {"kms_key_arn": KEY},
    "large orders": {"claim_check": True},
    "large orders and a key": {"claim_check": True, "customer_key": True, "protect": True},
    "failures that the handler settles": {
        "dead_letter_at_once": True,
        "retry_after": True,
        "report_batch_item_failures": True,
    },
    "failures that the handler settles, a FIFO queue and a key": {
        **FIFO,
        "customer_key": True,
        "dead_letter_at_once": True,
        "retry_after": True,
        "group_failures": "skip",
    },
    "failures that the handler settles, in queues deployed elsewhere": {
        "existing_queue": LEGACY,
        "kms_key_arn": KEY,
        "dead_letter_at_once": True,
        "retry_after": True,
    },
    "reasons": {
        "visibility_timeout": 60,
        "visibility_reason": "repeats are harmless",
        "filters": [{"body": {"kind": ["sale"]}}],
        "filter_reason": "others are for another function",
        "transform": {"mapping": {"tags": {"owner": "shop"}}, "queue": {"tags": {"owner": "shop"}}},
    },
    "batches and concurrency": {
        "batch_size": 100,
        "batch_window": 5,
        "max_concurrency": 10,
        "reserved_concurrency": 20,
        "max_receive_count": 6,
        "timeout": Later(60),
        "delay": 5,
        "retention": 86_400,
        "max_message_size": 2_048,
        "max_age": 300,
        "max_backlog": 50,
    },
    "pollers and a function in a VPC": {
        "min_pollers": 2,
        "max_pollers": 4,
        "handler": "handler.lambda_handler",
        "runtime": "python3.12",
        "architecture": "x86_64",
        "memory": 512,
        "ephemeral_storage": 1_024,
        "layers": ["arn:aws:lambda:eu-central-1:000000000001:layer:tools:1"],
        "subnet_ids": ["subnet-1"],
        "security_group_ids": ["sg-1"],
        "permissions": [iam.allow("Store", "dynamodb:PutItem", "arn:aws:dynamodb:::table/orders")],
        "tracing": True,
        "enabled": True,
        "log_retention": 365,
        "tags": {"team": "checkout"},
    },
    "an image": {"image": IMAGE},
    "an image that reports nothing of a batch of one": {
        "image": IMAGE,
        "report_batch_item_failures": False,
        "batch_size": 1,
    },
    "alarms of the user's": {
        "alarm_actions": [Later("arn:aws:sns:eu-central-1:000000000001:pager")],
        "alarms": {"age": {"threshold": 50}, "throttles": {"enabled": False}},
    },
    "a queue deployed elsewhere": {"existing_queue": LEGACY},
    "a function deployed elsewhere": {"existing_function": WORKER, "timeout": None},
}
"""Between them they have every argument."""
ACCEPTED = {"ORD-MAP-014", "ORD-SQS-001"}
"""Rules that are departed from in `reasons`, and say so."""
OF_THE_SOURCE = ("age", "backlog", "stalled", "not-polling")
"""Alarms that tell when nobody consumes the queue."""
DEPARTURES: list[tuple[dict[str, Any], set[str]]] = [
    ({"image": IMAGE, "report_batch_item_failures": False}, {"ORD-MAP-002"}),
    ({"enabled": False}, {"ORD-MAP-017"}),
    ({"tracing": False}, {"ORD-FUN-009"}),
    ({"timeout": 3}, {"ORD-FUN-013"}),
    ({"reserved_concurrency": 901}, {"ORD-FUN-014"}),
    ({"max_receive_count": 4}, {"ORD-SQS-005"}),
    ({**FIFO, "dead_letter_reason": " "}, {"ORD-SQS-014"}),
    ({**FIFO, "alarms": {"undelivered": {"enabled": False}}}, {"ORD-ALM-001"}),
    ({"alarms": {name: {"enabled": False} for name in OF_THE_SOURCE}}, {"ORD-ALM-002"}),
    ({"alarm_actions": []}, {"ORD-ALM-004"}),
]
"""Arguments that ask for what a rule is against."""
DECIDED_LATER = {"ORD-SQS-005"}
"""The count stands in one text with the ARN of the dead-letter queue, which a first preview does not know."""


def found(arguments: dict[str, Any], *, preview: bool) -> dict[Verdict, set[str]]:
    """The rules that say something of a pipeline to which a role may send, by what they say."""
    recorder = Recorder(EXISTING)

    async def program() -> None:
        checkout = aws.iam.Role("checkout", **iam.role_of("ecs-tasks.amazonaws.com"))
        OrderPipeline("orders", complete(arguments)).grant_send(checkout)
        await quiet()

    recorder.run(program, preview=preview)
    said: dict[Verdict, set[str]] = {}
    for judgement in judge(Graph(recorder.analyzed), settings=STRICT):
        said.setdefault(judgement.finding.verdict, set()).add(judgement.rule.id)
    return said


@pytest.mark.parametrize("name", PIPELINES)
def test_no_rule_has_anything_against_a_deployed_pipeline(name: str) -> None:
    expected = {Verdict.ACCEPTED: ACCEPTED} if name == "reasons" else {}

    assert found(PIPELINES[name], preview=False) == expected


@pytest.mark.parametrize("name", PIPELINES)
def test_no_rule_is_broken_at_its_first_preview(name: str) -> None:
    said = found(PIPELINES[name], preview=True)

    assert said.pop(Verdict.ACCEPTED, set()) == (ACCEPTED if name == "reasons" else set())
    assert {*said} <= {Verdict.UNDECIDED}


@pytest.mark.parametrize(("arguments", "rules"), DEPARTURES, ids=str)
def test_what_the_arguments_ask_for_is_said_by_the_rule_that_is_about_it_alone(
    arguments: dict[str, Any], rules: set[str]
) -> None:
    assert found(arguments, preview=False) == {Verdict.BROKEN: rules}
    assert found(arguments, preview=True).get(Verdict.BROKEN, set()) == rules - DECIDED_LATER


def test_every_argument_is_tried() -> None:
    tried = {name for arguments in PIPELINES.values() for name in arguments}

    assert tried | {"code"} == OrderPipelineArgs.__annotations__.keys()
