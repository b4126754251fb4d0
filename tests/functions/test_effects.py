"""From settings to effects: what each of them brings in, and what stays out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from functions.orders.processing.core import process
from functions.orders.processing.effects import effects_for
from functions.orders.processing.settings import Settings
from local.environment import PROJECT
from tests.functions.shop import LIVE, REGION, Invocation, Shop, event, item, open_shop, order

ALL = Settings(orders_table="orders", event_bus="shop", idempotency_table="locks")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


def test_without_settings_an_order_has_no_effect(shop: Shop) -> None:
    effects = effects_for(Settings(), None)

    assert [effects.apply(order()), effects.apply(order())] == [True, True]
    assert (shop.orders(), shop.locks(), shop.published()) == ([], [], [])


@pytest.mark.parametrize(
    ("settings", "is_locked", "is_published"),
    [
        (Settings(orders_table="orders"), False, False),
        (Settings(orders_table="orders", event_bus="shop"), False, True),
        (Settings(orders_table="orders", idempotency_table="locks"), True, False),
        (ALL, True, True),
    ],
)
def test_each_setting_brings_its_effect(shop: Shop, settings: Settings, is_locked: bool, is_published: bool) -> None:
    for _ in range(2):
        process(order(), effects_for(settings, LIVE))

    assert shop.orders() == [item(published=is_published)]
    assert [lock["status"] for lock in shop.locks()] == is_locked * [{"S": "COMPLETED"}]
    assert shop.published() == is_published * [event()]


def test_the_locks_of_an_invocation_have_its_own_time(shop: Shop) -> None:
    for order_id, remaining_ms in (("A-1", 100_000), ("A-2", 40_000)):
        effects_for(ALL, Invocation(remaining_ms)).apply(order(order_id))

    locks = shop.dynamodb.scan(TableName="locks")["Items"]
    earlier, later = sorted(int(lock["in_progress_expiration"].get("N", "")) for lock in locks)
    assert later - earlier == pytest.approx(60_000, abs=5_000)  # the clock of this machine is between them


@pytest.mark.parametrize("settings", [Settings(orders_table="orders", event_bus="shop"), ALL], ids=["store", "once"])
def test_clients_are_made_once_for_all_invocations(shop: Shop, settings: Settings) -> None:
    assert effects_for(settings, LIVE) is effects_for(settings, LIVE)


IMPORTS = """
import json, sys
from {package}.effects import effects_for
from {package}.settings import Settings
effects_for(Settings(**json.loads(sys.argv[1])), None)
heavy = ("boto3", "aws_lambda_powertools.utilities.idempotency", "jmespath", "pydantic", "aws_xray_sdk", "functions")
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


@pytest.mark.parametrize(
    ("settings", "imported"),
    [
        ({}, []),
        ({"orders_table": "orders", "event_bus": "shop"}, ["boto3", "jmespath"]),  # boto3 itself imports jmespath
        (
            {"orders_table": "orders", "idempotency_table": "locks"},
            ["boto3", "aws_lambda_powertools.utilities.idempotency", "jmespath"],
        ),
    ],
    ids=["nothing", "store", "once"],
)
@pytest.mark.parametrize(("package", "root"), [("processing", "functions/orders"), ("functions.orders.processing", "")])
def test_what_is_slow_to_import_is_imported_where_it_is_needed_in_a_zip_as_in_this_project(
    settings: dict[str, str], imported: list[str], package: str, root: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS.format(package=package), json.dumps(settings)],
        env={"PYTHONPATH": str(PROJECT / root), "AWS_DEFAULT_REGION": REGION},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == imported + [name for name in ["functions"] if package.startswith(name)]
