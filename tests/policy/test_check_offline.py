"""What a preview without an account gets: nothing of an account, and nothing that reaches AWS."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from policy.check.offline import offline
from policy.check.usage import UsageError

STACK = """\
secretsprovider: awskms://alias/pulumi
encryptedkey: AQ
encryptionsalt: v1:a
environment: [shared]
config:
  aws:profile: prod
  aws:assumeRole: {roleArn: "arn:aws:iam::111111111111:role/deploy"}
  aws:allowedAccountIds: ["111111111111"]
  aws:region: eu-central-1
  aws:skipMetadataApiCheck: "false"
  shop:timeout: 30
  shop:token: {secure: AAAB}
  shop:nested: [{key: {secure: AAAC}, name: a}]
"""
LEFT = {
    "aws:accessKey": "offline",
    "aws:maxRetries": "1",
    "aws:region": "eu-central-1",
    "aws:secretKey": "offline",
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:skipRequestingAccountId": "true",
    "shop:nested": [{"key": "offline", "name": "a"}],
    "shop:timeout": 30,
    "shop:token": "offline",
}
HOST = {
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2",
    "AWS_ENDPOINT_URL_SQS": "https://sqs.eu-central-1.amazonaws.com",
    "AWS_PROFILE": "prod",
    "AWS_REGION": "eu-west-1",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "HOME": "/home/shop",
    "PATH": "/usr/bin",
    "PULUMI_ACCESS_TOKEN": "pul",
    "PULUMI_BACKEND_URL": "https://api.pulumi.com",
    "PULUMI_CONFIG_PASSPHRASE_FILE": "/passphrase",
    "PULUMI_HOME": "/plugins",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a program with a stack `prod`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    folder.joinpath("Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    folder.joinpath("Pulumi.prod.yaml").write_text(STACK)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def test_the_configuration_is_kept_without_accounts_keys_and_secrets(project: Path, temporary: Path) -> None:
    _, options = offline(temporary, "prod", {})

    assert options == ["--stack", "prod", "--config-file", str(temporary / "Pulumi.prod.yaml")]
    assert yaml.safe_load((temporary / "Pulumi.prod.yaml").read_text()) == {"config": LEFT}
    assert (project / "Pulumi.prod.yaml").read_text() == STACK


def test_the_environment_is_kept_without_credentials_and_services(project: Path, temporary: Path) -> None:
    environment, _ = offline(temporary, "", HOST)

    assert environment == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "eu-west-1",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HOME": "/home/shop",
        "PATH": "/usr/bin",
        "PULUMI_BACKEND_URL": f"file://{temporary}/backend",
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_HOME": "/plugins",
    }


def test_the_stack_is_new_in_a_backend_of_its_own(project: Path, temporary: Path) -> None:
    offline(temporary, "acme/shop/prod", {})

    files = {str(path.relative_to(temporary)) for path in temporary.rglob("*") if path.is_file()}
    assert files == {"Pulumi.prod.yaml", "backend/.pulumi/meta.yaml", "backend/.pulumi/stacks/shop/prod.json"}
    checkpoint = json.loads((temporary / "backend/.pulumi/stacks/shop/prod.json").read_text())
    assert checkpoint == {"version": 3, "checkpoint": {"stack": "organization/shop/prod"}}


def test_a_stack_without_a_file_has_only_what_keeps_aws_away(project: Path, temporary: Path) -> None:
    offline(temporary, "new", {})

    config = yaml.safe_load((temporary / "Pulumi.new.yaml").read_text())["config"]
    assert config == {key: LEFT[key] for key in LEFT if key.startswith("aws:") and key != "aws:region"}


def test_a_folder_without_a_program_or_a_stack_is_refused(
    project: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "Pulumi.prod.yaml").unlink()
    with pytest.raises(UsageError, match=r"^without an account no stack is selected: name one with --stack$"):
        offline(temporary, "", {})

    monkeypatch.chdir(temporary)
    with pytest.raises(UsageError, match=r"^there is no Pulumi.yaml in this folder: run it in the folder of a Pulumi"):
        offline(temporary, "prod", {})


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("Pulumi.yaml", "runtime: python\n", "Pulumi.yaml has no name: give the program one"),
        ("Pulumi.yaml", "name: [", "Pulumi.yaml is no YAML: mend it"),
        ("Pulumi.prod.yaml", "- config", "Pulumi.prod.yaml is no object with settings: mend it"),
    ],
)
def test_a_file_of_the_project_that_cannot_be_read_is_refused(
    file: str, content: str, says: str, project: Path, temporary: Path
) -> None:
    (project / file).write_text(content)

    with pytest.raises(UsageError) as refused:
        offline(temporary, "prod", {})
    assert str(refused.value) == says
