"""Python's garbage collector in a Pulumi program.

Such a program makes objects that live until it ends: the SDK keeps every resource, output and future. Python looks
through all of them again each time that their number has grown by a quarter, which takes more than half of the time of
a large program and finds almost nothing. Figures: `.venv/bin/python bench/program.py`.
"""

from __future__ import annotations

import gc
from functools import cache

YOUNG_OBJECTS = 50_000
"""New objects that wait for a collection; Python's own number is 700 or 2000. As much garbage, of 1 KiB each, takes
55 MiB."""

_DEFAULTS = frozenset({(700, 10, 10), (2000, 10, 10), (2000, 10, 0)})
"""Thresholds that nobody has set: of Python 3.11 and 3.12; of 3.13 and from 3.14.5; of 3.14.0 to 3.14.4."""


@cache
def collect_less_often() -> None:
    """Let the garbage collector wait for more new objects; only the first call in a process does anything.

    It is the first threshold alone that is raised, because every collector since Python 3.11 goes by it, also the
    incremental one of 3.14.0 to 3.14.4: older objects are looked at after so many collections of new ones. So garbage
    is collected as before, only later, and memory stays bounded. A program that has set thresholds of its own, or has
    turned the collector off, keeps that. https://docs.python.org/3/library/gc.html#gc.set_threshold

    `gc.freeze` is not used: it saves a few per cent more, and what is garbage at that moment would stay for good.
    """
    if gc.isenabled() and gc.get_threshold() in _DEFAULTS:
        gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
