"""Reasons that a program states for what would else be a mistake: each becomes a tag, and the policy pack reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from components.arguments import Arguments

TAGS: Mapping[str, str] = {
    "dead_letter_reason": "fifo-dead-letter-reason",
    "filter_reason": "filter-reason",
    "visibility_reason": "visibility-timeout-reason",
}
"""Argument -> its tag."""
_TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]*")
"""https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
_MAX_TAG_VALUE = 256


def read_reasons(given: Arguments) -> dict[str, str]:
    """Argument -> reason; an empty one is none."""
    return {name: given.text(name).strip() for name in TAGS}


def reason_problems(reasons: Mapping[str, str]) -> list[str]:
    """What is wrong with the reasons."""
    return [
        f"{name} becomes a tag: at most {_MAX_TAG_VALUE} letters, digits, spaces and . : / = + - @ _"
        for name, reason in reasons.items()
        if len(reason) > _MAX_TAG_VALUE or not _TAG_VALUE.fullmatch(reason)
    ]


def reason_tags(reasons: Mapping[str, str], *names: str) -> dict[str, str]:
    """The tags of some of the reasons, as far as these are given."""
    return {TAGS[name]: reasons[name] for name in names if reasons[name]}
