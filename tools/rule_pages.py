"""The pages of `docs/rules/`: what `order-policy explain` shows of each rule, and a program that breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from policy.check.pages import index, page
from policy.rule import Rule
from policy.rules import RULES
from policy.waivers import SETTINGS_RULES

PROJECT = Path(__file__).parent.parent
FOLDER = PROJECT / "docs" / "rules"
_FIXTURES = PROJECT / "tests" / "policy" / "rules"
_WRITTEN = "<!-- Written by tools/reference.py from the docstrings in policy/: change those and run `make docs`. -->"
_RESOURCES = re.compile(r"^resources:\n(?:[ #].*\n|\n)+", re.MULTILINE)
_ID = re.compile(r"^\| (ORD-\S+) ", re.MULTILINE)


def pages() -> Mapping[Path, str]:
    """Every page by its file."""
    rules = [*RULES, *SETTINGS_RULES]
    found = {FOLDER / f"{rule.id}.md": "\n".join(_page(rule)) + "\n" for rule in rules}
    found[FOLDER / "README.md"] = "\n".join(
        [
            "# Rules",
            "",
            _WRITTEN,
            "",
            f"{len(rules)} rules, with the level of each by profile. [policy.md](../policy.md) says how to use them.",
            "",
            _ID.sub(r"| [\1](\1.md) ", index(rules)).rstrip(),
            "",
        ]
    )
    return found


def strays() -> list[Path]:
    """Pages of rules that there are no more."""
    return sorted({*FOLDER.glob("*.md")} - pages().keys())


def _page(rule: Rule) -> Iterator[str]:
    title, _, rest = page(rule).rstrip().partition("\n")
    yield from (title, "", _WRITTEN, rest)
    fixture = _FIXTURES / rule.id / "fail.yaml"
    if fixture.exists():  # the rules about the settings have none
        text = fixture.read_text()
        resources = _RESOURCES.search(text)
        if not resources:
            raise ValueError(f"{fixture} has no resources")
        yield from ("", "## A program that breaks it", "", "```yaml", resources[0].rstrip(), "```", "")
        for name, message in yaml.safe_load(text)["finds"].items():
            yield f"- `{name}`: {message}"
