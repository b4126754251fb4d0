"""Reading an order: what is one, and which kind of error says what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.orders.processing.errors import PoisonError
from functions.orders.processing.order import Order

NOT_JSON = "the message is not JSON"
NO_ID = "the message is not an order: it has no orderId"
BAD_ID = "the orderId must be a text of 1 to 100 characters of A-Z, a-z, 0-9, _ and -"
BAD_VERSION = "the order's version is not known: it must be 1, which is also the default"


@pytest.mark.parametrize(
    ("fields", "fail"),
    [
        ({"orderId": "A-1"}, False),
        ({"orderId": "a_" + "9" * 98}, False),
        ({"orderId": "A-1", "version": 1}, False),
        ({"orderId": "A-1", "fail": True}, True),
        ({"orderId": "A-1", "fail": "true"}, False),
        ({"orderId": "A-1", "fail": 1}, False),
    ],
    ids=str,
)
def test_an_order_is_read_with_all_its_fields(fields: dict[str, Any], fail: bool) -> None:
    expected = Order(version=1, order_id=fields["orderId"], fail=fail, fields=fields)

    assert Order.read(json.dumps(fields)) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text().filter(lambda name: name not in ("orderId", "version", "fail")), json_values))
def test_fields_that_are_not_known_are_kept_as_they_are(unknown: dict[str, Any]) -> None:
    fields = {**unknown, "orderId": "A-1"}

    assert Order.read(json.dumps(fields)) == Order(version=1, order_id="A-1", fail=False, fields=fields)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", NOT_JSON),
        ("card 4111", NOT_JSON),
        ('{"orderId": "A-1"', NOT_JSON),
        ('{"orderId": "A-1", "amount": NaN}', NOT_JSON),
        ('{"orderId": "A-1", "amount": -Infinity}', NOT_JSON),
        ('{"orderId": "A-1", "amount": 1e999}', NOT_JSON),
        ("9" * 5_000, NOT_JSON),
        (None, NOT_JSON),
        ("[" * 100_000, "the message is nested too deeply to be read"),
        ("null", NO_ID),
        ('["orderId"]', NO_ID),
        ('"orderId"', NO_ID),
        ("{}", NO_ID),
        ('{"orderid": "A-1"}', NO_ID),
        ('{"orderId": null}', BAD_ID),
        ('{"orderId": 5}', BAD_ID),
        ('{"orderId": ""}', BAD_ID),
        ('{"orderId": "' + "A" * 101 + '"}', BAD_ID),
        ('{"orderId": "A-1\\n"}', BAD_ID),
        ('{"orderId": "\\u00c4"}', BAD_ID),
        ('{"orderId": "A-1", "version": 2}', BAD_VERSION),
        ('{"orderId": "A-1", "version": 0}', BAD_VERSION),
        ('{"orderId": "A-1", "version": "1"}', BAD_VERSION),
        ('{"orderId": "A-1", "version": 1.0}', BAD_VERSION),
        ('{"orderId": "A-1", "version": true}', BAD_VERSION),
        ('{"orderId": "A-1", "version": null}', BAD_VERSION),
        ('{"orderId": 5, "version": 2}', BAD_VERSION),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_order_of_a_known_version_is_poison(body: Any, reason: str) -> None:
    with pytest.raises(PoisonError) as caught:
        Order.read(body)

    assert str(caught.value) == reason


def test_a_reason_never_has_the_message_in_it() -> None:
    secret = "4111111111111111"
    bodies = [
        secret + "x",
        f'{{"card": "{secret}"}}',
        f'{{"orderId": "{secret}!"}}',
        f'{{"orderId": "A", "version": {secret}}}',
    ]
    reasons: list[str] = []
    for body in bodies:
        with pytest.raises(PoisonError) as caught:
            Order.read(body)
        reasons.append(f"{caught.value} {caught.value.__cause__}")

    assert [reason for reason in reasons if secret in reason] == []
