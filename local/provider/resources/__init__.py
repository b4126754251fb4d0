"""One file for each pulumi-aws type, named after it: `aws:sqs/queue:Queue` is `sqs_queue.py` with its `TYPE`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache

from local.provider.resource import ResourceType


class UnknownTypeError(LookupError):
    """The program uses a type that no file here describes."""


@cache
def find(token: str) -> ResourceType:
    """The description of a type by its token; its module is only imported when a program uses it.

    Raises:
        UnknownTypeError: No file describes it; the message names the types that are there.
    """
    token = token.rpartition("$")[2]  # a URN prefixes a child's type with its parents'
    module = _module_name(token)
    if module not in known():
        raise UnknownTypeError(
            f"the local aws provider does not know the type {token!r} (it knows {', '.join(known())}): "
            f"describe it in local/provider/resources/{module}.py, or deploy this program to a real account"
        )
    resource: ResourceType = importlib.import_module(f"{__name__}.{module}").TYPE
    return resource


@cache
def known() -> tuple[str, ...]:
    """Module names of the types that are described."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def _module_name(token: str) -> str:
    parts = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", token)
    if parts is None:
        return token
    service, name = parts.groups()
    return f"{service}_{re.sub(r'(?<!^)(?=[A-Z])', '_', name).lower()}"
