"""Where a local run keeps its files, and the environment its programs get: nothing of the host's credentials."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.supervisor import Instance

PROJECT = Path(__file__).parent.parent
ACCOUNT = "000000000001"
"""Account id of local runs; the embedded AWS makes an account of any twelve digits."""
SECRET_KEY = "local"  # noqa: S105 - the embedded AWS takes any secret for an account's own key
REGION = "eu-central-1"

_KEPT = (
    "COLUMNS",
    "FORCE_COLOR",
    "HOME",
    "LANG",
    "LC_ALL",
    "LINES",
    "NO_COLOR",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
)
"""What passes from the host so that the user can read what is printed."""
_KEPT_FOR_PACKAGES = (
    "ALL_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ORDER_PIPELINES_CACHE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_CACHE_HOME",
)
"""What passes so that the dependencies of functions can be fetched and kept, with all that is named `UV_...`."""
_KEPT_FOR_POLICY = ("ORDER_POLICY",)
"""What passes so that the policy pack finds the settings that the user names."""
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
_PLUGIN = PROJECT / "local" / "provider" / "pulumi-resource-aws"


class EngineMissingError(RuntimeError):
    """The Pulumi engine could not be set up; the message says what to install."""


@dataclass(frozen=True)
class Workspace:
    """The files of one set of local runs: the emulator's state and Pulumi's."""

    root: Path

    @property
    def emulator(self) -> Path:
        """State folder and log of the embedded AWS."""
        return self.root / "emulator"

    @property
    def backend(self) -> Path:
        """Pulumi's stacks."""
        return self.root / "pulumi" / "backend"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own settings, apart from the user's."""
        return self.root / "pulumi" / "home"


DEFAULT = Workspace(Path(os.environ.get("ORDER_PIPELINES_WORKSPACE") or PROJECT / ".local").absolute())
"""The workspace of `python -m local`; another one by an environment variable, so that runs do not share state."""


def engine() -> Path:
    """The folder of the Pulumi engine that the set-up resolved.

    Raises:
        EngineMissingError: There is none.
    """
    folder = PROJECT / ".local" / "engine"
    if (folder / "pulumi").exists():
        return folder
    reason = PROJECT / ".local" / "engine-missing.txt"
    raise EngineMissingError(
        reason.read_text().strip() if reason.exists() else "the Pulumi engine is not set up: run `make setup`"
    )


def aws_environment(instance: Instance, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
    """Variables that point every AWS SDK and CLI at the embedded AWS, and away from the host's configuration."""
    return {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": region,  # boto3 reads this one, other SDKs the other
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def pulumi_environment(
    workspace: Workspace,
    instance: Instance,
    host: Mapping[str, str],
    account: str = ACCOUNT,
    region: str = REGION,
) -> dict[str, str]:
    """The whole environment of a `pulumi` command against the embedded AWS."""
    workspace.backend.mkdir(parents=True, exist_ok=True)
    _install_plugin(workspace.pulumi_home)
    path = [PROJECT / ".venv" / "bin", engine().resolve(), _SYSTEM_PATH]
    kept = {*_KEPT, *_KEPT_FOR_PACKAGES, *_KEPT_FOR_POLICY, *(name for name in host if name.startswith("UV_"))}
    return {
        **{name: host[name] for name in sorted(kept) if name in host},
        **aws_environment(instance, account, region),
        "PATH": ":".join(map(str, path)),
        "PULUMI_BACKEND_URL": f"file://{workspace.backend}",
        "PULUMI_CONFIG_PASSPHRASE": "local",  # encrypts nothing: a local stack has no secrets
        "PULUMI_HOME": str(workspace.pulumi_home),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }


def _install_plugin(pulumi_home: Path) -> None:
    # Only this PULUMI_HOME has the plugin, so no run against a real account can ever load it.
    folder = pulumi_home / "plugins" / f"resource-aws-v{importlib.metadata.version('pulumi-aws')}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / _PLUGIN.name
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(_PLUGIN)
