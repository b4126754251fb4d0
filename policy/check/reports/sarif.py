"""The report for code scanning: SARIF 2.1.0.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from policy.check.report import Entry, Report, Standing
from policy.rule import Level, Rule
from policy.settings import Settings
from policy.waivers import SETTINGS_RULES

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Standing, str] = {
    Standing.MANDATORY: "error",
    Standing.KNOWN: "error",
    Standing.ADVICE: "warning",
    Standing.UNDECIDED: "note",
    Standing.ACCEPTED: "note",
}
_RULE_LEVELS = {Level.MANDATORY: "error", Level.ADVISORY: "warning", Level.OFF: "none"}
_SUPPRESSED = {Standing.ACCEPTED: "accepted for a stated reason", Standing.KNOWN: "in the baseline"}


def sarif(report: Report) -> str:
    """One run, with every rule that was applied; what is accepted or known is suppressed."""
    rules = sorted(report.rules, key=lambda rule: rule.id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "order-policy",
                "version": importlib.metadata.version("order-pipelines"),
                "rules": [_rule(rule, report.settings) for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(entry, index[entry.rule.id], report) for entry in report.entries],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule, settings: Settings) -> dict[str, Any]:
    level = settings.level(rule)
    paragraphs = [" ".join(paragraph.split()) for paragraph in rule.why.split("\n\n")]
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": paragraphs[0]},
        "help": {"text": "\n\n".join(paragraphs)},
        "helpUri": rule.url,
        "defaultConfiguration": {"enabled": level is not Level.OFF, "level": _RULE_LEVELS[level]},
        "properties": {"tags": [rule.kind.value]},
    }


def _result(entry: Entry, index: int, report: Report) -> dict[str, Any]:
    is_about_settings = entry.rule in SETTINGS_RULES
    # Code scanning takes no result without a file; the line is not known, and so the first.
    file = report.settings.file if is_about_settings else report.source
    place: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(Path(file).as_posix())},
            "region": {"startLine": 1},
        }
    }
    if entry.urn:
        place["logicalLocations"] = [{"name": entry.name, "fullyQualifiedName": entry.urn, "kind": "resource"}]
    result: dict[str, Any] = {
        "ruleId": entry.rule.id,
        "ruleIndex": index,
        "level": _LEVELS[entry.standing],
        "message": {"text": entry.message},
        "locations": [place],
        "partialFingerprints": {"ruleAndResource/v1": f"{entry.rule.id} {entry.urn}"},
    }
    if entry.standing in _SUPPRESSED:
        why = entry.message if entry.standing is Standing.ACCEPTED else _SUPPRESSED[entry.standing]
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    if report.has_baseline:
        result["baselineState"] = "unchanged" if entry.standing is Standing.KNOWN else "new"
    return result
