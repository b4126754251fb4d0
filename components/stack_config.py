"""The stack's configuration, as `Pulumi.yaml` declares it."""

from __future__ import annotations

from pathlib import Path

import pulumi
import yaml

from components.errors import PipelineError, did_you_mean

_DECLARATION = Path(__file__).parent.parent / "Pulumi.yaml"


class StackConfig:
    """Typed reading of the stack's configuration.

    `Pulumi.yaml` declares every key with its type, default and meaning; the engine checks types and fills in defaults
    before the program runs. What it does not notice is a key that nobody declared.

    Raises:
        PipelineError: The stack sets a key that is not declared.
    """

    def __init__(self) -> None:
        project = pulumi.get_project()
        declared = yaml.safe_load(_DECLARATION.read_text())["config"]
        known = sorted(key.removeprefix(f"{project}:") for key in declared)
        given = [key.partition(":")[2] for key in pulumi.runtime.get_config_env() if key.startswith(f"{project}:")]
        unknown = [f"unknown config key {key!r}{did_you_mean(key, known)}" for key in sorted(set(given) - set(known))]
        if unknown:
            raise PipelineError(f"Pulumi.{pulumi.get_stack()}.yaml", unknown)
        self._config = pulumi.Config()

    def integer(self, key: str) -> int:
        """A whole number."""
        return self._config.require_int(key)

    def boolean(self, key: str) -> bool:
        """True or false."""
        return self._config.require_bool(key)

    def text(self, key: str) -> str:
        """A text."""
        return self._config.require(key)
