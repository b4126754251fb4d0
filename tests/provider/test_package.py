"""A function packaged from a folder, through the real engine: what counts as a change, and that it runs."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.engine import Engine
from tests.support.folder import write
from tests.support.program import NewProgram, Program, Result

pytestmark = pytest.mark.pypi

_SOURCE = """
from components.packaging.package import package

allow = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
for name in ("one", "other"):
    aws.lambda_.Function(
        name,
        architectures=["arm64"],
        code=package(name, runtime="python3.13", architecture="arm64"),
        handler="handler.handle",
        role=role.arn,
        runtime="python3.13",
    )
"""
_LOCK = "tabulate==0.10.0 --hash=sha256:f0b0622e567335c8fabaaa659f1b33bcb6ddfe2e496071b743aa113f8774f2d3\n"
_HANDLER = """\
from importlib.metadata import entry_points, version

import tabulate


def handle(event, context):
    commands = [found.value for found in entry_points(group="console_scripts", name="tabulate")]
    return [version("tabulate"), commands, tabulate.tabulate([event["row"]], tablefmt="plain")]
"""
_OTHER = "def handle(event, context):\n    return 1\n"


@dataclass(frozen=True)
class Deployed:
    """What an `up` did, and what is there after it."""

    result: Result
    zip: Path
    """Of the function `one`."""
    code: dict[str, Any]
    """The archive of the function `one` in the stack's state."""
    sha256: str
    """What AWS says of the code that it has."""


@dataclass(frozen=True)
class Story:
    program: Program
    created: Deployed
    moved: Deployed
    changed: Deployed
    answers: list[Any]
    """Of the function `one`, before and after the change."""


@pytest.fixture(scope="module")
def story(new_program: NewProgram) -> Story:
    program = new_program()
    program.write(_SOURCE)
    write(program.folder, {"one/handler.py": _HANDLER, "one/requirements.txt": _LOCK, "other/handler.py": _OTHER})
    _use_cache(program, "first")
    created = _up(program)
    answers = [_invoke(program)]
    for path in program.folder.joinpath("first").rglob("*.zip"):
        path.unlink()
    _use_cache(program, "second")
    moved = _up(program)
    write(program.folder, {"one/handler.py": _HANDLER.replace('"plain"', '"html"')})
    changed = _up(program)
    return Story(program, created, moved, changed, [*answers, _invoke(program)])


def _use_cache(program: Program, name: str) -> None:
    cache = str(program.folder / name)
    program.engine = Engine({**program.engine.environment, "ORDER_PIPELINES_CACHE": cache}, program.folder)


def _up(program: Program) -> Deployed:
    result = program.up()
    assert result.code == 0, result.text
    one = program.state()["one"]
    function = program.aws.lambda_.get_function(FunctionName=one["id"])
    code = one["inputs"]["code"]
    return Deployed(result, Path(code["path"]), code, function["Configuration"].get("CodeSha256", ""))


def _invoke(program: Program) -> Any:
    name = program.state()["one"]["id"]
    answer = program.aws.lambda_.invoke(FunctionName=name, Payload=json.dumps({"row": ["a", 1]}))
    return json.loads(answer["Payload"].read())


def test_aws_gets_the_bytes_of_the_zip_and_the_engine_knows_them_by_their_hash(story: Story) -> None:
    digest = hashlib.sha256(story.moved.zip.read_bytes())

    assert story.moved.code["hash"] == digest.hexdigest()
    assert story.moved.sha256 == base64.b64encode(digest.digest()).decode()


def test_the_same_code_from_another_cache_is_no_change(story: Story) -> None:
    assert story.created.zip.is_relative_to(story.program.folder / "first")
    assert story.moved.zip.is_relative_to(story.program.folder / "second")
    assert story.moved.zip.name == story.created.zip.name
    assert story.created.result.changed() == {"role": "create", "one": "create", "other": "create"}
    assert story.moved.result.changed() == {}
    assert story.moved.sha256 == story.created.sha256


def test_a_changed_file_updates_its_function_alone(story: Story) -> None:
    assert story.changed.result.changed() == {"one": "update"}
    assert story.changed.sha256 != story.created.sha256


def test_the_handler_runs_with_what_it_depends_on(story: Story) -> None:
    before, after = story.answers

    assert before == ["0.10.0", ["tabulate:_main"], "a  1"]
    assert after == [
        "0.10.0",
        ["tabulate:_main"],
        '<table>\n<tbody>\n<tr><td>a</td><td style="text-align: right;">1</td></tr>\n</tbody>\n</table>',
    ]


def test_a_dependency_that_cannot_be_installed_stops_the_program_with_one_sentence(new_program: NewProgram) -> None:
    program = new_program()
    program.write(_SOURCE)
    write(program.folder, {"one/handler.py": _HANDLER, "one/requirements.txt": _LOCK.replace("f0b0", "0000")})
    _use_cache(program, "cache")

    result = program.up()

    sentence = "code: one/requirements.txt cannot be installed for python3.13 on arm64, from wheels alone: "
    assert result.code != 0
    assert sentence in result.text
    assert "Hash mismatch for `tabulate==0.10.0`" in result.text
    assert "Traceback" not in result.text
    assert not program.folder.joinpath("cache").exists()
