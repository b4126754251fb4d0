"""Powertools' idempotency around effects: no two invocations apply the same order at the same time.

The record of an order is locked until the invocation that began it must have ended, by the time that Lambda gives it.
An invocation that dies leaves the lock, and the order is received again after the visibility timeout. By then the lock
is over: the pipeline keeps the visibility timeout at 6 times the function's timeout and more.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#lambda-timeouts
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyItemAlreadyExistsError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)

from .aws import waiting_when_throttled
from .effects import Effects
from .errors import PermanentError, RetryAfterError
from .order import Order

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_SECONDS = 86_400
KEPT_SECONDS = (4 + 14 + 1) * _DAY_SECONDS
"""How long a record is kept: as long as an order can be in the queue, and then in its dead-letter queue, by the
defaults of the pipeline, and a day more. After that the table of orders alone still knows the order."""


class Once:
    """Effects that are applied by one invocation at a time, and not asked again once an order was applied.

    Args:
        effects: What is guarded.
        dynamodb: A client.
        table: Name or ARN of the table with the records: its key is the text id, its time to live is expiration.
        clock: Seconds since 1970, as `time.time`.
    """

    def __init__(
        self, effects: Effects, dynamodb: DynamoDBClient, table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._effects, self._clock = effects, clock
        self._config = IdempotencyConfig(
            event_key_jmespath="order_id",
            payload_validation_jmespath="fields",
            raise_on_no_idempotency_key=True,
            expires_after_seconds=KEPT_SECONDS,
            hash_function="sha256",  # md5 does not run where FIPS is asked for
            response_hook=_was_applied,
        )
        self._apply: Callable[..., bool] = idempotent_function(
            effects.apply,
            data_keyword_argument="order",
            persistence_store=DynamoDBPersistenceLayer(table_name=table, boto3_client=dynamodb),
            config=self._config,
            key_prefix="order",  # instead of the function's name: one order is one, whichever source it comes from
        )

    def within(self, context: Any) -> Effects:
        """The same, for the orders of one invocation: its remaining time is that of the locks."""
        self._config.register_lambda_context(context)
        return self

    def apply(self, order: Order) -> bool:
        """Apply the order unless it was applied before.

        Raises:
            PermanentError: Another order has the id.
            RetryAfterError: Another invocation is about it, until the given seconds from now at most; or AWS throttles.
        """
        try:
            with waiting_when_throttled():
                return self._guarded(order)
        except IdempotencyAlreadyInProgressError as error:
            reason = f"order {order.order_id} is in progress in another invocation"
            raise RetryAfterError(reason, self._seconds_locked(error)) from None
        except IdempotencyValidationError:
            raise PermanentError(f"another order with the id {order.order_id} was begun before") from None

    def has_begun(self, order: Order) -> bool:
        """Whether the order was begun, by what is guarded."""
        return self._effects.has_begun(order)

    def _guarded(self, order: Order) -> bool:
        try:
            return self._apply(order=order)
        except IdempotencyPersistenceLayerError as error:
            raise error.__cause__ or error from None  # Powertools hides the error of DynamoDB

    def _seconds_locked(self, error: IdempotencyAlreadyInProgressError) -> int | None:
        found = error.__context__  # the only place where Powertools leaves the record
        record = found.old_data_record if isinstance(found, IdempotencyItemAlreadyExistsError) else None
        if record is None or record.in_progress_expiry_timestamp is None:
            return None
        expires = int(record.in_progress_expiry_timestamp) / 1_000  # a Decimal, whatever its type says
        return max(1, math.ceil(expires - self._clock()))


def _was_applied(response: Any, idempotent_data: Any) -> bool:
    """What `apply` answers for an order whose record says that it was applied."""
    del response, idempotent_data
    return False
