"""The claim check: an order that is too large for its source waits in a bucket, and the message says where.

A message that is a claim check is this object and nothing else, so that no order can be taken for one:

    {"claimCheck": {"bucket": "orders-bodies", "key": "orders/<sha256>", "sha256": "<hex>", "bytes": 300000}}

It is not the format of Amazon's extended clients. Theirs is a list with the name of a Java class, and needs a message
attribute, which Kinesis and EventBridge do not have; it says neither size nor digest, so that what is read cannot be
checked; and their receivers read from whichever bucket the message names.
https://github.com/awslabs/amazon-sqs-python-extended-client-lib
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, cast

from .errors import PermanentError, PoisonError
from .messages import length

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEFAULT_THRESHOLD_BYTES = 256 * 1024
"""Not the 1 MiB of SQS: Lambda takes 6 MB an invocation, which six such messages would fill.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
THRESHOLD_RANGE_BYTES = (1024, 1024 * 1024)
"""From what is always larger than a claim check to the largest message of SQS.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MARK = '"claimCheck"'


class ClaimCheck:
    """Both sides of it: a producer puts bodies, a function gets them.

    The producer's role needs `s3:PutObject` on `orders/*` of the bucket. The function's needs `s3:GetObject` there, and
    `s3:ListBucket` on the bucket: without that, S3 answers "access denied" for a missing object, which is tried again
    like any error, and the order reaches the dead-letter queue after its last attempt only.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html

    Args:
        bucket: Its name. It must be private and encrypt by itself (nothing is said of encryption with an object), and
            keep objects longer than the source and its dead-letter queue keep messages together.
        threshold_bytes: The largest message that travels itself, with its attributes, bytes, 1,024..1,048,576.
            Default: 262,144.
        client: Of S3. Default: one from the environment, made when the first object is put or got.

    Raises:
        ValueError: The threshold is out of its range.
    """

    def __init__(
        self, bucket: str, *, threshold_bytes: int = DEFAULT_THRESHOLD_BYTES, client: S3Client | None = None
    ) -> None:
        low, high = THRESHOLD_RANGE_BYTES
        if not low <= threshold_bytes <= high:
            raise ValueError(f"threshold_bytes must be {low}..{high}, got {threshold_bytes}")
        self.bucket = bucket
        self.threshold_bytes = threshold_bytes
        self._given_client = client

    def message_for(self, body: str, beside_bytes: int = 0) -> str:
        """What is sent for an order: its body, or a claim check where it is above the threshold.

        Args:
            body: The order.
            beside_bytes: What the message's attributes take, bytes, 0 or more. Default: 0.

        Raises:
            RetryAfterError: As `put`.
        """
        return body if length(body) + beside_bytes <= self.threshold_bytes else self.put(body)

    def put(self, body: str) -> str:
        """Store the order and return the message that points to it.

        The key is the digest of the order, so that sending it again writes the same object, and a queue with
        content-based deduplication still knows it. It is written again although it is there: its lifetime has to count
        from the last message that points to it.

        Raises:
            RetryAfterError: S3 throttles.
            ClientError: It refuses: the role or the bucket is wrong.
        """
        data = body.encode()
        digest = _digest(data)
        self._ask("put_object", Key=_key(digest), Body=data, ContentType="application/json")
        pointer = {"bucket": self.bucket, "key": _key(digest), "sha256": digest, "bytes": len(data)}
        return json.dumps({"claimCheck": pointer})

    def get(self, message: str) -> str:
        """The order that a message stands for: its own body, or what its claim check points to.

        Only the own bucket is read: whoever may send messages shall not choose what the function's role reads.

        Raises:
            PoisonError: The claim check cannot be read.
            PermanentError: It points to another bucket, or the object is missing or is not what was put.
            RetryAfterError: S3 throttles.
            ClientError: It refuses otherwise; the order is tried again.
        """
        pointer = _pointer(message)
        if pointer is None:
            return message
        bucket, key, digest, size = (pointer.get(name) for name in ("bucket", "key", "sha256", "bytes"))
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest) or key != _key(digest) or type(size) is not int:
            raise PoisonError("the claim check must have bucket, key orders/<sha256>, sha256 and bytes")
        if not self.bucket or bucket != self.bucket:
            raise PermanentError("the claim check does not point to the bucket that CLAIM_CHECK_BUCKET names")
        try:
            found = self._ask("get_object", Key=key)
        except self._client.exceptions.NoSuchKey:
            raise PermanentError("the claimed order is missing: its bucket has no such object (any more)") from None
        if found["ContentLength"] != size:
            raise PermanentError(f"the claimed order has {found['ContentLength']} bytes, and its claim check {size}")
        data: bytes = found["Body"].read()
        if _digest(data) != digest:
            raise PermanentError("the claimed order is not the one that was sent: its SHA-256 is another")
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise PoisonError("the claimed order is not text in UTF-8") from None

    @functools.cached_property
    def _client(self) -> S3Client:
        if self._given_client:
            return self._given_client
        from .aws import client  # noqa: PLC0415 - it imports botocore, and most messages are no claim checks

        return client("s3")

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        from .aws import waiting_when_throttled  # noqa: PLC0415 - as above

        with waiting_when_throttled():
            return getattr(self._client, operation)(Bucket=self.bucket, **parameters)


claim_check_for = functools.cache(ClaimCheck)
"""It keeps its client for the next batch."""


def _pointer(message: str) -> dict[str, Any] | None:
    """What the claim check says; nothing where the message is none. Most messages are not parsed for it."""
    if _MARK not in message or len(message) >= THRESHOLD_RANGE_BYTES[0]:
        return None
    try:
        read = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict) or list(cast("dict[str, Any]", read)) != ["claimCheck"]:
        return None
    pointer = cast("dict[str, Any]", read)["claimCheck"]
    return cast("dict[str, Any]", pointer) if isinstance(pointer, dict) else {}


def _key(digest: str) -> str:
    return f"orders/{digest}"


def _digest(data: bytes) -> str:
    import hashlib  # noqa: PLC0415 - takes longer than the rest of this file, and few orders need it

    return hashlib.sha256(data).hexdigest()
