"""The settings file: what it may say, and every way in which it may be wrong."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Finding, Kind, Level, Parameter, Profile, Verdict, rule
from policy.settings import FILE, VARIABLE, Settings, Waiver, find, load, read
from policy.tokens import QUEUE
from policy.waivers import SETTINGS_RULES, expired, sound, unused
from tests.support.analyzer import analyze
from tests.support.resources import queue

URL = "https://docs.aws.amazon.com/"
DAY = datetime.date(2026, 11, 21)


@rule(
    "ORD-XXX-001",
    "xxx-delay",
    title="A practice",
    kind=Kind.PRACTICE,
    url=URL,
    dev=Level.OFF,
    standard=Level.ADVISORY,
    parameters=(Parameter("most", 10, 0, 900, "seconds"),),
)
def delay(graph: Graph, most: int) -> Iterator[Finding]:
    for found in graph.of_type(QUEUE):
        if (seconds := found.number("delaySeconds", 0)) > most:  # pyright: ignore[reportOperatorIssue]
            yield Finding(found.urn, f"{seconds} s > {most} s")


@rule("ORD-XXX-002", "xxx-limit", title="A limit", kind=Kind.LIMIT, url=URL)
def limit(graph: Graph) -> Iterator[Finding]:
    for found in graph.of_type(QUEUE):
        if found.number("delaySeconds", 0) == 901:
            yield Finding(found.urn, "901 s")


RULES = (delay, limit, *SETTINGS_RULES)
WAIVER: dict[str, Any] = {
    "rule": "ORD-XXX-001",
    "scope": {"name": "orders"},
    "reason": "the shop may wait",
    "owner": "team-shop",
    "expires": DAY,
}


def verdicts(settings: Settings, *, seconds: int = 60, today: datetime.date = DAY) -> list[tuple[str, Verdict, Level]]:
    source = queue(delaySeconds=seconds, tags={"team": "shop"})
    found = judge(Graph([source]), (delay, limit), settings, today)
    return [(judgement.rule.id, judgement.finding.verdict, judgement.level) for judgement in found]


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ("dev", []),
        ("standard", [("ORD-XXX-001", Verdict.BROKEN, Level.ADVISORY)]),
        ("strict", [("ORD-XXX-001", Verdict.BROKEN, Level.MANDATORY)]),
    ],
)
def test_a_profile_is_a_choice_of_levels(profile: str, said: Any) -> None:
    assert verdicts(read({"profile": profile}, RULES)) == said


@pytest.mark.parametrize(
    ("stack", "profile"),
    [("prod", "strict"), ("prod-eu", "strict"), ("dev", "dev"), ("", "dev")],
)
def test_a_profile_may_depend_on_the_stack(stack: str, profile: str) -> None:
    assert read({"profile": {"prod*": "strict", "*": "dev"}}, RULES, stack).profile == profile


def test_a_stack_that_no_profile_is_for_is_held_to_the_standard() -> None:
    assert read({"profile": {"prod": "strict"}}, RULES, "dev") == Settings()


@pytest.mark.parametrize("level", ["off", False, "advisory", "mandatory"])
def test_the_level_of_a_rule_goes_before_that_of_the_profile(level: Any) -> None:
    settings = read({"profile": "strict", "rules": {"ORD-XXX-001": {"level": level}}}, RULES)

    assert verdicts(settings) == ([] if level in {"off", False} else [("ORD-XXX-001", Verdict.BROKEN, Level(level))])


@pytest.mark.parametrize(("most", "said"), [(59, True), (60, False)])
def test_a_parameter_of_a_rule_may_be_set(most: int, said: bool) -> None:
    assert bool(verdicts(read({"rules": {"ORD-XXX-001": {"most": most}}}, RULES))) is said


WRONG: list[tuple[Any, list[str]]] = [
    ([], ["the file must be an object with profile, remediate, rules or waivers"]),
    ({"profil": "dev"}, ["the file: 'profil' is no setting: did you mean profile?"]),
    ({"xyz": 1}, ["the file: 'xyz' is no setting"]),
    ({"profile": "srict"}, ["profile must be dev, standard or strict, got 'srict': did you mean strict?"]),
    ({"profile": {"*": 3}}, ["profile must be dev, standard or strict, got 3"]),
    ({"remediate": "yes"}, ["remediate must be true or false, got 'yes'"]),
    ({"rules": []}, ["rules must be an object of rule ids, each with its settings"]),
    ({"rules": {"ORD-XXX-011": {}}}, ["rules: there is no rule 'ORD-XXX-011': did you mean ORD-XXX-001?"]),
    ({"rules": {"ORD-XXX-001": 3}}, ["ORD-XXX-001 must be an object with level or most"]),
    ({"rules": {"ORD-XXX-001": {"mst": 3}}}, ["ORD-XXX-001: 'mst' is no setting: did you mean most?"]),
    (
        {"rules": {"ORD-XXX-001": {"most": 901}}},
        ["ORD-XXX-001: most must be a whole number 0..900, got 901"],
    ),
    ({"rules": {"ORD-XXX-001": {"most": True}}}, ["ORD-XXX-001: most must be a whole number 0..900, got True"]),
    (
        {"rules": {"ORD-XXX-001": {"level": "of"}}},
        ["ORD-XXX-001: level must be off, advisory or mandatory, got 'of': did you mean off?"],
    ),
    (
        {"rules": {"ORD-XXX-002": {"level": "advisory"}}},
        ["ORD-XXX-002 is a limit of AWS, which refuses what breaks it: its level stays mandatory"],
    ),
    ({"waivers": {}}, ["waivers must be a list"]),
    ({"waivers": [WAIVER | {"reason": " \n"}]}, ["waiver 1: reason must be given in words"]),
    ({"waivers": [WAIVER | {"owner": 3}]}, ["waiver 1: owner must be given in words"]),
    ({"waivers": [WAIVER | {"expires": "soon"}]}, ["waiver 1: expires must be a date such as 2027-01-31"]),
    ({"waivers": [WAIVER | {"until": DAY}]}, ["waiver 1: 'until' is no setting"]),
    ({"waivers": [WAIVER | {"scope": {}}]}, ["waiver 1: scope must name a urn, type, name or tag"]),
    (
        {"waivers": [WAIVER | {"scope": {"nam": "a"}}]},
        [
            "waiver 1: scope: 'nam' is no setting: did you mean name?",
        ],
    ),
    (
        {"waivers": [WAIVER | {"scope": {"tag": "shop"}}]},
        ["waiver 1: scope: tag must be an object such as {team: payments}"],
    ),
    (
        {"waivers": [WAIVER | {"rule": "ORD-YYY-001"}]},
        ["waiver 1: there is no rule 'ORD-YYY-001': did you mean ORD-XXX-001?"],
    ),
    (
        {"waivers": [WAIVER | {"rule": "ORD-XXX-002"}]},
        ["waiver 1: ORD-XXX-002 is a limit of AWS, which nothing waives: mend the resource"],
    ),
    (
        {"profile": "big", "waivers": [{}]},
        [
            "profile must be dev, standard or strict, got 'big'",
            "waiver 1: there is no rule None",
            "waiver 1: scope must be an object with urn, type, name or tag",
            "waiver 1: reason must be given in words",
            "waiver 1: owner must be given in words",
            "waiver 1: expires must be a date such as 2027-01-31",
        ],
    ),
]


@pytest.mark.parametrize(("content", "problems"), WRONG, ids=str)
def test_all_that_is_wrong_with_the_file_is_said_at_once(content: Any, problems: list[str]) -> None:
    settings = read(content, RULES)

    assert settings == Settings(problems=tuple(f"{FILE}: {problem}" for problem in problems))


def test_what_is_wrong_with_the_file_is_mandatory_and_nothing_in_it_holds() -> None:
    settings = read({"profile": "dev", "rules": {"ORD-XXX-011": {}}, "waivers": [WAIVER]}, RULES)
    [found, broken] = analyze([queue(delaySeconds=60)], (delay,), settings)

    assert found.policy == "rules"
    assert found.message.endswith(
        "[ORD-SET-001 set-sound] order-policy.yaml: rules: there is no rule 'ORD-XXX-011': did you mean ORD-XXX-001? "
        f"See {sound.url} and `order-policy explain ORD-SET-001`"
    )
    assert (broken.policy, broken.name) == ("advice", "orders")


@pytest.mark.parametrize(
    ("scope", "covers"),
    [
        ({"name": "ord*"}, True),
        ({"name": "Ord*"}, False),
        ({"type": "aws:sqs/*"}, True),
        ({"type": "aws:sns/*"}, False),
        ({"urn": "urn:pulumi:*::orders"}, True),
        ({"urn": "urn:pulumi:prod::*"}, False),
        ({"tag": {"team": "sh?p"}}, True),
        ({"tag": {"team": "bank"}}, False),
        ({"tag": {"owner": "*"}}, False),
        ({"name": "orders", "tag": {"team": "shop"}}, True),
        ({"name": "returns", "tag": {"team": "shop"}}, False),
    ],
    ids=str,
)
def test_a_waiver_covers_what_all_of_its_scope_fits(scope: Any, covers: bool) -> None:
    settings = read({"profile": "strict", "waivers": [WAIVER | {"scope": scope}]}, RULES)

    assert verdicts(settings) == (
        [("ORD-XXX-001", Verdict.ACCEPTED, Level.ADVISORY)]
        if covers
        else [
            ("ORD-SET-003", Verdict.BROKEN, Level.ADVISORY),
            ("ORD-XXX-001", Verdict.BROKEN, Level.MANDATORY),
        ]
    )


def test_a_waiver_shows_its_reason_and_its_owner_with_what_it_accepts() -> None:
    settings = read({"waivers": [WAIVER]}, RULES)
    [found] = judge(Graph([queue(delaySeconds=60)]), (delay,), settings, DAY)

    assert found.text == (
        "[ORD-XXX-001 xxx-delay] accepted: 60 s > 10 s (waived until 2026-11-21 by team-shop: the shop may wait)"
    )


def test_a_waiver_holds_on_its_last_day_and_not_on_the_next() -> None:
    settings = read({"profile": "strict", "waivers": [WAIVER]}, RULES)
    next_day = DAY + datetime.timedelta(days=1)

    assert verdicts(settings) == [("ORD-XXX-001", Verdict.ACCEPTED, Level.ADVISORY)]
    assert verdicts(settings, today=next_day) == [
        ("ORD-SET-002", Verdict.BROKEN, Level.MANDATORY),
        ("ORD-XXX-001", Verdict.BROKEN, Level.MANDATORY),
    ]


@pytest.mark.parametrize(("profile", "level"), [("dev", []), ("standard", [Level.ADVISORY])])
def test_a_waiver_that_covers_nothing_is_said(profile: str, level: list[Level]) -> None:
    settings = read({"profile": profile, "waivers": [WAIVER]}, RULES)

    assert verdicts(settings, seconds=0) == [("ORD-SET-003", Verdict.BROKEN, found) for found in level]


def test_the_words_about_waivers_name_the_file_the_rule_and_the_owner() -> None:
    waiver = Waiver("ORD-XXX-001", {"name": "orders"}, {}, "the shop may wait", "team-shop", DAY)
    settings = Settings(profile=Profile.STRICT, waivers=[waiver], file="rules.yaml")
    found = judge(Graph([queue()]), (delay,), settings, DAY)
    later = judge(Graph([queue()]), (delay,), settings, DAY + datetime.timedelta(days=30))

    assert [(judgement.rule, judgement.finding.message) for judgement in [*found, *later]] == [
        (
            unused,
            "rules.yaml: waiver 1 of ORD-XXX-001 (owner team-shop) covers nothing that the rule finds in this stack: "
            "remove it",
        ),
        (
            expired,
            "rules.yaml: waiver 1 of ORD-XXX-001 (owner team-shop) expired on 2026-11-21: mend what it waived, or "
            "renew it",
        ),
    ]


def test_the_file_is_that_of_the_folder_or_of_one_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "store" / "policy"
    folder.mkdir(parents=True)
    monkeypatch.delenv(VARIABLE, raising=False)
    file = tmp_path / "store" / FILE
    file.write_text("profile: dev\n")

    assert (find(folder), find(tmp_path)) == (file, None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(folder))
    assert find() == file
    monkeypatch.setenv(VARIABLE, "elsewhere.yaml")
    assert find(folder) == Path("elsewhere.yaml")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("profile: strict\nwaivers: []\n", Settings(profile=Profile.STRICT)),
        ("", Settings()),
        ("a: [\n", Settings(problems=("order-policy.yaml is no YAML at line 2: mend it",))),
    ],
)
def test_a_file_is_read(tmp_path: Path, text: str, settings: Settings) -> None:
    path = tmp_path / FILE
    path.write_text(text)

    assert load(path, RULES) == settings


def test_a_file_that_cannot_be_read_is_a_problem_and_no_file_is_none(tmp_path: Path) -> None:
    assert load(tmp_path / FILE, RULES).problems == ("order-policy.yaml cannot be read: No such file or directory",)
    assert load(None, RULES) == Settings()
