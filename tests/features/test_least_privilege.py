"""Every statement of every role is needed, and together they allow no more than that.

The embedded AWS enforces the permissions of all calls that a client, the front door or a handler makes, and refuses a
mapping whose role cannot read the queue. It writes logs and traces, and joins a VPC, without asking the role, and tells
everybody that an object is missing; of these its own IAM says what the role may do (`SimulatePrincipalPolicy`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.features.deployed import Deployed, Pipeline, as_role, large, lay_out
from tests.support.front_door import post
from tests.support.program import Program
from tests.support.waiting import eventually

POLICIES = {
    "locked-policy": [
        *("ConsumeOrders", "DecryptOrders", "SendDeadLetters", "EncryptDeadLetters", "DelayRetries"),
        *("GetBodies", "ListBodies", "WriteLogs", "Trace", "FillOutbox"),
    ],
    "locked-front-door-policy": ["SendOrders", "EncryptOrders"],
    "locked-send-clerk": ["SendOrders", "EncryptOrders", "PutBodies"],
    "paused-policy": ["ConsumeOrders", "WriteLogs", "Trace", "JoinVpc"],
}
"""Policy -> its statements: of a pipeline with a key, a front door, a sender and a handler that settles what fails, and
of one in a VPC."""
STATEMENTS = [(policy, sid) for policy, sids in POLICIES.items() for sid in sids]


def test_these_are_all_roles_and_all_statements(store: Deployed) -> None:
    mine = [
        name
        for name, resource in store.resources.items()
        if resource["type"] == "aws:iam/rolePolicy:RolePolicy" and name.startswith(("locked-", "paused-"))
    ]

    found = {name: [it["Sid"] for it in _document(store, name)["Statement"]] for name in mine}

    assert found == POLICIES
    for name in mine:
        role = store.output(name)["role"]
        assert store.aws.iam.list_role_policies(RoleName=role)["PolicyNames"] == [store.output(name)["name"]]
        assert store.aws.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


@pytest.mark.parametrize(("policy", "sid"), STATEMENTS)
def test_each_call_is_allowed_by_one_statement_alone(store: Deployed, policy: str, sid: str) -> None:
    (statement,) = [it for it in _document(store, policy)["Statement"] if it["Sid"] == sid]
    actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
    resource = statement["Resource"].replace(":*", ":log-stream:one")

    assert _decisions(store, policy, actions, resource) == dict.fromkeys(actions, "allowed")
    with _without(store, policy, sid):
        assert _decisions(store, policy, actions, resource) == dict.fromkeys(actions, "implicitDeny")


@pytest.mark.parametrize(
    ("sid", "call"), [("ConsumeOrders", "ReceiveMessage on SQS"), ("DecryptOrders", "Decrypt on KMS")]
)
def test_without_one_of_its_statements_a_role_cannot_read_the_queue(program: Program, sid: str, call: str) -> None:
    lay_out(program, "lacking")
    main = program.folder / "__main__.py"
    main.write_text(main.read_text().replace('LACKING = "ConsumeOrders"', f"LACKING = {sid!r}"))

    result = program.up()

    assert result.code != 0
    assert f"The provided execution role does not have permissions to call {call}" in result.text
    assert {"lacking-live", "lacking-mapping"} & set(program.state()) == {"lacking-live"}


@pytest.mark.parametrize(("sid", "status"), [("SendOrders", 403), ("EncryptOrders", 400)])
def test_without_one_of_its_statements_the_front_door_takes_no_order(
    store: Deployed, locked: Pipeline, sid: str, status: int
) -> None:
    with _without(store, "locked-front-door-policy", sid):
        assert post(locked.front_door, json.dumps({"orderId": f"refused-{sid}"})) == status

    assert post(locked.front_door, json.dumps({"orderId": f"taken-{sid}"})) == 200
    locked.wait_for(f"taken-{sid}")
    assert locked.history(f"refused-{sid}") == []


@pytest.mark.parametrize(("sid", "code"), [("SendOrders", "AccessDenied"), ("EncryptOrders", "KMS.AccessDenied")])
def test_without_one_of_its_statements_a_role_that_was_let_in_cannot_send(
    store: Deployed, locked: Pipeline, sid: str, code: str
) -> None:
    sqs = as_role(store.aws, store.output("clerk")["name"])

    with _without(store, "locked-send-clerk", sid), pytest.raises(ClientError, match=rf"\({code}"):
        sqs.send_message(QueueUrl=locked.url, MessageBody=json.dumps({"orderId": f"unsent-{sid}"}))

    sqs.send_message(QueueUrl=locked.url, MessageBody=json.dumps({"orderId": f"sent-{sid}"}))
    locked.wait_for(f"sent-{sid}")
    assert locked.history(f"unsent-{sid}") == []


def test_without_its_permission_the_handler_fails_and_with_it_the_next_attempt_succeeds(
    store: Deployed, locked: Pipeline
) -> None:
    with _without(store, "locked-policy", "FillOutbox"):
        _until_refused(locked, lambda: locked.send({"orderId": "for-the-outbox"}))

    locked.wait_for("for-the-outbox")
    assert locked.history("for-the-outbox") == [("processed", "for-the-outbox", 2)]


@pytest.mark.parametrize("sid", ["SendDeadLetters", "EncryptDeadLetters"])
def test_without_one_of_its_statements_the_handler_cannot_put_an_order_into_the_dead_letter_queue(
    store: Deployed, locked: Pipeline, sid: str
) -> None:
    refused = f"refused-{sid}"
    with _without(store, "locked-policy", sid):
        _until_refused(locked, lambda: locked.send({"orderId": refused, "refuse": True}))
        assert refused not in locked.dead_letters()

    locked.wait_for(refused)
    assert locked.history(refused) == [("processed", refused, 2)]
    assert _take_dead_letters(locked, refused) == [{"orderId": refused, "refuse": True}]


def test_with_its_permissions_the_handler_puts_an_order_into_the_dead_letter_queue_at_the_first_attempt(
    locked: Pipeline,
) -> None:
    locked.send({"orderId": "at-once", "refuse": True})

    locked.wait_for("at-once")
    assert locked.history("at-once") == [("processed", "at-once", 1)]
    assert _take_dead_letters(locked, "at-once") == [{"orderId": "at-once", "refuse": True}]


def test_without_its_statement_the_handler_cannot_say_when_an_order_is_tried_again(
    store: Deployed, locked: Pipeline
) -> None:
    with _without(store, "locked-policy", "DelayRetries"):
        _until_refused(locked, lambda: locked.send({"orderId": "later-unsaid", "wait": 1}))
    locked.send({"orderId": "later-said", "wait": 1})

    locked.wait_for("later-unsaid", "later-said")
    assert locked.history("later-unsaid") == [("processed", "later-unsaid", 2)]
    assert locked.history("later-said") == [("failed", "later-said", 1), ("processed", "later-said", 2)]
    first, second = (
        entry["at"] / 1e9 for entry in locked.handled() if entry["order"] == {"orderId": "later-said", "wait": 1}
    )
    assert 1 <= second - first < locked.child("queue")["visibilityTimeoutSeconds"]


def test_without_its_statement_a_role_that_was_let_in_cannot_store_a_large_order(
    store: Deployed, locked: Pipeline
) -> None:
    clerk = store.output("clerk")["name"]
    with _without(store, "locked-send-clerk", "PutBodies"):
        refused = locked.send_by(clerk, large("unstored"))

    assert refused.message_id == ""
    assert refused.reason.startswith("it is not stored: AccessDenied: ")
    assert locked.send_by(clerk, large("stored")).message_id
    locked.wait_for("stored")
    assert locked.history("unstored") == []


def test_without_its_statement_the_handler_cannot_read_a_large_order(store: Deployed, locked: Pipeline) -> None:
    with _without(store, "locked-policy", "GetBodies"):
        _until_refused(locked, lambda: locked.send_by(store.output("clerk")["name"], large("unread")))

    locked.wait_for("unread")
    assert locked.history("unread") == [("processed", "unread", 2)]


def test_no_role_may_do_more(store: Deployed, locked: Pipeline, standard: Pipeline, paused: Pipeline) -> None:
    queue, dead_letters, key = locked.arn, locked.child("dead-letters")["arn"], locked.child("key")["arn"]
    logs = f"{standard.child('logs')['arn']}:log-stream:one"
    bucket = locked.child("bodies")["arn"]
    order, manage_bucket = (
        f"{bucket}/orders/1",
        ["s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"],
    )
    delay, manage = "sqs:ChangeMessageVisibility", ["sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:SetQueueAttributes"]
    read = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    use = ["kms:Encrypt", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]
    beyond = {
        "locked-policy": [
            (["sqs:SendMessage", *manage], queue),
            ([delay, *read, *manage], dead_letters),
            (["sqs:SendMessage", delay, *read], standard.arn),
            (use, key),
            (["kms:Decrypt", "kms:GenerateDataKey"], f"{key[:-1]}x"),
            (["s3:PutObject", "s3:DeleteObject"], order),
            (["s3:GetObject"], f"{bucket}/other/1"),
            (manage_bucket, bucket),
            (["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], logs),
        ],
        "locked-front-door-policy": [
            ([delay, *read, *manage], queue),
            (["sqs:SendMessage"], dead_letters),
            (["sqs:SendMessage"], standard.arn),
            (use, key),
        ],
        # Its handler is asked neither to settle what fails nor to read claim checks.
        "paused-policy": [
            ([delay, "sqs:SendMessage"], paused.arn),
            ([delay, "sqs:SendMessage", *read], paused.child("dead-letters")["arn"]),
            (["s3:GetObject"], order),
        ],
    }
    beyond["locked-send-clerk"] = [
        *beyond["locked-front-door-policy"],
        (["s3:GetObject", "s3:DeleteObject"], order),
        (["s3:PutObject"], f"{bucket}/other/1"),
        (["s3:ListBucket", *manage_bucket], bucket),
    ]

    for policy, calls in beyond.items():
        for actions, resource in calls:
            assert _decisions(store, policy, actions, resource) == dict.fromkeys(actions, "implicitDeny")


def test_a_role_that_was_let_in_can_only_send_and_only_there(
    store: Deployed, locked: Pipeline, standard: Pipeline
) -> None:
    sqs = as_role(store.aws, store.output("clerk")["name"])

    for call in (
        lambda: sqs.receive_message(QueueUrl=locked.url),
        lambda: sqs.purge_queue(QueueUrl=locked.url),
        lambda: sqs.send_message(QueueUrl=locked.child("dead-letters")["url"], MessageBody="{}"),
        lambda: sqs.send_message(QueueUrl=standard.url, MessageBody="{}"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


def _until_refused(pipeline: Pipeline, send: Callable[[], object]) -> None:
    """Send an order and wait until AWS has refused the handler something, which fails the invocation."""

    def refusals() -> int:
        found = pipeline.aws.logs.filter_log_events(
            logGroupName=pipeline.child("logs")["name"], filterPattern='"is not authorized"'
        )
        return len(found["events"])

    before = refusals()
    send()
    eventually(lambda: refusals() > before)


def _take_dead_letters(pipeline: Pipeline, order_id: str) -> list[dict[str, Any]]:
    """The orders of one id in the dead-letter queue, which leave it."""
    url = pipeline.child("dead-letters")["url"]
    answer = pipeline.aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, WaitTimeSeconds=0
    )
    taken: list[dict[str, Any]] = []
    for message in answer.get("Messages", []):
        order = json.loads(message.get("Body", ""))
        if order["orderId"] == order_id:
            pipeline.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message.get("ReceiptHandle", ""))
            taken.append(order)
    return taken


def _document(store: Deployed, policy: str) -> dict[str, Any]:
    return json.loads(store.output(policy)["policy"])


def _decisions(store: Deployed, policy: str, actions: list[str], resource: str) -> dict[str, str]:
    """Action -> whether IAM allows it to the role that has the policy."""
    found = store.aws.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{store.aws.account}:role/{store.output(policy)['role']}",
        ActionNames=actions,
        ResourceArns=[resource],
    )["EvaluationResults"]
    return {result["EvalActionName"]: result["EvalDecision"] for result in found}


@contextmanager
def _without(store: Deployed, policy: str, sid: str) -> Generator[None]:
    """Take one statement out of the policy of a role for a while."""
    whole = _document(store, policy)
    rest = [statement for statement in whole["Statement"] if statement["Sid"] != sid]
    assert len(rest) == len(whole["Statement"]) - 1
    _write(store, policy, {**whole, "Statement": rest})
    try:
        yield
    finally:
        _write(store, policy, whole)


def _write(store: Deployed, policy: str, document: dict[str, Any]) -> None:
    found = store.output(policy)
    store.aws.iam.put_role_policy(RoleName=found["role"], PolicyName=found["name"], PolicyDocument=json.dumps(document))
