"""An HTTP API in front of a queue: what it sends, what it answers, and what it refuses, as AWS documents it."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from local.environment import REGION
from tests.provider.lifecycle import PRELUDE
from tests.provider.queues import OVER_TLS, document
from tests.support.program import NewProgram, Program

_PROGRAM = f"""
queue = aws.sqs.Queue("queue", policy={document([OVER_TLS])!r}, receive_wait_time_seconds=0)
fifo = aws.sqs.Queue("fifo", content_based_deduplication=True, fifo_queue=True)
delayed = aws.sqs.Queue("delayed")
key = aws.kms.Key("key")
locked = aws.sqs.Queue("locked", kms_master_key_id=key.arn)

def role(name, trusted, action):
    made = aws.iam.Role(name, assume_role_policy=trusted)
    aws.iam.RolePolicy(name + "-policy", policy=document(action), role=made.name)
    return made.arn

of_this_account = json.loads(trust("apigateway.amazonaws.com"))
of_this_account["Statement"][0]["Condition"] = {{"StringEquals": {{"aws:SourceAccount": "ACCOUNT"}}}}
sender = role("sender", trust("apigateway.amazonaws.com"), "sqs:SendMessage")
idle = role("idle", trust("apigateway.amazonaws.com"), "sqs:ReceiveMessage")
of_lambda = role("of-lambda", trust("lambda.amazonaws.com"), "sqs:SendMessage")
conditional = role("conditional", json.dumps(of_this_account), "sqs:SendMessage")
caller = role("caller", json.dumps({{"Version": "2012-10-17", "Statement": [
    {{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "sts:AssumeRole"}}
]}}), "execute-api:Invoke")
stranger = role("stranger", json.dumps({{"Version": "2012-10-17", "Statement": [
    {{"Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "sts:AssumeRole"}}
]}}), "sqs:*")

api = aws.apigatewayv2.Api("api", protocol_type="HTTP")

def route(name, key, queue=queue, credentials=sender, authorization="NONE", **parameters):
    integration = aws.apigatewayv2.Integration(
        name + "-integration",
        api_id=api.id,
        credentials_arn=credentials,
        integration_subtype="SQS-SendMessage",
        integration_type="AWS_PROXY",
        payload_format_version="1.0",
        request_parameters={{"QueueUrl": queue.url, "MessageBody": "$request.body"}} | parameters,
    )
    aws.apigatewayv2.Route(
        name + "-route",
        api_id=api.id,
        authorization_type=authorization,
        route_key=key,
        target=pulumi.Output.concat("integrations/", integration.id),
    )

def text(value):
    return {{"DataType": "String", "StringValue": value}}

route("orders", "POST /orders")
route("of-customers", "POST /of-customers", fifo, MessageGroupId="$request.body.customer.ids[1]")
route("deduplicated", "POST /deduplicated", fifo, MessageGroupId="one", MessageDeduplicationId="$request.header.X-Id")
route("locked", "POST /locked", locked)
route("delayed", "POST /delayed", delayed, DelaySeconds="900")
route("elsewhere", "POST /elsewhere", Region="us-east-1")
route("idle", "POST /idle", credentials=idle)
route("of-lambda", "POST /of-lambda", credentials=of_lambda)
route("conditional", "POST /conditional", credentials=conditional)
route("elsewhere-role", "POST /elsewhere-role", credentials=sender.apply(lambda arn: arn.replace("/", "/elsewhere/")))
route("signed", "POST /signed", authorization="AWS_IAM")
route(
    "mapped",
    "ANY /mapped/{{id}}",
    MessageBody="${{request.path.id}} ${{request.path}} ${{request.querystring.kind}} ${{request.body.items[0].id}}",
    MessageAttributes=json.dumps({{
        "count": {{"DataType": "Number", "StringValue": "${{request.body.count}}"}},
        "place": text("${{context.stage}}, ${{context.routeKey}}, ${{stageVariables.place}}"),
        "source": text("${{context.httpMethod}} by ${{request.header.X-Source}}"),
    }}),
)
settings = {{"throttling_burst_limit": 20, "throttling_rate_limit": 10}}
for name in ("$default", "v1"):
    stage = aws.apigatewayv2.Stage(
        name.strip("$"),
        api_id=api.id,
        auto_deploy=True,
        default_route_settings=settings,
        name=name,
        stage_variables={{"place": "here"}},
    )
"""
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_HEX = "[0-9a-f]"
_UUID = f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
_QUEUES = ("queue", "fifo", "delayed", "locked")
_ORDER = b'{"orderId": "\xc3\xa4", "lines": [1,  2]}'
_LARGEST = 256 * 1024

Answer = tuple[int, str, str]
_BAD: Answer = (400, "application/json", '{"message":"Bad Request"}')
_BROKEN: Answer = (500, "application/json", '{"message":"Internal Server Error"}')


class Door:
    """What the program made."""

    def __init__(self, program: Program) -> None:
        self._made = program.state()
        self.aws = program.aws
        self.api: str = self._made["api"]["id"]
        self.url: str = self._made["default"]["outputs"]["invokeUrl"]

    def queue(self, name: str) -> str:
        """URL of a queue."""
        url: str = self._made[name]["id"]
        return url

    def role(self, name: str) -> str:
        """ARN of a role."""
        arn: str = self._made[name]["outputs"]["arn"]
        return arn

    def send(self, path: str, body: bytes | None = None, method: str = "POST", **headers: str) -> Answer:
        """What a request is answered: status, content type and text."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with _NO_PROXY.open(request) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Content-Type"], error.read().decode()

    def signed(self, path: str, body: bytes, role: str) -> dict[str, str]:
        """The headers by which a request is of a role."""
        given = self.aws.sts.assume_role(RoleArn=self.role(role), RoleSessionName="test")["Credentials"]
        request = AWSRequest("POST", self.url + path, data=body)
        keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        SigV4Auth(keys, "execute-api", REGION).add_auth(request)
        return dict(request.headers)

    def messages(self, name: str = "queue") -> list[dict[str, Any]]:
        """What is in a queue: bodies, attributes, and the group and the deduplication of FIFO queues."""
        found = self.aws.sqs.receive_message(
            QueueUrl=self.queue(name),
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["MessageDeduplicationId", "MessageGroupId"],
        )
        return [
            {
                "body": message.get("Body"),
                **{key: item.get("StringValue") for key, item in message.get("MessageAttributes", {}).items()},
                **message.get("Attributes", {}),
            }
            for message in found.get("Messages", [])
        ]

    def everything(self) -> list[dict[str, Any]]:
        """What is in any queue."""
        return [message for name in _QUEUES for message in self.messages(name)]


@pytest.fixture(scope="module")
def made(new_program: NewProgram) -> Door:
    program = new_program()
    program.write((PRELUDE + _PROGRAM).replace("ACCOUNT", program.aws.account))
    result = program.up()
    assert result.code == 0, result.text
    return Door(program)


@pytest.fixture
def door(made: Door) -> Door:
    """With empty queues."""
    for name in _QUEUES:
        made.aws.sqs.purge_queue(QueueUrl=made.queue(name))
    return made


def test_a_body_becomes_a_message_as_it_is_and_sqs_answers(door: Door) -> None:
    status, kind, text = door.send("orders", _ORDER)

    assert (status, kind) == (200, "text/xml")
    pattern = (
        r'<\?xml version="1\.0"[^>]*>\s*<SendMessageResponse xmlns="http://queue\.amazonaws\.com/doc/2012-11-05/">'
        rf"<SendMessageResult><MessageId>{_UUID}</MessageId>"
        rf"<MD5OfMessageBody>{hashlib.md5(_ORDER).hexdigest()}</MD5OfMessageBody></SendMessageResult>"
        rf"<ResponseMetadata><RequestId>{_UUID}</RequestId></ResponseMetadata></SendMessageResponse>"
    )
    assert re.fullmatch(pattern, text)
    assert door.everything() == [{"body": _ORDER.decode()}]


@pytest.mark.parametrize("size", [1, _LARGEST])
def test_a_body_of_any_size_that_the_queue_takes_arrives(door: Door, size: int) -> None:
    assert door.send("orders", b"x" * size)[0] == 200
    assert door.everything() == [{"body": "x" * size}]


@pytest.mark.parametrize("body", [None, b""])
def test_without_a_body_there_is_nothing_to_send(door: Door, body: bytes | None) -> None:
    assert door.send("orders", body) == _BAD
    assert door.everything() == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "message"),
    [
        (
            *("orders", b"x" * (_LARGEST + 1), 400, "InvalidParameterValue"),
            "One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.",
        ),
        (
            *("orders", b"\x01", 400, "InvalidMessageContents"),
            "The message contains characters outside the allowed set.",
        ),
        (
            *("elsewhere", b"x", 400, "AWS.SimpleQueueService.NonExistentQueue"),
            "The specified queue does not exist for this wsdl version.",
        ),
        (
            *("idle", b"x", 403, "AccessDenied"),
            "User: arn:aws:sts::ACCOUNT:assumed-role/idle-*/api-gateway is not authorized to perform: sqs:SendMessage "
            "because no identity-based policy allows the sqs:SendMessage action",
        ),
        (
            *("locked", b"x", 400, "KMS.AccessDeniedException"),
            "User: arn:aws:sts::ACCOUNT:assumed-role/sender-*/api-gateway is not authorized to perform: "
            "kms:GenerateDataKey on resource: KEY",
        ),
    ],
)
def test_what_sqs_refuses_is_answered_in_its_own_words(
    door: Door, path: str, body: bytes, status: int, code: str, message: str
) -> None:
    answered, kind, text = door.send(path, body)

    assert (answered, kind) == (status, "text/xml")
    found = re.search("<Code>(.*)</Code><Message>(.*)</Message>", text)
    assert found is not None
    plain = re.sub("arn:aws:kms:.*", "KEY", re.sub("-[0-9a-f]{7}/", "-*/", found[2])).replace(
        door.aws.account, "ACCOUNT"
    )
    assert (found[1], plain) == (code, message)
    assert door.everything() == []


@pytest.mark.parametrize("path", ["of-lambda", "conditional", "elsewhere-role"])
def test_a_role_that_api_gateway_cannot_assume_is_an_error_of_the_server(door: Door, path: str) -> None:
    assert door.send(path, b"x") == _BROKEN
    assert door.everything() == []


def test_a_part_of_the_body_becomes_the_message_group(door: Door) -> None:
    body = json.dumps({"customer": {"ids": ["first", "second"]}})

    assert door.send("of-customers", body.encode())[0] == 200
    assert door.everything() == [
        {
            "body": body,
            "MessageGroupId": "second",
            "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
        }
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"customer": {"ids": ["first"]}}',
        b'{"customer": {"ids": ["first", null]}}',
        b'{"customer": {"ids": ["first", ""]}}',
        b'{"customer": "first"}',
        b'["first", "second"]',
        b"first",
        b'{"customer": {"ids": ["first", "second"]}, "note": "' + b"x" * 100 * 1024 + b'"}',  # read up to 100 KB only
    ],
)
def test_a_body_without_that_part_is_refused(door: Door, body: bytes) -> None:
    assert door.send("of-customers", body) == _BAD
    assert door.everything() == []


def test_a_header_becomes_the_deduplication_of_a_group_that_is_always_the_same(door: Door) -> None:
    assert [door.send("deduplicated", body, x_id="42")[0] for body in (b"first", b"again")] == [200, 200]
    assert door.send("deduplicated", b"without") == _BAD
    assert door.everything() == [{"body": "first", "MessageGroupId": "one", "MessageDeduplicationId": "42"}]


@pytest.mark.parametrize(("prefix", "stage"), [("", "$default"), ("v1/", "v1")])
def test_texts_are_made_of_all_parts_of_a_request(door: Door, prefix: str, stage: str) -> None:
    order = b'{"items": [{"id": 5}], "count": 2.5}'

    assert door.send(f"{prefix}mapped/7?kind=a&kind=b", order, "PUT", x_source="shop")[0] == 200
    assert door.everything() == [
        {
            "body": "7 /mapped/7 a,b 5",
            "count": "2.5",
            "place": f"{stage}, ANY /mapped/{{id}}, here",
            "source": "PUT by shop",
        }
    ]


@pytest.mark.parametrize(
    ("path", "headers"),
    [("mapped/7", {"x_source": "shop"}), ("mapped/7?kind=a", {}), ("mapped/7?kind=", {"x_source": "s"})],
)
def test_a_request_without_one_of_them_is_refused(door: Door, path: str, headers: dict[str, str]) -> None:
    assert door.send(path, b'{"items": [{"id": 5}], "count": 2}', **headers) == _BAD
    assert door.everything() == []


def test_a_value_that_breaks_the_text_around_it_is_refused(door: Door) -> None:
    order = b'{"items": [{"id": 5}], "count": 2}'

    assert door.send("mapped/7?kind=a", order, x_source='"shop"') == _BAD
    assert door.everything() == []


def test_a_delay_is_kept(door: Door) -> None:
    assert door.send("delayed", b"later")[0] == 200
    found = door.aws.sqs.get_queue_attributes(
        QueueUrl=door.queue("delayed"), AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert found.get("Attributes") == {"ApproximateNumberOfMessagesDelayed": "1"}
    assert door.everything() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", ""), ("POST", "order"), ("POST", "orders/1"), ("GET", "orders"), ("POST", "v2/orders")],
)
def test_another_path_or_method_is_not_found(door: Door, method: str, path: str) -> None:
    body = None if method == "GET" else b"x"

    assert door.send(path, body, method) == (404, "application/json", '{"message":"Not Found"}')
    assert door.everything() == []


def test_a_route_for_signed_requests_takes_those_of_a_role_that_may_invoke_it(door: Door) -> None:
    by_caller, by_stranger = (door.signed("signed", b"order", role) for role in ("caller", "stranger"))

    assert door.send("signed", b"order", **by_caller)[0] == 200
    assert door.send("signed", b"order", **by_stranger)[0] == 403
    assert door.send("signed", b"other", **by_caller)[0] == 403
    assert door.send("signed", b"order") == (403, "application/json", '{"message": "Forbidden"}')
    assert door.everything() == [{"body": "order"}]


def test_throttling_is_kept_and_shown(door: Door) -> None:
    stage = door.aws.apigatewayv2.get_stage(ApiId=door.api, StageName="$default")

    assert stage.get("DefaultRouteSettings") == {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10.0}


_INVALID = "Invalid selection expression specified: Validation Result: warnings : [], errors : [Invalid source: "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"RequestParameters": {"MessageBody": "b"}},
            "Parameter: QueueUrl is required for Operation: SQS-SendMessage.",
        ),
        (
            {"RequestParameters": {"QueueUrl": "u"}},
            "Parameter: MessageBody is required for Operation: SQS-SendMessage.",
        ),
        (
            {"RequestParameters": {"MessageBody": "b", "QueueUrl": "u", "Body": "c"}},
            "Parameter: Body does not fit schema for Operation: SQS-SendMessage.",
        ),
        (
            {"RequestParameters": {"MessageBody": "$request.text", "QueueUrl": "u"}},
            _INVALID + "$request.text specified for destination: MessageBody]",
        ),
        (
            {"RequestParameters": {"MessageBody": "$request.body..id", "QueueUrl": "u"}},
            _INVALID + "$request.body..id specified for destination: MessageBody]",
        ),
        (
            {"RequestParameters": {"MessageBody": "a ${request.bodies} b", "QueueUrl": "u"}},
            _INVALID + "a ${request.bodies} b specified for destination: MessageBody]",
        ),
        ({"CredentialsArn": ""}, "Operation: SQS-SendMessage needs credentials: set CredentialsArn"),
        (
            {"IntegrationSubtype": "EventBridge-PutEvents"},
            "the embedded AWS does not serve the integration subtype EventBridge-PutEvents, only SQS-SendMessage",
        ),
    ],
)
def test_a_mapping_that_could_never_work_is_refused_when_it_is_made(
    door: Door, change: dict[str, Any], message: str
) -> None:
    integration: Any = {
        "ApiId": door.api,
        "CredentialsArn": door.role("sender"),
        "IntegrationSubtype": "SQS-SendMessage",
        "IntegrationType": "AWS_PROXY",
        "PayloadFormatVersion": "1.0",
        "RequestParameters": {"MessageBody": "$request.body", "QueueUrl": door.queue("queue")},
    }

    with pytest.raises(ClientError) as caught:
        door.aws.apigatewayv2.create_integration(**integration | change)

    error = caught.value.response.get("Error", {})
    assert (error.get("Code"), error.get("Message")) == ("BadRequestException", message)


def test_a_mapping_that_is_changed_is_checked_again_and_used_at_once(door: Door) -> None:
    integrations = door.aws.apigatewayv2.get_integrations(ApiId=door.api)["Items"]
    made: Any = next(found for found in integrations if found.get("RequestParameters", {}).get("DelaySeconds"))
    parameters: dict[str, str] = made["RequestParameters"]
    place: Any = {"ApiId": door.api, "IntegrationId": made["IntegrationId"]}

    with pytest.raises(ClientError, match="QueueUrl is required"):
        door.aws.apigatewayv2.update_integration(**place, RequestParameters={"MessageBody": "b"})
    door.aws.apigatewayv2.update_integration(**place, RequestParameters=parameters | {"DelaySeconds": "0"})

    assert door.send("delayed", b"now")[0] == 200
    assert door.everything() == [{"body": "now"}]
