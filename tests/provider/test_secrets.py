"""A secret reaches AWS and stays a secret in the stack."""

from __future__ import annotations

from pathlib import Path

from local.aws import Aws
from tests.support.program import NewProgram, Program

_SECRET = "very-secret-text"


def test_a_secret_is_ciphertext_in_the_state_and_plain_in_aws(new_program: NewProgram) -> None:
    program = new_program()
    program.write(
        f"""
        allow = {{"Effect": "Allow", "Principal": {{"Service": "lambda.amazonaws.com"}}, "Action": "sts:AssumeRole"}}
        role = aws.iam.Role("role", assume_role_policy=json.dumps({{"Version": "2012-10-17", "Statement": [allow]}}))
        worker = aws.lambda_.Function(
            "worker",
            code=pulumi.AssetArchive({{"handler.py": pulumi.StringAsset("handle")}}),
            description=pulumi.Output.secret("{_SECRET} described"),
            environment={{"variables": {{"PLAIN": "plain", "TOKEN": pulumi.Output.secret("{_SECRET}")}}}},
            handler="handler.handle",
            role=role.arn,
            runtime="python3.13",
        )
        pulumi.export("environment", worker.environment)
        """
    )

    first, second = program.up(), program.up("--expect-no-changes")

    assert (first.code, second.code) == (0, 0), first.text + second.text
    state = program.state()
    worker = state["worker"]
    configuration = program.aws.lambda_.get_function_configuration(FunctionName=worker["id"])
    assert configuration.get("Environment", {}).get("Variables") == {"PLAIN": "plain", "TOKEN": _SECRET}
    assert configuration.get("Description") == f"{_SECRET} described"
    for properties in (worker["inputs"], worker["outputs"]):
        assert set(properties["description"]) == {"4dabf18193072939515e22adb298388d", "ciphertext"}
        assert "ciphertext" in str(properties["environment"])
    assert _files_with_the_secret(program) == []
    assert _SECRET not in first.text + second.text


def test_the_value_of_a_parameter_is_a_secret_without_being_marked_as_one(new_program: NewProgram) -> None:
    program = new_program()
    program.write(
        f"""
        sealed = aws.ssm.Parameter("sealed", type="SecureString", value="{_SECRET}")
        plain = aws.ssm.Parameter("plain", type="String", value="{_SECRET}")
        pulumi.export("sealed", sealed.value)
        pulumi.export("plain", plain.value)
        """
    )

    first, second, refreshed = program.up(), program.up("--expect-no-changes"), program.refresh()

    assert (first.code, second.code, refreshed.code) == (0, 0, 0), first.text + second.text + refreshed.text
    state = program.state()
    assert {name: _value(program.aws, state[name]["id"]) for name in ("sealed", "plain")} == {
        "sealed": (_SECRET, "SecureString"),
        "plain": (_SECRET, "String"),
    }
    for name in ("sealed", "plain"):
        for properties in (state[name]["inputs"], state[name]["outputs"]):
            assert set(properties["value"]) == {"4dabf18193072939515e22adb298388d", "ciphertext"}
    assert _files_with_the_secret(program) == []
    assert _SECRET not in first.text + second.text + refreshed.text


def _value(aws: Aws, name: str) -> tuple[str | None, str | None]:
    found = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    return found.get("Value"), found.get("Type")


def _files_with_the_secret(program: Program) -> list[Path]:
    backend = Path(program.engine.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    files = [file for file in backend.rglob("*") if file.is_file()]
    assert files != []
    return [file for file in files if _SECRET in file.read_text()]
