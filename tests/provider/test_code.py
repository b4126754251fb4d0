"""A function's code: a change is published and the alias follows, and nothing else counts as a change."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass

import pytest

from local.archive import ARCHIVE, SIGNATURE, Archive
from local.aws import Aws
from local.provider.resource import Properties
from local.provider.resources import lambda_function
from tests.support.program import NewProgram, Program, Result

_SOURCE = """
allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
function = aws.lambda_.Function(
    "function",
    code=pulumi.FileArchive("code"),
    handler="handler.handle",
    publish=True,
    role=role.arn,
    runtime="python3.13",
)
aws.lambda_.Alias("alias", function_name=function.name, function_version=function.version)
"""


@dataclass(frozen=True)
class Deployed:
    """What an `up` did, and what AWS then has."""

    result: Result
    versions: dict[str, str]
    """Version -> hash of its code."""
    alias: str
    """The version that the alias points to."""
    local: str
    """Hash of the code in the program's folder."""


@dataclass(frozen=True)
class Story:
    created: Deployed
    touched: Deployed
    refreshed: Deployed
    changed: Deployed


@pytest.fixture(scope="module")
def story(new_program: NewProgram) -> Story:
    program = new_program()
    program.write(_SOURCE)
    code = program.folder / "code"
    code.mkdir()
    _write(program, "return 1")
    created = _up(program)
    _write(program, "return 1", time=1_000_000_000)
    touched = _up(program)
    _write(program, "return 1", time=1_100_000_000)
    refreshed = _up(program, "--refresh")
    _write(program, "return 2")
    return Story(created, touched, refreshed, _up(program))


def _write(program: Program, body: str, time: int = 1_200_000_000) -> None:
    handler = program.folder / "code" / "handler.py"
    handler.write_text(f"def handle(event, context):\n    {body}\n")
    os.utime(handler, (time, time))


def _up(program: Program, *options: str) -> Deployed:
    result = program.up(*options)
    assert result.code == 0, result.text
    state = program.state()
    name, aws = state["function"]["id"], program.aws
    versions = aws.lambda_.list_versions_by_function(FunctionName=name)["Versions"]
    archive = Archive({SIGNATURE: ARCHIVE, "path": str(program.folder / "code")})
    return Deployed(
        result,
        {version.get("Version", ""): version.get("CodeSha256", "") for version in versions},
        aws.lambda_.get_alias(FunctionName=name, Name=state["alias"]["outputs"]["name"])["FunctionVersion"],
        base64.b64encode(hashlib.sha256(archive.zip_bytes()).digest()).decode(),
    )


def test_the_code_is_published_and_the_alias_points_to_it(story: Story) -> None:
    code = story.created.local

    assert (story.created.versions, story.created.alias) == ({"$LATEST": code, "1": code}, "1")


@pytest.mark.parametrize("again", ["touched", "refreshed"])
def test_unchanged_code_is_not_published_again_whatever_its_times(story: Story, again: str) -> None:
    deployed: Deployed = getattr(story, again)

    assert deployed.result.changed() == {}
    assert (deployed.versions, deployed.alias) == (story.created.versions, "1")


def test_changed_code_is_a_new_version_and_the_alias_moves_to_it(story: Story) -> None:
    old, new = story.created.local, story.changed.local

    assert old != new
    assert story.changed.result.changed() == {"function": "update", "alias": "update"}
    assert (story.changed.versions, story.changed.alias) == ({"$LATEST": new, "1": old, "2": new}, "2")


def test_a_change_that_no_version_holds_publishes_nothing(new_program: NewProgram) -> None:
    aws = new_program().aws
    inputs = {**_inputs(aws), "publish": True, "tags": {"team": "orders"}, "reservedConcurrentExecutions": -1}
    lambda_function.create(aws, inputs)

    olds = {**inputs, **lambda_function.read(aws, "function")}
    lambda_function.update(aws, "function", olds, {**inputs, "tags": {}, "reservedConcurrentExecutions": 5})

    state = lambda_function.read(aws, "function")
    assert (state["version"], state["tags"], state["reservedConcurrentExecutions"]) == ("1", None, 5)
    assert state["lastModified"] == olds["lastModified"]


def test_the_latest_of_very_many_versions_is_found(new_program: NewProgram) -> None:
    aws = new_program().aws
    lambda_function.create(aws, {**_inputs(aws), "reservedConcurrentExecutions": -1})
    many = 101  # AWS lists fifty at a time
    for number in range(many):
        aws.lambda_.update_function_configuration(FunctionName="function", Description=str(number))
        aws.lambda_.publish_version(FunctionName="function")

    assert lambda_function.read(aws, "function")["version"] == str(many)


def _inputs(aws: Aws) -> Properties:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = aws.iam.create_role(RoleName="role", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = Archive({SIGNATURE: ARCHIVE, "assets": {"handler.py": {"text": "handle"}}})
    return {"name": "function", "code": code, "handler": "handler.handle", "role": role, "runtime": "python3.13"}
