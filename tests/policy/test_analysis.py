"""The rules as policies, through the servicer of Pulumi's SDK: what a user gets to see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime import rpc

from policy import analysis
from policy.analysis import evaluate, policies
from policy.facts import Resource
from policy.graph import ALIAS, FUNCTION, MAPPING, QUEUE, Graph
from policy.rule import Finding, Rule
from policy.rules import RULES
from policy.rules.sqs import dead_letter_queue, one_mapping, visibility_timeout
from tests.support.analyzer import Diagnostic, analyze
from tests.support.resources import UNKNOWN, alias, function, mapping, queue, resource

CANARY = "canary-4111111111111111"
TIMEOUTS = "The visibility timeout is at least six times the function timeout, plus the batching window."
TIMEOUTS_URL = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
DEAD_LETTERS_URL = (
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
)
NO_DEAD_LETTERS = (
    "Every queue has a dead-letter queue.\n[ORD-SQS-002] queue {} has no dead-letter queue: set redrive_policy with "
    f"deadLetterTargetArn and maxReceiveCount. See {DEAD_LETTERS_URL}"
)
TOO_SHORT = (
    f"{TIMEOUTS}\n[ORD-SQS-001] visibility 60 s < 6 x 30 s + 0 s = 180 s (queue orders, function worker via alias "
    f"live): set visibility_timeout_seconds >= 180. See {TIMEOUTS_URL}"
)
ONE_MAPPING_URL = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html"
TWO_MAPPINGS = (
    "A queue is read by one event source mapping.\n[ORD-SQS-003] 2 mappings (mapping, second) read one queue, so that "
    "each order reaches only one of them, and is lost if that one filters it out: keep one, or give each consumer a "
    f"queue of its own behind an SNS topic. See {ONE_MAPPING_URL}"
)
REASON = "retried by the caller"
ACCEPTED = (
    "What departs from a rule for a stated reason stays in sight.\n[ORD-SQS-001] accepted: visibility 60 s < 6 x 30 s "
    f"+ 0 s = 180 s (queue orders, function worker via alias live): {REASON}"
)
NOT_A_PASS = "What a rule cannot decide yet is not a pass.\n"
NOT_KNOWN = (
    f"{NOT_A_PASS}[ORD-SQS-001] undecided: a timeout of queue orders or function worker is not known yet: the "
    "visibility timeout cannot be judged"
)


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
        Diagnostic("sqs-visibility-timeout", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_what_is_undecided_is_advisory_and_leaves_the_rest_decided() -> None:
    other = queue("returns", deployed=False)

    assert analyze([*program(deployed=False, visibilityTimeoutSeconds=UNKNOWN), other]) == [
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "returns", NO_DEAD_LETTERS.format("returns")),
        Diagnostic("undecided", "ADVISORY", "orders", NOT_KNOWN),
    ]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
@pytest.mark.parametrize("value", [REASON, secret(REASON)], ids=["plain", "secret"])
def test_what_is_accepted_is_advisory_and_says_its_reason(deployed: bool, value: Any) -> None:
    failed, tags = queue("failed", deployed=deployed), {"visibility-timeout-reason": value}

    assert analyze(
        [*program(deployed=deployed, visibilityTimeoutSeconds=60, tags=tags, redrives_to=failed), failed]
    ) == [Diagnostic("accepted", "ADVISORY", "orders", ACCEPTED)]


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "first preview"])
def test_a_reason_excuses_nothing_but_the_visibility_timeout(deployed: bool) -> None:
    tags = {"visibility-timeout-reason": REASON}
    resources = program(deployed=deployed, visibilityTimeoutSeconds=60, tags=tags)
    [_, source, worker, _] = resources

    assert analyze([*resources, mapping(source, worker, "second")]) == [
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
        Diagnostic("sqs-one-mapping", "MANDATORY", "orders", TWO_MAPPINGS),
        Diagnostic("accepted", "ADVISORY", "orders", ACCEPTED),
        Diagnostic("accepted", "ADVISORY", "orders", ACCEPTED.replace(" via alias live", "")),
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
        Diagnostic("sqs-visibility-timeout", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_secret_values_are_judged_like_any_other() -> None:
    failed = queue("failed")
    policy = json.dumps({"deadLetterTargetArn": failed.properties["arn"], "maxReceiveCount": 3})

    assert analyze(
        [*program(deployed=True, visibilityTimeoutSeconds=secret(60), redrivePolicy=secret(policy)), failed]
    ) == [Diagnostic("sqs-visibility-timeout", "MANDATORY", "orders", TOO_SHORT)]


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
        resource(FUNCTION, "odd", {"name": value, "timeout": value}),
        resource("aws:ssm/parameter:Parameter", "token", {"value": value}),
    ]


@pytest.mark.parametrize("value", [CANARY, secret(CANARY)], ids=["plain", "secret"])
def test_no_value_of_the_program_is_ever_in_a_message(value: Any) -> None:
    found = analyze(crowded(value))

    assert {diagnostic.policy for diagnostic in found} == {
        "sqs-visibility-timeout",
        "sqs-dead-letter-queue",
        "sqs-one-mapping",
        "undecided",
    }
    assert [diagnostic for diagnostic in found if CANARY in diagnostic.message] == []


def test_a_value_that_makes_a_rule_fail_is_not_in_the_message_either() -> None:
    assert [found.message for found in analyze(program(deployed=True, visibilityTimeoutSeconds=CANARY))] == [
        f"{TIMEOUTS}\n[ORD-SQS-001] the rule itself failed (ValueError): report this as a defect of the policy pack. "
        f"See {TIMEOUTS_URL}",
        NO_DEAD_LETTERS.format("orders"),
    ]


def test_a_rule_that_fails_is_one_finding_and_the_other_rules_still_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(graph: Graph) -> Iterator[Finding]:
        yield Finding(graph.of_type(QUEUE)[0].urn, "before it fails")
        raise ValueError(CANARY)

    broken = Rule("ORD-XXX-001", "broken", "A rule", "https://example.com", fails)
    monkeypatch.setattr(analysis, "RULES", (broken, *RULES))

    assert analyze(program(deployed=True, visibilityTimeoutSeconds=60)) == [
        Diagnostic(
            "broken",
            "MANDATORY",
            "",
            "A rule.\n[ORD-XXX-001] the rule itself failed (ValueError): report this as a defect of the policy pack. "
            "See https://example.com",
        ),
        Diagnostic("sqs-visibility-timeout", "MANDATORY", "orders", TOO_SHORT),
        Diagnostic("sqs-dead-letter-queue", "MANDATORY", "orders", NO_DEAD_LETTERS.format("orders")),
    ]


def test_a_rule_that_fails_says_which_error_and_never_its_text() -> None:
    def fails(_: Graph) -> Iterator[Finding]:
        raise KeyError(CANARY)

    assert evaluate(Rule("ORD-XXX-001", "broken", "A rule", "", fails), Graph([])) == [
        Finding("", "the rule itself failed (KeyError): report this as a defect of the policy pack")
    ]


def test_the_pack_is_these_policies() -> None:
    assert [(policy.name, policy.enforcement_level, policy.url) for policy in policies()] == [
        ("sqs-visibility-timeout", analysis.EnforcementLevel.MANDATORY, TIMEOUTS_URL),
        ("sqs-dead-letter-queue", analysis.EnforcementLevel.MANDATORY, DEAD_LETTERS_URL),
        ("sqs-one-mapping", analysis.EnforcementLevel.MANDATORY, ONE_MAPPING_URL),
        ("undecided", analysis.EnforcementLevel.ADVISORY, None),
        ("accepted", analysis.EnforcementLevel.ADVISORY, None),
    ]


def test_each_rule_has_an_id_and_a_name_of_its_own() -> None:
    assert {rule.id: (rule.name, rule.check) for rule in RULES} == {
        "ORD-SQS-001": ("sqs-visibility-timeout", visibility_timeout),
        "ORD-SQS-002": ("sqs-dead-letter-queue", dead_letter_queue),
        "ORD-SQS-003": ("sqs-one-mapping", one_mapping),
    }
