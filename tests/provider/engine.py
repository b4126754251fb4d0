"""What the engine's events say, beyond what `Result` has."""

from __future__ import annotations

import re

from tests.support.program import Result

PROGRAM = ""
"""Name under which errors of the program as a whole are listed."""


def errors(result: Result) -> dict[str, list[str]]:
    """Logical name -> every error that was reported of it, the last line of each; automatic names as `<logical>-*`."""
    found: dict[str, list[str]] = {}
    for event in result.events:
        report = event.get("diagnosticEvent", {})
        if report.get("severity") == "error":
            name: str = report.get("urn", PROGRAM).rpartition("::")[2]
            text = re.sub(r"<\{%\w+%\}>", "", report["message"]).strip().splitlines()[-1].strip()
            found.setdefault(name, []).append(re.sub(r"-[0-9a-f]{7}\b", "-*", text))
    return found
