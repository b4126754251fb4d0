"""Rules about the settings file itself: it is right, and its waivers still hold and are still needed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from policy.rule import Finding, Kind, Level, rule
from policy.settings import Settings, Waiver

_PAGE = "https://www.pulumi.com/docs/insights/policy/"


@dataclass(frozen=True)
class Review:
    """The settings after the program was judged."""

    settings: Settings
    used: frozenset[int]
    """Numbers of the waivers that covered a finding, from 1."""
    today: datetime.date

    def named(self, number: int, waiver: Waiver) -> str:
        """A waiver in words, for messages."""
        return f"{self.settings.file}: waiver {number} of {waiver.rule} (owner {waiver.owner})"


@rule(
    "ORD-SET-001",
    "set-sound",
    title="The settings file says only what there is",
    kind=Kind.PRACTICE,
    url=_PAGE,
)
def sound(review: Review) -> Iterator[Finding]:
    """The settings file can be read, and all that it names exists.

    A misspelt rule, a waiver without a reason, an owner or a date, or one of a limit of AWS would be believed to do
    something. While anything is wrong with the file, nothing in it holds, and the profile is `standard`.
    """
    for problem in review.settings.problems:
        yield Finding("", problem)


@rule(
    "ORD-SET-002",
    "set-waiver-expired",
    title="A waiver ends on its day",
    kind=Kind.PRACTICE,
    url=_PAGE,
    dev=Level.ADVISORY,
)
def expired(review: Review) -> Iterator[Finding]:
    """A waiver that has expired accepts nothing any more, and is taken out or renewed.

    It holds on the day it names, by the calendar of UTC, and no longer. What it waived is found again.
    """
    for number, waiver in enumerate(review.settings.waivers, 1):
        if review.today > waiver.expires:
            message = f"{review.named(number, waiver)} expired on {waiver.expires}: mend what it waived, or renew it"
            yield Finding("", message)


@rule(
    "ORD-SET-003",
    "set-waiver-unused",
    title="A waiver covers something",
    kind=Kind.PRACTICE,
    url=_PAGE,
    dev=Level.OFF,
    standard=Level.ADVISORY,
    strict=Level.ADVISORY,
)
def unused(review: Review) -> Iterator[Finding]:
    """A waiver that covers nothing is taken out: it would hide the next mistake.

    Advice in every profile, as the stacks of a project share the file: another stack may need it.
    """
    for number, waiver in enumerate(review.settings.waivers, 1):
        if number not in review.used and review.today <= waiver.expires:
            message = f"{review.named(number, waiver)} covers nothing that the rule finds in this stack: remove it"
            yield Finding("", message)


SETTINGS_RULES = (sound, expired, unused)
