"""Orders that are too large for the queue: on their way through the bucket, and what the bucket is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.features.deployed import Deployed, Pipeline, as_role, deploy, large, lay_out
from tests.support.program import Program


def test_a_large_order_of_a_role_that_was_let_in_reaches_the_handler_whole(store: Deployed, locked: Pipeline) -> None:
    order = large("large")
    assert len(json.dumps(order)) > 300_000

    outcome = locked.send_by(store.output("clerk")["name"], order)

    assert outcome.message_id, outcome.reason
    locked.wait_for("large")
    assert [entry["order"] for entry in locked.handled() if entry["order"].get("orderId") == "large"] == [order]


def test_the_bucket_is_private_encrypted_and_emptied_in_time(locked: Pipeline) -> None:
    s3, bucket = locked.aws.s3, locked.child("bodies")["bucket"]

    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": locked.child("key")["arn"]}
    assert encryption == {"ApplyServerSideEncryptionByDefault": by_key, "BucketKeyEnabled": True}
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [
        {
            "ID": "no-message-is-left",
            "Status": "Enabled",
            "Filter": {"Prefix": "orders/"},
            "Expiration": {"Days": 4 + 14 + 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    ]


def test_an_order_that_did_not_come_over_tls_is_refused(store: Deployed, locked: Pipeline) -> None:
    s3, bucket = as_role(store.aws, store.output("clerk")["name"], "s3"), locked.child("bodies")["bucket"]

    def over_http(request: Any, **_: Any) -> None:
        request.headers["x-forwarded-proto"] = "http"

    s3.meta.events.register("before-sign.s3", over_http)
    with pytest.raises(ClientError, match=r"AccessDenied.*with an explicit deny in a resource-based policy"):
        s3.put_object(Bucket=bucket, Key="orders/overheard", Body=b"{}")
    s3.meta.events.unregister("before-sign.s3", over_http)
    s3.put_object(Bucket=bucket, Key="orders/private", Body=b"{}")

    keys = {found.get("Key") for found in locked.aws.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    assert {"orders/overheard", "orders/private"} & keys == {"orders/private"}


def test_a_bucket_that_is_not_protected_goes_with_the_orders_in_it(program: Program) -> None:
    lay_out(program, "store")  # for its code
    program.write(
        """
        from components import OrderPipeline

        OrderPipeline("orders", {"code": "recorder", "enabled": False, "claim_check": True, "alarm_actions": []})
        """
    )
    deployed = deploy(program)
    bucket = deployed.output("orders")["claimCheckBucket"]
    program.aws.s3.put_object(Bucket=bucket, Key="orders/1", Body=b"of no use")

    result = program.destroy()

    assert result.code == 0, result.text
    assert program.aws.s3.list_buckets()["Buckets"] == []
