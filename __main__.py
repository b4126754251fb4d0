"""The example store: orders arrive on a queue and a function processes them.

Those that cannot be processed wait in a dead-letter queue. Configuration is declared in Pulumi.yaml.
"""

import pulumi
import pulumi_aws as aws

from components import OrderPipeline
from components.stack_config import StackConfig

config = StackConfig()
alarms = aws.sns.Topic("alarms")
orders = OrderPipeline(
    "orders",
    {
        "code": "functions/orders",
        "alarm_topic_arn": alarms.arn,
        "timeout": config.integer("timeout"),
        "memory": config.integer("memory"),
        "batch_size": config.integer("batchSize"),
        "batch_window": config.integer("batchWindow"),
        "max_receive_count": config.integer("maxReceiveCount"),
        "max_backlog": config.integer("maxBacklog"),
        "max_age": config.integer("maxAge"),
    },
)

pulumi.export("queueUrl", orders.queue_url)
pulumi.export("deadLetterQueueUrl", orders.dead_letter_queue_url)
pulumi.export("functionName", orders.function_name)
pulumi.export("logGroupName", orders.log_group_name)
pulumi.export("alarmNames", orders.alarm_names)
pulumi.export("alarmTopicArn", alarms.arn)
