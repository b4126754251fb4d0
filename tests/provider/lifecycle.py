"""One program with every case, run from its first `up` to its `destroy`, and what was seen on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from local.aws import Aws
from local.provider import plan, resources
from local.provider.plan import Change
from tests.provider.cases import CASES
from tests.provider.cases.case import Stage
from tests.provider.inventory import inventory
from tests.support.program import NewProgram, Program, Result

PRELUDE = """
def document(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})

def opened(action):
    allow = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})

def trust(service):
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})

def code(text):
    return pulumi.AssetArchive({"handler.py": pulumi.StringAsset("# " + text)})

stream = "arn:aws:kinesis:eu-central-1:ACCOUNT:stream/orders"
"""
_SUPPORT = """
kept = aws.sqs.Queue("kept")
other = aws.sqs.Queue("other")
inbox = aws.sqs.Queue("inbox", policy=opened("sqs:SendMessage"))
owner = aws.iam.Role("owner", assume_role_policy=trust("lambda.amazonaws.com"))
owner2 = aws.iam.Role("owner2", assume_role_policy=trust("lambda.amazonaws.com"))
reads = aws.iam.RolePolicy("reads", policy=document("sqs:*"), role=owner.name)
worker = aws.lambda_.Function(
    "worker",
    code=code("worker"),
    handler="handler.handle",
    publish=True,
    role=owner.arn,
    runtime="python3.13",
    opts=pulumi.ResourceOptions(depends_on=[reads]),
)
lock = aws.kms.Key("lock", description="lock")
lock2 = aws.kms.Key("lock2", description="lock2")
told = aws.sns.Topic("told", policy=opened("sns:Publish"))
governed = aws.sns.Topic("governed")
filed = aws.s3.Bucket("filed")
locked = aws.s3.Bucket("locked")
shut = aws.s3.Bucket("shut")
flow = aws.kinesis.Stream("flow", shard_count=1)
line = aws.cloudwatch.EventBus("line")
watch = aws.cloudwatch.EventRule("watch", event_pattern=json.dumps({"source": ["orders"]}))
door = aws.apigatewayv2.Api("door", protocol_type="HTTP")
layer = aws.lambda_.LayerVersion("layer", code=code("layer"), layer_name="first")
layer2 = aws.lambda_.LayerVersion("layer2", code=code("layer2"), layer_name="second")
looper = aws.lambda_.Function(
    "looper", code=code("looper"), handler="handler.handle", role=owner.arn, runtime="python3.13"
)
watched = aws.cloudwatch.MetricAlarm(
    "watched",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="Failures",
    namespace="Orders",
    period=60,
    statistic="Sum",
)
"""
"""What the cases refer to: never changed, so that every case stands on its own."""
SUPPORT = {
    **dict.fromkeys(("kept", "other", "inbox"), "sqs.Queue"),
    **dict.fromkeys(("owner", "owner2"), "iam.Role"),
    **dict.fromkeys(("lock", "lock2"), "kms.Key"),
    **dict.fromkeys(("told", "governed"), "sns.Topic"),
    **dict.fromkeys(("layer", "layer2"), "lambda_.LayerVersion"),
    **dict.fromkeys(("looper", "worker"), "lambda_.Function"),
    "door": "apigatewayv2.Api",
    "watched": "cloudwatch.MetricAlarm",
    **dict.fromkeys(("filed", "locked", "shut"), "s3.Bucket"),
    "flow": "kinesis.Stream",
    "line": "cloudwatch.EventBus",
    "watch": "cloudwatch.EventRule",
}


@dataclass(frozen=True)
class Step:
    """One run of the engine.

    Attributes:
        operations: Logical name -> what the engine did. For a refresh: what it found.
        changed: Logical name -> the properties that differed.
        ids: Logical name -> id in the state after it.
        types: Logical name -> type in the state after it.
        inputs: Logical name -> inputs in the state after it.
        differing: Logical name -> what the next `up` of the same program would change.
        seen: Logical name -> what AWS then showed, `None` for what is not there.
    """

    operations: dict[str, str]
    changed: dict[str, set[str]]
    ids: dict[str, str]
    types: dict[str, str]
    inputs: dict[str, dict[str, Any]]
    differing: dict[str, list[Change]]
    seen: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Lifecycle:
    """All steps, in the order in which they were run."""

    created: Step
    repeated: Step
    changed: Step
    bared: Step
    drifted: Step
    mended: Step
    removed: Step
    recreated: Step
    imported: Step
    imported_again: Step
    destroyed: Step
    destroyed_again: Step
    left: dict[str, list[str]]
    """What AWS has at the end."""


def run(new_program: NewProgram) -> Lifecycle:
    """Run the program through everything that can happen to its resources."""
    program = new_program()
    aws = program.aws
    created = _up(program, "created")
    repeated = _up(program, "created")
    worker = created.ids["worker"]
    aws.lambda_.update_function_code(FunctionName=worker, ZipFile=_empty_zip(), Publish=True)
    changed = _up(program, "changed")
    bared = _up(program, "bare")
    for name, case in CASES.items():
        if case.drift:
            case.drift(aws, bared.ids[name])
    drifted = _step(program, program.refresh())
    mended = _up(program, "bare")
    for name, case in CASES.items():
        case.remove(aws, mended.ids[name])
    removed = _step(program, program.refresh(), mended.ids)
    recreated = _up(program, "bare")

    importer = new_program(aws.account)
    importer.write(_importing(aws.account, recreated))
    imported = _step(importer, _done(importer.up()))
    imported_again = _step(importer, _done(importer.up()))
    destroyed = _step(importer, _done(importer.destroy()), recreated.ids)
    destroyed_again = _step(program, _done(program.destroy()), recreated.ids)
    return Lifecycle(
        created, repeated, changed, bared, drifted, mended, removed, recreated,
        imported, imported_again, destroyed, destroyed_again, inventory(aws),
    )  # fmt: skip


def _up(program: Program, stage: Stage) -> Step:
    statements = [case.statement(name, getattr(case, stage)) for name, case in CASES.items()]
    program.write((PRELUDE + _SUPPORT).replace("ACCOUNT", program.aws.account) + "".join(statements))
    return _step(program, _done(program.up()))


def _importing(account: str, step: Step) -> str:
    """A program of another stack that takes over every case, under the name that it has."""
    lines = [f"{name} = aws.{sdk}.get({name!r}, {step.ids[name]!r})\n" for name, sdk in SUPPORT.items()]
    for name, case in CASES.items():
        resource, inputs = resources.find(step.types[name]), step.inputs[name]
        automatic = resource.name_property if resource.name_property in inputs["__defaults"] else ""
        named = f"{automatic}={inputs[automatic]!r}" if automatic else ""
        parent = f"{inputs[resource.within]}/" if resource.within else ""
        imported, ignored = parent + case.import_id(step.ids[name]), [*case.ignored_at_import]
        options = f"opts=pulumi.ResourceOptions(import_={imported!r}, ignore_changes={ignored})"
        lines.append(case.statement(name, named, case.bare, options))
    return PRELUDE.replace("ACCOUNT", account) + "".join(lines)


def _done(result: Result) -> Result:
    assert result.code == 0, result.text
    return result


def _step(program: Program, result: Result, ids: Mapping[str, str] | None = None) -> Step:
    # With secrets: of the same text, the state has another ciphertext as an input than as an output.
    state = {name: resource for name, resource in program.state("--show-secrets").items() if "id" in resource}
    found = {name: resource["id"] for name, resource in state.items()}
    ends = [event["resOutputsEvent"]["metadata"] for event in result.events if "resOutputsEvent" in event]
    begins = [event["resourcePreEvent"]["metadata"] for event in result.events if "resourcePreEvent" in event]
    operations = dict(result.operations)
    operations |= {_name(end): end["op"] for end in ends if operations.get(_name(end)) == "refresh"}
    return Step(
        operations=operations,
        changed={_name(event): set(event.get("detailedDiff") or {}) for event in [*begins, *ends]},
        ids=found,
        types={name: resource["type"] for name, resource in state.items()},
        inputs={name: resource.get("inputs", {}) for name, resource in state.items()},
        differing={name: _differing(state[name]) for name in CASES if name in state},
        seen={name: look(case.look, program.aws, (ids or found)[name]) for name, case in CASES.items()},
    )


def _differing(resource: dict[str, Any]) -> list[Change]:
    return plan.diff(resources.find(resource["type"]), resource["outputs"], resource["inputs"], frozenset())


def _name(metadata: dict[str, Any]) -> str:
    return metadata["urn"].rpartition("::")[2]


def look(case_look: Callable[[Aws, str], Any], aws: Aws, resource_id: str) -> Any:
    """What AWS shows of a resource, `None` when it is not there."""
    try:
        return case_look(aws, resource_id)
    except ClientError as error:
        if any(word in str(error) for word in ("NotFound", "NoSuch", "NonExistent")):
            return None
        raise


def _empty_zip() -> bytes:
    return b"PK\x05\x06" + bytes(18)
