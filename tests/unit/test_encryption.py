"""A KMS key of the pipeline: what it encrypts, and whom its policy lets in."""

from __future__ import annotations

from typing import Any

from tests.support.pipelines import TAGS, changes, children, record

KEY = "arn:aws:kms:eu-central-1:000000000001:orders-key"
QUEUES = ("queue", "dead-letters")
ACCOUNT: dict[str, Any] = {
    "Sid": "Account",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::000000000001:root"},
    "Action": "kms:*",
    "Resource": "*",
}
LOGS: dict[str, Any] = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": "logs.eu-central-1.amazonaws.com"},
    "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    "Resource": "*",
    "Condition": {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:000000000001:log-group:*",
        }
    },
}


def test_a_customer_key_encrypts_queues_and_logs_and_the_function_may_decrypt() -> None:
    with_key, without = record(customer_key=True), record()

    key, alias = children(with_key)["key"], children(with_key)["key-alias"]
    assert (key.type, key.inputs) == (
        "aws:kms/key:Key",
        {
            "deletionWindowInDays": 30,
            "description": "Orders of the pipeline orders, their logs and the function's environment",
            "enableKeyRotation": True,
            "policy": {"Version": "2012-10-17", "Statement": [ACCOUNT, LOGS]},
            "tags": TAGS,
        },
    )
    assert (alias.type, alias.inputs) == (
        "aws:kms/alias:Alias",
        {"namePrefix": "alias/orders-", "targetKeyId": "<id of orders-key>"},
    )
    statements = children(without)["policy"].inputs["policy"]["Statement"]
    decrypt = {"Sid": "DecryptOrders", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY}
    others = {
        place: value for place, value in changes(with_key, without).items() if place[0] not in ("key", "key-alias")
    }
    assert others == {
        **{(queue, "kmsMasterKeyId"): KEY for queue in QUEUES},
        **{(queue, "sqsManagedSseEnabled"): None for queue in QUEUES},
        ("logs", "kmsKeyId"): KEY,
        ("policy", "policy"): {"Version": "2012-10-17", "Statement": [statements[0], decrypt, *statements[1:]]},
    }


def test_the_environment_is_encrypted_with_it_too() -> None:
    environment = {"A": "1"}

    assert changes(record(customer_key=True, environment=environment), record(customer_key=True)) == {
        ("function", "environment"): {"variables": environment},
        ("function", "kmsKeyArn"): KEY,
    }


def test_the_key_lets_the_declared_producers_in_and_nobody_else() -> None:
    recorder = record(
        customer_key=True,
        topics={"store": {"arn": "arn:aws:sns:eu-central-1:000000000002:store"}},
        events={"placed": {"pattern": {"source": ["store"]}}},
        buckets={"drop": {"name": "drop"}},
    )

    def producer(sid: str, service: str, **condition: Any) -> dict[str, Any]:
        who: dict[str, Any] = {"Principal": {"Service": service}}
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*", **who, **condition}

    def source(arn: str, account: str) -> dict[str, Any]:
        return {"ArnEquals": {"aws:SourceArn": arn}, "StringEquals": {"aws:SourceAccount": account}}

    assert children(recorder)["key"].inputs["policy"]["Statement"] == [
        ACCOUNT,
        LOGS,
        producer(
            "Topic1",
            "sns.amazonaws.com",
            Condition=source("arn:aws:sns:eu-central-1:000000000002:store", "000000000002"),
        ),
        # EventBridge does not tell KMS for which rule it asks.
        producer("Event1", "events.amazonaws.com"),
        producer("Bucket1", "s3.amazonaws.com", Condition=source("arn:aws:s3:::drop", "000000000001")),
    ]
