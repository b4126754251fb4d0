"""What all sources share: one record after the other while there is time, each with its line in the log.

Powertools runs the batch and makes the answer; this adds the time budget, the log and the metrics.
https://docs.powertools.aws.dev/lambda/python/latest/utilities/batch/
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor

from .core import process
from .effects import Effects
from .errors import OrderError, OutOfTimeError
from .limits import largest_amount_for
from .order import Order
from .settings import Settings

Answer = dict[str, list[dict[str, str]]]
"""What the function returns: `{"batchItemFailures": [{"itemIdentifier": ...}]}`, the records to deliver again."""

RESERVE_MILLISECONDS = 1_000
"""What stays of an invocation's time for the answer, or a tenth of the time where that is less."""
RESERVE_RECORDS = 1.5
"""How many times the longest record so far must still fit, so that one that is half as long again ends in time."""
MAX_REASON = 1_000
"""Characters of a reason; a text from elsewhere could be as long as the message."""
_NO_LIMIT = 900_000
"""Milliseconds left where nothing says how many: Lambda's longest timeout, always."""
_KEYS = ["message", "messageId", "attempt", "orderId", "reason"]


class Settled(NamedTuple):
    """What was done about a failed record. Without more, it is handed back: the source delivers it again."""

    dead_letter: str = ""
    """The kind of failure for which it is in the dead-letter queue now: then it is done, and not handed back."""
    fields: Mapping[str, Any] = MappingProxyType({})
    """More for its line in the log."""


def records_of(event: Any, kind: str, path: Sequence[str]) -> list[dict[str, Any]]:
    """The records of an event, each with the identifier by which an answer names it.

    Args:
        event: What the event source mapping sends: `{"Records": [...]}`.
        kind: What the records are, in words.
        path: The keys that lead to the identifier of a record.

    Raises:
        ValueError: It is not a batch of such records; it is delivered again as a whole.
    """
    records: Any = cast("dict[str, Any]", event).get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise ValueError(f"the event is no batch of {kind}: it has no list of Records")
    found = cast("list[dict[str, Any]]", records)
    for place, record in enumerate(found):
        given = identifier(record, path)
        if not isinstance(given, str) or not given:
            wrong = f"record {place} of {len(found)} has no {'.'.join(path)}"
            raise ValueError(f"{wrong}: the whole batch is delivered again")
    return found


def identifier(record: Any, path: Sequence[str]) -> Any:
    """What the path leads to in a record, raw or of Powertools; `None` where it leads to nothing."""
    for name in path:
        record = record.get(name) if hasattr(record, "get") else None
    return record


def order_processing(settings: Settings, effects: Effects) -> Callable[[Order], str]:
    """What is done with each order of a batch once it is read; it returns the order's id.

    Args:
        settings: Of the function.
        effects: Where orders take effect.
    """
    largest_amount = largest_amount_for(settings)
    annotate = None
    if settings.trace_orders:
        from .tracing import annotate  # noqa: PLC0415 - only where it is asked for

    def process_order(order: Order) -> str:
        if annotate:
            annotate(order.order_id)
        process(order, effects, largest_amount)
        return order.order_id

    return process_order


def handle(
    records: Sequence[dict[str, Any]],
    context: Any,
    settings: Settings,
    *,
    processor: BatchProcessor,
    process_record: Callable[[Any], str],
    about: Callable[[Any], Mapping[str, Any]],
    settle: Callable[[Any, Exception], Settled] = lambda record, error: Settled(),  # noqa: ARG005
) -> Answer:
    """Process a batch, record by record, and answer which are to be delivered again.

    Each record that is tried has one line in the log: `order processed` with its orderId, or `order failed` with the
    reason. Those that are handed back without being tried have one line together; one that there was no time to try and
    that is in the dead-letter queue now has its own, as if it had been tried.

    Args:
        records: As the event has them, each with an identifier.
        context: Lambda's context object; `None` outside of Lambda, where there is no time budget.
        settings: Of the function.
        processor: That of Powertools for the source. It does not raise when all records fail: the function answers
            then as ever, because an error would count as one of the function's own.
        process_record: Process a record, an object of Powertools' data class, and return the order's id. Whatever it
            raises is the record's failure and not the batch's.
        about: The fields by which the log names a record. It must not raise.
        settle: What is done about a failure before the record is handed back, also about a want of time while there is
            enough for that. When it raises, the record is handed back.
    """
    if settings.trace_orders:
        from .tracing import traced  # noqa: PLC0415 - only where it is asked for

        process_record = traced(process_record)
    log = logger(settings.service_name)
    budget = _TimeBudget(context)
    counts = Counter[str]()
    dead_letters = Counter[str]()

    def attempt(record: Any) -> None:  # Powertools passes it by this name
        fields = about(record)
        late = budget.begin()
        try:
            if late:
                raise OutOfTimeError(late)
            order_id = process_record(record)
        except Exception as error:
            settled = _settled(settle, record, error) if not late or budget.allows_more() else Settled()
            if late and settled == Settled():
                raise
            counts["failed"] += not settled.dead_letter
            dead_letters[settled.dead_letter] += 1
            unforeseen = not isinstance(error, OrderError)  # then where it came from is worth its place in the log
            log.warning("order failed", reason=reason(error), **fields, **settled.fields, exc_info=unforeseen)
            if not settled.dead_letter:
                raise
        else:
            counts["processed"] += 1
            log.info("order processed", orderId=order_id, **fields)

    untyped: Any = processor  # its type hints have gaps
    untyped.raise_on_entire_batch_failure = False
    with untyped(list(records), attempt):
        untyped.process()
    answer: Answer = untyped.response()
    if untried := len(answer["batchItemFailures"]) - counts["failed"]:
        why = budget.spent or "one before them failed, and they wait for it"
        log.warning("orders handed back untried", untried=untried, reason=why)
    if settings.metrics_namespace:
        _publish(settings, counts, dead_letters)
    return answer


def reason(error: Exception) -> str:
    """Why a record failed, as one line of at most `MAX_REASON` characters: the kind of the error and its text."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:MAX_REASON]


@functools.cache
def logger(service: str) -> Logger:
    """The log: one JSON object a line, to standard output. Its level is `POWERTOOLS_LOG_LEVEL`, INFO by default."""
    return Logger(
        service=service,
        log_record_order=_KEYS,
        json_deserializer=str,  # messages are words: looking whether one is JSON takes a tenth of the time
        json_serializer=json.JSONEncoder(default=str).encode,  # ASCII: any text can be written, also a broken one
        serialize_stacktrace=False,  # the traceback is there as a text already
        use_rfc3339=True,
        utc=True,
        location=None,  # always the same two lines of this file
    )


class _TimeBudget:
    """Whether an invocation has time for one more record, so that it answers before it is ended.

    Lambda delivers the whole batch again after a timeout, also what was processed; what is handed back in time costs
    only its own attempt. Only records of this invocation are measured, so the first is always begun: were it not, a
    slow one would never be.
    """

    def __init__(self, context: Any) -> None:
        self._left: Callable[[], int] = context.get_remaining_time_in_millis if context else lambda: _NO_LIMIT
        self._before = self._left()
        self._least = min(RESERVE_MILLISECONDS, self._before / 10)
        self._longest = 0
        self.spent = ""

    def begin(self) -> str:
        """Begin one more record, which ends the one before; why not, where too little time is left for it.

        Then there is too little for all that follow, too.
        """
        left = self._left()
        self._longest = max(self._longest, self._before - left)
        reserve = max(self._least, RESERVE_RECORDS * self._longest)
        if left <= reserve:
            self.spent = self.spent or f"{left} ms of the invocation are left, and {reserve:.0f} ms are kept back"
            return self.spent
        self._before = left
        return ""

    def allows_more(self) -> bool:
        """Whether something may still be done about a record that is not begun: half of the least reserve is left."""
        return self._left() > self._least / 2


def _settled(settle: Callable[[Any, Exception], Settled], record: Any, error: Exception) -> Settled:
    try:
        return settle(record, error)
    except Exception as trouble:  # the record is handed back as if nothing had been tried
        return Settled(fields={"notSettled": reason(trouble)})


def _publish(settings: Settings, counts: Counter[str], dead_letters: Counter[str]) -> None:
    """Write the metrics of a batch to the log, from which CloudWatch takes them.

    `OrdersProcessed`, `OrdersFailed` (tried and handed back) and, for each `kind`, `OrdersDeadLettered` (by the
    function, not those that SQS moves).
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415 - only where there are some

    def publish(values: Mapping[str, int], **dimensions: str) -> None:
        metrics = EphemeralMetrics(namespace=settings.metrics_namespace, service=settings.service_name)
        for name, value in values.items():
            metrics.add_metric(name, MetricUnit.Count, value)
        for name, value in dimensions.items():
            metrics.add_dimension(name, value)
        metrics.flush_metrics()

    publish({"OrdersProcessed": counts["processed"], "OrdersFailed": counts["failed"]})
    for kind, count in dead_letters.items():
        if kind:
            publish({"OrdersDeadLettered": count}, kind=kind)
