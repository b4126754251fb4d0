"""The largest amount that is processed by itself, on moto's Systems Manager in this process."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from functions.orders.processing import dynamodb, kinesis, limits, sqs
from functions.orders.processing.errors import OrderError, RetryAfterError
from functions.orders.processing.limits import LargestAmount, largest_amount_for
from functions.orders.processing.settings import Settings
from tests.functions.messages import Log, Orders, answer, message, order
from tests.support.aws_calls import recorded, refusing

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

REGION = "eu-central-1"
NAME = "/shop/largest-amount"
SETTINGS = Settings(largest_amount_parameter=NAME)


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[SSMClient]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    limits._opened.cache_clear()  # pyright: ignore[reportPrivateUsage]
    with mock_aws():
        session: Any = boto3.Session()
        yield session.client("ssm")
    limits._opened.cache_clear()  # pyright: ignore[reportPrivateUsage]


def write(ssm: SSMClient, value: str) -> str:
    """Set the parameter; its ARN."""
    ssm.put_parameter(Name=NAME, Value=value, Type="String", Overwrite=True)
    return ssm.get_parameter(Name=NAME)["Parameter"].get("ARN", "")


def test_without_the_setting_no_amount_is_too_large() -> None:
    assert largest_amount_for(Settings())() == float("inf")


@pytest.mark.parametrize(
    ("value", "amount"), [("1000", 1000), ("99.95", 99.95), ("0", 0), ("12345678901234", 12345678901234)]
)
def test_the_parameter_is_read_by_its_name_and_by_its_arn(ssm: SSMClient, value: str, amount: float) -> None:
    arn = write(ssm, value)

    assert [LargestAmount(name, ssm)() for name in (NAME, arn)] == [amount, amount]
    assert largest_amount_for(SETTINGS)() == amount


@pytest.mark.parametrize(
    "value", ["many", "-1", "1e3", "1_000", " 5", "5\n", "nan", "inf", "\u0665", "9" * 400, "1,5", "{}"]
)
def test_a_parameter_that_is_no_number_is_no_fault_of_the_order_and_its_value_stays_unsaid(
    ssm: SSMClient, value: str
) -> None:
    write(ssm, value)

    with pytest.raises(OrderError) as caught:
        LargestAmount(NAME, ssm)()

    reason = "the parameter that LARGEST_AMOUNT_PARAMETER names must be a number, 0 or more, such as 1000 or 99.95"
    assert (type(caught.value), str(caught.value)) == (OrderError, reason)


def test_a_parameter_that_is_missing_is_no_fault_of_the_order_and_is_read_again_once_it_is_there(
    ssm: SSMClient,
) -> None:
    largest = LargestAmount(NAME, ssm)

    with pytest.raises(OrderError) as caught:
        largest()

    reason = "the parameter that LARGEST_AMOUNT_PARAMETER names cannot be read (ParameterNotFound)"
    assert (type(caught.value), str(caught.value)) == (OrderError, reason)

    write(ssm, "5")
    assert largest() == 5


def test_a_role_that_may_not_read_it_is_told_by_the_setting_and_not_by_the_name_of_the_parameter(
    ssm: SSMClient,
) -> None:
    refusing(ssm, "GetParameter", "AccessDeniedException")

    with pytest.raises(OrderError) as caught:
        LargestAmount(NAME, ssm)()

    reason = "the parameter that LARGEST_AMOUNT_PARAMETER names cannot be read (AccessDeniedException)"
    assert (type(caught.value), str(caught.value)) == (OrderError, reason)


def test_a_throttled_read_waits(ssm: SSMClient) -> None:
    write(ssm, "5")
    refusing(ssm, "GetParameter", "ThrottlingException")

    with pytest.raises(RetryAfterError) as caught:
        LargestAmount(NAME, ssm)()

    assert (str(caught.value), caught.value.seconds) == ("GetParameter is throttled (ThrottlingException)", None)


def test_a_network_that_does_not_answer_stays_what_it_is(ssm: SSMClient) -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://ssm")

    ssm.meta.events.register("before-send.ssm.GetParameter", fail)

    with pytest.raises(EndpointConnectionError):
        LargestAmount(NAME, ssm)()


def test_the_value_is_kept_for_five_minutes(ssm: SSMClient) -> None:
    write(ssm, "5")
    largest = LargestAmount(NAME, ssm)
    calls = recorded(ssm, "GetParameter")

    assert [largest(), largest()] == [5, 5]
    assert (len(calls), limits.MAX_AGE_SECONDS) == (1, 300)


def test_a_new_value_counts_once_the_old_one_is_too_old(ssm: SSMClient) -> None:
    write(ssm, "5")
    largest = LargestAmount(NAME, ssm, max_age_seconds=1)
    assert largest() == 5

    write(ssm, "6")
    assert largest() == 5
    time.sleep(1.1)
    assert largest() == 6


def from_sqs(body: dict[str, Any]) -> dict[str, Any]:
    return message("2", json.dumps(body))


def from_kinesis(body: dict[str, Any]) -> dict[str, Any]:
    return {"kinesis": {"sequenceNumber": "2", "data": base64.b64encode(json.dumps(body).encode()).decode()}}


def from_dynamodb(body: dict[str, Any]) -> dict[str, Any]:
    image = {"orderId": {"S": body["orderId"]}, "type": {"S": "OrderPlaced"}, "amount": {"N": str(body["amount"])}}
    return {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "2", "NewImage": image}}


def numbered(record: dict[str, Any], number: str) -> dict[str, Any]:
    return json.loads(json.dumps(record).replace('"2"', f'"{number}"'))


@pytest.mark.parametrize(
    ("adapter", "record_of"),
    [(sqs, from_sqs), (kinesis, from_kinesis), (dynamodb, from_dynamodb)],
    ids=["SQS", "Kinesis", "DynamoDB"],
)
def test_an_order_above_it_is_refused_for_good_from_every_source(
    adapter: Any, record_of: Callable[[dict[str, Any]], dict[str, Any]], ssm: SSMClient, log: Log
) -> None:
    write(ssm, "1000.5")
    orders = Orders()
    records = [
        numbered(record_of({"orderId": order_id, "amount": amount}), number)
        for number, order_id, amount in (("1", "A1", 1000.5), ("2", "A2", 1000.75))
    ]

    assert {**adapter.handle({"Records": records}, None, SETTINGS, orders)} == answer("2")

    assert orders.applied == ["A1"]
    assert [line["reason"] for line in log.said() if line["message"] == "order failed"] == [
        "PermanentError: order A2 is above the largest amount that is processed without a person"
    ]


def test_an_order_without_an_amount_does_not_need_the_parameter(ssm: SSMClient) -> None:
    orders = Orders()

    assert sqs.handle({"Records": [message("m1", order("A1"))]}, None, SETTINGS, orders) == answer()

    assert orders.applied == ["A1"]


def test_a_missing_parameter_fails_the_orders_that_need_it_and_no_other(ssm: SSMClient, log: Log) -> None:
    orders = Orders()
    records = [message("m1", order("A1", amount=5)), message("m2", order("A2"))]

    assert sqs.handle({"Records": records}, None, SETTINGS, orders) == answer("m1")

    assert orders.applied == ["A2"]
    assert log.said()[0] == {
        "message": "order failed",
        "messageId": "m1",
        "attempt": 1,
        "reason": "OrderError: the parameter that LARGEST_AMOUNT_PARAMETER names cannot be read (ParameterNotFound)",
    }
