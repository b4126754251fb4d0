"""Rules about which alarms there are, and what they do."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import STREAMS, Source, named
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import ALARM, COMPOSITE_ALARM, EVENT_RULE, MAPPING, QUEUE, STREAM

_WAITING = "ApproximateNumberOfMessagesVisible"
_SENT = "NumberOfMessagesSent"
_LATE = ("ApproximateAgeOfOldestMessage", _WAITING)
_QUIET = "InQuietGroups"
"""Ends the names of the same metrics of a fair queue, without the groups that send more than their share."""


@rule(
    "ORD-ALM-001",
    "alm-dead-letters",
    title="A dead-letter queue has an alarm on the messages that wait in it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def dead_letters(graph: Graph) -> Iterator[Finding]:
    """A metric alarm watches ApproximateNumberOfMessagesVisible of each dead-letter queue, alone or in an expression.

    A dead letter is an order that was given up. Nothing processes it again by itself, and when its retention is
    over SQS deletes it: without an alarm it is lost and nobody knew. The metric counts all that wait, however they got
    there. A queue that other services send to, but that no queue redrives to, may be watched by NumberOfMessagesSent as
    well. A queue that a function consumes is exempt: ORD-ALM-002 is about it.
    """
    consumed = _consumed(graph)
    for queue in _dead_letter_queues(graph):
        if queue.urn in consumed:
            continue
        watched = graph.alarms.watch(queue, _WAITING)
        if watched is not True and graph.alarms.of(queue, _SENT):
            continue  # enough where something sends, and where a redrive policy moves messages a case of ORD-ALM-007
        if watched is State.UNKNOWN:
            yield undecided(queue, f"whether an alarm tells of dead letters in queue {queue.name} is not known yet")
        elif not watched:
            yield Finding(
                queue.urn,
                f"no alarm tells of dead letters in queue {queue.name}: add a metric alarm on {_WAITING} (AWS/SQS, "
                "QueueName) > 0, statistic Maximum",
            )


@rule(
    "ORD-ALM-002",
    "alm-source-age",
    title="A queue that a function consumes has an alarm that tells when messages wait too long",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def source_age(graph: Graph) -> Iterator[Finding]:
    """A metric alarm watches ApproximateAgeOfOldestMessage of each queue that a function consumes, or its backlog.

    A consumer that has stopped sends no errors: the mapping is disabled, the function is throttled, or a permission is
    gone. Only the age of the oldest message, in seconds, grows. An alarm on how many messages wait
    (ApproximateNumberOfMessagesVisible) tells the same once there are enough of them, and is accepted too, and so are
    both metrics of the quiet groups of a fair queue. A queue whose mappings are all disabled is exempt.
    """
    names = (*_LATE, *(f"{name}{_QUIET}" for name in _LATE))
    for queue in _consumed(graph).values():
        watched = graph.alarms.watch(queue, *names)
        if watched is State.UNKNOWN:
            yield undecided(queue, f"whether an alarm tells when queue {queue.name} is not consumed is not known yet")
        elif not watched:
            yield Finding(
                queue.urn,
                f"no alarm tells when queue {queue.name} is not consumed: add one on {_LATE[0]} (AWS/SQS, QueueName, "
                "seconds), statistic Maximum",
            )


@rule(
    "ORD-ALM-003",
    "alm-iterator-age",
    title="A function that reads a stream has an alarm on the age of its iterator",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def iterator_age(graph: Graph) -> Iterator[Finding]:
    """A metric alarm watches IteratorAge of each function that reads a Kinesis or DynamoDB stream.

    A bad record or a function that is too slow blocks its shard, and what comes after it waits until the stream deletes
    it: records are lost without an error. The age of the last record that was read, in milliseconds, shows that early.
    GetRecords.IteratorAgeMilliseconds of the stream is accepted too, except for a mapping with enhanced fan-out, which
    does not get records that way. A disabled mapping is exempt.
    https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
    """
    for consumer in graph.consumers:
        function, source = consumer.function, consumer.source
        if consumer.kind not in STREAMS or consumer.enabled is False:
            continue
        if not isinstance(function, Resource):
            yield undecided(
                consumer.mapping,
                f"the function of mapping {consumer.mapping.name} is not in this program, or not known yet: whether an "
                "alarm tells when it falls behind cannot be judged",
            )
            continue
        watched = [graph.alarms.watch(function, "IteratorAge")]
        if isinstance(source, Resource) and source.type == STREAM and consumer.fan_out is State.UNSET:
            watched.append(graph.alarms.watch(source, "GetRecords.IteratorAgeMilliseconds"))
        behind = f"when function {function.name} falls behind {consumer.kind.value} stream {named(source)}"
        if State.UNKNOWN in watched and True not in watched:
            yield undecided(function, f"whether an alarm tells {behind} is not known yet")
        elif True not in watched:
            yield Finding(
                function.urn,
                f"no alarm tells {behind}: add one on IteratorAge (AWS/Lambda, FunctionName, milliseconds), statistic "
                "Maximum",
            )


@rule(
    "ORD-ALM-004",
    "alm-actions",
    title="An alarm of a pipeline does something when it rings",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def actions(graph: Graph) -> Iterator[Finding]:
    """Each alarm on a queue, stream, mapping or consumer has an action, or a composite alarm that has one names it.

    An alarm without one changes its colour in the console, which nobody looks at by night. It is enough that a
    composite alarm with actions names the alarm, or that an EventBridge rule of the program takes the state changes of
    alarms (source aws.cloudwatch). Actions that are switched off with actions_enabled are none.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    told = [_takes_alarms(graph, rule) for rule in graph.of_type(EVENT_RULE)]
    if True in told:
        return
    ends = [end for consumer in graph.consumers for end in (consumer.source, consumer.function)]
    pipeline = {end.urn for end in (*ends, *graph.of_type(QUEUE, STREAM, MAPPING)) if isinstance(end, Resource)}
    maybe = [State.UNKNOWN for composite in graph.alarms.unknown_composites if _acts(composite) is not False]
    for alarm in graph.alarms.all:
        resource = alarm.resource
        watched = {metric.of.urn if isinstance(metric.of, Resource) else metric.of for metric in alarm.metrics}
        is_about_it: bool | State = not watched.isdisjoint(pipeline) or (State.UNKNOWN in watched and State.UNKNOWN)
        if is_about_it is False:
            continue
        acts = [_acts(resource), *map(_acts, graph.alarms.composites(resource))]
        if True in acts:
            continue
        if State.UNKNOWN in (is_about_it, *acts, *maybe, *told):
            yield undecided(resource, f"whether anything is told when alarm {resource.name} rings is not known yet")
        elif resource.flag("actionsEnabled", default=True) is False:
            yield Finding(resource.urn, f"alarm {resource.name} has its actions off: set actions_enabled to true")
        else:
            yield Finding(
                resource.urn,
                f"alarm {resource.name} has no alarm_actions, so that nobody is told when it rings: name an SNS topic",
            )


@rule(
    "ORD-ALM-007",
    "alm-dead-letter-metric",
    title="An alarm on a dead-letter queue does not count the messages sent to it",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    dev=Level.ADVISORY,
)
def dead_letter_metric(graph: Graph) -> Iterator[Finding]:
    """An alarm on a queue that others redrive to does not rely on NumberOfMessagesSent.

    That metric counts what was sent by a request. SQS itself moves a message that failed too often, without a request:
    the alarm looks right and never rings, and dead letters are deleted unseen. ApproximateNumberOfMessagesVisible
    counts what is there. A queue that services send to, such as the failure destination of a function, is exempt, and
    so is one that has an alarm on what is there besides.
    """
    for queue in _dead_letter_queues(graph):
        waiting = graph.alarms.watch(queue, _WAITING)
        if waiting is True or queue.urn not in graph.dead_letters.sources:
            continue
        for alarm in graph.alarms.of(queue, _SENT):
            name = alarm.resource.name
            if waiting is State.UNKNOWN:
                yield undecided(
                    alarm.resource,
                    f"whether alarm {name} alone tells of dead letters in queue {queue.name} is not known yet",
                )
            else:
                yield Finding(
                    alarm.resource.urn,
                    f"alarm {name} counts {_SENT} of queue {queue.name}, which does not count what SQS itself moves "
                    f"there: use {_WAITING}",
                )


def _consumed(graph: Graph) -> dict[str, Resource]:
    """The queues that functions consume, by their URNs."""
    return {
        consumer.source.urn: consumer.source
        for consumer in graph.consumers
        if isinstance(consumer.source, Resource) and consumer.kind is Source.QUEUE and consumer.enabled is not False
    }


def _dead_letter_queues(graph: Graph) -> list[Resource]:
    return [queue for queue in graph.of_type(QUEUE) if queue.urn in graph.dead_letters.queues]


def _acts(alarm: Resource) -> bool | State:
    """Whether an alarm does something when it rings."""
    enabled, given = alarm.flag("actionsEnabled", default=True), alarm.items("alarmActions")
    if enabled is False or given == []:
        return False
    return State.UNKNOWN if isinstance(enabled, State) or isinstance(given, State) else True


def _takes_alarms(graph: Graph, rule: Resource) -> bool | State:
    """Whether an EventBridge rule takes the state changes of alarms."""
    if rule.fact("eventPattern") is State.UNKNOWN:
        return bool(graph.depends_on(rule, "eventPattern", ALARM, COMPOSITE_ALARM)) or State.UNKNOWN
    sources = rule.object("eventPattern").items("source")
    return not isinstance(sources, State) and "aws.cloudwatch" in sources
