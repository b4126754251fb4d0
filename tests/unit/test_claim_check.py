"""The bucket of orders that are too large for the queue: what it is, how long it keeps them, and who may what there."""

from __future__ import annotations

from typing import Any

import pytest

from components import OrderPipeline
from tests.support.pipelines import TAGS, Later, changes, children, complete, record, refusal
from tests.support.recorder import Recorder

DAY = 86_400
NAME = "<bucket of orders-bodies>"
BUCKET = "arn:aws:s3:eu-central-1:000000000001:orders-bodies"
OWN_KEY = "arn:aws:kms:eu-central-1:000000000001:orders-key"
KEY = "arn:aws:kms:eu-central-1:000000000001:key/1234"
LEGACY = "https://sqs.eu-central-1.amazonaws.com/000000000001/legacy"
EXISTING = {
    LEGACY: {
        "arn": "arn:aws:sqs:eu-central-1:000000000001:legacy",
        "delaySeconds": 0,
        "maxMessageSize": 1_048_576,
        "messageRetentionSeconds": 2 * DAY,
        "name": "legacy",
        "redrivePolicy": '{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:000000000001:failed","maxReceiveCount":5}',
        "url": LEGACY,
        "visibilityTimeoutSeconds": 180,
    }
}


def lifecycle(days: int) -> dict[str, Any]:
    return {
        "id": "no-message-is-left",
        "status": "Enabled",
        "filter": {"prefix": "orders/"},
        "expiration": {"days": days},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 1},
    }


def test_a_claim_check_adds_exactly_a_bucket_and_what_the_handler_needs_to_read_it() -> None:
    without, with_bucket = record(), record(claim_check=True)

    made = children(with_bucket)
    bodies = {role: made[role] for role in made.keys() - children(without).keys()}
    only_tls = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert {role: (child.type, child.inputs) for role, child in bodies.items()} == {
        "bodies": ("aws:s3/bucket:Bucket", {"forceDestroy": True, "tags": TAGS}),
        "bodies-private": (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            {
                "bucket": NAME,
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        ),
        "bodies-encryption": (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {"bucket": NAME, "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        ),
        "bodies-lifecycle": (
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            {"bucket": NAME, "rules": [lifecycle(4 + 14 + 1)]},
        ),
        "bodies-policy": (
            "aws:s3/bucketPolicy:BucketPolicy",
            {"bucket": NAME, "policy": {"Version": "2012-10-17", "Statement": [only_tls]}},
        ),
    }
    consume, *others = children(without)["policy"].inputs["policy"]["Statement"]
    read = [
        {"Sid": "GetBodies", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/orders/*"},
        {"Sid": "ListBodies", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": BUCKET},
    ]
    found = changes(with_bucket, without)
    assert {place: value for place, value in found.items() if place[0] not in bodies} == {
        ("function", "environment"): {"variables": {"CLAIM_CHECK_BUCKET": NAME}},
        ("policy", "policy"): {"Version": "2012-10-17", "Statement": [consume, *read, *others]},
    }
    assert with_bucket.outputs["orders"] == {**without.outputs["orders"], "claimCheckBucket": NAME}


def test_each_part_waits_for_the_bucket_alone_and_the_function_for_the_permission_to_read_it() -> None:
    made = children(record(claim_check=True, customer_key=True))

    waits_for = {
        role: {name.removeprefix("orders-") for name in made[role].depends_on}
        for role in made
        if role.startswith("bodies")
    }
    assert waits_for == {
        "bodies": set(),
        "bodies-private": {"bodies"},
        "bodies-encryption": {"bodies", "key"},
        "bodies-lifecycle": {"bodies"},
        "bodies-policy": {"bodies"},
    }
    assert {"orders-bodies", "orders-policy"} <= made["function"].depends_on


@pytest.mark.parametrize(
    ("arguments", "key"),
    [({"customer_key": True}, OWN_KEY), ({"kms_key_arn": KEY}, KEY), ({"kms_key_arn": Later(KEY)}, KEY)],
    ids=str,
)
def test_the_key_of_the_queue_encrypts_the_orders_with_one_request_for_many_of_them(
    arguments: dict[str, Any], key: str
) -> None:
    found = changes(record(claim_check=True, **arguments), record(claim_check=True))

    by_key = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    assert {place: value for place, value in found.items() if place[0].startswith("bodies")} == {
        ("bodies-encryption", "rules"): [{"applyServerSideEncryptionByDefault": by_key, "bucketKeyEnabled": True}]
    }


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        ({"retention": 2 * DAY}, 2 + 14 + 1),
        ({"retention": 2 * DAY + 1}, 3 + 14 + 1),
        ({"retention": 3 * DAY - 1}, 3 + 14 + 1),
        ({"retention": Later(float(2 * DAY))}, 2 + 14 + 1),
        ({"retention": 14 * DAY - 1}, 14 + 14 + 1),
        # How long its dead-letter queue keeps a message is not known.
        ({"existing_queue": LEGACY}, 2 + 14 + 1),
    ],
    ids=str,
)
def test_an_order_is_kept_for_a_day_longer_than_its_message(arguments: dict[str, Any], days: int) -> None:
    made = children(record(EXISTING, claim_check=True, **arguments))

    assert made["bodies-lifecycle"].inputs["rules"] == [lifecycle(days)]


def test_a_preview_shows_how_long_orders_are_kept() -> None:
    made = children(record(claim_check=True, preview=True))

    assert made["bodies-lifecycle"].inputs["rules"] == [lifecycle(4 + 14 + 1)]


@pytest.mark.parametrize("protect", [False, True])
def test_the_bucket_goes_with_its_orders_unless_it_is_protected(protect: bool) -> None:
    bucket = children(record(claim_check=True, protect=protect))["bodies"]

    assert (bucket.inputs["forceDestroy"], bucket.is_protected, bucket.is_retained) == (not protect, protect, protect)


def test_the_bucket_can_have_another_name_which_the_handler_is_told() -> None:
    made = children(record(claim_check=True, transform={"bodies": {"bucket": "large-orders"}}))

    assert made["bodies"].inputs["bucket"] == "large-orders"
    assert made["function"].inputs["environment"] == {"variables": {"CLAIM_CHECK_BUCKET": "large-orders"}}


def test_the_longest_name_leaves_room_for_that_of_the_bucket() -> None:
    recorder = Recorder()
    recorder.run(lambda: OrderPipeline("o" * 40, complete({"claim_check": True})))

    (name,) = recorder.of_type("aws:s3/bucket:Bucket")
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    assert len(f"{name}-1a2b3c4") <= 63


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"environment": {"CLAIM_CHECK_BUCKET": "mine"}},
        [
            "environment sets CLAIM_CHECK_BUCKET, which claim_check is for, with what the role needs: leave it out and "
            "set claim_check"
        ],
    ),
    (
        {"existing_function": "worker", "claim_check": True},
        [
            "existing_function is not changed here: leave out claim_check, or let the component make the function",
        ],
    ),
    ({"claim_check": "true"}, ["claim_check must be true or false, got 'true'"]),
    ({"claim_check": Later(True)}, ["claim_check must be true or false, got a value of type Output"]),
]


@pytest.mark.parametrize(("arguments", "problems"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_what_cannot_work_is_refused(arguments: dict[str, Any], problems: list[str]) -> None:
    assert refusal(**arguments) == problems
