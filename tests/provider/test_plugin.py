"""The plugin by itself: what it answers to the engine's requests, and how it comes and goes."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from typing import Any

import pytest
from pulumi.provider.experimental import provider as messages

from local.environment import PROJECT, aws_environment
from local.provider.plugin import AwsProvider, ProviderError
from local.provider.values import to_wire
from local.supervisor import Instance

_PLUGIN = PROJECT / "local" / "provider" / "pulumi-resource-aws"
_QUEUE = "urn:pulumi:stack::project::aws:sqs/queue:Queue::orders"
_WORKER = "urn:pulumi:stack::project::aws:lambda/function:Function::worker"


@pytest.fixture
def provider(embedded_aws: Instance, monkeypatch: pytest.MonkeyPatch) -> AwsProvider:
    for name, value in aws_environment(embedded_aws).items():
        monkeypatch.setenv(name, value)
    return AwsProvider()


def _configure(provider: AwsProvider, **settings: Any) -> None:
    request = messages.ConfigureRequest({}, to_wire(settings), False, False)
    asyncio.run(provider.configure(request))


def test_settings_that_only_say_where_aws_is_are_not_read(provider: AwsProvider, embedded_aws: Instance) -> None:
    _configure(provider, profile="production", accessKey="AKIA", region="us-east-1", skipCredentialsValidation="true")

    aws = provider.aws
    assert (aws.endpoint, aws.region, aws.account) == (embedded_aws.endpoint, "us-east-1", "000000000001")


@pytest.mark.parametrize("setting", ["defaultTags", "ignoreTags"])
def test_a_setting_that_would_change_resources_is_refused(provider: AwsProvider, setting: str) -> None:
    message = f"the local aws provider does not serve the provider setting '{setting}': leave it out"

    with pytest.raises(ProviderError, match=f"^{re.escape(message)}$"):
        _configure(provider, **{setting: '{"tags": {}}'})


def test_a_new_function_needs_code_already_at_preview(provider: AwsProvider) -> None:
    _configure(provider)
    inputs = to_wire({"role": "arn:aws:iam::1:role/r", "handler": "handler.handle", "runtime": "python3.13"})

    message = "a new aws:lambda/function:Function needs the property 'code' or 'imageUri': set it"
    with pytest.raises(ProviderError, match=f"^{re.escape(message)}$"):
        asyncio.run(provider.create(messages.CreateRequest(_WORKER, inputs, 0, True)))


def test_a_resource_that_is_gone_cannot_be_updated(provider: AwsProvider, embedded_aws: Instance) -> None:
    _configure(provider)
    url = f"{embedded_aws.endpoint}/000000000001/missing"
    request = messages.UpdateRequest(_QUEUE, url, to_wire({}), to_wire({"name": "missing"}), 0, [], False)

    message = f"aws:sqs/queue:Queue '{url}' is gone: run `pulumi refresh`, then again"
    with pytest.raises(ProviderError, match=f"^{re.escape(message)}$"):
        asyncio.run(provider.update(request))


def test_used_before_it_is_configured_it_says_so(provider: AwsProvider) -> None:
    with pytest.raises(ProviderError, match=r"^the local aws provider was used before it was configured$"):
        _ = provider.aws


def test_ended_by_the_engine_it_goes_without_a_word() -> None:
    plugin = subprocess.Popen(
        # A background job of a shell ignores SIGINT, and so would what it starts.
        ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-P", _PLUGIN, "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with plugin:
        assert plugin.stdout
        assert plugin.stdout.readline().strip().isdecimal()

        plugin.send_signal(signal.SIGINT)
        _, complaints = plugin.communicate()

    assert (plugin.returncode, complaints) == (0, "")
