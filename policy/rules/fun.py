"""Rules about how functions run: whether, which version of them, for how long and how many at once."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, named
from policy.graph.invokers import LATEST, consuming
from policy.rule import Finding, Kind, Level, Parameter, rule, undecided
from policy.tokens import ALIAS, FUNCTION, PROVISIONED_CONCURRENCY, RECURSION_CONFIG

_UNRESERVED = -1
_DEFAULT_TIMEOUT_SECONDS = 3
_ALWAYS_UNRESERVED = 100
"""Of an account's concurrency: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html"""


@rule(
    "ORD-FUN-003",
    "fun-reserved-zero",
    title="A function with an enabled mapping may run",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html",
    dev=Level.ADVISORY,
)
def reserved_zero(graph: Graph) -> Iterator[Finding]:
    """A function with a reserved concurrency of 0 has no mapping that polls for it.

    Zero keeps a function from being invoked at all: the switch to stop it in an emergency. Lambda still receives for
    its mappings. Each message counts as tried and goes to the dead-letter queue without any failure of the function,
    each record of a stream waits until it expires. To stop a function without that, disable its mappings.
    """
    enabled: dict[str, list[Consumer]] = {}
    for consumer in graph.consumers:
        if isinstance(consumer.function, Resource) and consumer.enabled is not False:
            enabled.setdefault(consumer.function.urn, []).append(consumer)
    for function in graph.of_type(FUNCTION):
        reserved = function.number("reservedConcurrentExecutions", _UNRESERVED)
        consumers = enabled.get(function.urn, [])
        if not consumers or reserved not in {0, State.UNKNOWN}:
            continue
        names = ", ".join(consumer.mapping.name for consumer in consumers)
        if reserved == 0 and any(consumer.enabled is True for consumer in consumers):
            yield Finding(
                function.urn,
                f"function {function.name} may never run (reserved_concurrent_executions 0) while a mapping ({names}) "
                "is enabled: disable the mapping, or reserve >= 2",
            )
        else:
            yield undecided(function, f"whether function {function.name} may run for mapping {names} is not known yet")


@rule(
    "ORD-FUN-004",
    "fun-mapping-qualifier",
    title="A mapping invokes the alias of a function that has one",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def mapping_qualifier(graph: Graph) -> Iterator[Finding]:
    """A mapping names the alias, or the version with provisioned concurrency, of a function that has either.

    A mapping that names the function alone invokes `$LATEST`: every upload takes effect at once, whatever the alias
    says, a deployment that shifts traffic shifts none of the pipeline's, and provisioned concurrency, which belongs to
    an alias or a version, is paid for and not used. Waive this for an alias that is there for another caller.
    https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
    """
    qualified: dict[str, list[str]] = {}
    for holder in graph.of_type(ALIAS, PROVISIONED_CONCURRENCY):
        function = graph.refer(holder, "functionName", FUNCTION)
        if isinstance(function, Resource):
            what = "alias" if holder.type == ALIAS else "provisioned concurrency"
            qualified.setdefault(function.urn, []).append(f"{what} {holder.name}")
    for consumer in graph.consumers:
        mapping, function = consumer.mapping, consumer.function
        if consumer.alias or not isinstance(function, Resource) or function.urn not in qualified:
            continue
        # An output that is not known yet may be the qualified ARN, which names a version if versions are published.
        by_output = (
            mapping.fact("functionName") is State.UNKNOWN and function.flag("publish", default=False) is not False
        )
        if by_output or consumer.qualifier is State.UNKNOWN:
            yield undecided(
                mapping, f"which version of function {function.name} mapping {mapping.name} invokes is not known"
            )
        elif consumer.qualifier in {State.UNSET, LATEST}:
            yield Finding(
                mapping.urn,
                f"mapping {mapping.name} invokes {LATEST} of function {function.name} in spite of "
                f"{', '.join(qualified[function.urn])}: set function_name to the ARN of the alias",
            )


@rule(
    "ORD-FUN-007",
    "fun-recursion",
    title="Lambda may stop a function that invokes itself through the pipeline",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
    dev=Level.ADVISORY,
    standard=Level.ADVISORY,
)
def recursion(graph: Graph) -> Iterator[Finding]:
    """Loop detection is on for every function.

    A function that sends to the queue or topic which invokes it runs and costs without end. Lambda sees such a loop, if
    it goes through a service that tells it, such as SQS or SNS, and stops it, unless `recursive_loop` is `Allow`. Waive
    this for a loop that is meant, and say what ends it.
    https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html
    """
    for config in graph.of_type(RECURSION_CONFIG):
        loop = config.text("recursiveLoop")
        function = named(graph.refer(config, "functionName", FUNCTION))
        if loop is State.UNKNOWN:
            yield undecided(config, f"whether Lambda stops loops of function {function} is not known yet")
        elif loop == "Allow":
            yield Finding(
                config.urn,
                f"Lambda does not stop function {function} when it invokes itself: set recursive_loop Terminate",
            )


@rule(
    "ORD-FUN-013",
    "fun-explicit-timeout",
    title="The timeout of a function that a mapping invokes is chosen",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",
    dev=Level.OFF,
    standard=Level.OFF,
    strict=Level.ADVISORY,
)
def explicit_timeout(graph: Graph) -> Iterator[Finding]:
    """A function that processes batches has a timeout that somebody has chosen.

    Without one AWS takes 3 seconds: enough for one record in a test, and not for a batch behind a slow database. The
    batch is then tried again as a whole, and goes to the dead-letter queue though nothing in it is wrong. The provider
    fills in the 3, so that a 3 that was chosen looks the same: waive it.
    """
    for function in consuming(graph):
        timeout = function.number("timeout", _DEFAULT_TIMEOUT_SECONDS)
        if timeout == _DEFAULT_TIMEOUT_SECONDS:
            yield Finding(
                function.urn,
                f"timeout of function {function.name} is {timeout} s, the default: set timeout to what a batch takes",
            )
        elif isinstance(timeout, State):
            yield undecided(function, f"the timeout of function {function.name} is not known yet")


@rule(
    "ORD-FUN-014",
    "fun-reserved-budget",
    title="The functions of a program leave the account the concurrency that is never reserved",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
    strict=Level.ADVISORY,
    parameters=(
        Parameter("account_concurrency", 1_000, 10, 1_000_000, "concurrent executions that the account's quota allows"),
    ),
)
def reserved_budget(graph: Graph, account_concurrency: int) -> Iterator[Finding]:
    """All reserved concurrency together leaves at least 100 of the account's concurrency to functions without.

    AWS refuses a reservation that leaves less, which shows when the last function is deployed. The quota is 1,000 for
    each region unless it was raised, and lower in some new accounts: set `account_concurrency` to that of yours.
    Functions of other programs in the account come on top.
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    reserved = {
        function.urn: function.number("reservedConcurrentExecutions", 0) for function in graph.of_type(FUNCTION)
    }
    known = {urn: number for urn, number in reserved.items() if not isinstance(number, State) and number > 0}
    unknown = [urn for urn, number in reserved.items() if number is State.UNKNOWN]
    most = account_concurrency - _ALWAYS_UNRESERVED
    total = sum(known.values())
    if total > most:
        largest = max(known, key=lambda urn: known[urn])
        yield Finding(
            largest,
            f"{len(known)} functions reserve {total} > {account_concurrency} - {_ALWAYS_UNRESERVED} = {most}, the most "
            "there may be: lower reserved_concurrent_executions, or raise the account's quota",
        )
    elif unknown and (function := graph.resource(unknown[0])):
        yield undecided(function, f"how much concurrency function {function.name} reserves is not known yet")
