"""The rules and what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy.facts import Resource
from policy.graph import Graph
from policy.judgement import Judgement, judge
from policy.rule import Finding, Kind, Level, Rule, Verdict, rule
from policy.rules import RULES, sqs, sqs_redrive
from tests.support.resources import queue

CANARY = "canary-4111111111111111"


def saying(rule_id: str, **messages: str) -> Rule:
    """A rule that says these messages of the resources with these names, as often as they have words."""

    @rule(rule_id, "xxx-says", title="A rule", kind=Kind.PRACTICE, url="https://example.com")
    def says(graph: Graph) -> Iterator[Finding]:
        named = {found.name: found for found in graph.resources}
        yield from (Finding(named[name].urn, word) for name, text in messages.items() for word in text.split())

    return says


def test_what_the_rules_find_is_in_the_order_of_urns_and_then_of_the_ids_of_rules() -> None:
    second, first = saying("ORD-XXX-002", b="1", a="2"), saying("ORD-XXX-001", b="4 3", c="5")
    resources = [queue("c"), queue("a"), queue("b")]

    for some in resources, resources[::-1]:
        for rules in (second, first), (first, second):
            assert [
                (found.finding.urn[-1], found.rule, found.finding.message) for found in judge(Graph(some), rules)
            ] == [("a", second, "2"), ("b", first, "4"), ("b", first, "3"), ("b", second, "1"), ("c", first, "5")]


def test_a_rule_that_fails_says_which_error_and_never_its_text() -> None:
    @rule("ORD-XXX-001", "xxx-fails", title="A rule", kind=Kind.PRACTICE, url="https://example.com")
    def fails(graph: Graph) -> Iterator[Finding]:
        yield Finding(graph.resources[0].urn, "before it fails")
        raise KeyError(CANARY)

    message = "the rule itself failed (KeyError): report this as a defect of the policy pack"
    assert judge(Graph([queue()]), [fails]) == [Judgement(fails, Finding("", message, Verdict.FAILED), Level.MANDATORY)]


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (
            Verdict.BROKEN,
            "[ORD-XXX-001 xxx-says] wrong. See https://example.com and `order-policy explain ORD-XXX-001`",
        ),
        (
            Verdict.FAILED,
            "[ORD-XXX-001 xxx-says] wrong. See https://example.com and `order-policy explain ORD-XXX-001`",
        ),
        (Verdict.UNDECIDED, "[ORD-XXX-001 xxx-says] undecided: wrong"),
        (Verdict.ACCEPTED, "[ORD-XXX-001 xxx-says] accepted: wrong"),
    ],
)
def test_a_judgement_is_one_line_with_the_id_and_the_name_of_the_rule(verdict: Verdict, text: str) -> None:
    assert Judgement(saying("ORD-XXX-001"), Finding("", "wrong", verdict), Level.MANDATORY).text == text


def test_the_rules_are_those_of_every_file_as_they_stand_there() -> None:
    files = Path(sqs.__file__).parent.glob("[!_]*.py")
    ids = [re.findall(r'^    "(ORD-[A-Z]{3}-\d{3})",$', path.read_text(), re.MULTILINE) for path in sorted(files)]

    assert [found.id for found in RULES] == [found for of_file in ids for found in of_file]
    assert sqs_redrive.dead_letter_queue in RULES


def defects(rules: tuple[Rule, ...]) -> list[str]:
    """What is wrong with the words around rules."""
    subjects = [re.fullmatch(r"ORD-([A-Z]{3})-\d{3}", found.id) for found in rules]
    wrong = {
        "id": [not subject for subject in subjects],
        "id of another": [[other.id for other in rules].count(found.id) > 1 for found in rules],
        "name of another": [[other.name for other in rules].count(found.name) > 1 for found in rules],
        "name": [
            not (subject and re.fullmatch(rf"{subject[1].lower()}(-[a-z0-9]+)+", found.name))
            for subject, found in zip(subjects, rules, strict=True)
        ],
        "title": [not re.fullmatch(r"[A-Z].*[^.]", found.title) for found in rules],
        "url": [not found.url.startswith("https://docs.aws.amazon.com/") for found in rules],
        "why": [len(found.why.split(".\n\n")) < 2 for found in rules],
    }
    return [
        f"{found.id}: {what}"
        for what, found_in in wrong.items()
        for found, is_wrong in zip(rules, found_in, strict=True)
        if is_wrong
    ]


def test_each_rule_has_an_id_a_name_a_title_a_page_and_a_reason() -> None:
    assert defects(RULES) == []


def test_the_words_around_a_rule_are_checked() -> None:
    def unexplained(_: Graph) -> Iterator[Finding]:
        """Without a reason."""
        yield from ()

    odd = replace(
        sqs.visibility_timeout, id="ORD-KMS-1", title="Ends in a stop.", url="http://example.com", check=unexplained
    )
    other = replace(sqs_redrive.dead_letter_queue, name="kms-dead-letter-queue")

    assert defects((sqs.visibility_timeout, sqs_redrive.dead_letter_queue, sqs.one_mapping, odd, other)) == [
        "ORD-KMS-1: id",
        "ORD-SQS-002: id of another",
        "ORD-SQS-002: id of another",
        "ORD-SQS-001: name of another",
        "ORD-KMS-1: name of another",
        "ORD-KMS-1: name",
        "ORD-SQS-002: name",
        "ORD-KMS-1: title",
        "ORD-KMS-1: url",
        "ORD-KMS-1: why",
    ]


def test_a_rule_says_why_in_the_words_of_its_docstring() -> None:
    assert sqs_redrive.dead_letter_queue.why == (
        "A queue has a dead-letter queue, by a property of its own or by a separate redrive policy.\n\n"
        "Without one, an order that cannot be processed is tried until its retention ends, and is then gone without a "
        "trace.\nA queue that takes in what failed elsewhere needs none, unless a function consumes it: then its "
        "messages are tried\nagain and again like any others. A redrive policy that names no queue is refused by AWS: "
        "ORD-SQS-006."
    )


def test_a_program_without_resources_is_nothing_to_the_rules() -> None:
    assert judge(Graph(list[Resource]())) == []
