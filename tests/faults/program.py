"""A standard and a FIFO pipeline with a faulty handler, the store that they write to, and a queue that hears of it."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from components import OrderPipeline, OrderPipelineArgs, OrderStore
from components.watch.queue import QUEUE_ALARMS

store = OrderStore("store", {})
given = store.for_handlers
settings: dict[str, Any] = json.loads(Path("settings.json").read_text())
seldom = {"fair", "undelivered_queue_name"}
pipeline: OrderPipelineArgs = {
    "code": "orders",
    "handler": "faulty.lambda_handler",
    "environment": {**given["environment"], **settings["environment"]},
    "permissions": given["permissions"],
    "batch_size": 10,
    "dead_letter_at_once": True,
    "retry_after": True,
    "visibility_reason": "the test has no time to wait for six timeouts after each fault",
    "tracing": False,
    "alarm_actions": [],
    "alarms": {
        alarm.name: {"enabled": False}
        for alarm in QUEUE_ALARMS
        if not {"fair", "undelivered_queue_name"} & {*alarm.needs}
    },
    "timeout": settings["timeout"],
    "visibility_timeout": settings["visibility_timeout"],
    "max_receive_count": settings["max_receive_count"],
}
standard = OrderPipeline("standard", {**pipeline, "max_concurrency": 4})
fifo = OrderPipeline(
    "fifo", {**pipeline, "max_concurrency": 2, "fifo": True, "dead_letter_reason": "the test expects it"}
)

heard = aws.sqs.Queue("heard", visibility_timeout_seconds=600)
rule = aws.cloudwatch.EventRule(
    "processed",
    event_bus_name=store.bus_name,
    event_pattern=json.dumps({"source": ["orders"], "detail-type": ["OrderProcessed"]}),
)
aws.sqs.QueuePolicy(
    "heard",
    queue_url=heard.url,
    policy=pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": heard.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": rule.arn}},
                }
            ],
        }
    ),
)
aws.cloudwatch.EventTarget("heard", rule=rule.name, event_bus_name=store.bus_name, arn=heard.arn)

pulumi.export("ordersTable", store.orders_table_name)
pulumi.export("locksTable", store.locks_table_name)
pulumi.export("heard", heard.url)
for name, made in {"standard": standard, "fifo": fifo}.items():
    pulumi.export(
        name,
        {"queue": made.queue_url, "deadLetters": made.dead_letter_queue_url, "function": made.function_name},
    )
