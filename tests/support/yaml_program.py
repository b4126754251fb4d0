"""A Pulumi program that registers the resources of `program.yaml`, in the syntax of tests/support/programs.py."""

SOURCE = """
import re
from pathlib import Path

import yaml

RESOURCES = yaml.safe_load(Path("program.yaml").read_text())["resources"]
REFERENCE = re.compile(r"\\$\\{([\\w-]+)\\.(\\w+)\\}")
OUTPUTS = ("arn", "url", "name", "uuid", "keyId", "streamArn", "bucket", "value")
# What the provider asks for and a fixture, being about something else, leaves out.
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
NEEDED = {
    "aws:iam:Role": {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})},
    "aws:lambda:Function": {
        "code": pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def lambda_handler(event, context): ...")}),
        "handler": "handler.lambda_handler",
        "role": "arn:aws:iam::000000000001:role/elsewhere",
        "runtime": "python3.13",
    },
    "aws:dynamodb:Table": {
        "attributes": [{"name": "id", "type": "S"}],
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "id",
    },
    "aws:kinesis:Stream": {"shardCount": 1},
    "aws:cloudwatch:MetricAlarm": {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "threshold": 1,
    },
}
made = {}


def token(short):
    package, module, name = short.split(":")
    return short if "/" in module else f"{package}:{module}/{name[0].lower()}{name[1:]}:{name}"


def make(name):
    if name not in made:
        given = RESOURCES[name].get("properties") or {}
        needed = NEEDED.get(RESOURCES[name]["type"], {})
        properties = dict.fromkeys(OUTPUTS) | needed | {key: read(value) for key, value in given.items()}
        made[name] = pulumi.CustomResource(token(RESOURCES[name]["type"]), name, properties)
    return made[name]


def output(found):
    resource = make(found[1])
    return resource.id if found[2] == "id" else getattr(resource, found[2])


def read(value):
    if isinstance(value, str):
        parts = [output(found) for found in REFERENCE.finditer(value)]
        if REFERENCE.fullmatch(value):
            return parts[0]
        return pulumi.Output.concat(*mixed(value)) if parts else value
    if isinstance(value, dict):
        content = {key: read(item) for key, item in value.items()}
        return pulumi.Output.json_dumps(content["fn::toJSON"]) if content.keys() == {"fn::toJSON"} else content
    return [read(item) for item in value] if isinstance(value, list) else value


def mixed(value):
    end = 0
    for found in REFERENCE.finditer(value):
        yield value[end : found.start()]
        yield output(found)
        end = found.end()
    yield value[end:]


for name in RESOURCES:
    make(name)
"""
