"""What a run of `check` found, for whoever writes it down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from policy.check.baseline import Key, key
from policy.judgement import Judgement
from policy.rule import Level, Rule, Verdict
from policy.settings import Settings


class Standing(StrEnum):
    """What a finding does to the run, the gravest first."""

    MANDATORY = "mandatory"
    """It fails the run."""
    KNOWN = "known"
    """It would, but the baseline has it."""
    ADVICE = "advice"
    UNDECIDED = "undecided"
    ACCEPTED = "accepted"


_STANDINGS = {Verdict.UNDECIDED: Standing.UNDECIDED, Verdict.ACCEPTED: Standing.ACCEPTED}
ORDER = [*Standing]


@dataclass(frozen=True)
class Entry:
    """A finding as reports show it."""

    judgement: Judgement
    standing: Standing

    @property
    def rule(self) -> Rule:
        """The rule that speaks."""
        return self.judgement.rule

    @property
    def urn(self) -> str:
        """The resource; nothing for what is about the whole program or the settings."""
        return self.judgement.finding.urn

    @property
    def name(self) -> str:
        """The logical name of the resource, or what the finding is about instead."""
        return self.urn.rpartition("::")[2] or "the whole program"

    @property
    def type(self) -> str:
        """The type of the resource, without those of the components it is in; nothing without a resource."""
        return self.urn.split("::")[-2].rpartition("$")[2] if self.urn else ""

    @property
    def message(self) -> str:
        """What is wrong and how to mend it, in one line."""
        return " ".join(self.judgement.finding.message.split())


@dataclass(frozen=True)
class Report:
    """The findings of a run and what they were found in."""

    entries: Sequence[Entry]
    rules: Sequence[Rule]
    """Every rule that was applied, also those that found nothing."""
    settings: Settings
    source: str
    """The file that was judged, or that of the program."""
    stack: str
    resources: int
    notes: Sequence[str] = ()
    """Sentences about the baseline."""
    has_baseline: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything fails the run."""
        return any(entry.standing is Standing.MANDATORY for entry in self.entries)

    @property
    def summary(self) -> str:
        """All in one line: `2 mandatory, 1 advice in 12 resources (stack dev, profile standard)`."""
        where = f"stack {self.stack}, " if self.stack else ""
        resources = "1 resource" if self.resources == 1 else f"{self.resources} resources"
        return f"{self.counts(*Standing) or 'no findings'} in {resources} ({where}profile {self.settings.profile})"

    def counts(self, *standings: Standing) -> str:
        """How many findings stand so: `2 mandatory, 1 advice`; nothing when none does."""
        found = Counter(entry.standing for entry in self.entries)
        return ", ".join(f"{found[standing]} {standing}" for standing in standings if found[standing])

    def standing(self, *standings: Standing) -> list[Entry]:
        """The findings that stand so, the gravest first."""
        chosen = [entry for entry in self.entries if entry.standing in standings]
        return sorted(chosen, key=lambda entry: ORDER.index(entry.standing))


def entries(judgements: Sequence[Judgement], known: Set[Key]) -> Iterator[Entry]:
    """Judgements with what they do to the run.

    Args:
        judgements: All that was found.
        known: Those that the baseline has.
    """
    for judgement in judgements:
        mandatory = Standing.KNOWN if key(judgement) in known else Standing.MANDATORY
        level = mandatory if judgement.level is Level.MANDATORY else Standing.ADVICE
        yield Entry(judgement, _STANDINGS.get(judgement.finding.verdict, level))
