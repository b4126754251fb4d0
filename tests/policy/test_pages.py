"""The page of each rule, as `explain` shows it and as `docs/rules/` has it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local.environment import PROJECT
from policy.check.pages import page
from policy.rule import Kind, Rule
from policy.rules import RULES
from policy.waivers import SETTINGS_RULES, unused
from tests.support.small_rules import delay, visibility

LIMIT = """\
# ORD-TST-001: A queue waits

- name: `tst-delay`
- class: limit: AWS refuses what breaks it, so nothing waives it
- level: mandatory in profile `dev`, mandatory in profile `standard`, mandatory in profile `strict`
- AWS: https://docs.aws.amazon.com/limit.html

A queue waits at most 900 s.

AWS refuses more.
"""
PRACTICE = """\
# ORD-TST-002: A queue hides a message long enough

- name: `tst-visibility`
- class: practice: AWS accepts what breaks it, and there may be a reason to
- level: off in profile `dev`, mandatory in profile `standard`, mandatory in profile `strict`
- AWS: https://docs.aws.amazon.com/practice.html
- remedy: Pulumi sets `visibilityTimeoutSeconds` by itself where the settings say `remediate: true`

A queue hides a message for a minute.

Shorter ones are seen twice. A queue whose tag `why` says so may go below that.

| parameter | default | range | |
| --- | --- | --- | --- |
| `least` | 60 | 0..43200 | seconds |

In `order-policy.yaml`:

```yaml
rules:
  ORD-TST-002: {level: advisory, least: 60}
waivers:
  - rule: ORD-TST-002
    scope: {name: "the-resource-*"}
    reason: why it may depart from the rule
    owner: the team that answers for it
    expires: 2027-01-31
```
"""


def test_the_page_of_a_limit_offers_no_way_around_it() -> None:
    assert page(delay) == LIMIT


def test_the_page_of_a_practice_says_how_to_set_and_to_waive_it() -> None:
    assert page(replace(visibility, remedy={"visibilityTimeoutSeconds": 60})) == PRACTICE


def test_what_is_about_the_settings_cannot_be_waived() -> None:
    assert page(unused).endswith("```yaml\nrules:\n  ORD-SET-003: {level: advisory}\n```\n")


@pytest.mark.parametrize("rule", [*RULES, *SETTINGS_RULES], ids=lambda rule: rule.id)
def test_every_rule_has_a_page_with_its_title_and_its_aws_page(rule: Rule) -> None:
    lines = page(rule).splitlines()

    assert lines[0] == f"# {rule.id}: {rule.title}"
    assert f"- AWS: {rule.url}" in lines
    assert ("waivers:" in lines) == (rule.kind is Kind.PRACTICE and rule not in SETTINGS_RULES)


def test_the_documentation_has_a_page_for_every_rule_and_no_other() -> None:
    written = {path.stem for path in PROJECT.joinpath("docs", "rules").glob("*.md")}

    assert written == {rule.id for rule in (*RULES, *SETTINGS_RULES)} | {"README"}
