"""The rules of composite alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

from __future__ import annotations

from itertools import product

import pytest

from local.alarms.composite import children, holds, parse_rule
from local.alarms.evaluation import State
from local.alarms.problems import NotKnown

STATES: dict[str, State] = {"rings": "ALARM", "rings too": "ALARM", "fine": "OK", "unsure": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "is_true"),
    [
        ("ALARM(rings)", True),
        ("ALARM(fine)", False),
        ('ALARM("rings too")', True),
        ("OK(fine)", True),
        ("OK(unsure)", False),
        ("INSUFFICIENT_DATA(unsure)", True),
        ("INSUFFICIENT_DATA(rings)", False),
        ("ALARM(arn:aws:cloudwatch:eu-central-1:1:alarm:rings)", True),
        ('ALARM("arn:aws:cloudwatch:eu-central-1:1:alarm:rings too")', True),
        ("TRUE", True),
        ("FALSE", False),
        ("False", False),
        ("NOT ALARM(fine)", True),
        ("NOT NOT ALARM(fine)", False),
        ("ALARM(rings) AND ALARM(fine)", False),
        ("ALARM(rings) AND OK(fine)", True),
        ("ALARM(rings) OR ALARM(fine)", True),
        ("ALARM(fine) OR ALARM(unsure)", False),
        ("ALARM(rings) AND NOT ALARM(fine)", True),
        ("NOT (ALARM(rings) AND ALARM(fine))", True),
        ("NOT ALARM(rings) AND ALARM(fine)", False),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("FALSE AND TRUE OR TRUE", True),
        ('AT_LEAST(2, ALARM, (rings, "rings too", fine))', True),
        ("AT_LEAST(2, ALARM, (rings, fine, unsure))", False),
        ("AT_LEAST(50%, OK, (fine, rings))", True),
        ("AT_LEAST(51%, OK, (fine, rings))", False),
        ("AT_LEAST(2, NOT OK, (fine, rings, unsure))", True),
        ("AT_LEAST(3, NOT OK, (fine, rings, unsure))", False),
        ("AT_LEAST(1, ALARM, (rings)) AND NOT ALARM(fine)", True),
        ("  ALARM ( rings )\n OR\tFALSE ", True),
    ],
)
def test_a_rule_is_true_of_states(rule: str, is_true: bool) -> None:
    assert holds(parse_rule(rule), STATES) is is_true


def test_awss_example_of_noise_that_is_held_back() -> None:
    rule = parse_rule("(ALARM(cpu) OR ALARM(disk)) AND OK(network)")
    states: tuple[State, ...] = ("ALARM", "OK", "INSUFFICIENT_DATA")

    ringing = [
        found for found in product(states, repeat=3) if holds(rule, dict(zip(children(rule), found, strict=True)))
    ]

    assert ringing == [
        ("ALARM", "ALARM", "OK"),
        ("ALARM", "OK", "OK"),
        ("ALARM", "INSUFFICIENT_DATA", "OK"),
        ("OK", "ALARM", "OK"),
        ("INSUFFICIENT_DATA", "ALARM", "OK"),
    ]


def test_the_alarms_of_a_rule() -> None:
    rule = 'NOT ALARM("a b") AND (OK(c) OR TRUE OR AT_LEAST(1, ALARM, (c, d))) OR ALARM("with \\"quotes\\"")'

    assert children(parse_rule(rule)) == ["a b", "c", "d", 'with "quotes"']


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "it ends too early"),
        ("ALARM(a", "it ends too early"),
        ("ALARM(a) AND", "it ends too early"),
        ("ALARM()", "')' was not expected"),
        ("ALARM(a) ALARM(b)", "'ALARM' was not expected"),
        ("ALARM(a b)", "'b' was not expected"),
        ("RINGING(a)", "'RINGING' was not expected"),
        ("(ALARM(a)", "it ends too early"),
        ("AT_LEAST(some, ALARM, (a))", "'some' was not expected"),
        ("AT_LEAST(1, RINGING, (a))", "'RINGING' was not expected"),
        ('ALARM("a)', "'\"' was not expected"),
    ],
)
def test_what_is_no_rule_is_said_with_its_place(rule: str, problem: str) -> None:
    with pytest.raises(NotKnown) as raised:
        parse_rule(rule)

    assert str(raised.value) == f"{rule!r} is no alarm rule that the local runtime knows: {problem}"
