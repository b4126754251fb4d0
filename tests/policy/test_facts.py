"""Properties as rules read them: known, not set, or not known yet."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_policy import proxy

from policy.facts import FILLED_IN, Facts, Object, Resource, State
from policy.tokens import ALIAS, FUNCTION, MAPPING, QUEUE, REDRIVE_POLICY, ROLE_POLICY
from tests.support.resources import UNKNOWN, resource

SENTINELS = {name: value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}


def holding(value: Any) -> list[Facts]:
    """The value as a property of a resource, of an object in it, and of an object in JSON or in a list."""
    return [
        resource(QUEUE, "q", {"it": value}),
        Object({"it": value}),
        resource(QUEUE, "q", {"in": {"it": value}}).object("in"),
    ]


@pytest.mark.parametrize("sentinel", SENTINELS.values(), ids=SENTINELS.keys())
@pytest.mark.parametrize("text", ["{}", "arn:aws:sqs:{}:orders"])
def test_a_value_with_any_unknown_part_is_not_known_to_any_reader(sentinel: str, text: str) -> None:
    for facts in holding(text.format(sentinel)):
        assert [facts.fact("it"), facts.number("it", 1), facts.flag("it", default=True), facts.text("it", "x")] == [
            State.UNKNOWN
        ] * 4
        assert facts.items("it") is State.UNKNOWN
        assert facts.object("it") == Object(State.UNKNOWN)


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_not_set_is_the_default_or_unset(value: Any) -> None:
    for facts in [*holding(value), Object({}), Object(State.UNSET)]:
        assert [facts.fact("it"), facts.number("it"), facts.flag("it"), facts.text("it")] == [State.UNSET] * 4
        assert [facts.number("it", 30), facts.flag("it", default=True), facts.text("it", "x")] == [30, True, "x"]
        assert facts.items("it") == []
        assert facts.object("it") == Object(State.UNSET)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (10.0, "10"),
        (10, "10"),
        ("10", "10"),
        ("10.0", "10"),
        (0.0, "0"),
        ("0", "0"),
        (-1.0, "-1"),
        (0.5, "0.5"),
        ("0.5", "0.5"),
    ],
    ids=repr,
)
def test_a_number_may_be_a_float_or_a_text_and_is_shown_as_short_as_it_can_be(value: Any, number: str) -> None:
    assert [str(facts.number("it", 99)) for facts in holding(value)] == [number] * 3


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (False, False), ("true", True), ("false", False), ("True", True)], ids=repr
)
def test_a_flag_may_be_a_text(value: Any, flag: bool) -> None:
    assert [facts.flag("it", default=not flag) for facts in holding(value)] == [flag] * 3


def test_what_is_none_of_its_kind_is_an_error() -> None:
    facts = Object({"it": "many", "them": [1.0]})

    with pytest.raises(ValueError, match="many"):
        facts.number("it")
    with pytest.raises(TypeError):
        facts.number("them")
    with pytest.raises(KeyError):
        facts.flag("it")
    with pytest.raises(TypeError):
        facts.text("them")


def test_items_are_facts_and_objects() -> None:
    for facts in holding(["sqs:*", UNKNOWN, "", {"effect": "Allow"}]):
        assert facts.items("it") == ["sqs:*", State.UNKNOWN, State.UNSET, Object({"effect": "Allow"})]


@pytest.mark.parametrize(
    ("value", "items"),
    [("sqs:*", ["sqs:*"]), ({"a": "b"}, [Object({"a": "b"})]), (0.0, [0.0]), ([], [])],
    ids=repr,
)
def test_one_value_alone_is_a_list_of_one(value: Any, items: list[Any]) -> None:
    assert [facts.items("it") for facts in holding(value)] == [items] * 3


@pytest.mark.parametrize(
    "value",
    [
        {"count": 5.0, "of": {"name": "x"}},
        [{"count": "5", "of": [{"name": "x"}]}],
        '{"count": "5", "of": {"name": "x"}}',
        '{"count": 5, "of": "{\\"name\\": \\"x\\"}"}',
    ],
    ids=["an object", "the only item of a list", "JSON", "JSON in JSON"],
)
def test_an_object_may_be_itself_or_the_only_item_of_a_list_or_json(value: Any) -> None:
    for facts in holding(value):
        assert facts.object("it").number("count") == 5
        assert facts.object("it").object("of").text("name") == "x"
        assert facts.object("it").object("of").text("other") is State.UNSET


@pytest.mark.parametrize("value", ["no JSON", "null", "5", "[]", [], ["x"], 5.0, [{}, {}]], ids=repr)
def test_what_is_no_object_is_an_object_that_is_not_set(value: Any) -> None:
    assert [facts.object("it") for facts in holding(value)] == [Object(State.UNSET)] * 3


def test_an_unknown_value_in_an_object_leaves_the_rest_known() -> None:
    for facts in holding({"count": UNKNOWN, "name": "x"}):
        assert facts.object("it").number("count", 3) is State.UNKNOWN
        assert facts.object("it").text("name") == "x"


PAIRS = [(token, name) for token, names in FILLED_IN.items() for name in sorted(names)]
NAMES = sorted({name for _, name in PAIRS})


def test_what_aws_may_fill_in_is_not_set_when_it_is_unknown_and_comes_from_nowhere() -> None:
    unset = {
        (token, name)
        for token in [*FILLED_IN, ALIAS, REDRIVE_POLICY, ROLE_POLICY]
        for name in NAMES
        if resource(token, "r", {name: UNKNOWN}).fact(name) is State.UNSET
    }

    assert unset == {*PAIRS}


def test_what_a_program_has_to_give_is_not_known_wherever_it_comes_from() -> None:
    """Properties of which a name of the same spelling is filled in for other types, and one that never is."""
    given = [
        (REDRIVE_POLICY, "redrivePolicy"),
        (ROLE_POLICY, "policy"),
        (QUEUE, "visibilityTimeoutSeconds"),
        (FUNCTION, "timeout"),
        (MAPPING, "batchSize"),
    ]

    assert [resource(token, "r", {name: UNKNOWN}).fact(name) for token, name in given] == [State.UNKNOWN] * 5


@pytest.mark.parametrize("token", [QUEUE, REDRIVE_POLICY, "aws:none/none:None"])
def test_the_region_of_any_resource_may_be_filled_in(token: str) -> None:
    assert resource(token, "r", {"region": UNKNOWN}).fact("region") is State.UNSET
    assert Resource("urn", token, "r", {"region": UNKNOWN}, {"region": ["urn:other"]}).fact("region") is State.UNKNOWN


@pytest.mark.parametrize(("token", "name"), PAIRS)
def test_what_aws_may_fill_in_is_not_known_when_it_comes_from_another_resource(token: str, name: str) -> None:
    given = Resource("urn", token, "r", {name: UNKNOWN}, {name: ["urn:of-another"]})

    assert given.fact(name) is State.UNKNOWN


def test_a_tag_is_one_of_the_resource_itself() -> None:
    def tag(**properties: Any) -> str | State:
        return Resource("urn", QUEUE, "q", properties).tag("team")

    assert [tag(tags={"team": "x"}), tag(tagsAll={"team": "x"}), tag(tags=UNKNOWN), tag(tags={"team": UNKNOWN})] == [
        "x",
        State.UNSET,
        State.UNKNOWN,
        State.UNKNOWN,
    ]
