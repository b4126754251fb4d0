"""The rules as policies, through the servicer of Pulumi's SDK: what a user gets to see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from pulumi.runtime import rpc
from pulumi_policy import EnforcementLevel

from policy.engine.analysis import policies
from policy.facts import Resource
from policy.graph import Graph
from policy.rule import Finding, Kind, Profile, Rule, rule, undecided
from policy.rules import RULES, sqs, sqs_redrive
from policy.settings import Settings
from policy.tokens import ALIAS, FUNCTION, MAPPING, QUEUE
from tests.support import analyzer
from tests.support.analyzer import Diagnostic, said, servicer
from tests.support.resources import UNKNOWN, alias, function, mapping, queue, resource

CANARY = "canary-4111111111111111"
MEND = "Mend it, or waive it with a reason in order-policy.yaml.\n"
ADVICE = "Advice, or not decided yet, or accepted for a reason.\n"
TIMEOUTS_URL = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
DEAD_LETTERS_URL = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
)
NO_DEAD_LETTERS = (
    f"{MEND}[ORD-SQS-002 sqs-dead-letter-queue] queue {{}} has no dead-letter queue: set redrive_policy with "
    f"deadLetterTargetArn and maxReceiveCount. See {DEAD_LETTERS_URL} and "
    "`order-policy explain ORD-SQS-002`"
)
TOO_SHORT = (
    f"{MEND}[ORD-SQS-001 sqs-visibility-timeout] visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function "
    f"worker via alias live): set visibility_timeout_seconds >= 180. See {TIMEOUTS_URL} and "
    "`order-policy explain ORD-SQS-001`"
)
ONE_MAPPING_URL = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"
TWO_MAPPINGS = (
    f"{MEND}[ORD-SQS-003 sqs-one-mapping] 2 consumers (mapping, second) read one queue, so that each order reaches "
    "only one of them, and is lost if that one filters it out: keep one, or give each consumer a queue of its own "
    f"behind an SNS topic. See {ONE_MAPPING_URL} and `order-policy explain ORD-SQS-003`"
)
REASON = "retried by the caller"
ACCEPTED = (
    f"{ADVICE}[ORD-SQS-001 sqs-visibility-timeout] accepted: visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, "
    f"function worker via alias live): {REASON}"
)
NOT_KNOWN = (
    f"{ADVICE}[undecided] these rules need what only the deployment knows, and judge it then (`order-policy check` "
    "says more):\n  orders: {}"
)


THREE = (sqs.visibility_timeout, sqs_redrive.dead_letter_queue, sqs.one_mapping)


def analyze(resources: Iterable[Resource], rules: Sequence[Rule] = THREE) -> list[Diagnostic]:
    """What these rules say, in profile standard."""
    return analyzer.analyze(resources, rules)


CODE = {
    rpc._special_sig_key: rpc._special_archive_sig,  # pyright: ignore[reportPrivateUsage]
    "assets": {"handler.py": {rpc._special_sig_key: rpc._special_asset_sig, "text": "..."}},  # pyright: ignore[reportPrivateUsage]
}
"""An archive as the engine sends it."""


def secret(value: Any) -> dict[str, Any]:
    """A secret as the engine sends it."""
    signature, kind = rpc._special_sig_key, rpc._special_secret_sig  # pyright: ignore[reportPrivateUsage]
    return {signature: kind, "value": value}


def program(*, deployed: bool, **of_queue: Any) -> list[Resource]:
    """A queue without a dead-letter queue and the function that consumes it by its alias."""
    source, worker = queue(deployed=deployed, **of_queue), function(deployed=deployed)
    live = alias(worker, deployed=deployed)
    return [mapping(source, live), source, worker, live]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
def test_each_finding_is_mandatory_and_on_its_resource(deployed: bool) -> None:
    assert analyze(program(deployed=deployed, visibilityTimeoutSeconds=60)) == [
        Diagnostic("rules", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("rules", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_what_is_undecided_is_advisory_and_leaves_the_rest_decided() -> None:
    other = queue("returns", deployed=False)

    assert analyze([*program(deployed=False, visibilityTimeoutSeconds=UNKNOWN), other]) == [
        Diagnostic("rules", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
        Diagnostic("rules", "MANDATORY", "returns", NO_DEAD_LETTERS.format("returns")),
        Diagnostic("advice", "ADVISORY", "", NOT_KNOWN.format("ORD-SQS-001")),
    ]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
@pytest.mark.parametrize("value", [REASON, secret(REASON)], ids=["plain", "secret"])
def test_what_is_accepted_is_advisory_and_says_its_reason(deployed: bool, value: Any) -> None:
    failed, tags = queue("failed", deployed=deployed), {"visibility-timeout-reason": value}

    assert analyze(
        [*program(deployed=deployed, visibilityTimeoutSeconds=60, tags=tags, redrives_to=failed), failed]
    ) == [Diagnostic("advice", "ADVISORY", "orders", ACCEPTED)]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
def test_a_reason_excuses_nothing_but_the_visibility_timeout(deployed: bool) -> None:
    tags = {"visibility-timeout-reason": REASON}
    resources = program(deployed=deployed, visibilityTimeoutSeconds=60, tags=tags)
    [_, source, worker, _] = resources

    assert analyze([*resources, mapping(source, worker, "second")]) == [
        Diagnostic("rules", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
        Diagnostic("rules", "MANDATORY", "orders", TWO_MAPPINGS),
        Diagnostic("advice", "ADVISORY", "orders", ACCEPTED),
    ]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
def test_a_program_that_keeps_the_rules_is_silent(deployed: bool) -> None:
    failed = queue("failed", deployed=deployed)

    assert analyze([*program(deployed=deployed, visibilityTimeoutSeconds=180, redrives_to=failed), failed]) == []


def test_the_order_of_resources_does_not_change_what_is_said() -> None:
    resources = [*program(deployed=False, visibilityTimeoutSeconds=60), queue("a"), queue("z")]

    assert analyze(reversed(resources)) == analyze(resources)


@pytest.mark.parametrize("value", [{"targetArn": UNKNOWN}, [{"targetArn": UNKNOWN}], [UNKNOWN]], ids=str)
def test_an_unknown_value_deep_inside_another_stops_no_rule(value: Any) -> None:
    worker = function("other", deadLetterConfig=value)

    assert analyze([*program(deployed=True, visibilityTimeoutSeconds=60), worker]) == [
        Diagnostic("rules", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("rules", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_secret_values_are_judged_like_any_other() -> None:
    failed = queue("failed")
    policy = json.dumps({"deadLetterTargetArn": failed.properties["arn"], "maxReceiveCount": 3})

    assert analyze(
        [*program(deployed=True, visibilityTimeoutSeconds=secret(60), redrivePolicy=secret(policy)), failed]
    ) == [Diagnostic("rules", "MANDATORY", "orders", TOO_SHORT)]


def crowded(value: Any) -> list[Resource]:
    """A program that breaks every rule, in whose texts there is a value that nobody may see."""
    worker = function(environment={"variables": {"TOKEN": value}}, description=value, tags={"owner": value})
    live = alias(worker, description=value, name=value)
    source = queue(policy=value, tags={"owner": value}, kmsMasterKeyId=value, visibilityTimeoutSeconds=60)
    unknown = {"filterCriteria": {"filters": [{"pattern": value}]}, "eventSourceArn": UNKNOWN}
    return [
        mapping(source, live),
        source,
        worker,
        live,
        resource(MAPPING, "elsewhere", {**unknown, "functionName": value}),
        resource(MAPPING, "outside", {"eventSourceArn": f"arn:aws:sqs:::{CANARY}", "functionName": value}),
        resource(MAPPING, "outside-too", {"eventSourceArn": f"arn:aws:sqs:::{CANARY}", "functionName": value}),
        resource(QUEUE, "odd", {"name": value, "redrivePolicy": value, "url": value}),
        resource(ALIAS, "nobody", {"name": value, "functionName": value}),
        resource(FUNCTION, "odd", {"description": value, "timeout": value}),
        resource("aws:ssm/parameter:Parameter", "token", {"value": value}),
    ]


@pytest.mark.parametrize("value", [CANARY, secret(CANARY)], ids=["plain", "secret"])
def test_no_value_of_the_program_is_ever_in_a_message(value: Any) -> None:
    found = analyzer.analyze(crowded(value), settings=Settings(profile=Profile.STRICT))

    assert {"[ORD-SQS-002", "[ORD-SQS-003", "[undecided]"} <= {
        diagnostic.message.splitlines()[1].split()[0] for diagnostic in found
    }
    assert [diagnostic for diagnostic in found if CANARY in diagnostic.message] == []


def test_a_value_that_makes_a_rule_fail_is_not_in_the_message_either() -> None:
    assert [found.message for found in analyze(program(deployed=True, visibilityTimeoutSeconds=CANARY))] == [
        f"{MEND}[ORD-SQS-001 sqs-visibility-timeout] the rule itself failed (ValueError): report this as a defect "
        f"of the policy pack. See {TIMEOUTS_URL} and `order-policy explain ORD-SQS-001`",
        NO_DEAD_LETTERS.format("orders"),
    ]


FAILED = (
    "[ORD-XXX-001 xxx-fails] the rule itself failed (ValueError): report this as a defect of the policy pack. "
    "See https://example.com and `order-policy explain ORD-XXX-001`"
)


@pytest.mark.parametrize("kind", Kind)
def test_a_rule_that_fails_is_one_mandatory_finding_and_the_other_rules_still_run(kind: Kind) -> None:
    @rule("ORD-XXX-001", "xxx-fails", title="A rule", kind=kind, url="https://example.com")
    def fails(graph: Graph) -> Iterator[Finding]:
        yield Finding(graph.of_type(QUEUE)[0].urn, "before it fails")
        raise ValueError(CANARY)

    assert analyze(program(deployed=True, visibilityTimeoutSeconds=60), (*THREE, fails)) == [
        Diagnostic("rules", "MANDATORY", "", f"{MEND}{FAILED}"),
        Diagnostic("rules", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("rules", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_what_breaks_a_limit_says_that_aws_refuses_it() -> None:
    @rule("ORD-XXX-001", "xxx-limit", title="A limit", kind=Kind.LIMIT, url="https://example.com")
    def limit(graph: Graph) -> Iterator[Finding]:
        yield Finding(graph.of_type(QUEUE)[0].urn, "too much")
        yield undecided(graph.of_type(QUEUE)[0], "perhaps too much")

    assert analyze([queue()], (limit,)) == [
        Diagnostic(
            "rules",
            "MANDATORY",
            "orders",
            f"{MEND}[ORD-XXX-001 xxx-limit] AWS refuses this: too much. See https://example.com and "
            "`order-policy explain ORD-XXX-001`",
        ),
        Diagnostic("advice", "ADVISORY", "", NOT_KNOWN.format("ORD-XXX-001")),
    ]


def test_the_pack_is_these_policies_however_many_rules_there_are() -> None:
    for rules in (), RULES, RULES * 20:
        assert [(policy.name, policy.enforcement_level) for policy in policies(rules)] == [
            ("rules", EnforcementLevel.MANDATORY),
            ("advice", EnforcementLevel.ADVISORY),
        ]


def test_each_rule_runs_once_for_a_program_and_again_for_another() -> None:
    seen: list[list[str]] = []

    @rule("ORD-XXX-001", "xxx-names", title="A rule", kind=Kind.PRACTICE, url="https://example.com")
    def names(graph: Graph) -> Iterator[Finding]:
        seen.append([found.name for found in graph.resources])
        yield from (Finding(found.urn, f"{found.name}, {found.number('delaySeconds')} s") for found in graph.resources)

    def messages(*resources: Resource) -> list[str]:
        return [found.message.removeprefix(f"{MEND}[ORD-XXX-001 xxx-names] ") for found in said(pack, resources)]

    pack = servicer(policies((names,)))

    assert messages(queue(delaySeconds=1), function("a", code=CODE)) == [
        "a, State.UNSET s. See https://example.com and `order-policy explain ORD-XXX-001`",
        "orders, 1 s. See https://example.com and `order-policy explain ORD-XXX-001`",
    ]
    assert seen == [["a", "orders"]]
    assert messages(queue(delaySeconds=2)) == [
        "orders, 2 s. See https://example.com and `order-policy explain ORD-XXX-001`"
    ]
    assert messages(queue(delaySeconds=1)) == [
        "orders, 1 s. See https://example.com and `order-policy explain ORD-XXX-001`"
    ]
    assert messages() == []
    assert seen == [["a", "orders"], ["orders"], ["orders"], []]
