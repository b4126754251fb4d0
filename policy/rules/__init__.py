"""The rules, grouped by subject: a new rule is one function under `@rule` in the file of its subject."""

import importlib
import pkgutil
from collections.abc import Iterator

from policy.rule import Rule


def _rules() -> Iterator[Rule]:
    for subject in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{subject.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Rule))


RULES: tuple[Rule, ...] = tuple(_rules())
"""Every rule, by the name of its file and then as it stands there."""
