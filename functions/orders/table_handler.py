"""Processes orders from the DynamoDB stream of a table, in the order of each shard, until one fails.

`processing/dynamodb.py` says which changes are orders, and `processing/streams.py` what a failure does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from .processing import dynamodb
    from .processing.effects import effects_for
    from .processing.settings import Settings
else:  # Lambda imports this file from the root of the zip, where it is in no package
    from processing import dynamodb
    from processing.effects import effects_for
    from processing.settings import Settings

REPORTS_BATCH_ITEM_FAILURES = True
"""What the component holds against the mapping, which must expect that answer."""
SETTINGS = Settings.read()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch of records of one shard.

    Args:
        event: What the event source mapping sends.
            https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        context: Lambda's context object; `None` where there is none.

    Returns:
        The record from which Lambda goes on: `{"batchItemFailures": [{"itemIdentifier": <sequence number>}]}`, or none
        where all were processed. The mapping must have `ReportBatchItemFailures`, else Lambda takes every answer for a
        success of the whole batch.
        https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

    Raises:
        BatchError: The first record failed; the batch is delivered again, in halves with `BisectBatchOnFunctionError`.
        ValueError: The event is not a batch of DynamoDB records; it is delivered again.
    """
    return {**dynamodb.handle(event, context, SETTINGS, effects_for(SETTINGS, context))}
