"""A pipeline with a key, whose role lacks one of the statements by which it reads its queue."""

import json

import pulumi

from components import OrderPipeline
from components.watch.queue import QUEUE_ALARMS

LACKING = "ConsumeOrders"


def rest(text: str) -> str:
    policy = json.loads(text)
    return json.dumps({**policy, "Statement": [it for it in policy["Statement"] if it["Sid"] != LACKING]})


def drop(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.type_ != "aws:iam/rolePolicy:RolePolicy":
        return None
    props = {**args.props, "policy": pulumi.Output.from_input(args.props["policy"]).apply(rest)}
    return pulumi.ResourceTransformResult(props, args.opts)


OrderPipeline(
    "lacking",
    {
        "code": "recorder",
        "customer_key": True,
        "alarm_actions": [],
        "alarms": {
            alarm.name: {"enabled": False}
            for alarm in QUEUE_ALARMS
            if not {"fair", "undelivered_queue_name"} & {*alarm.needs}
        },
    },
    pulumi.ResourceOptions(transforms=[drop]),
)
