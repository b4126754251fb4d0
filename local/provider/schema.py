"""What a pulumi-aws type looks like, read from the installed SDK's own classes, so that it cannot drift from it."""

from __future__ import annotations

import inspect
import sys
import typing
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True)
class Schema:
    """The properties of one type, by their camelCase names."""

    token: str
    inputs: frozenset[str]
    required: frozenset[str]
    outputs: frozenset[str]
    computed: frozenset[str]
    """Outputs that AWS fills in when the program does not: unknown at preview unless set.

    The SDK types them as always present (`Output[str]`), and the others as `Output[Optional[str]]`.
    """

    @classmethod
    def of(cls, sdk: type[pulumi.CustomResource]) -> Schema:
        """Read the schema of an SDK class such as `pulumi_aws.sqs.Queue`."""
        module, name = sys.modules[sdk.__module__], sdk.__name__
        # `Init` where the bare name is that of a nested type.
        args = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
        inputs = {python: _pulumi_name(getter) for python, getter in _getters(args)}
        parameters = inspect.signature(args.__init__).parameters.values()
        outputs = {_pulumi_name(getter): getter for _, getter in _getters(sdk)}
        return cls(
            token=str(getattr(sdk, "pulumi_type")),  # noqa: B009 - set by a decorator that type checkers cannot see
            inputs=frozenset(inputs.values()),
            required=frozenset(
                inputs[p.name] for p in parameters if p.name in inputs and p.default is inspect.Parameter.empty
            ),
            outputs=frozenset(outputs),
            computed=frozenset(name for name, getter in outputs.items() if not _is_optional(getter)),
        )


def _getters(cls: type[Any]) -> list[tuple[str, Any]]:
    return [(name, member.fget) for name, member in vars(cls).items() if isinstance(member, property)]


def _pulumi_name(getter: Any) -> str:
    return str(getter._pulumi_name)


def _is_optional(getter: Any) -> bool:
    (inner,) = typing.get_args(getter.__annotations__["return"])
    return type(None) in typing.get_args(inner)
