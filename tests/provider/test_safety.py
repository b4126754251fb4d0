"""Nothing but the embedded AWS is ever reached, whatever the host's environment and files say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.aws import Aws, NotLocalError, require_loopback
from local.supervisor import Instance
from tests.support.program import NewProgram

_REGION, _ACCOUNT = "eu-central-1", "123456789012"


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4566", "http://127.8.9.10", "http://localhost:4566/", "http://[::1]:4566"]
)
def test_an_endpoint_on_loopback_is_taken(endpoint: str) -> None:
    assert require_loopback(endpoint) == endpoint
    assert Aws(endpoint, _REGION, _ACCOUNT).sqs.meta.endpoint_url == endpoint


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("", "an unset endpoint"),
        ("http://127.0.0.1.example.com", "'http://127.0.0.1.example.com'"),
        ("http://localhost.example.com", "'http://localhost.example.com'"),
        ("http://169.254.169.254", "'http://169.254.169.254'"),
        ("http://0.0.0.0:4566", "'http://0.0.0.0:4566'"),
        ("http://[fe80::1]", "'http://[fe80::1]'"),
        ("https://sqs.eu-central-1.amazonaws.com", "'https://sqs.eu-central-1.amazonaws.com'"),
        ("127.0.0.1:4566", "'127.0.0.1:4566'"),
        ("ftp://127.0.0.1", "'ftp://127.0.0.1'"),
        ("http://user@127.0.0.1", "'http://user@127.0.0.1'"),
        ("http://127.0.0.1@example.com", "'http://127.0.0.1@example.com'"),
        ("http://example.com\\@127.0.0.1", "'http://example.com\\\\@127.0.0.1'"),  # urllib3 would call example.com
        ("http://127.0.0.1/\nhttp://example.com", "'http://127.0.0.1/\\nhttp://example.com'"),
    ],
)
def test_any_other_endpoint_is_refused(endpoint: str, shown: str) -> None:
    message = (
        f"the local aws provider only serves an embedded AWS on loopback, not {shown}: run `make up` (or "
        "`python -m local up`), or use the official pulumi-aws plugin for a real account"
    )

    with pytest.raises(NotLocalError, match=f"^{re.escape(message)}$"):
        Aws(endpoint, _REGION, _ACCOUNT)


def test_an_environment_without_an_endpoint_is_refused() -> None:
    with pytest.raises(NotLocalError, match="not an unset endpoint"):
        Aws.from_environment({"AWS_REGION": _REGION, "AWS_ACCESS_KEY_ID": _ACCOUNT})


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose settings lead elsewhere; a file that exists once its credentials were asked for."""
    called = tmp_path / "called"
    settings = "\n".join(
        [
            "region = us-west-2",
            f"credential_process = /usr/bin/touch {called}",
            "endpoint_url = http://127.0.0.1:1",
            "retry_mode = nonsense",
            "request_checksum_calculation = nonsense",
        ]
    )
    home = tmp_path / "home"
    home.joinpath(".aws").mkdir(parents=True)
    home.joinpath(".aws", "config").write_text(f"[default]\n{settings}\n[profile production]\n{settings}\n")
    home.joinpath(".aws", "credentials").write_text("[default]\nthis is no credentials file\n")
    host = {
        "HOME": str(home),
        "AWS_PROFILE": "production",
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1",
        "AWS_DEFAULTS_MODE": "auto",
        "AWS_RETRY_MODE": "nonsense",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CA_BUNDLE": "/nonexistent",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }
    for name, value in host.items():
        monkeypatch.setenv(name, value)
    return called


def test_clients_take_nothing_from_the_host(called: Path, embedded_aws: Instance) -> None:
    aws = Aws(embedded_aws.endpoint, _REGION, _ACCOUNT)

    assert aws.sts.get_caller_identity()["Account"] == _ACCOUNT
    url = aws.sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert arn == f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:orders"
    assert not called.exists()


def test_programs_and_the_plugin_take_nothing_from_the_host(called: Path, new_program: NewProgram) -> None:
    program = new_program()
    program.write(
        """
        import os

        import boto3

        pulumi.export("region", aws.get_region().region)
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("queue", aws.sqs.Queue("orders", name="orders").arn)
        pulumi.export("program", boto3.client("sts", "eu-central-1").get_caller_identity()["Account"])
        pulumi.export("variables", sorted(name for name in os.environ if name.startswith("AWS_") or "prox" in name))
        """
    )

    result = program.up()

    assert result.code == 0, result.text
    account = program.aws.account
    assert program.state()[f"{program.name}-test"]["outputs"] == {
        "region": _REGION,
        "account": account,
        "queue": f"arn:aws:sqs:{_REGION}:{account}:orders",
        "program": account,
        "variables": [
            "AWS_ACCESS_KEY_ID",
            "AWS_CONFIG_FILE",
            "AWS_DEFAULT_REGION",
            "AWS_EC2_METADATA_DISABLED",
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SHARED_CREDENTIALS_FILE",
        ],
    }
    assert not called.exists()
