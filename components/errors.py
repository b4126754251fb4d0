"""The error of a component whose arguments cannot work."""

from collections.abc import Sequence

import pulumi


class PipelineError(pulumi.RunError, ValueError):
    """Arguments that AWS would refuse, or that would lose orders; every problem is listed, nothing was created.

    Pulumi shows a `RunError` as its message alone, without a trace.
    """

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        super().__init__(f"{name}: " + "; ".join(problems))
        self.problems = tuple(problems)
