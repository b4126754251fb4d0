"""The claim check: what goes to the bucket, and what may be read back from it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from subprocess import run
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from functions.orders.processing.claim_check import DEFAULT_THRESHOLD_BYTES, ClaimCheck
from functions.orders.processing.errors import OrderError, PermanentError, PoisonError, RetryAfterError
from tests.support.aws_calls import recorded, refusing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "order-bodies"
ORDER = '{"orderId": "A-1", "note": "Ärger"}'
DIGEST = hashlib.sha256(ORDER.encode()).hexdigest()
POINTER = {"bucket": BUCKET, "key": f"orders/{DIGEST}", "sha256": DIGEST, "bytes": 36}


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client(  # pyright: ignore[reportUnknownMemberType]
            "s3", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def message(**changes: object) -> str:
    return json.dumps({"claimCheck": {**POINTER, **changes}})


def refused(claim_check: ClaimCheck, text: str) -> tuple[type[OrderError], str]:
    with pytest.raises(OrderError) as caught:
        claim_check.get(text)
    return caught.type, str(caught.value)


def test_an_order_that_was_put_is_got_back_from_where_its_message_says(s3: S3Client) -> None:
    claim_check = ClaimCheck(BUCKET, client=s3)

    sent = claim_check.put(ORDER)

    assert json.loads(sent) == {"claimCheck": POINTER}
    assert claim_check.get(sent) == ORDER
    stored = s3.get_object(Bucket=BUCKET, Key=POINTER["key"])  # pyright: ignore[reportArgumentType]
    assert (stored["Body"].read().decode(), stored["ContentType"]) == (ORDER, "application/json")
    (grant,) = s3.get_object_acl(Bucket=BUCKET, Key=f"orders/{DIGEST}")["Grants"]
    assert (grant.get("Grantee", {}).get("Type"), grant.get("Permission")) == ("CanonicalUser", "FULL_CONTROL")


def test_an_order_that_is_put_again_is_the_same_object_with_a_new_lifetime(s3: S3Client) -> None:
    claim_check = ClaimCheck(BUCKET, client=s3)
    writes = recorded(s3, "PutObject")

    assert claim_check.put(ORDER) == claim_check.put(ORDER)

    assert [write["Key"] for write in writes] == [f"orders/{DIGEST}"] * 2
    assert all("IfNoneMatch" not in write for write in writes)
    assert [found.get("Key") for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])] == [f"orders/{DIGEST}"]


@pytest.mark.parametrize(
    ("body", "beside", "travels"),
    [
        ("x" * 1024, 0, True),
        ("x" * 1025, 0, False),
        ("x" * 1000, 24, True),
        ("x" * 1000, 25, False),
        ("ä" * 512, 0, True),
        ("ä" * 513, 0, False),
    ],
)
def test_the_threshold_counts_bytes_and_attributes(s3: S3Client, body: str, beside: int, travels: bool) -> None:
    claim_check = ClaimCheck(BUCKET, threshold_bytes=1024, client=s3)

    sent = claim_check.message_for(body, beside)

    assert (sent == body) is travels
    assert claim_check.get(sent) == body
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == (0 if travels else 1)


def test_the_threshold_is_256_kib_unless_said_otherwise(s3: S3Client) -> None:
    claim_check = ClaimCheck(BUCKET, client=s3)

    assert DEFAULT_THRESHOLD_BYTES == 262_144
    assert len(claim_check.message_for("x" * 262_144)) == 262_144
    assert len(claim_check.message_for("x" * 262_145)) == 219


@pytest.mark.parametrize("threshold", [1023, 1_048_577])
def test_a_threshold_out_of_its_range_is_refused(threshold: int) -> None:
    with pytest.raises(ValueError, match=f"^threshold_bytes must be 1024..1048576, got {threshold}$"):
        ClaimCheck(BUCKET, threshold_bytes=threshold)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON with claimCheck",
        '"claimCheck"',
        '["claimCheck"]',
        '{"claimCheck": ' + "[" * 1000,
        '{"claimCheck": {}, "orderId": "A-1"}',
        json.dumps({"orderId": "A-1", "claimCheck": POINTER}),
        json.dumps({"claimCheck": POINTER}) + " " * 1024,
        ORDER,
    ],
    ids=lambda text: text[:40],
)
def test_any_other_message_is_its_own_order(s3: S3Client, text: str) -> None:
    assert ClaimCheck(BUCKET, client=s3).get(text) == text


@given(body=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_order_is_taken_for_a_claim_check(body: str) -> None:
    order = json.dumps({"orderId": "A-1", "claimCheck": body})

    assert ClaimCheck("").get(order) == order


@pytest.mark.parametrize(
    "text",
    [
        '{"claimCheck": null}',
        '{"claimCheck": {}}',
        message(sha256=None),
        message(sha256=f"{DIGEST}/../x", key=f"orders/{DIGEST}/../x"),
        message(sha256=DIGEST.upper(), key=f"orders/{DIGEST.upper()}"),
        message(key="secrets/of-others"),
        message(bytes="35"),
        message(bytes=True),
    ],
    ids=lambda text: text[:60],
)
def test_a_claim_check_that_cannot_be_read_is_poison(s3: S3Client, text: str) -> None:
    assert refused(ClaimCheck(BUCKET, client=s3), text) == (
        PoisonError,
        "the claim check must have bucket, key orders/<sha256>, sha256 and bytes",
    )


@pytest.mark.parametrize(("own", "named"), [(BUCKET, "bucket-of-others"), ("", BUCKET), ("", "")])
def test_a_claim_check_for_another_bucket_is_permanent_and_not_read(s3: S3Client, own: str, named: str) -> None:
    ClaimCheck(BUCKET, client=s3).put(ORDER)
    reads = recorded(s3, "GetObject")

    assert refused(ClaimCheck(own, client=s3), message(bucket=named)) == (
        PermanentError,
        "the claim check does not point to the bucket that CLAIM_CHECK_BUCKET names",
    )
    assert reads == []


def test_a_missing_object_is_permanent(s3: S3Client) -> None:
    assert refused(ClaimCheck(BUCKET, client=s3), message()) == (
        PermanentError,
        "the claimed order is missing: its bucket has no such object (any more)",
    )


def test_an_object_of_another_size_is_permanent(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"orders/{DIGEST}", Body=b"x" * 37)

    assert refused(ClaimCheck(BUCKET, client=s3), message()) == (
        PermanentError,
        "the claimed order has 37 bytes, and its claim check 36",
    )


def test_an_object_of_another_digest_is_permanent(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"orders/{DIGEST}", Body=b"x" * 36)

    assert refused(ClaimCheck(BUCKET, client=s3), message()) == (
        PermanentError,
        "the claimed order is not the one that was sent: its SHA-256 is another",
    )


def test_an_object_that_is_no_text_is_poison(s3: S3Client) -> None:
    digest = hashlib.sha256(b"\xff").hexdigest()
    s3.put_object(Bucket=BUCKET, Key=f"orders/{digest}", Body=b"\xff")

    assert refused(ClaimCheck(BUCKET, client=s3), message(key=f"orders/{digest}", sha256=digest, bytes=1)) == (
        PoisonError,
        "the claimed order is not text in UTF-8",
    )


def test_a_throttled_bucket_is_tried_again_later(s3: S3Client) -> None:
    for operation in ("GetObject", "PutObject"):
        refusing(s3, operation, "SlowDown", 503)

    assert refused(ClaimCheck(BUCKET, client=s3), message()) == (RetryAfterError, "GetObject is throttled (SlowDown)")
    with pytest.raises(RetryAfterError, match=r"^PutObject is throttled \(SlowDown\)$"):
        ClaimCheck(BUCKET, client=s3).put(ORDER)


def test_a_denied_read_is_no_failure_of_the_order(s3: S3Client) -> None:
    refusing(s3, "GetObject", "AccessDenied", 403)

    with pytest.raises(ClientError, match="AccessDenied"):
        ClaimCheck(BUCKET, client=s3).get(message())


def test_boto3_is_imported_only_for_a_claim_check() -> None:
    code = (
        "import sys; from functions.orders.processing.claim_check import ClaimCheck; "
        "print(ClaimCheck('').get('{}'), 'boto3' in sys.modules, 'botocore' in sys.modules)"
    )

    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "{} False False\n"
