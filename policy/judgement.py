"""What all rules say about one program, for whoever reports it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policy.graph import Graph
from policy.rule import Finding, Kind, Level, Rule, Verdict
from policy.rules import RULES
from policy.settings import Settings
from policy.waivers import SETTINGS_RULES, Review

_WITHOUT = Settings()
_SAYS = {Verdict.UNDECIDED: "undecided: ", Verdict.ACCEPTED: "accepted: "}


@dataclass(frozen=True)
class Judgement:
    """A finding, the rule behind it, and what it does to a deployment."""

    rule: Rule
    finding: Finding
    level: Level

    @property
    def text(self) -> str:
        """All of it in one line, to be searched for by the rule's id or name."""
        label = f"[{self.rule.id} {self.rule.name}]"
        if says := _SAYS.get(self.finding.verdict):
            return f"{label} {says}{self.finding.message}"
        refused = "AWS refuses this: " if self.rule.kind is Kind.LIMIT and self.is_broken else ""
        stop = "" if self.finding.message.endswith("?") else "."
        return (
            f"{label} {refused}{self.finding.message}{stop} See {self.rule.url} and "
            f"`order-policy explain {self.rule.id}`"
        )

    @property
    def is_broken(self) -> bool:
        """Whether the rule is broken, and nothing excuses that."""
        return self.finding.verdict is Verdict.BROKEN


def judge(
    graph: Graph,
    rules: Sequence[Rule] = RULES,
    settings: Settings = _WITHOUT,
    today: datetime.date | None = None,
) -> list[Judgement]:
    """What the rules find, by URN and then by the id of the rule; of one rule in its own order.

    Args:
        graph: The program.
        rules: The rules to apply.
        settings: The team's choices: levels, parameters and waivers.
        today: The day that waivers are compared with; the real one by default.
    """
    found = [
        Judgement(rule, finding, _level(settings.level(rule), finding))
        for rule in rules
        if settings.level(rule) is not Level.OFF
        for finding in _findings(rule, graph, settings)
    ]
    found = [*_waive(found, graph, settings, today or datetime.datetime.now(tz=datetime.UTC).date())]
    return sorted(found, key=lambda judgement: (judgement.finding.urn, judgement.rule.id))


def _findings(rule: Rule, graph: Graph, settings: Settings) -> list[Finding]:
    """What a rule finds; a rule that fails is a finding itself, and the other rules still run."""
    try:
        found = rule.findings(graph, settings.parameters.get(rule.id))
    except Exception as error:
        # Only the kind of error: its text could hold a value of the program.
        message = f"the rule itself failed ({type(error).__name__}): report this as a defect of the policy pack"
        return [Finding("", message, Verdict.FAILED)]
    # Who reads a resource from elsewhere cannot mend it.
    return [finding for finding in found if not (resource := graph.resource(finding.urn)) or resource.managed]


def _level(level: Level, finding: Finding) -> Level:
    return level if finding.verdict in {Verdict.BROKEN, Verdict.FAILED} else Level.ADVISORY


def _waive(
    judgements: Sequence[Judgement], graph: Graph, settings: Settings, today: datetime.date
) -> Iterator[Judgement]:
    """The judgements with those accepted that a waiver covers, and what is wrong with the settings themselves."""
    used: set[int] = set()
    for judgement in judgements:
        resource, finding = graph.resource(judgement.finding.urn), judgement.finding
        covering = {
            number: waiver
            for number, waiver in enumerate(settings.waivers, 1)
            if resource and waiver.rule == judgement.rule.id and waiver.covers(resource)
        }
        used |= covering.keys()
        holds = next((waiver for waiver in covering.values() if today <= waiver.expires), None)
        if holds and finding.verdict in {Verdict.BROKEN, Verdict.UNDECIDED}:
            message = f"{finding.message} ({holds.text})"
            accepted = replace(finding, message=message, verdict=Verdict.ACCEPTED)
            yield Judgement(judgement.rule, accepted, Level.ADVISORY)
        else:
            yield judgement
    review = Review(settings, frozenset(used), today)
    for rule in SETTINGS_RULES:
        if (level := settings.level(rule)) is not Level.OFF:
            yield from (Judgement(rule, finding, level) for finding in rule.check(review))
