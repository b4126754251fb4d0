"""The garbage collector of a program with components: later than Python's own, and never off."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from local.environment import PROJECT

PIPELINE = """
from components import OrderPipeline
from tests.support.recorder import Recorder

def pipeline(name):
    Recorder().run(lambda: OrderPipeline(name, {"code": "functions/orders"}))
"""


def run(program: str) -> Any:
    """What a program prints last as JSON, in a Python that has not met a component yet."""
    done = subprocess.run(
        [sys.executable, "-c", "import gc, json\n" + textwrap.dedent(program)],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout)


def test_the_first_component_of_a_program_makes_the_collector_wait_for_more() -> None:
    thresholds = run(
        PIPELINE
        + """
before = gc.get_threshold()
pipeline("orders")
print(json.dumps([before, gc.get_threshold()]))
"""
    )

    assert thresholds == [list(python_defaults()), [50_000, *python_defaults()[1:]]]


def test_a_later_component_leaves_what_the_program_has_set_since() -> None:
    defaults = python_defaults()

    thresholds = run(
        PIPELINE
        + f"""
pipeline("orders")
gc.set_threshold(*{defaults})
pipeline("returns")
print(json.dumps(gc.get_threshold()))
"""
    )

    assert thresholds == list(defaults)


@pytest.mark.parametrize("own", ["gc.set_threshold(701, 10, 10)", "gc.set_threshold(0)", "gc.disable()"])
def test_a_program_with_settings_of_its_own_keeps_them(own: str) -> None:
    before, after = run(
        f"""
        from components.garbage import collect_less_often
        {own}
        before = gc.isenabled(), gc.get_threshold()
        collect_less_often()
        print(json.dumps([before, (gc.isenabled(), gc.get_threshold())]))
        """
    )

    assert after == before


def test_garbage_is_still_collected_so_that_memory_stays_bounded() -> None:
    found = run(
        """
        from components.garbage import collect_less_often
        collect_less_often()
        alive = most = collections = 0

        class Cycle:
            def __init__(self):
                global alive, most
                self.itself = self
                alive += 1
                most = max(most, alive)
            def __del__(self):
                global alive
                alive -= 1

        def count(phase, info):
            global collections
            collections += phase == "stop"

        gc.callbacks.append(count)
        for _ in range(1_000_000):
            Cycle()
        print(json.dumps({"most": most, "collections": collections}))
        """
    )

    # A collection for 50 000 new objects; a cycle is an object, or two where its attributes are one.
    assert 19 <= found["collections"] <= 41
    assert found["most"] <= 1.01 * 50_000


def python_defaults() -> tuple[int, int, int]:
    return tuple(run("print(json.dumps(gc.get_threshold()))"))
