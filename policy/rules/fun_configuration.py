"""Rules about the environment, the runtime, the traces and the logs of functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.invokers import consuming, invokers
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.rules.common.runtimes import DEPRECATED
from policy.tokens import FUNCTION, LOG_GROUP

_ENVIRONMENT_BYTES = 4_096
_RESERVED = frozenset(
    {
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    }
)
"""Names of variables that Lambda sets and nobody else may:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""


@rule(
    "ORD-FUN-008",
    "fun-environment",
    title="The environment of a function fits, and uses no reserved name",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
)
def environment(graph: Graph) -> Iterator[Finding]:
    """The variables of a function are at most 4 KB in all, and none has a name that Lambda sets itself.

    Lambda refuses both when the function is made or changed. Names and values count as bytes; a value that is not known
    yet counts as none, so that a sum above the limit is one for certain. Other names with `AWS_` in front are allowed.
    """
    for function in graph.of_type(FUNCTION):
        variables = function.object("environment").object("variables").content
        if variables is State.UNSET:
            continue
        if isinstance(variables, State):
            yield undecided(function, f"the environment of function {function.name} is not known yet")
            continue
        reserved = sorted(_RESERVED & {*variables})
        size = _bytes(function, variables)
        if reserved:
            yield Finding(
                function.urn,
                f"{', '.join(reserved)} in the environment of function {function.name}: Lambda sets that itself; take "
                "another name",
            )
        if size > _ENVIRONMENT_BYTES:
            yield Finding(
                function.urn,
                f"the environment of function {function.name} has {size} > {_ENVIRONMENT_BYTES} bytes: keep what is "
                "long in Parameter Store, and its name in the environment",
            )


@rule(
    "ORD-FUN-009",
    "fun-tracing",
    title="A function that a mapping invokes is traced",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    dev=Level.OFF,
    standard=Level.OFF,
    strict=Level.ADVISORY,
)
def tracing(graph: Graph) -> Iterator[Finding]:
    """A function that consumes a queue or stream has active tracing.

    X-Ray links the trace of whoever sent a message with that of the function that processed it, so that one can see
    where an order was and for how long. The default, `PassThrough`, traces only what a traced caller hands down.
    https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html
    """
    for function in consuming(graph):
        mode = function.object("tracingConfig").text("mode", "PassThrough")
        if isinstance(mode, State):
            yield undecided(function, f"whether function {function.name} is traced is not known yet")
        elif mode != "Active":
            yield Finding(function.urn, f"function {function.name} is not traced: set tracing_config mode Active")


@rule(
    "ORD-FUN-010",
    "fun-log-retention",
    title="The logs of a function expire",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def log_retention(graph: Graph) -> Iterator[Finding]:
    """A function of a pipeline writes to a log group of the program that keeps events for a number of days.

    Lambda makes a log group itself when none is there, and that one keeps every line for ever: the bill grows, and so
    does what is known of customers. A pipeline's functions are those that mappings, topics, rules, schedules or buckets
    invoke. A log group outside this program is not for this rule. Waive it where the account has a retention policy.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    """
    groups = _LogGroups(graph)
    pipeline = {function.urn: function for function in consuming(graph)}
    pipeline |= {invoker.function.urn: invoker.function for invoker in invokers(graph)}
    for _, function in sorted(pipeline.items()):
        group = groups.of(function)
        if isinstance(group, Resource):
            days = group.number("retentionInDays", 0)
            if days is State.UNKNOWN:
                yield undecided(group, f"how long the logs of function {function.name} are kept is not known yet")
            elif days == 0:
                yield Finding(
                    group.urn,
                    f"the logs of function {function.name} in {group.name} never expire: set retention_in_days",
                )
        elif group is State.UNKNOWN:
            yield undecided(function, f"to which log group function {function.name} writes is not known yet")
        elif group is State.UNSET:
            yield Finding(
                function.urn,
                f"the logs of function {function.name} never expire: add a log group with retention_in_days, and name "
                "it in logging_config.log_group",
            )


@rule(
    "ORD-FUN-012",
    "fun-runtime",
    title="The runtime of a function is not deprecated",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def runtime(graph: Graph) -> Iterator[Finding]:
    """No function runs on a runtime that AWS no longer patches.

    After the date of deprecation there are no security updates and no support. Later AWS refuses to create functions on
    the runtime, and then to update them: a pipeline that cannot be changed in the hour when it has to be. The dates are
    those of AWS's table on 21 November 2026. An image brings its own runtime.
    """
    for function in graph.of_type(FUNCTION):
        identifier = function.text("runtime")
        if identifier is State.UNKNOWN:
            yield undecided(function, f"the runtime of function {function.name} is not known yet")
        elif date := DEPRECATED.get(str(identifier)):
            yield Finding(
                function.urn,
                f"runtime {identifier} of function {function.name} is deprecated since {date}: take the newest of its "
                "language",
            )


class _LogGroups:
    """The log groups of a program, and which functions write to them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        groups = graph.of_type(LOG_GROUP)
        self._by_name = {name: group for group in groups if isinstance(name := group.text("name"), str)}
        self._by_function = {
            function.urn: group for group in groups for function in graph.depends_on(group, "name", FUNCTION)
        }
        claimed = {group.urn for group in self._by_function.values()}
        self._unclear = any(group.text("name") is State.UNKNOWN and group.urn not in claimed for group in groups)

    def of(self, function: Resource) -> Resource | str | State:
        """The log group of a function, the name of one outside this program, or `UNSET` if Lambda is to make it."""
        given = self._graph.refer(function, "loggingConfig.logGroup", LOG_GROUP)
        name = function.text("name")
        default = f"/aws/lambda/{name}"
        if given is not State.UNSET and given != default:
            return given
        found = self._by_name.get(default) or self._by_function.get(function.urn)
        return found or (State.UNKNOWN if self._unclear or isinstance(name, State) else State.UNSET)


def _bytes(function: Resource, variables: Mapping[str, Any]) -> int:
    """Bytes of the names, and of the values that are known."""
    facts = function.object("environment").object("variables")
    values = {name: facts.fact(name) for name in variables}
    texts = (*values, *(value for value in values.values() if isinstance(value, str)))
    return sum(len(text.encode()) for text in texts)
