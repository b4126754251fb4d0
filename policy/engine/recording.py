"""The pack in its recording mode: it writes down the resources that the engine hands over, and judges none.

`python -m policy check` runs a preview with it and judges the recording, so that it says what the pack says.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from pulumi_policy import EnforcementLevel, ReportViolation, StackValidationArgs, StackValidationPolicy

from policy.engine.analysis import read
from policy.state import encode

VARIABLE = "ORDER_POLICY_RECORD"
"""Names the file to write in the environment, and with it the mode."""


def recorder(file: Path) -> StackValidationPolicy:
    """The policy that records, in the form of a stack export.

    The file is for its owner only: the engine hands secrets over in plain text.
    """

    def record(args: StackValidationArgs, report: ReportViolation) -> None:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600)
        with os.fdopen(descriptor, "w") as target:
            json.dump(encode(read(args.resources).resources), target)
        # Said aloud, for whoever has the variable set by mistake.
        report(f"{VARIABLE} is set: the resources are written to the file that it names, and nothing is judged", None)

    return StackValidationPolicy(
        name="recording",
        description="Records the program for `python -m policy check`.",
        validate=record,
        enforcement_level=EnforcementLevel.ADVISORY,
    )
