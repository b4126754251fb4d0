"""Filters of a mapping: what is refused and why, the JSON that AWS gets, and which messages pass."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.provider.experimental.component import ComponentProvider

from components.filters import Filter, filter_problems, patterns
from local.mappings.filters import matches

DISCARDS = (
    "filters lose orders: Lambda deletes from the queue what matches none of them, and it reaches neither the function "
    "nor the dead-letter queue: say in filter_reason why that is right, or take all orders and let the function decide"
)
REASON = "others are for another function"
NUMERIC = (
    "filters[0].body.f[0].numeric must be [<sign>, <number>] with the sign =, <, <=, > or >=, or [> or >=, <number>, "
    "< or <=, <number>], got a list"
)
VALUES = (
    "filters[0].body.f[0].anything-but must be texts only or numbers only (Lambda's filters nest no other rule here)"
)


RULES: list[tuple[Any, list[Any], list[Any]]] = [
    ("paid", ["paid", ["x", "paid"], [["paid"]]], ["Paid", "paid ", "", None, True, 0, [], {"a": "paid"}]),
    ("", ["", ["", "x"]], [" ", None, False, 0]),
    ("300", ["300"], [300, 300.0]),
    (None, [None, ["x", None]], ["", "null", 0, False, {}, []]),
    (True, [True], [False, "true", 1]),
    (300, [300], [300.0, "300", 301, True]),
    (1.5, [1.5], [1.50001, "1.5"]),
    ({"anything-but": "a"}, ["b", "", None, 1, True, ["a", "b"]], ["a", ["a"], [], {"b": 1}]),
    ({"anything-but": ["a", "b"]}, ["c", "A"], ["a", "b", ["a", "b"]]),
    ({"anything-but": 1}, [2, "1"], [1]),
    ({"anything-but": [1, 2]}, [3, 1.5], [1, 2]),
    ({"equals-ignore-case": "Paid"}, ["paid", "PAID"], ["paid!", 1, None]),
    ({"exists": True}, ["", None, 0, False, "x", ["x"]], [[], {}, {"a": 1}]),
    ({"exists": False}, [[], {}, {"a": 1}], ["", None, 0, False, ["x"]]),
    ({"numeric": ["=", 300]}, [300, 300.0, 3e2], [300.000001, "300", None, True]),
    ({"numeric": ["<", 10]}, [9.999999, -5e9], [10, 10.0]),
    ({"numeric": ["<=", 10]}, [10, 10.0], [10.000001]),
    ({"numeric": [">", 10]}, [10.000001], [10]),
    ({"numeric": [">=", 10]}, [10, [1, 10]], [9.999999, [1, 2]]),
    ({"numeric": [">", 10, "<=", 20]}, [10.5, 20], [10, 20.5]),
    ({"numeric": [">=", 10, "<", 20]}, [10, 19.5], [9.5, 20]),
    ({"prefix": "us-"}, ["us-", "us-1"], ["us", "US-1", "eu-us-", 1, None]),
    ({"prefix": "3"}, ["300"], [300]),
    ({"suffix": ".png"}, [".png", "a.png"], ["png", "a.PNG", ".png.zip"]),
]
"""A rule, values that pass and values that do not."""


class FilteredArgs(TypedDict):
    filters: list[Filter]


class Filtered(pulumi.ComponentResource):
    def __init__(self, name: str, args: FilteredArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("order-pipelines:index:Filtered", name, {**args}, opts)


def body(*rules: Any) -> dict[str, Any]:
    """A filter on the field `f`."""
    return {"body": {"f": list(rules)}}


def message(**fields: Any) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    "rule",
    [
        None,
        "",
        "paid",
        True,
        0,
        -1.5,
        1e300,
        {"anything-but": "paid"},
        {"anything-but": 3},
        {"anything-but": ["paid", ""]},
        {"anything-but": [1, 2.5]},
        {"equals-ignore-case": "Paid"},
        {"exists": True},
        {"exists": False},
        {"numeric": ["=", 5e9]},
        {"numeric": ["<", -5e9]},
        {"numeric": ["<=", 0]},
        {"numeric": [">", 0.000001]},
        {"numeric": [">=", 1]},
        {"numeric": [">", 10, "<=", 20]},
        {"numeric": [">=", 10, "<", 10.5]},
        {"prefix": "ORD-"},
        {"suffix": "-EU"},
    ],
    ids=str,
)
def test_every_rule_of_lambdas_table_is_taken(rule: Any) -> None:
    assert filter_problems([body(rule)], reason=REASON) == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (["a"], "filters[0].body.f[0] must be a text, a finite number, true, false, null or a rule, got a list"),
        (
            float("nan"),
            "filters[0].body.f[0] must be a text, a finite number, true, false, null or a rule, got nan",
        ),
        (
            pulumi.Output,
            "filters[0].body.f[0] must be a text, a finite number, true, false, null or a rule, got a type",
        ),
        ({}, "filters[0].body.f[0] must have exactly one rule, got 0: give each rule braces of its own"),
        (
            {"prefix": "a", "suffix": "b"},
            "filters[0].body.f[0] must have exactly one rule, got 2: give each rule braces of its own",
        ),
        ({"prefx": "a"}, "filters[0].body.f[0]: unknown rule 'prefx': did you mean 'prefix'?"),
        (
            {"<": 3},
            "filters[0].body.f[0]: unknown rule '<': there are anything-but, equals-ignore-case, exists, numeric, "
            "prefix, suffix",
        ),
        (
            {"wildcard": "a*"},
            "filters[0].body.f[0]: 'wildcard' is a rule of EventBridge, not of Lambda's filters: use 'prefix', "
            "'suffix' or values",
        ),
        (
            {"cidr": "10.0.0.0/8"},
            "filters[0].body.f[0]: 'cidr' is a rule of EventBridge, not of Lambda's filters: use 'prefix', 'suffix' or "
            "values",
        ),
        ({"anything-but": []}, f"{VALUES}, got a list"),
        ({"anything-but": [1, "a"]}, f"{VALUES}, got a list"),
        ({"anything-but": [None]}, f"{VALUES}, got a list"),
        ({"anything-but": True}, f"{VALUES}, got True"),
        ({"anything-but": {"prefix": "a"}}, f"{VALUES}, got a dict"),
        ({"exists": "true"}, "filters[0].body.f[0].exists must be true or false, got 'true'"),
        ({"prefix": 3}, "filters[0].body.f[0].prefix must be a text, got 3"),
        ({"prefix": {"equals-ignore-case": "a"}}, "filters[0].body.f[0].prefix must be a text, got a dict"),
        ({"suffix": ["a"]}, "filters[0].body.f[0].suffix must be a text, got a list"),
        ({"equals-ignore-case": None}, "filters[0].body.f[0].equals-ignore-case must be a text, got a NoneType"),
        ({"numeric": 5}, NUMERIC.replace("a list", "5")),
        ({"numeric": []}, NUMERIC),
        ({"numeric": [">"]}, NUMERIC),
        ({"numeric": ["==", 5]}, NUMERIC),
        ({"numeric": [5, ">"]}, NUMERIC),
        ({"numeric": [">", "5"]}, NUMERIC),
        ({"numeric": [">", True]}, NUMERIC),
        ({"numeric": ["<", 20, ">", 10]}, NUMERIC),
        ({"numeric": ["=", 1, "=", 1]}, NUMERIC),
        ({"numeric": ["<", 1, "<", 2]}, NUMERIC),
        ({"numeric": [">", 1, "<", 2, "<", 3]}, NUMERIC),
        (
            {"numeric": ["<=", 5_000_000_000.000001]},
            "filters[0].body.f[0].numeric must be numbers from -5000000000 to 5000000000, got a list",
        ),
        (
            {"numeric": [">=", 5, "<=", 5]},
            "filters[0].body.f[0].numeric must be a range whose first number is below its second (one number is "
            "['=', <number>]), got a list",
        ),
    ],
    ids=str,
)
def test_a_rule_that_aws_refuses_is_named_with_its_place_and_what_it_must_be(rule: Any, problem: str) -> None:
    assert filter_problems([body(rule)], reason=REASON) == [problem]


@pytest.mark.parametrize(
    ("one", "problems"),
    [
        ("text", ["filters[0] must be an object with the key 'body', got 'text'"]),
        ({}, ["filters[0] has no 'body': give it the pattern of the message's body"]),
        (
            {"eventSource": ["aws:sqs"], **body("a")},
            [
                "filters[0].eventSource: filters of an SQS queue know only the key 'body': move the pattern into it, "
                "or leave it out"
            ],
        ),
        ({"body": ["text"]}, ["filters[0].body must be an object with a list for each field, got a list"]),
        ({"body": {}}, ["filters[0].body is empty, which AWS refuses: name a field, such as {'type': ['sale']}"]),
        ({"body": {"f": "a"}}, ["filters[0].body.f must be a list, got 'a': put brackets around it"]),
        (
            {"body": {"f": []}},
            ["filters[0].body.f is an empty list, which AWS refuses: use [{'exists': true}] for any value"],
        ),
        ({"body": {7: ["a"]}}, ["filters[0].body.7: the name of a field must be a text, got 7"]),
        (
            {"body": {"customer": {"country": {"code": "DE"}, "tags": [["a"]]}}},
            [
                "filters[0].body.customer.country.code must be a list, got 'DE': put brackets around it",
                "filters[0].body.customer.tags[0] must be a text, a finite number, true, false, null or a rule, "
                "got a list",
            ],
        ),
        (
            {"body": {"$or": [{"f": ["a"]}]}},
            ["filters[0].body.$or must be a list of at least 2 patterns, got a list"],
        ),
        (
            {"body": {"$or": [{"f": ["a"]}, "b", {"prefix": "c"}, {"g": {"numeric": ["=", 1]}}]}},
            [
                "filters[0].body.$or[1] must be an object with a list for each field, got 'b'",
                "filters[0].body.$or[2].prefix: '$or' takes patterns, not rules: write {<field>: [{'prefix': ...}]}",
                "filters[0].body.$or[3].g.numeric: '$or' takes patterns, not rules: write "
                "{<field>: [{'numeric': ...}]}",
            ],
        ),
    ],
    ids=str,
)
def test_a_pattern_of_the_wrong_shape_is_refused_with_all_its_mistakes(one: Any, problems: list[str]) -> None:
    assert filter_problems([one], reason=REASON) == problems


@pytest.mark.parametrize(
    "one",
    [
        {"body": {"customer": {"country": ["DE", "AT"]}}},
        {"body": {"$or": [{"f": ["a"]}, {"g": {"h": ["b"]}}], "i": [1]}},
        {"body": {"f": {"$or": [{"a": ["x"]}, {"$or": [{"b": ["y"]}, {"c": ["z"]}]}]}}},
        {"body": {"prefix": ["a field may be called so outside of $or"]}},
    ],
    ids=str,
)
def test_patterns_nest_and_have_alternatives(one: Mapping[str, Any]) -> None:
    assert filter_problems([one], reason=REASON) == []


def test_a_filter_has_at_most_4096_characters_as_json() -> None:
    longest = body("é" * (4096 - len('{"body":{"f":[""]}}')))
    longer = body("é" * (4097 - len('{"body":{"f":[""]}}')))

    assert [len(text) for text in patterns([longest, longer])] == [4096, 4097]
    assert filter_problems([longest, longer], reason=REASON) == [
        "filters[1] has 4097 characters as JSON, more than 4096: shorten it, or split it into two"
    ]


def test_ten_filters_are_taken_and_eleven_are_not() -> None:
    assert filter_problems([body("a")] * 10, reason=REASON) == []
    assert filter_problems([body("a")] * 11, reason=REASON) == [
        "filters must be at most 10 (above 5 needs a higher quota of the account), got 11: put several values into the "
        "list of one field, or use '$or'"
    ]


def test_filters_need_the_word_that_the_rest_is_deleted() -> None:
    assert filter_problems([body("a")], reason="") == [DISCARDS]
    assert filter_problems([], reason="") == []


def test_the_same_filter_is_always_the_same_text() -> None:
    assert patterns([{"body": {"b": [300.0, 0.5], "a": ["ü", {"numeric": [">", 1.0]}]}}]) == [
        '{"body":{"a":["ü",{"numeric":[">",1]}],"b":[300,0.5]}}'
    ]
    assert patterns([{"body": {"a": ("ü", {"numeric": [">", 1]}), "b": [300, 0.5]}}]) == patterns(
        [{"body": {"b": [300.0, 0.5], "a": ["ü", {"numeric": [">", 1.0]}]}}]
    )


def test_programs_in_other_languages_can_give_filters() -> None:
    schema = json.loads(ComponentProvider([Filtered], "order-pipelines").schema or "")

    filters = schema["resources"]["order-pipelines:index:Filtered"]["inputProperties"]["filters"]
    assert filters == {
        "type": "array",
        "plain": True,
        "items": {"$ref": "#/types/order-pipelines:index:Filter", "plain": True},
    }
    field = schema["types"]["order-pipelines:index:Filter"]["properties"]["body"]
    assert (field["type"], field["additionalProperties"]["$ref"]) == ("object", "pulumi.json#/Any")


@pytest.mark.parametrize(("rule", "passes", "stays"), RULES, ids=str)
def test_a_rule_lets_exactly_these_values_pass(rule: Any, passes: list[Any], stays: list[Any]) -> None:
    assert [value for value in [*passes, *stays] if matches([body(rule)], message(f=value))] == passes


def test_only_an_absent_field_passes_for_exists_false_and_it_passes_for_no_other_rule() -> None:
    rules = [None, "", {"anything-but": "a"}, {"exists": True}, {"exists": False}, {"numeric": ["<", 1]}]

    assert [rule for rule in rules if matches([body(rule)], message(g="a"))] == [{"exists": False}]


@pytest.mark.parametrize(
    ("pattern", "passes", "stays"),
    [
        ({"a": ["x", "y"]}, [{"a": "y"}], [{"a": "z"}]),
        ({"a": ["x"], "b": ["y"]}, [{"a": "x", "b": "y", "c": 1}], [{"a": "x"}, {"a": "x", "b": "z"}, {}]),
        ({"a": {"b": ["x"]}}, [{"a": {"b": "x"}}, {"a": [{"b": "y"}, {"b": "x"}]}], [{"b": "x"}, {"a": "x"}]),
        ({"a": ["x", {"exists": False}]}, [{"a": "x"}, {}], [{"a": "y"}]),
        ({"a": {"b": [{"exists": False}]}}, [{}, {"a": {"c": 1}}, {"a": "b"}], [{"a": {"b": None}}]),
        (
            {"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]},
            [{"a": "x", "c": "z"}, {"b": "y", "c": "z"}],
            [{"a": "x"}, {"b": "y"}, {"c": "z"}],
        ),
        (
            {"d": {"$or": [{"a": ["x"]}, {"$or": [{"b": ["y"]}, {"c": ["z"]}]}]}},
            [{"d": {"a": "x"}}, {"d": {"b": "y"}}, {"d": {"c": "z"}}],
            [{"a": "x"}, {"d": {"a": "y"}}],
        ),
        # The two names must be those of one person.
        (
            {"people": {"first": ["Anna"], "last": ["Smith"]}},
            [{"people": [{"first": "John"}, {"first": "Anna", "last": "Smith"}]}],
            [{"people": [{"first": "Anna", "last": "Jones"}, {"first": "John", "last": "Smith"}]}],
        ),
        (
            {"people": {"first": ["Anna"], "last": [{"exists": False}]}},
            [{"people": [{"first": "Anna"}, {"first": "John", "last": "Smith"}]}],
            [{"people": [{"first": "Anna", "last": "Smith"}, {"first": "John"}]}],
        ),
    ],
    ids=str,
)
def test_fields_nest_are_all_needed_and_have_alternatives(
    pattern: dict[str, Any], passes: list[Any], stays: list[Any]
) -> None:
    filters = [{"body": pattern}]

    assert [content for content in [*passes, *stays] if matches(filters, json.dumps(content))] == passes


def test_a_body_that_is_not_a_json_object_matches_no_filter() -> None:
    bodies = ["", "text", "{", "[]", "3", "null", '"a"', '{"g": NaN}', "[" * 100_000, '{"a":' * 100_000]

    assert [text for text in bodies if matches([body({"exists": False})], text)] == []
    assert matches([body({"exists": False})], "{}")


def test_without_filters_every_message_passes() -> None:
    assert matches([], "text")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
names = st.sampled_from(["f", "g", "h"])
contents = st.dictionaries(
    names,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)),
    max_size=3,
)
numbers = st.integers(-5_000_000_000, 5_000_000_000)
rules: st.SearchStrategy[Any] = st.one_of(
    scalars,
    st.fixed_dictionaries({"anything-but": st.text() | numbers | st.lists(st.text(), min_size=1)}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"numeric": st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), numbers)}),
    st.dictionaries(st.sampled_from(["prefix", "suffix", "equals-ignore-case"]), st.text(), min_size=1, max_size=1),
)
fields: st.SearchStrategy[Any] = st.dictionaries(names, st.lists(rules, min_size=1, max_size=3), min_size=1, max_size=3)
objects = st.recursive(
    fields,
    lambda inner: (
        st.dictionaries(names, inner, min_size=1, max_size=3)
        | st.fixed_dictionaries({"$or": st.lists(inner, min_size=2, max_size=3)})
    ),
    max_leaves=5,
)
filters_of_any_kind: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries({"body": objects}), min_size=1, max_size=3
)


@settings(deadline=None)  # the machine may be busy
@given(filters_of_any_kind, contents)
def test_a_message_passes_if_it_passes_any_one_filter(filters: list[dict[str, Any]], content: dict[str, Any]) -> None:
    assert filter_problems(filters, reason=REASON) == []
    text = json.dumps(content)
    assert matches(filters, text) == any(matches([one], text) for one in filters)


@settings(deadline=None)  # the machine may be busy
@given(filters_of_any_kind, contents)
def test_what_aws_gets_means_what_the_program_said(filters: list[dict[str, Any]], content: dict[str, Any]) -> None:
    sent = [json.loads(text) for text in patterns(filters)]

    assert patterns(sent) == patterns(filters)
    assert matches(sent, json.dumps(content)) == matches(filters, json.dumps(content))


@settings(deadline=None)  # the machine may be busy
@given(contents, names)
def test_a_field_either_exists_or_does_not(content: dict[str, Any], name: str) -> None:
    exists, absent = ([{"body": {name: [{"exists": value}]}}] for value in (True, False))

    assert matches(exists, json.dumps(content)) != matches(absent, json.dumps(content))


@settings(deadline=None)  # the machine may be busy
@given(st.text(), st.text(), st.text())
def test_a_text_passes_for_what_it_is_made_of(start: str, middle: str, end: str) -> None:
    value = message(f=start + middle + end)

    for rule in (start + middle + end, {"prefix": start}, {"suffix": end}):
        assert matches([body(rule)], value)
    assert not matches([body({"anything-but": start + middle + end})], value)


@settings(deadline=None)  # the machine may be busy
@given(numbers, numbers)
def test_of_two_numbers_exactly_one_comparison_holds(value: int, bound: int) -> None:
    held = [sign for sign in "<=>" if matches([body({"numeric": [sign, bound]})], message(f=value))]

    assert held == ["<" if value < bound else "=" if value == bound else ">"]
