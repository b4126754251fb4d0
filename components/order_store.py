"""Where the orders of functions/orders take effect: their table, the locks on them, and the bus that hears of them."""

from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from components import iam
from components.arguments import TEXTS, Arguments
from components.children import Children, name_problems
from components.errors import PipelineError

# No `from __future__ import annotations` here: Pulumi reads these annotations when it serves the component to other
# languages, and it cannot read strings.

_TYPES = {
    "orders": "dynamodb.Table",
    "locks": "dynamodb.Table",
    "bus": "cloudwatch.EventBus",
    "largest-amount": "ssm.Parameter",
}


class OrderStoreArgs(TypedDict):
    """Arguments of `OrderStore`."""

    largest_amount: NotRequired[pulumi.Input[int]]
    """The largest `amount` of an order that is processed without a person; above it an order is a permanent failure.
    It becomes an SSM parameter, which functions read anew every 5 minutes. Default: none, every amount is processed.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html"""
    protect: NotRequired[bool]
    """Whether the table of orders can be neither deleted nor replaced, and stays when the stack goes. Default: false;
    true suits production."""
    tags: NotRequired[dict[str, pulumi.Input[str]]]
    """Tags of every child, besides its project and stack. Default: none."""


class ForHandlers(TypedDict):
    """Arguments of a pipeline whose handler writes to a store."""

    environment: dict[str, pulumi.Input[str]]
    """Where the store is; put variables of your own beside them."""
    permissions: list[dict[str, Any]]
    """What the function's role may do there."""


class OrderStore(pulumi.ComponentResource):
    """What the handlers of functions/orders write to, with the environment and the permissions that they need for it.

    Example:
        store = OrderStore("store", {})
        OrderPipeline("orders", {"code": "functions/orders", **store.for_handlers})

    Raises:
        PipelineError: Arguments that cannot work; it lists all of them, and no resource was registered.
    """

    orders_table_name: pulumi.Output[str]
    """Name of the table with an item for each order that was applied; its key is the text `orderId`."""
    locks_table_name: pulumi.Output[str]
    """Name of the table by which two invocations keep out of each other's way; its items expire by themselves."""
    bus_name: pulumi.Output[str]
    """Name of the event bus on which `OrderProcessed` is published."""

    def __init__(self, name: str, args: OrderStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(OrderStoreArgs, args)
        largest_amount = given.number("largest_amount")
        protect, tags = given.flag("protect", False), given.entries("tags", TEXTS)
        problems = [*given.problems, *name_problems(name, _TYPES)]
        if isinstance(largest_amount, int) and largest_amount < 0:
            problems.append(f"largest_amount must be 0 or more, got {largest_amount}")
        if problems:
            raise PipelineError(name, problems)
        super().__init__("order-pipelines:index:OrderStore", name, {**args}, opts)
        children = Children(
            component=self,
            name=name,
            types=_TYPES,
            tags={"pulumi:project": pulumi.get_project(), "pulumi:stack": pulumi.get_stack(), **tags},
            protect=protect,
        )
        # On demand: an order that comes in a burst is not throttled by a capacity that nobody planned for it.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
        orders: aws.dynamodb.Table = children.create(
            "orders",
            attributes=[{"name": "orderId", "type": "S"}],
            hash_key="orderId",
            billing_mode="PAY_PER_REQUEST",
            deletion_protection_enabled=protect,
            point_in_time_recovery={"enabled": True},
            holds_data=True,
        )
        # https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/#dynamodb-table
        locks: aws.dynamodb.Table = children.create(
            "locks",
            attributes=[{"name": "id", "type": "S"}],
            hash_key="id",
            billing_mode="PAY_PER_REQUEST",
            ttl={"attribute_name": "expiration", "enabled": True},
        )
        # Its events are the store's own: on the account's default bus every service can be heard.
        bus: aws.cloudwatch.EventBus = children.create("bus")
        self._environment: dict[str, pulumi.Input[str]] = {
            "EVENT_BUS": bus.name,
            "IDEMPOTENCY_TABLE": locks.name,
            "ORDERS_TABLE": orders.name,
        }
        self._permissions: list[Any] = [
            iam.allow("ApplyOrders", ["dynamodb:PutItem", "dynamodb:UpdateItem"], orders.arn),
            iam.allow(
                "LockOrders",
                ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
                locks.arn,
            ),
            iam.allow("PublishOrders", "events:PutEvents", bus.arn),
        ]
        if largest_amount is not None:
            text = pulumi.Output.from_input(largest_amount).apply(str)
            parameter: aws.ssm.Parameter = children.create("largest-amount", type="String", value=text)
            self._environment["LARGEST_AMOUNT_PARAMETER"] = parameter.name
            self._permissions += [
                iam.allow("ReadLargestAmount", "ssm:GetParameter", parameter.arn),
                # A limit that was lowered does not refuse an order that was begun.
                iam.allow("FindOrders", "dynamodb:GetItem", orders.arn),
            ]
        self.orders_table_name, self.locks_table_name, self.bus_name = orders.name, locks.name, bus.name
        self.register_outputs(
            {
                "ordersTableName": self.orders_table_name,
                "locksTableName": self.locks_table_name,
                "busName": self.bus_name,
            }
        )

    @property
    def for_handlers(self) -> ForHandlers:
        """The arguments `environment` and `permissions` of a pipeline whose handler writes to this store."""
        return {"environment": {**self._environment}, "permissions": [*self._permissions]}
