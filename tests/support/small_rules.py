"""Rules of each kind and level, for tests of what is said, and not of what is found."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import State
from policy.graph import Graph
from policy.rule import Finding, Kind, Level, Parameter, Rule, Verdict, rule, undecided
from policy.tokens import QUEUE

_PAGE = "https://docs.aws.amazon.com/{}.html"


@rule("ORD-TST-001", "tst-delay", title="A queue waits", kind=Kind.LIMIT, url=_PAGE.format("limit"))
def delay(graph: Graph) -> Iterator[Finding]:
    """A queue waits at most 900 s.

    AWS refuses more.
    """
    for queue in graph.of_type(QUEUE):
        seconds = queue.number("delaySeconds", 0)
        if isinstance(seconds, State):
            yield undecided(queue, f"the delay of queue {queue.name} is not known yet")
        elif seconds > 900:
            yield Finding(queue.urn, f"delay {seconds} s > 900 s (queue {queue.name}): set delay_seconds <= 900")


@rule(
    "ORD-TST-002",
    "tst-visibility",
    title="A queue hides a message long enough",
    kind=Kind.PRACTICE,
    url=_PAGE.format("practice"),
    dev=Level.OFF,
    standard=Level.MANDATORY,
    parameters=(Parameter("least", 60, 0, 43_200, "seconds"),),
)
def visibility(graph: Graph, least: int) -> Iterator[Finding]:
    """A queue hides a message for a minute.

    Shorter ones are seen twice. A queue whose tag `why` says so may go below that.
    """
    for queue in graph.of_type(QUEUE):
        seconds = queue.number("visibilityTimeoutSeconds", 30)
        if isinstance(seconds, State):
            yield undecided(queue, f"the visibility timeout of queue {queue.name} is not known yet")
        elif seconds < least:
            why = queue.tag("why")
            if isinstance(why, str):
                yield Finding(queue.urn, why, Verdict.ACCEPTED)
            else:
                yield Finding(queue.urn, f"visibility {seconds} s < {least} s: set visibility_timeout_seconds")


@rule(
    "ORD-TST-003",
    "tst-tags",
    title="A queue says whose it is",
    kind=Kind.PRACTICE,
    url=_PAGE.format("advice"),
    dev=Level.OFF,
    standard=Level.ADVISORY,
    strict=Level.MANDATORY,
)
def tags(graph: Graph) -> Iterator[Finding]:
    """A queue has the tag `owner`.

    Nobody answers for it otherwise.
    """
    for queue in graph.of_type(QUEUE):
        if queue.tag("owner") is State.UNSET:
            yield Finding(queue.urn, f"queue {queue.name} has no owner | nobody *answers* for <it>")


@rule("ORD-TST-004", "tst-broken", title="A rule that fails", kind=Kind.PRACTICE, url=_PAGE.format("broken"))
def broken(graph: Graph) -> Iterator[Finding]:
    """It fails when there is a queue named `odd`.

    As a defect would.
    """
    for queue in graph.of_type(QUEUE):
        if queue.name == "odd":
            raise KeyError(queue.text("secret"))
    yield from ()


SMALL_RULES: tuple[Rule, ...] = (delay, visibility, tags, broken)
