"""What all code that calls AWS shares: its clients, how long a call may take, and which errors say "slower"."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from .errors import RetryAfterError

CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
"""Of every client: boto3's own 60 s a try would outlast the function's timeout, and with it the whole batch."""

THROTTLING = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes of errors that say "not now". https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""


def client(service: str) -> Any:
    """A client of a service of AWS, from the environment; boto3 takes longer to import than all else.

    Args:
        service: Its name in boto3, such as `sqs`.
    """
    import boto3  # noqa: PLC0415 - where a client is given, as in tests, and in most batches, it is not needed

    session: Any = boto3  # the stubs have one overload for each service name
    return session.client(service, config=CONFIG)


@contextmanager
def waiting_when_throttled() -> Generator[None]:
    """Turn a throttled call into a wait; every other error stays what it is.

    Raises:
        RetryAfterError: AWS throttles, also after the retries of the client.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code not in THROTTLING:
            raise
        raise RetryAfterError(f"{error.operation_name} is throttled ({code})") from error
