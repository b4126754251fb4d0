"""The example store: orders come in by HTTP, payments as events; each has a queue and a function that processes it.

What was processed is in a table and on an event bus; what cannot be processed waits in a dead-letter queue.
Configuration is declared in Pulumi.yaml.
"""

import pulumi
import pulumi_aws as aws

from components import OrderPipeline, OrderPipelineArgs, OrderStore
from components.stack_config import StackConfig

config = StackConfig()
alarms = aws.sns.Topic("alarms")
everywhere: OrderPipelineArgs = {
    "code": "functions/orders",
    "timeout": config.integer("timeout"),
    "memory": config.integer("memory"),
    "max_receive_count": config.integer("maxReceiveCount"),
    "max_backlog": config.integer("maxBacklog"),
    "max_age": config.integer("maxAge"),
    "log_retention": config.integer("logRetention"),
    "customer_key": config.boolean("customerKey"),
    "protect": config.boolean("protect"),
    "alarm_actions": [alarms.arn],
}
store = OrderStore("store", {"largest_amount": config.integer("largestAmount"), "protect": config.boolean("protect")})
payment_book = OrderStore("payment-book", {"protect": config.boolean("protect")})
orders = OrderPipeline(
    "orders",
    {
        **everywhere,
        **store.for_handlers,
        "claim_check": True,
        "dead_letter_at_once": True,
        "retry_after": True,
        "batch_size": config.integer("batchSize"),
        "batch_window": config.integer("batchWindow"),
        "max_concurrency": config.integer("maxConcurrency"),
        "front_door": {"authorization": config.text("frontDoorAuthorization"), "required_fields": ["orderId"]},
    },
)
payments = OrderPipeline(
    "payments",
    {
        **everywhere,
        **payment_book.for_handlers,
        "dead_letter_at_once": True,
        "fifo": True,
        "dead_letter_reason": "a payment that failed is settled by hand",
        "events": {"received": {"pattern": {"detail-type": ["PaymentReceived"]}, "message_group": "payments"}},
    },
)

pulumi.export("queueUrl", orders.queue_url)
pulumi.export("deadLetterQueueUrl", orders.dead_letter_queue_url)
pulumi.export("claimCheckBucket", orders.claim_check_bucket)
pulumi.export("ordersTableName", store.orders_table_name)
pulumi.export("eventBusName", store.bus_name)
pulumi.export("functionName", orders.function_name)
pulumi.export("logGroupName", orders.log_group_name)
pulumi.export("alarmNames", orders.alarm_names)
pulumi.export("frontDoorUrl", orders.front_door_url)
pulumi.export("paymentsQueueUrl", payments.queue_url)
pulumi.export("paymentsDeadLetterQueueUrl", payments.dead_letter_queue_url)
pulumi.export("paymentsLogGroupName", payments.log_group_name)
pulumi.export("alarmTopicArn", alarms.arn)
