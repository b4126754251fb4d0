"""The page of each rule, for `order-policy explain` and `docs/rules/`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from policy.check.usage import UsageError
from policy.rule import Kind, Profile, Rule
from policy.settings import FILE
from policy.waivers import SETTINGS_RULES

_KINDS = {
    Kind.LIMIT: "limit: AWS refuses what breaks it, so nothing waives it",
    Kind.PRACTICE: "practice: AWS accepts what breaks it, and there may be a reason to",
}
_WIDTH = 120
_NUMBER = re.compile(r"\d+$")


def explain(rule_id: str | None, rules: Sequence[Rule]) -> str:
    """The page of a rule, by its id or name, or the list of all.

    Raises:
        UsageError: There is no such rule.
    """
    if rule_id is None:
        return index(rules)
    by_id = {rule.id: rule for rule in rules} | {rule.name: rule for rule in rules}
    if found := by_id.get(rule_id):
        return page(found)
    written = _NUMBER.sub(lambda number: number[0].zfill(3), rule_id.upper())
    close = get_close_matches(written, sorted(by_id), n=1) or get_close_matches(rule_id.lower(), sorted(by_id), n=1)
    meant = f"did you mean {close[0]}?" if close else "`order-policy explain` lists them all"
    raise UsageError(f"there is no rule {rule_id}: {meant}")


def index(rules: Sequence[Rule]) -> str:
    """All rules in a table, by id."""
    rows = [
        f"| {rule.id} | {rule.title} | {rule.kind.value} | {' | '.join(rule.levels[profile] for profile in Profile)} |"
        for rule in sorted(rules, key=lambda rule: rule.id)
    ]
    head = f"| id | rule | class | {' | '.join(Profile)} |"
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- |", *rows]) + "\n"


def page(rule: Rule) -> str:
    """All about a rule, in Markdown."""
    return "\n".join(_lines(rule)) + "\n"


def _lines(rule: Rule) -> Iterator[str]:
    yield from (f"# {rule.id}: {rule.title}", "")
    yield f"- name: `{rule.name}`"
    yield f"- class: {_KINDS[rule.kind]}"
    yield f"- level: {', '.join(f'{rule.levels[profile]} in profile `{profile}`' for profile in Profile)}"
    yield f"- AWS: {rule.url}"
    if rule.remedy:
        properties = ", ".join(f"`{name}`" for name in rule.remedy)
        yield f"- remedy: Pulumi sets {properties} by itself where the settings say `remediate: true`"
    for paragraph in rule.why.split("\n\n"):
        yield ""
        yield textwrap.fill(" ".join(paragraph.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)
    if rule.parameters:
        yield from ("", "| parameter | default | range | |", "| --- | --- | --- | --- |")
        for parameter in rule.parameters:
            yield f"| `{parameter.name}` | {parameter.default} | {parameter.low}..{parameter.high} | {parameter.what} |"
    if rule.kind is Kind.PRACTICE:
        yield from ("", f"In `{FILE}`:", "", "```yaml", *_settings(rule), "```")


def _settings(rule: Rule) -> Iterator[str]:
    """How a team sets the rule otherwise, or waives it."""
    parameters = "".join(f", {parameter.name}: {parameter.default}" for parameter in rule.parameters)
    yield "rules:"
    yield f"  {rule.id}: {{level: advisory{parameters}}}"
    if rule in SETTINGS_RULES:  # they are not about resources
        return
    yield "waivers:"
    yield f"  - rule: {rule.id}"
    yield '    scope: {name: "the-resource-*"}'
    yield "    reason: why it may depart from the rule"
    yield "    owner: the team that answers for it"
    yield "    expires: 2027-01-31"
