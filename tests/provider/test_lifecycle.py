"""Every type through the real engine: created, changed, drifted, deleted by hand, imported, destroyed."""

from __future__ import annotations

import re

import pulumi_aws as aws
import pytest

from local.provider import resources
from local.provider.schema import Schema
from tests.provider import lifecycle
from tests.provider.cases import CASES
from tests.provider.cases.case import Case
from tests.provider.lifecycle import Lifecycle
from tests.support.program import NewProgram

pytestmark = pytest.mark.timeout(900)  # all of it happens before the first test: eleven runs of the engine
each_case = pytest.mark.parametrize("name", CASES)
each_that_changes = pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.drift])
each_that_is_fixed = pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.drift])


def _is_named(case: Case) -> bool:
    module, _, name = case.sdk.partition(".")
    sdk = getattr(getattr(aws, module), name)
    is_automatic = resources.find(Schema.of(sdk).token).auto_name is not None
    return is_automatic and not re.search(r"\bname=", case.created)


@pytest.fixture(scope="module")
def life(new_program: NewProgram) -> Lifecycle:
    return lifecycle.run(new_program)


@each_case
def test_up_creates_what_the_program_says(life: Lifecycle, name: str) -> None:
    assert life.created.operations[name] == "create"
    assert life.created.seen[name] == CASES[name].seen["created"]


@each_case
def test_a_second_up_changes_nothing(life: Lifecycle, name: str) -> None:
    assert life.repeated.operations[name] == "same"
    assert life.repeated.seen[name] == CASES[name].seen["created"]


@each_that_changes
def test_a_changed_program_updates_in_place(life: Lifecycle, name: str) -> None:
    assert life.changed.operations[name] == "update"
    assert life.changed.ids[name] == life.created.ids[name]
    assert life.changed.seen[name] == CASES[name].seen["changed"]


@each_that_is_fixed
def test_what_cannot_change_replaces_by_every_input(life: Lifecycle, name: str) -> None:
    resource = resources.find(life.created.types[name])

    assert resource.update is None
    assert resource.replace_on == resource.inputs


def test_every_input_that_is_served_was_changed_in_place_or_else_replaces(life: Lifecycle) -> None:
    served: dict[str, frozenset[str]] = {}
    changed: dict[str, frozenset[str]] = {}
    for name in CASES:
        resource = resources.find(life.created.types[name])
        token = resource.schema.token
        in_place = life.changed.changed[name] | life.bared.changed[name]
        served[token] = resource.inputs
        changed[token] = changed.get(token, resource.replace_on) | in_place

    assert changed == served
    assert len(served) == len(resources.known())


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if _is_named(case)])
def test_an_automatic_name_is_the_logical_one_with_seven_digits_and_stays(life: Lifecycle, name: str) -> None:
    steps = (life.created, life.changed, life.bared, life.mended)
    named = resources.find(life.created.types[name]).name_property
    first, *later = (step.inputs[name][named] for step in steps)

    assert re.fullmatch(rf"{name}-[0-9a-f]{{7}}{'.fifo' if name.startswith('fifo') else ''}", first)
    assert later == [first] * len(later)
    assert life.recreated.inputs[name][named] != first


@each_case
def test_what_the_program_no_longer_sets_goes_unless_aws_would_fill_it_in(life: Lifecycle, name: str) -> None:
    assert life.bared.seen[name] == CASES[name].seen["bare"] | CASES[name].keeps
    assert life.bared.ids[name] == life.created.ids[name]


@each_case
def test_after_every_up_nothing_is_left_to_change(life: Lifecycle, name: str) -> None:
    ups = (life.created, life.changed, life.bared, life.mended, life.recreated, life.imported)
    ignored = CASES[name].ignored_at_import

    left = [[change.property for change in up.differing[name] if change.property not in ignored] for up in ups]

    assert left == [[] for _ in ups]


@each_that_changes
def test_a_refresh_sees_what_was_changed_by_hand(life: Lifecycle, name: str) -> None:
    assert life.drifted.operations[name] == "update"
    assert life.drifted.changed[name] == CASES[name].drifted


@each_that_changes
def test_the_up_after_it_mends_that(life: Lifecycle, name: str) -> None:
    assert life.mended.operations[name] == "update"
    assert life.mended.changed[name] == CASES[name].drifted
    assert life.mended.ids[name] == life.created.ids[name]
    assert life.mended.seen[name] == life.bared.seen[name]


@each_case
def test_a_refresh_sees_what_was_deleted_by_hand(life: Lifecycle, name: str) -> None:
    assert life.removed.seen[name] is None
    assert life.removed.operations[name] == "delete"
    assert name not in life.removed.ids


@each_case
def test_the_up_after_it_creates_that_again(life: Lifecycle, name: str) -> None:
    assert life.recreated.operations[name] == "create"
    assert life.recreated.seen[name] == CASES[name].seen["bare"]


@each_case
def test_another_stack_imports_it_and_then_has_nothing_to_change(life: Lifecycle, name: str) -> None:
    assert life.imported.operations[name] == "import"
    assert life.imported.ids[name] == life.recreated.ids[name]
    assert life.imported_again.operations[name] == "same"
    assert life.imported_again.seen[name] == life.recreated.seen[name]


@each_case
def test_destroy_leaves_nothing_of_it(life: Lifecycle, name: str) -> None:
    assert life.destroyed.operations[name] == "delete"
    assert life.destroyed.seen[name] is None


@each_case
def test_destroying_what_is_already_gone_succeeds(life: Lifecycle, name: str) -> None:
    assert life.destroyed_again.operations[name] == "delete"
    assert life.destroyed_again.ids == {}


def test_nothing_at_all_is_left(life: Lifecycle) -> None:
    assert life.left == {}
