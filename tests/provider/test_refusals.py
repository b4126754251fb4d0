"""What the plugin or AWS refuses: one sentence that names the resource and the mistake, and nothing half done."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from local.engine import Engine
from local.provider import resources
from tests.provider.engine import PROGRAM, errors
from tests.provider.inventory import inventory
from tests.provider.lifecycle import PRELUDE
from tests.support.program import NewProgram, Program, Result

_LONG = "a-logical-name-that-is-much-too-long-for-a-queue-because-aws-takes-no-more-than-eighty"
_KNOWN_TYPES = ", ".join(resources.known())
_KNOWN_INVOKES = (
    "aws:iam/getPolicyDocument:getPolicyDocument, aws:index/getCallerIdentity:getCallerIdentity, "
    "aws:index/getPartition:getPartition, aws:index/getRegion:getRegion"
)


def _as_it_is(_: Program) -> None:
    pass


def _elsewhere(program: Program) -> None:
    environment = {**program.engine.environment, "AWS_ENDPOINT_URL": "http://aws.example.invalid:4566"}
    program.engine = Engine(environment, program.folder)


@dataclass(frozen=True)
class Refusal:
    """A program, all that is said about one of its resources, and what comes of it.

    Attributes:
        left: What AWS has after it: by kind, the names.
        corrected: The program with the mistake mended.
        then: What an `up` of that does.
    """

    source: str
    resource: str
    errors: list[str]
    prepare: Callable[[Program], None] = _as_it_is
    left: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    corrected: str = ""
    then: dict[str, str] = field(default_factory=dict[str, str])


_FUNCTION = 'code=code("text"), handler="handler.handle", runtime="python3.13"'
_AFTER = "opts=pulumi.ResourceOptions(depends_on=[queue, topic])"
_READER = f"""
role = aws.iam.Role("role", assume_role_policy=trust("lambda.amazonaws.com"))
worker = aws.lambda_.Function("worker", role=role.arn, {_FUNCTION})
queue = aws.sqs.Queue("queue")
"""
_MAPPING = "event_source_arn=queue.arn, function_name=worker.arn"
_READS = 'policy=document(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]), role=role.name'
_QUEUE = f"aws:sqs/queue:Queue resource '{_LONG}'"
_AT_ONCE = 5
"""Engines that run at the same time: more would starve the tests beside them."""
_ON_DEMAND = 'billing_mode="PAY_PER_REQUEST"'
_PARAMETER = "aws:ssm/parameter:Parameter resource 'orders'"
_STREAM = "aws:kinesis/stream:Stream resource 'events'"
_TABLE = "aws:dynamodb/table:Table resource 'orders'"
_WORKER = "aws:lambda/function:Function resource 'worker'"
REFUSALS = {
    "several mistakes in a queue": Refusal(
        f"""
        inputs = {{"visibilityTimeoutSecond": 30, "region": "us-east-1", "fifoQueue": True}}
        pulumi.CustomResource("aws:sqs/queue:Queue", "{_LONG}", inputs)
        """,
        _LONG,
        [
            f"{_QUEUE} has a problem: aws:sqs/queue:Queue has no property "
            "'visibilityTimeoutSecond': did you mean 'visibilityTimeoutSeconds'?",
            f"{_QUEUE} has a problem: the local aws provider does not serve 'region' of "
            "aws:sqs/queue:Queue: leave it out, or deploy to AWS",
            f"{_QUEUE} has a problem: the name '{_LONG}-*.fifo' has 99 characters and AWS takes "
            "80: shorten the logical name or set 'name'",
        ],
    ),
    "several mistakes in a function": Refusal(
        """
        code = pulumi.StringAsset("not an archive")
        inputs = {"code": code, "tracingConfig": {"Mode": "Active"}, "s3Key": "key", "handler": "handler.handle"}
        pulumi.CustomResource("aws:lambda/function:Function", "worker", inputs)
        """,
        "worker",
        [
            f"{_WORKER} has a problem: the local aws provider does not serve 's3Key' of "
            "aws:lambda/function:Function: leave it out, or deploy to AWS",
            f"{_WORKER} has a problem: the local aws provider does not serve "
            "'tracingConfig.Mode' of aws:lambda/function:Function: leave it out, or deploy to AWS",
            f"{_WORKER} has a problem: aws:lambda/function:Function 'worker' needs the property 'role': set it",
            f"{_WORKER} has a problem: aws:lambda/function:Function 'worker' needs the property 'runtime': set it",
            f"{_WORKER} has a problem: aws:lambda/function:Function cannot take an asset as 'code': give an archive",
        ],
    ),
    "an unknown type": Refusal(
        'aws.ssm.Document("orders", content="{}", document_type="Command")',
        "orders",
        [
            "aws:ssm/document:Document resource 'orders' has a problem: the local aws provider does not know the "
            f"type 'aws:ssm/document:Document' (it knows {_KNOWN_TYPES}): describe it in "
            "local/provider/resources/ssm_document.py, or deploy this program to a real account"
        ],
    ),
    "several mistakes in a parameter": Refusal(
        'aws.ssm.Parameter("orders", key_id="alias/orders", type="StringList", value_wo="hush", value_wo_version=1)',
        "orders",
        [
            f"{_PARAMETER} has a problem: the local aws provider does not serve 'valueWo' of "
            "aws:ssm/parameter:Parameter: leave it out, or deploy to AWS",
            f"{_PARAMETER} has a problem: the local aws provider does not serve "
            "'valueWoVersion' of aws:ssm/parameter:Parameter: leave it out, or deploy to AWS",
            f"{_PARAMETER} has a problem: aws:ssm/parameter:Parameter 'orders' needs the property 'value': set it",
            f"{_PARAMETER} has a problem: aws:ssm/parameter:Parameter 'orders': AWS "
            "encrypts a parameter of the type SecureString alone: leave 'keyId' out",
        ],
    ),
    "a parameter whose name is taken": Refusal(
        """
        first = aws.ssm.Parameter("first", name="/orders/limit", type="String", value="1")
        after = pulumi.ResourceOptions(depends_on=[first])
        aws.ssm.Parameter("second", name="/orders/limit", type="String", value="2", opts=after)
        """,
        "second",
        [
            "An error occurred (ParameterAlreadyExists) when calling the PutParameter operation: The parameter already "
            "exists. To overwrite this value, set the overwrite option in the request to true."
        ],
        left={"parameters": ["/orders/limit"]},
    ),
    "several mistakes in a table": Refusal(
        """
        inputs = {"billingMode": "PAY_PER_REQUEST", "readCapacity": 5, "streamViewType": "KEYS_ONLY"}
        inputs |= {"attributes": [{"name": "id", "type": "S"}], "ttl": {"kmsKeyArn": "key"}}
        inputs |= {"replicas": [{"regionName": "us-east-1"}]}
        pulumi.CustomResource("aws:dynamodb/table:Table", "orders", inputs)
        """,
        "orders",
        [
            f"{_TABLE} has a problem: the local aws provider "
            "does not serve 'replicas' of aws:dynamodb/table:Table: leave it out, or deploy to AWS",
            f"{_TABLE} has a problem: the local aws provider does not serve "
            "'ttl.kmsKeyArn' of aws:dynamodb/table:Table: leave it out, or deploy to AWS",
            f"{_TABLE} has a problem: aws:dynamodb/table:Table 'orders' needs the property 'hashKey': set it",
            f"{_TABLE} has a problem: aws:dynamodb/table:Table 'orders': AWS takes no "
            "capacity of a table that is PAY_PER_REQUEST: leave 'readCapacity' out",
            f"{_TABLE} has a problem: aws:dynamodb/table:Table 'orders': a table "
            "without a stream shows nothing there: set 'streamEnabled', or leave it out",
        ],
    ),
    "what a stream needs by what it has": Refusal(
        """
        pulumi.CustomResource("aws:kinesis/stream:Stream", "events", {"encryptionType": "KMS"})
        """,
        "events",
        [
            f"{_STREAM} has a problem: aws:kinesis/stream:Stream 'events' needs the property 'kmsKeyId': set it",
            f"{_STREAM} has a problem: aws:kinesis/stream:Stream 'events' needs the property 'shardCount': set it",
        ],
    ),
    "a table with a stream of nothing": Refusal(
        """
        aws.dynamodb.Table("orders", hash_key="id", attributes=[{"name": "id", "type": "S"}], stream_enabled=True)
        """,
        "orders",
        [
            f"{_TABLE} has a problem: aws:dynamodb/table:Table 'orders' needs the property '{name}': set it"
            for name in ("readCapacity", "streamViewType", "writeCapacity")
        ],
    ),
    "a mapping to a stream that does not say where to begin": Refusal(
        'aws.lambda_.EventSourceMapping("orders", event_source_arn=stream, function_name="worker")',
        "orders",
        [
            "aws:lambda/eventSourceMapping:EventSourceMapping resource 'orders' has a problem: "
            "aws:lambda/eventSourceMapping:EventSourceMapping 'orders' needs the property 'startingPosition': set it"
        ],
    ),
    "shards of a stream that AWS scales": Refusal(
        """
        aws.kinesis.Stream("events", shard_count=2, stream_mode_details={"stream_mode": "ON_DEMAND"})
        """,
        "events",
        [
            f"{_STREAM} has a problem: aws:kinesis/stream:Stream 'events': AWS chooses the "
            "shards of a stream that is ON_DEMAND: leave 'shardCount' out"
        ],
    ),
    "a table with an attribute that is no key": Refusal(
        f"""
        attributes = [{{"name": "id", "type": "S"}}, {{"name": "total", "type": "N"}}]
        aws.dynamodb.Table("orders", hash_key="id", attributes=attributes, {_ON_DEMAND})
        """,
        "orders",
        [
            "An error occurred (ValidationException) when calling the CreateTable operation: One or more parameter "
            "values were invalid: Some AttributeDefinitions are not used: ['total']"
        ],
        corrected=f"""
        attributes = [{{"name": "id", "type": "S"}}]
        aws.dynamodb.Table("orders", hash_key="id", attributes=attributes, {_ON_DEMAND})
        """,
        then={"orders": "create"},
    ),
    "a policy that opens a bucket to everyone": Refusal(
        """
        pictures = aws.s3.Bucket("pictures")
        aws.s3.BucketPolicy("open", bucket=pictures.bucket, policy=opened("s3:GetObject"))
        """,
        "open",
        [
            "An error occurred (AccessDenied) when calling the PutBucketPolicy operation: public policies are "
            "prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        ],
        left={"buckets": ["pictures-*"]},
        corrected="""
        pictures = aws.s3.Bucket("pictures")
        block = aws.s3.BucketPublicAccessBlock("block", bucket=pictures.bucket)
        after = pulumi.ResourceOptions(depends_on=[block])
        aws.s3.BucketPolicy("open", bucket=pictures.bucket, policy=opened("s3:GetObject"), opts=after)
        """,
        then={"pictures": "same", "block": "create", "open": "create"},
    ),
    "an unknown data source": Refusal(
        'aws.ec2.get_ami(owners=["self"])',
        PROGRAM,
        [
            "Exception: invoke of aws:ec2/getAmi:getAmi failed: invocation of aws:ec2/getAmi:getAmi returned an error: "
            f"the local aws provider does not know the data source 'aws:ec2/getAmi:getAmi' (it knows {_KNOWN_INVOKES}"
            "): add it to local/provider/invokes.py, or deploy this program to a real account"
        ],
    ),
    "an endpoint that is not on this machine": Refusal(
        'aws.sqs.Queue("orders")',
        "orders",
        [
            "the local aws provider only serves an embedded AWS on loopback, not 'http://aws.example.invalid:4566': "
            "run `make up` (or `python -m local up`), or use the official pulumi-aws plugin for a real account"
        ],
        _elsewhere,
    ),
    "a role that does not exist": Refusal(
        f"""
        queue, topic = aws.sqs.Queue("queue"), aws.sns.Topic("topic")
        worker = aws.lambda_.Function("worker", role="arn:aws:iam::000000000000:role/r", {_FUNCTION}, {_AFTER})
        aws.lambda_.Alias("live", function_name=worker.name, function_version="$LATEST")
        """,
        "worker",
        [
            "An error occurred (InvalidParameterValueException) when calling the CreateFunction operation: "
            "The role with name r cannot be found. (Service: IAM, Status Code: 404)"
        ],
        left={"queues": ["/ACCOUNT/queue-*"], "topics": ["arn:aws:sns:eu-central-1:ACCOUNT:topic-*"]},
        corrected=f"""
        queue, topic = aws.sqs.Queue("queue"), aws.sns.Topic("topic")
        role = aws.iam.Role("role", assume_role_policy=trust("lambda.amazonaws.com"))
        worker = aws.lambda_.Function("worker", role=role.arn, {_FUNCTION}, {_AFTER})
        aws.lambda_.Alias("live", function_name=worker.name, function_version="$LATEST")
        """,
        then={"queue": "same", "topic": "same", "role": "create", "worker": "create", "live": "create"},
    ),
    "a role that may not read the queue": Refusal(
        f'{_READER}aws.lambda_.EventSourceMapping("orders", {_MAPPING})',
        "orders",
        [
            "An error occurred (InvalidParameterValueException) when calling the CreateEventSourceMapping operation: "
            "The provided execution role does not have permissions to call ReceiveMessage on SQS"
        ],
        left={"functions": ["worker-*"], "queues": ["/ACCOUNT/queue-*"], "roles": ["role-*"]},
        corrected=f"""{_READER}
reads = aws.iam.RolePolicy("reads", {_READS})
aws.lambda_.EventSourceMapping("orders", {_MAPPING}, opts=pulumi.ResourceOptions(depends_on=[reads]))
""",
        then={"queue": "same", "role": "same", "worker": "same", "reads": "create", "orders": "create"},
    ),
}


@dataclass(frozen=True)
class Refused:
    result: Result
    left: dict[str, list[str]]
    then: Result | None


@pytest.fixture(scope="module")
def refused(new_program: NewProgram) -> dict[str, Refused]:
    """Every program, several at the same time: an engine that has failed waits 5 s for its language host."""

    def run(refusal: Refusal) -> Refused:
        program = new_program()
        prelude = PRELUDE.replace("ACCOUNT", program.aws.account)
        program.write(prelude + textwrap.dedent(refusal.source))
        refusal.prepare(program)
        result, left = program.up(), inventory(program.aws)
        program.write(prelude + textwrap.dedent(refusal.corrected))
        return Refused(result, left, program.up() if refusal.corrected else None)

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(REFUSALS, pool.map(run, REFUSALS.values()), strict=True))


@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_in_these_words_and_what_is_not_wrong_is_kept(refused: dict[str, Refused], name: str) -> None:
    case, found = REFUSALS[name], refused[name]

    assert found.result.code != 0
    assert errors(found.result)[case.resource] == case.errors
    assert found.left == case.left


@pytest.mark.parametrize("name", REFUSALS)
def test_the_user_sees_no_trace_of_the_plugin(refused: dict[str, Refused], name: str) -> None:
    traced = re.findall(r'File ".*/(?:local|pulumi/provider)/.*', refused[name].result.text)

    assert traced == []


@pytest.mark.parametrize("name", [name for name, case in REFUSALS.items() if case.corrected])
def test_the_corrected_program_completes(refused: dict[str, Refused], name: str) -> None:
    then = refused[name].then
    assert then is not None

    assert then.code == 0, then.text
    assert then.operations == REFUSALS[name].then
