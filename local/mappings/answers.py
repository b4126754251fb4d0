"""What a function's answer says about the records of its batch.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

_KEY, _ID = "batchItemFailures", "itemIdentifier"


def failed_ids(payload: Any, known: Collection[str]) -> frozenset[str] | None:
    """Ids of the records that failed; `None` when the whole batch did.

    The batch succeeded where the answer is null, an empty object, or one whose list of failures is null or empty. It
    failed as a whole where an identifier is empty, null, missing under its name or of no record of the batch.

    Args:
        payload: What the function returned, read as JSON.
        known: Ids of the batch.
    """
    if payload is None or payload == {}:
        return frozenset()
    if not isinstance(payload, dict):
        return None
    failures: Any = cast("dict[str, Any]", payload).get(_KEY)
    if failures is None or failures == []:
        return frozenset()
    if not isinstance(failures, list):
        return None
    ids: list[Any] = [
        cast("dict[str, Any]", item).get(_ID) if isinstance(item, dict) else None
        for item in cast("list[Any]", failures)
    ]
    return frozenset(ids) if all(isinstance(one, str) and one in known for one in ids) else None
