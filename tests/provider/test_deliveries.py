"""What reaches a queue: only what its policy lets in, and only over TLS if it says so."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws import Aws
from local.environment import REGION
from local.supervisor import Instance
from tests.provider.queues import OVER_TLS, Statement, allow, bodies, new_queue, notify, service, subscribe
from tests.support.waiting import eventually

_SEND = "sqs:SendMessage"
Policies = dict[str, list[Statement]]


@pytest.fixture(scope="module")
def aws(embedded_aws: Instance) -> Aws:
    return Aws(embedded_aws.endpoint, REGION, f"{secrets.randbelow(10**12):012d}")


def _policies(aws: Aws, name: str, source: str) -> Policies:
    """Policies of a queue by what they say, of which those that begin with `allows` let the source in."""
    allowed = allow(service(name), _SEND, source)
    root = {"AWS": f"arn:aws:iam::{aws.account}:root"}
    return {
        "has no policy": [],
        "allows the source": [allowed],
        "allows the source, over TLS": [allowed, OVER_TLS],
        "allows the source of this account": [allow(service(name), _SEND, source, aws.account)],
        "allows everyone": [allow("*", _SEND)],
        "names another source": [allow(service(name), _SEND, f"{source}-else")],
        "names another account": [allow(service(name), _SEND, source, "111122223333")],
        "names another service": [allow(service("lambda"), _SEND, source)],
        "names the account": [allow(root, _SEND)],
        "denies it": [allowed, allowed | {"Effect": "Deny"}],
    }


def _expected(policies: Policies, message: Any) -> dict[str, list[Any]]:
    return {what: [message] if what.startswith("allows") else [] for what in policies}


class _Queues:
    """A queue for each policy."""

    def __init__(self, aws: Aws, prefix: str, policies: Policies) -> None:
        made = {what: new_queue(aws, f"{prefix}-{n}", policies[what]) for n, what in enumerate(policies)}
        self._aws = aws
        self._urls = {what: url for what, (url, _) in made.items()}
        self.arns = {what: arn for what, (_, arn) in made.items()}

    def bodies(self, what: str) -> list[str]:
        return bodies(self._aws, self._urls[what])

    def said(self, what: str) -> list[tuple[str, str, str, Any]]:
        """Why events are here, of which rule and on their way where, and their details."""
        found = self._aws.sqs.receive_message(
            QueueUrl=self._urls[what], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        events: list[tuple[str, str, str, Any]] = []
        for message in found.get("Messages", []):
            texts = {name: it.get("StringValue", "") for name, it in message.get("MessageAttributes", {}).items()}
            detail = json.loads(message.get("Body", ""))["detail"]
            events.append((texts["ERROR_CODE"], texts["RULE_ARN"], texts["TARGET_ARN"], detail))
        return events

    def arrived(self, shown: Callable[[str], Any] = str) -> dict[str, list[Any]]:
        """All that arrived, once there is something wherever there has to be."""

        def look() -> dict[str, list[Any]] | None:
            found = {what: list(map(shown, self.bodies(what))) for what in self._urls}
            return found if all(found[what] for what in found if what.startswith("allows")) else None

        return eventually(look) or {}


def test_a_topic_reaches_the_queues_that_let_it_in_and_no_other(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="orders")["TopicArn"]
    policies = _policies(aws, "sns", topic)
    queues = _Queues(aws, "of-the-topic", policies)
    for arn in queues.arns.values():  # AWS takes every subscription
        subscribe(aws, topic, arn)

    aws.sns.publish(TopicArn=topic, Message="order")

    assert queues.arrived() == _expected(policies, "order")


def test_a_rule_reaches_the_queues_that_let_it_in_and_no_other(aws: Aws) -> None:
    rule = aws.events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')["RuleArn"]
    policies = _policies(aws, "events", rule)
    queues = _Queues(aws, "of-the-rule", policies)
    targets: Any = [{"Id": str(number), "Arn": arn} for number, arn in enumerate(queues.arns.values())]
    assert aws.events.put_targets(Rule="orders", Targets=targets)["FailedEntries"] == []  # AWS takes every target

    aws.events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": '{"id": 1}'}])

    assert queues.arrived(lambda body: json.loads(body)["detail"]) == _expected(policies, {"id": 1})


def test_what_a_rule_cannot_deliver_goes_to_the_dead_letter_queues_that_let_it_in_and_says_why(aws: Aws) -> None:
    rule = aws.events.put_rule(Name="undelivered", EventPattern='{"source": ["depot"]}')["RuleArn"]
    policies = _policies(aws, "events", rule)
    keepers = _Queues(aws, "keeps", policies)
    _, shut = new_queue(aws, "shut")
    gone = aws.arn("sqs", "gone")
    targets: Any = [
        {"Id": f"{number}-{target[-4:]}", "Arn": target, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": arn}}
        for number, arn in enumerate(keepers.arns.values())
        for target in (shut, gone)
    ]
    assert aws.events.put_targets(Rule="undelivered", Targets=targets)["FailedEntries"] == []

    aws.events.put_events(Entries=[{"Source": "depot", "DetailType": "order", "Detail": '{"id": 1}'}])

    found = {what: sorted(keepers.said(what)) for what in policies}
    both = [("NO_PERMISSIONS", rule, shut, {"id": 1}), ("NO_RESOURCE", rule, gone, {"id": 1})]
    assert found == {what: both if what.startswith("allows") else [] for what in policies}


def test_a_bucket_notifies_the_queues_that_let_it_in_and_the_others_are_refused_at_once(aws: Aws) -> None:
    bucket = f"orders-{aws.account}"
    aws.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    policies = _policies(aws, "s3", f"arn:aws:s3:::{bucket}")
    queues = _Queues(aws, "of-the-bucket", policies)
    refused: dict[str, str] = {}
    for what, arn in queues.arns.items():
        try:
            notify(aws, bucket, arn)
        except ClientError as error:
            refused[what] = str(error).partition("operation: ")[2].replace(arn, "ARN")
        else:
            aws.s3.put_object(Bucket=bucket, Key="order.json", Body=b"{}")
            found = eventually(lambda what=what: [*map(json.loads, queues.bodies(what)[1:])])
            assert [record["eventName"] for event in found for record in event["Records"]] == ["ObjectCreated:Put"]
            assert json.loads(queues.bodies(what)[0])["Event"] == "s3:TestEvent"

    sentence = "Unable to validate the following destination configurations: ARN"
    assert refused == {what: sentence for what in policies if not what.startswith("allows")}


def _by_http(client: Any) -> Any:
    """A client whose requests say that they came without TLS."""

    def say(request: Any, **_: Any) -> None:
        request.headers["X-Forwarded-Proto"] = "http"

    client.meta.events.register("before-sign", say)
    return client


def test_a_queue_for_tls_only_refuses_plain_http(aws: Aws, embedded_aws: Instance) -> None:
    url, _ = new_queue(aws, "tls", [OVER_TLS])
    plain = _by_http(Aws(embedded_aws.endpoint, REGION, aws.account).sqs)

    with pytest.raises(ClientError, match=r"\(AccessDenied\) when calling the SendMessage operation: Access to the re"):
        plain.send_message(QueueUrl=url, MessageBody="order")

    aws.sqs.send_message(QueueUrl=url, MessageBody="order")
    assert bodies(aws, url) == ["order"]


def test_a_service_delivers_over_tls_whatever_it_was_called_by(aws: Aws, embedded_aws: Instance) -> None:
    topic = aws.sns.create_topic(Name="called-by-http")["TopicArn"]
    url, arn = new_queue(aws, "by-http", [allow(service("sns"), _SEND, topic), OVER_TLS])
    subscribe(aws, topic, arn)

    _by_http(Aws(embedded_aws.endpoint, REGION, aws.account).sns).publish(TopicArn=topic, Message="order")

    assert bodies(aws, url) == ["order"]
