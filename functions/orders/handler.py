"""Processes orders from an SQS queue; each order succeeds or fails on its own.

An order is a JSON object with an `orderId`. One with `"fail": true` fails, to show what happens to an order that cannot
be processed: it is received again after the visibility timeout, and after the last attempt SQS moves it to the
dead-letter queue. Environment variables ask for more: `processing/settings.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from .processing import sqs
    from .processing.effects import effects_for
    from .processing.settings import Settings
else:  # Lambda imports this file from the root of the zip, where it is in no package
    from processing import sqs
    from processing.effects import effects_for
    from processing.settings import Settings

REPORTS_BATCH_ITEM_FAILURES = True
"""What the component holds against the mapping, which must expect that answer."""
SETTINGS = Settings.read()


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process a batch of SQS messages.

    Args:
        event: What the event source mapping sends: `{"Records": [{"messageId": ..., "body": ..., ...}]}`.
            https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
        context: Lambda's context object; `None` where there is none.

    Returns:
        The messages to receive again: `{"batchItemFailures": [{"itemIdentifier": <messageId>}]}`. The mapping must have
        `ReportBatchItemFailures`, else Lambda takes every answer for a success of the whole batch.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html

    Raises:
        ValueError: The event is not a batch of SQS messages; the whole batch is received again.
    """
    return {**sqs.handle(event, context, SETTINGS, effects_for(SETTINGS, context))}
