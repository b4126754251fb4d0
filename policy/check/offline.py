"""A preview without an account: a new stack in a backend of its own, and an AWS that nothing reaches.

What the program asks AWS while it runs, such as `aws.get_caller_identity()`, has no answer there, and a provider that
the program makes itself needs the options of `_SETTINGS` in the program.
https://www.pulumi.com/registry/packages/aws/installation-configuration/
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from policy.check.usage import UsageError

_SETTINGS = {
    "aws:accessKey": "offline",
    "aws:secretKey": "offline",
    "aws:maxRetries": "1",
    "aws:skipCredentialsValidation": "true",
    "aws:skipMetadataApiCheck": "true",
    "aws:skipRequestingAccountId": "true",
}
"""What keeps the provider from asking AWS who it is."""
_ACCOUNT_SETTINGS = frozenset(
    {
        "aws:allowedAccountIds",
        "aws:assumeRole",
        "aws:assumeRoles",
        "aws:assumeRoleWithWebIdentity",
        "aws:forbiddenAccountIds",
        "aws:profile",
        "aws:sharedConfigFiles",
        "aws:sharedCredentialsFiles",
        "aws:token",
    }
)
"""Settings of a stack that need an account, and so are left out."""
_ENVIRONMENT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # nothing listens there: whatever asks AWS is refused at once
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "PULUMI_CONFIG_PASSPHRASE": "offline",  # encrypts nothing: secrets are left out
}
_KEPT_OF_AWS = ("AWS_DEFAULT_REGION", "AWS_REGION")
_ENCRYPTION = ("encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""What a stack's file has besides its configuration, which would ask a service for keys or values."""


def offline(folder: Path, stack: str, host: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The environment and the options of a preview without an account.

    Args:
        folder: A folder for the backend and the configuration, which nobody else may read.
        stack: The stack whose configuration is taken; the only one that has any when empty.
        host: The environment, of which no credentials pass.
    """
    name = stack.rpartition("/")[2] or _only_stack()  # it may be named with its organization and project
    configuration = folder / f"Pulumi.{name}.yaml"
    configuration.write_text(yaml.safe_dump(_without_account(Path(f"Pulumi.{name}.yaml"))))
    # What `pulumi stack init` would make, which would also write into the project's own file.
    checkpoint = folder / "backend" / ".pulumi" / "stacks" / _project() / f"{name}.json"
    checkpoint.parent.mkdir(parents=True)
    known_as = f"organization/{_project()}/{name}"
    checkpoint.write_text(json.dumps({"version": 3, "checkpoint": {"stack": known_as}}))
    checkpoint.parents[2].joinpath("meta.yaml").write_text("version: 1\n")
    kept = {
        key: value
        for key, value in host.items()
        if key in _KEPT_OF_AWS or not key.startswith(("AWS_", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"))
    }
    environment = {**kept, **_ENVIRONMENT, "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}"}
    return environment, ["--stack", name, "--config-file", str(configuration)]


def _without_account(file: Path) -> dict[str, Any]:
    """A stack's file with what a preview without an account needs, and its secrets as a text that says so."""
    content = _content(file) if file.exists() else {}
    config: dict[str, Any] = content.get("config") or {}
    kept = {key: _public(value) for key, value in config.items() if key not in _ACCOUNT_SETTINGS}
    rest = {key: value for key, value in content.items() if key not in _ENCRYPTION}
    return {**rest, "config": {**kept, **_SETTINGS}}


def _public(value: Any) -> Any:
    if isinstance(value, list):
        return [_public(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    content = cast("dict[str, Any]", value)
    return "offline" if "secure" in content else {key: _public(item) for key, item in content.items()}


def _project() -> str:
    file = Path("Pulumi.yaml")
    if not file.exists():
        raise UsageError("there is no Pulumi.yaml in this folder: run it in the folder of a Pulumi program")
    if not (name := _content(file).get("name")):
        raise UsageError("Pulumi.yaml has no name: give the program one")
    return str(name)


def _content(file: Path) -> dict[str, Any]:
    try:
        content: Any = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{file} is no YAML: mend it") from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} is no object with settings: mend it")
    return cast("dict[str, Any]", content)


def _only_stack() -> str:
    names = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in Path().glob("Pulumi.*.yaml"))
    if len(names) == 1:
        return names[0]
    found = f" ({', '.join(names)})" if names else ""
    raise UsageError(f"without an account no stack is selected: name one with --stack{found}")
