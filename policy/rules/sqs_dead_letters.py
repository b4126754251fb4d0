"""Rules about dead-letter queues: of the right kind, in the right place, kept long enough, and not coming back."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Consumer, is_fifo, named
from policy.graph.references import Reference
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.rules.common.queue_numbers import RANGES, number
from policy.rules.sqs_redrive import target_not_known, targets

_GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
_MOST_RETENTION = RANGES["messageRetentionSeconds"].high
_REASON_TAG = "fifo-dead-letter-reason"
"""Tag of a FIFO queue that says why its order may be broken by its dead-letter queue."""


@rule(
    "ORD-SQS-004",
    "sqs-dead-letter-type",
    title="A dead-letter queue has the type of its source",
    kind=Kind.LIMIT,
    url=f"{_GUIDE}/sqs-configure-dead-letter-queue.html",
)
def dead_letter_type(graph: Graph) -> Iterator[Finding]:
    """The dead-letter queue of a FIFO queue is FIFO, that of a standard queue is standard.

    AWS refuses anything else, but only when the queue is deployed: "Dead-letter queue must be same type of queue as the
    source". A queue outside this program is judged by its name, which ends in `.fifo` if it is FIFO.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """
    for redrive in graph.dead_letters.redrives:
        if redrive.target is State.UNSET:
            continue
        source, target = is_fifo(redrive.queue), is_fifo(redrive.target)
        if isinstance(source, State) or isinstance(target, State):
            yield target_not_known(redrive, "its type")
        elif source != target:
            kinds = {True: "FIFO", False: "standard"}
            yield Finding(
                redrive.holder.urn,
                f"queue {redrive.queue.name} is {kinds[source]}, its dead-letter queue {named(redrive.target)} is "
                f"{kinds[target]}: name one that is {kinds[source]}",
            )


@rule(
    "ORD-SQS-007",
    "sqs-dead-letter-retention",
    title="A dead-letter queue keeps messages longer than its sources",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/setting-up-dead-letter-queue-retention.html",
    dev=Level.ADVISORY,
)
def dead_letter_retention(graph: Graph) -> Iterator[Finding]:
    """The retention of a dead-letter queue is longer than that of each queue that sends to it.

    A message of a standard queue keeps the time when it was sent. One that failed for three of its four days has only
    one day left in a dead-letter queue of four days, and is deleted there before anybody looks. Both queues have four
    days when the program says nothing, so the default is too short. On FIFO queues the clock starts again: exempt.
    """
    for redrive in graph.dead_letters.redrives:
        fifo = is_fifo(redrive.queue)
        if fifo is True or redrive.target is State.UNSET or isinstance(redrive.target, Resource):
            continue
        # A policy of which nothing is known may be an empty one.
        if fifo is False and _kept(redrive.queue) == _MOST_RETENTION and redrive.policy.content is not State.UNKNOWN:
            yield _too_long(redrive.queue)
        else:
            yield target_not_known(redrive, "how long it keeps messages")
    for target, sources in targets(graph):
        comparable = [queue for queue in sources if queue.urn not in graph.dead_letters.looped]
        if is_fifo(target) is False:
            yield from _retention(target, comparable)
        elif is_fifo(target) is State.UNKNOWN:
            yield undecided(target, f"whether dead-letter queue {target.name} is FIFO is not known yet")


def _retention(target: Resource, sources: list[Resource]) -> Iterator[Finding]:
    kept = _kept(target)
    known = [(value, source) for source in sources if not isinstance(value := _kept(source), State)]
    longest, source = max(known, key=lambda found: found[0], default=(0, target))
    if longest == _MOST_RETENTION:
        yield _too_long(source)
    elif not isinstance(kept, State) and kept <= longest:
        message = (
            f"dead-letter queue {target.name} keeps messages {kept} s, queue {source.name} {longest} s: a dead letter "
            "keeps the time when it was sent, so it may have 0 s left; set message_retention_seconds of "
            f"{target.name} > {longest} ({_MOST_RETENTION} is the most)"
        )
        yield Finding(target.urn if target.managed else source.urn, message)
    elif State.UNKNOWN in (kept, *map(_kept, sources)):
        yield undecided(
            target, f"how long dead-letter queue {target.name} or a source of it keeps messages is not known yet"
        )


def _kept(queue: Resource) -> float | State:
    return number(queue, "messageRetentionSeconds")


def _too_long(queue: Resource) -> Finding:
    return Finding(
        queue.urn,
        f"queue {queue.name} keeps messages {_MOST_RETENTION} s, the most there is, so its dead-letter queue cannot "
        f"keep them longer and one may have 0 s left there; set message_retention_seconds of {queue.name} < "
        f"{_MOST_RETENTION}",
    )


@rule(
    "ORD-SQS-011",
    "sqs-dead-letter-loop",
    title="Dead letters do not come back to their queue",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
)
def dead_letter_loop(graph: Graph) -> Iterator[Finding]:
    """No queue is its own dead-letter queue, whether at once or by way of others.

    A message that nobody can process would go round until it expires, and no queue would ever show that it failed. A
    chain that leaves this program is followed as far as the program goes. This follows from what a dead-letter queue
    does, and is not a sentence of AWS' guide.
    """
    for loop in graph.dead_letters.loops:
        way = " -> ".join(redrive.queue.name for redrive in [*loop, loop[0]])
        yield Finding(
            loop[0].holder.urn, f"dead letters come back to their queue ({way}): name a dead-letter queue outside of it"
        )
    for redrive in graph.dead_letters.redrives:
        if redrive.target is State.UNKNOWN:
            yield target_not_known(redrive, "whether dead letters come back from it")


@rule(
    "ORD-SQS-012",
    "sqs-dead-letter-place",
    title="A dead-letter queue is in the account and region of its source",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
)
def dead_letter_place(graph: Graph) -> Iterator[Finding]:
    """A queue and its dead-letter queue are in one AWS account and one region.

    AWS says that a dead-letter queue must be created with the same account and in the same region as its source. Two
    queues of one program are taken to be in one place unless they name different regions.
    https://docs.aws.amazon.com/sdk-for-cpp/v1/developer-guide/examples-sqs-dead-letter-queues.html
    """
    for redrive in graph.dead_letters.redrives:
        queue, target = redrive.queue, redrive.target
        if target is State.UNSET:
            continue
        here, there = _place(queue), _place(target)
        differ = [
            not isinstance(one, State) and not isinstance(other, State) and one != other
            for one, other in zip(here, there, strict=True)
        ]
        if any(differ):
            where = f"in {there[0]}, not in {here[0]}" if differ[0] else "in another AWS account"
            yield Finding(
                redrive.holder.urn,
                f"the dead-letter queue of {queue.name}, {named(target)}, is {where}: name one in the same account and "
                "region",
            )
        # Two queues of one program that name no region are in one place.
        elif (not isinstance(target, Resource) or here[0] != there[0]) and State.UNKNOWN in (*here, *there):
            yield target_not_known(redrive, "its region or account")


@rule(
    "ORD-SQS-013",
    "sqs-dead-letter-consumer",
    title="A function does not consume the dead letters of the queue that it consumes",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
    dev=Level.ADVISORY,
)
def dead_letter_consumer(graph: Graph) -> Iterator[Finding]:
    """A dead-letter queue is not consumed by the function that failed to process its messages, by whatever alias.

    What it cannot process it gets once more, fails again, and so on until the message expires: the queue is no place
    any more where failed orders wait for a person. A function of its own that repairs messages or sends them back is
    fine, and so is a mapping that is disabled. This follows from what both queues do, and is no sentence of AWS' guide.
    """
    readers: dict[str, list[Consumer]] = {}
    for consumer in graph.consumers:
        if consumer.enabled is not False and not isinstance(consumer.source, State):
            readers.setdefault(_key(consumer.source), []).append(consumer)
    for redrive in graph.dead_letters.redrives:
        own = readers.get(redrive.queue.urn, [])
        if not own or redrive.queue.urn in graph.dead_letters.looped:
            continue
        if isinstance(redrive.target, State):
            if redrive.target is State.UNKNOWN:
                yield target_not_known(redrive, "which function consumes it")
            continue
        surely = {_function(reader) for reader in own if reader.enabled is True}
        perhaps = {_function(reader) for reader in own}
        for reader in readers.get(_key(redrive.target), []):
            function, target = _function(reader), named(redrive.target)
            if function is not State.UNKNOWN and function in surely and reader.enabled is True:
                yield Finding(
                    reader.mapping.urn,
                    f"function {named(reader.function)} consumes queue {redrive.queue.name} and its dead-letter queue "
                    f"{target}: what it cannot process comes back to it; give {target} a function of its own, or none",
                )
            elif function is State.UNKNOWN or not perhaps.isdisjoint({function, State.UNKNOWN}):
                yield undecided(
                    reader.mapping,
                    f"whether one function consumes queue {redrive.queue.name} and its dead letters is not known yet",
                )


@rule(
    "ORD-SQS-014",
    "sqs-fifo-dead-letter",
    title="A dead-letter queue on a FIFO queue is meant, because it breaks the order",
    kind=Kind.PRACTICE,
    url=f"{_GUIDE}/sqs-dead-letter-queues.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def fifo_dead_letter(graph: Graph) -> Iterator[Finding]:
    """A FIFO queue with a dead-letter queue states in its tag `fifo-dead-letter-reason` why its order may be broken.

    When a message is set aside, SQS gives the next one of its group: an order is shipped although its payment, which
    came before, is among the dead letters. AWS advises against a dead-letter queue where the exact order matters.
    Without one a message that fails blocks its group until it expires, which is why ORD-SQS-002 asks for it
    nevertheless; so somebody has to think about which of both is right, and say so.
    """
    for redrive in graph.dead_letters.redrives:
        queue, reason, fifo = redrive.queue, redrive.queue.reason(_REASON_TAG), is_fifo(redrive.queue)
        stated = reason not in ("", State.UNKNOWN)
        if fifo is False or stated or redrive.target is State.UNSET:
            continue
        if State.UNKNOWN in (fifo, reason, redrive.target):
            yield undecided(
                queue,
                f"whether queue {queue.name} is FIFO, has a dead-letter queue, and says why in its tag {_REASON_TAG} "
                "is not known yet",
            )
        else:
            yield Finding(
                queue.urn,
                f"queue {queue.name} is FIFO and has a dead-letter queue: when a message is set aside, the next of its "
                f"group overtakes it; say in its tag {_REASON_TAG} why that is right",
            )


def _place(queue: Reference) -> tuple[str | State, str | State]:
    """Region and account of a queue."""
    if isinstance(queue, State):
        return State.UNKNOWN, State.UNKNOWN
    arn = queue.fact("arn") if isinstance(queue, Resource) else queue
    region = queue.text("region") if isinstance(queue, Resource) else State.UNSET
    # arn:aws:sqs:region:account:name
    parts = arn.split(":") if isinstance(arn, str) else []
    at, account = (part or State.UNKNOWN for part in (parts[3:5] if len(parts) > 4 else ("", "")))  # noqa: PLR2004
    return at if region is State.UNSET else region, account


def _key(queue: Resource | str) -> str:
    return queue.urn if isinstance(queue, Resource) else queue


def _function(consumer: Consumer) -> str | State:
    """What a mapping invokes, whichever version or alias of it."""
    match consumer.function:
        case Resource():
            return consumer.function.urn
        case State():
            return State.UNKNOWN
        case text:
            # arn:aws:lambda:region:account:function:name:qualifier, account:function:name or name:qualifier
            return text.rpartition("function:")[2].partition(":")[0]
