"""The baseline: what is known does not fail, what is new does, and the counts may only fall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from policy.check.command import main
from policy.graph import Graph
from policy.rule import Finding, Kind, rule
from policy.tokens import QUEUE
from tests.support.small_rules import SMALL_RULES
from tests.support.states import SECRET, SIGNATURE, queue, saved, urn

SHORT = {"visibilityTimeoutSeconds": 30}
LONG = {"delaySeconds": 901}
UNKNOWN = {"visibilityTimeoutSeconds": {SIGNATURE: SECRET, "ciphertext": "v1:x"}}
ACCEPTED = {**SHORT, "tags": {"why": "retried by the caller", "owner": "team-shop"}}


@rule(
    "ORD-TST-005", "tst-twice", title="A rule that speaks twice", kind=Kind.PRACTICE, url="https://docs.aws.amazon.com/"
)
def twice(graph: Graph) -> Iterator[Finding]:
    """It says as much of a queue as its tag says.

    As a rule about several mappings of a queue does.
    """
    for one in graph.of_type(QUEUE):
        for number in range(int(str(one.tag("times")))):
            yield Finding(one.urn, f"finding {number}")


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the baseline, which is not there yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "known.json"


def run(capsys: pytest.CaptureFixture[str], *queues: dict[str, Any], update: bool = False) -> tuple[int, list[str]]:
    """The exit code and the last lines, from the notes on."""
    options = ["--baseline", "known.json", *(["--update-baseline"] if update else [])]
    code = main(["check", saved(Path.cwd(), *queues), *options], SMALL_RULES)
    printed = capsys.readouterr().out.splitlines()
    return code, [line for line in printed if "known.json" in line or line.endswith("standard)")]


def held(known: Path) -> dict[tuple[str, str], int]:
    """What the baseline has, by rule and name."""
    findings = json.loads(known.read_text())["findings"]
    return {(one["rule"], one["urn"].rpartition("::")[2]): one["count"] for one in findings}


def test_todays_findings_are_recorded_and_do_not_fail(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    queues = queue("b", SHORT), queue("a", SHORT), queue("c", {"tags": {}}), queue("d", ACCEPTED)

    assert run(capsys, *queues, update=True) == (
        0,
        [
            "known.json is made, with 2 findings.",
            "2 known, 1 advice, 1 accepted in 4 resources (stack dev, profile standard)",
        ],
    )
    assert known.read_text() == (
        '{\n  "version": 1,\n  "findings": [\n'
        f'    {{\n      "rule": "ORD-TST-002",\n      "urn": "{urn("a")}",\n      "count": 1\n    }},\n'
        f'    {{\n      "rule": "ORD-TST-002",\n      "urn": "{urn("b")}",\n      "count": 1\n    }}\n'
        "  ]\n}\n"
    )
    assert run(capsys, *queues) == (0, ["2 known, 1 advice, 1 accepted in 4 resources (stack dev, profile standard)"])


def test_the_file_is_in_one_order_by_rule_and_then_by_resource(known: Path) -> None:
    state = saved(Path.cwd(), queue("a", {"tags": {}}), queue("b", SHORT))

    main(["check", state, "--profile", "strict", "--baseline", "known.json", "--update-baseline"], SMALL_RULES)

    assert [*held(known)] == [("ORD-TST-002", "b"), ("ORD-TST-003", "a")]


def test_a_new_finding_fails_beside_the_known_ones(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, queue("a", SHORT), update=True)

    assert run(capsys, queue("a", SHORT), queue("b", SHORT)) == (
        1,
        ["1 mandatory, 1 known in 2 resources (stack dev, profile standard)"],
    )


def test_an_update_never_adds_a_finding(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, queue("a", SHORT), update=True)
    before = known.read_bytes()

    assert run(capsys, queue("a", SHORT), queue("b", SHORT), update=True)[0] == 1
    assert known.read_bytes() == before


def test_what_is_gone_is_said_and_taken_out_when_asked(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, queue("a", SHORT), queue("b", SHORT), queue("c", SHORT), update=True)

    assert run(capsys, queue("a", SHORT), queue("b"), queue("new", SHORT)) == (
        1,
        [
            "2 of 3 findings in known.json are gone: --update-baseline takes them out.",
            "1 mandatory, 1 known in 3 resources (stack dev, profile standard)",
        ],
    )
    assert held(known) == {("ORD-TST-002", "a"): 1, ("ORD-TST-002", "b"): 1, ("ORD-TST-002", "c"): 1}

    code, notes = run(capsys, queue("a", SHORT), queue("b"), queue("new", SHORT), update=True)
    assert (code, notes[0]) == (1, "known.json is lowered from 3 findings to 1.")
    assert held(known) == {("ORD-TST-002", "a"): 1}

    # And what comes back is new.
    assert run(capsys, queue("b", SHORT))[0] == 1


def test_what_cannot_be_decided_now_is_not_gone(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, queue("a", SHORT), update=True)

    assert run(capsys, queue("a", UNKNOWN), update=True) == (
        0,
        ["1 undecided in 1 resource (stack dev, profile standard)"],
    )
    assert held(known) == {("ORD-TST-002", "a"): 1}


def test_what_is_waived_is_gone(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, queue("a", SHORT), update=True)

    assert run(capsys, queue("a", ACCEPTED), update=True)[1][0] == "known.json is lowered from 1 finding to 0."
    assert held(known) == {}


def test_a_limit_of_aws_is_never_known(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, queue("a", LONG), update=True) == (
        1,
        ["known.json is made, with 0 findings.", "1 mandatory in 1 resource (stack dev, profile standard)"],
    )


def test_neither_a_rule_that_failed_nor_the_settings_are_ever_known(
    known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known.with_name("order-policy.yaml").write_text("profil: strict\n")

    code, notes = run(capsys, queue("odd"), update=True)

    assert (code, notes) == (
        1,
        ["known.json is made, with 0 findings.", "2 mandatory in 1 resource (stack dev, profile standard)"],
    )


def test_the_findings_of_a_rule_that_failed_are_not_gone(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {"version": 1, "findings": [{"rule": "ORD-TST-004", "urn": urn("a"), "count": 2}]}
    known.write_text(json.dumps(broken))

    run(capsys, queue("odd"), update=True)
    assert held(known) == {("ORD-TST-004", "a"): 2}

    run(capsys, queue("a"), update=True)
    assert held(known) == {}


def test_more_findings_than_are_known_fail_all_for_none_can_be_told_apart(
    known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(times: str, *options: str) -> tuple[int, str]:
        file = saved(Path.cwd(), queue("a", {"tags": {"times": times}}))
        code = main(["check", file, "--baseline", "known.json", *options], [twice])
        return code, capsys.readouterr().out.splitlines()[-1].partition(" in ")[0]

    assert check("2", "--update-baseline") == (0, "2 known")
    assert held(known) == {("ORD-TST-005", "a"): 2}
    assert check("3", "--update-baseline") == (1, "3 mandatory")
    assert held(known) == {("ORD-TST-005", "a"): 2}
    assert check("1", "--update-baseline") == (0, "1 known")
    assert held(known) == {("ORD-TST-005", "a"): 1}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "the baseline known.json cannot be read (No such file or directory): make it with --update-baseline"),
        ("no json", "known.json is no baseline: restore it, or delete it and make it anew"),
        ("[]", "known.json is no baseline: restore it, or delete it and make it anew"),
        ('{"version": 1}', "known.json is no baseline: restore it, or delete it and make it anew"),
        ('{"version": 1, "findings": [{}]}', "known.json is no baseline: restore it, or delete it and make it anew"),
        ('{"version": 2, "findings": []}', "the baseline known.json has version 2, and only 1 is known"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_refused(
    content: str | None, says: str, known: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        known.write_text(content)

    assert main(["check", saved(Path.cwd(), queue("a")), "--baseline", "known.json"], SMALL_RULES) == 2
    assert capsys.readouterr() == ("", f"error: {says}\n")


def test_a_baseline_that_cannot_be_written_is_refused(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--baseline", "none/known.json", "--update-baseline"]

    assert main(["check", saved(Path.cwd(), queue("a")), *options], SMALL_RULES) == 2
    assert capsys.readouterr() == (
        "",
        "error: the baseline none/known.json cannot be written (No such file or directory): name another file\n",
    )


def test_the_baseline_is_looked_at_before_the_program(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "missing.json", "--baseline", "known.json"], SMALL_RULES) == 2
    assert capsys.readouterr().err.startswith("error: the baseline known.json cannot be read")
