"""The baseline: findings of today that a team lives with for now, so that only new ones fail.

The file holds rule, URN and count of each, no message and no date; it is reviewed and committed. The counts may only
fall. What AWS refuses, what is wrong with the settings, and a rule that failed are never in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from policy.check.usage import UsageError
from policy.judgement import Judgement
from policy.rule import Kind, Level, Verdict

_VERSION = 1
Key = tuple[str, str]
"""The id of a rule and a URN."""
Baseline = Mapping[Key, int]
"""How many findings of each are known."""


def read(file: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        UsageError: It cannot be read, or is no baseline.
    """
    try:
        content: Any = json.loads(file.read_text())
    except OSError as error:
        raise UsageError(
            f"the baseline {file} cannot be read ({error.strerror}): make it with --update-baseline"
        ) from error
    except ValueError:
        content = None
    try:
        if content["version"] != _VERSION:
            raise UsageError(f"the baseline {file} has version {content['version']}, and only {_VERSION} is known")
        found = cast("list[dict[str, Any]]", content["findings"])
        return {(str(item["rule"]), str(item["urn"])): int(item["count"]) for item in found}
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{file} is no baseline: restore it, or delete it and make it anew") from error


def write(file: Path, baseline: Baseline) -> None:
    """Write the file, with the same bytes for the same findings.

    Raises:
        UsageError: It cannot be written.
    """
    findings = [{"rule": rule, "urn": urn, "count": count} for (rule, urn), count in sorted(baseline.items()) if count]
    try:
        file.write_text(json.dumps({"version": _VERSION, "findings": findings}, indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"the baseline {file} cannot be written ({error.strerror}): name another file") from error


def counted(judgements: Sequence[Judgement]) -> Baseline:
    """The findings that a baseline may hold."""
    return Counter(key(judgement) for judgement in judgements if _may_be_known(judgement))


def known(judgements: Sequence[Judgement], baseline: Baseline) -> frozenset[Key]:
    """The findings that the baseline has; where there are more than it has, none can be told to be the known one."""
    return frozenset(one for one, count in counted(judgements).items() if count <= baseline.get(one, 0))


def lowered(baseline: Baseline, judgements: Sequence[Judgement]) -> Baseline:
    """The baseline without what is gone: never more than it was.

    What cannot be decided now, or whose rule failed, may still be there.
    """
    found = counted(judgements)
    unsure = {key(judgement) for judgement in judgements if judgement.finding.verdict is Verdict.UNDECIDED}
    failed = {judgement.rule.id for judgement in judgements if judgement.finding.verdict is Verdict.FAILED}
    return {
        one: count if one in unsure or one[0] in failed else min(count, found.get(one, 0))
        for one, count in baseline.items()
    }


def key(judgement: Judgement) -> Key:
    """What a baseline knows a finding by."""
    return judgement.rule.id, judgement.finding.urn


def _may_be_known(judgement: Judgement) -> bool:
    # What has no URN is about the settings, or is a rule that failed.
    is_practice = judgement.rule.kind is Kind.PRACTICE
    return judgement.level is Level.MANDATORY and is_practice and bool(judgement.finding.urn)
