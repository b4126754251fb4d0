"""What the adapters of streams share: in order up to the first failure, and the checkpoint there.

Powertools' processor goes on after a failure. On a stream that is wasted: Lambda takes the lowest sequence number of
the answer as its checkpoint and delivers everything from there again, so what was processed behind it is processed
twice. It is also out of order, which a stream keeps. So the first failure ends the batch.
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html

A failure of the first record is an error of the invocation. Nothing was processed then, and only for an error Lambda is
sure to halve the batch (`BisectBatchOnFunctionError`), until the record that fails is alone. An answer with the first
record would bring the same batch back until its retries are used up, and good records would be discarded with the bad.

Every kind of failure is tried again, a permanent one too: a stream has no message that could be taken out. After the
retries of the mapping, its on-failure destination gets the record.
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from . import batch
from .settings import Settings

_WAITING = RuntimeError("a record before this one failed")


class BatchError(Exception):
    """Nothing of a batch was processed, as its first record failed."""


@dataclass(frozen=True)
class Stream:
    """A kind of stream, and where its records say who they are."""

    name: str
    event_type: EventType
    path: tuple[str, str]
    """To the sequence number: the part of a record with what is the stream's own, and the key in it. The number grows
    within a shard, and identifies a record in an answer."""

    def number_of(self, record: Any) -> Any:
        """The sequence number of a record, raw or of Powertools; `None` where it has none."""
        return batch.identifier(record, self.path)


def handle(
    event: Any,
    context: Any,
    settings: Settings,
    stream: Stream,
    *,
    process_record: Callable[[Any], str],
    wanted: Callable[[dict[str, Any]], bool] = lambda record: True,  # noqa: ARG005
) -> batch.Answer:
    """Process the records of a batch until one fails.

    Args:
        event: What the event source mapping sends: `{"Records": [...]}`, the records of one shard in their order, at
            most 10,000 and 6 MB.
        context: Lambda's context object; `None` outside of Lambda.
        settings: Of the function.
        stream: The kind of the stream.
        process_record: Process a record, an object of Powertools' data class, and return the order's id.
        wanted: Whether a raw record is an order at all. Others are passed over, without a word in the log.

    Returns:
        The first record that failed: `{"batchItemFailures": [{"itemIdentifier": <sequence number>}]}`, or none.

    Raises:
        BatchError: The first record of the batch failed.
        ValueError: The event is not a batch of the stream's records; it is delivered again as a whole.
    """
    records = batch.records_of(event, f"{stream.name} records", stream.path)
    answer = batch.handle(
        [record for record in records if wanted(record)],
        context,
        settings,
        processor=_UntilFailure(event_type=stream.event_type),
        process_record=process_record,
        about=lambda record: _about(record, stream, context),
    )
    failed = answer["batchItemFailures"][:1]
    if failed and failed[0]["itemIdentifier"] == stream.number_of(records[0]):
        raise BatchError(f"none of {len(records)} records was processed: the first one failed, as the log says")
    return {"batchItemFailures": failed}


class _UntilFailure(BatchProcessor):
    """After the first failure nothing is tried."""

    def _process_record(self, record: dict[str, Any]) -> Any:
        untyped: Any = self  # its type hints have gaps
        if not untyped.fail_messages:
            return super()._process_record(record)  # pyright: ignore[reportUnknownMemberType]
        waiting = untyped._to_batch_type(record=record, event_type=self.event_type)
        return untyped.failure_handler(record=waiting, exception=(RuntimeError, _WAITING, None))


def _about(record: Any, stream: Stream, context: Any) -> dict[str, Any]:
    """How the log names a record; how often it was tried is known to the mapping alone."""
    fields = {"sequenceNumber": stream.number_of(record)}
    request = getattr(context, "aws_request_id", None)
    return {**fields, "correlation_id": request} if request else fields
