"""The error of a component whose arguments cannot work."""

import difflib
from collections.abc import Sequence

import pulumi


class PipelineError(pulumi.RunError):
    """Arguments that AWS would refuse, or that would lose orders; every problem is listed, nothing was created.

    Pulumi shows a `RunError` as its message alone, without a trace. It is no `ValueError` as well, because Pulumi wraps
    those that come out of an `apply` in sentences of its own.
    """

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        super().__init__(f"{name}: " + "; ".join(problems))
        self.problems = tuple(problems)


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """The end of a message about an unknown name: the one that was meant, or else all that there are."""
    close = difflib.get_close_matches(name, known, n=1)
    return f": did you mean {close[0]!r}?" if close else f": there are {', '.join(known)}"
