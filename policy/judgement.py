"""What all rules say about one program, for whoever reports it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policy.graph import Graph
from policy.rule import Finding, Rule, Verdict
from policy.rules import RULES


@dataclass(frozen=True)
class Judgement:
    """A finding and the rule behind it."""

    rule: Rule
    finding: Finding

    @property
    def text(self) -> str:
        """All of it in one line, to be searched for by the rule's id or name."""
        label, message = f"[{self.rule.id} {self.rule.name}]", self.finding.message
        match self.finding.verdict:
            case Verdict.BROKEN | Verdict.FAILED:
                return f"{label} {message}. See {self.rule.url}"
            case Verdict.UNDECIDED | Verdict.ACCEPTED:
                return f"{label} {self.finding.verdict.name.lower()}: {message}"


def judge(graph: Graph, rules: Iterable[Rule] = RULES) -> list[Judgement]:
    """What the rules find, by URN and then by the id of the rule; of one rule in its own order."""
    found = [Judgement(rule, finding) for rule in rules for finding in _findings(rule, graph)]
    return sorted(found, key=lambda judgement: (judgement.finding.urn, judgement.rule.id))


def _findings(rule: Rule, graph: Graph) -> list[Finding]:
    """What a rule finds; a rule that fails is a finding itself, and the other rules still run."""
    try:
        return list(rule.check(graph))
    except Exception as error:
        # Only the kind of error: its text could hold a value of the program.
        message = f"the rule itself failed ({type(error).__name__}): report this as a defect of the policy pack"
        return [Finding("", message, Verdict.FAILED)]
