"""One store with every feature, deployed once for all tests of this folder."""

from __future__ import annotations

import pytest

from local.engine import POLICY_PACK
from tests.features.deployed import Deployed, Pipeline, deploy, lay_out
from tests.support.program import NewProgram


@pytest.fixture(scope="session")
def store(new_program: NewProgram) -> Deployed:
    """`programs/store.py`. Orders that take long are sent at once, so that no test waits for its own alone."""
    program = new_program()
    lay_out(program, "store")
    deployed = deploy(program, "--policy-pack", str(POLICY_PACK))
    failing = {"orderId": "failing", "fail": True}
    batch = [{"orderId": "good-1"}, failing, {"orderId": "good-2"}]
    deployed.pipeline("standard").send_batch(batch)
    deployed.pipeline("locked").send(failing)
    deployed.pipeline("paused").send({"orderId": "waited"})
    fifo = deployed.pipeline("fifo")
    for order in (failing, {"orderId": "behind-1"}, {"orderId": "behind-2"}):
        fifo.send(order, MessageGroupId="blocked")
    for number in range(4):
        for group in ("north", "south"):
            fifo.send({"orderId": f"{group}-{number}"}, MessageGroupId=group)
    return deployed


@pytest.fixture
def standard(store: Deployed) -> Pipeline:
    return store.pipeline("standard")


@pytest.fixture
def fifo(store: Deployed) -> Pipeline:
    return store.pipeline("fifo")


@pytest.fixture
def filtered(store: Deployed) -> Pipeline:
    return store.pipeline("filtered")


@pytest.fixture
def locked(store: Deployed) -> Pipeline:
    """The one with a customer key, a role that may send, and an effect of its handler."""
    return store.pipeline("locked")


@pytest.fixture
def hurried(store: Deployed) -> Pipeline:
    """The one with a reason for its short visibility timeout."""
    return store.pipeline("hurried")


@pytest.fixture
def paused(store: Deployed) -> Pipeline:
    """The one that is not enabled, with all that a function can have."""
    return store.pipeline("paused")


@pytest.fixture
def boxed(store: Deployed) -> Pipeline:
    """The one whose function is a container image."""
    return store.pipeline("boxed")
