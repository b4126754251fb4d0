"""A secret reaches AWS and stays a secret in the stack."""

from __future__ import annotations

from pathlib import Path

from tests.support.program import NewProgram

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
    backend = Path(program.engine.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    files = [file for file in backend.rglob("*") if file.is_file()]
    assert files != []
    assert [file for file in files if _SECRET in file.read_text()] == []
    assert _SECRET not in first.text + second.text
