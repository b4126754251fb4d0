"""A protected pipeline that does not run, with children of every kind."""

import pulumi
import pulumi_aws as aws

from components import OrderPipeline

name, former = "orders", list[pulumi.Alias]()
OrderPipeline(
    name,
    {
        "code": "recorder",
        "enabled": False,
        "customer_key": True,
        "claim_check": True,
        "protect": True,
        "topics": {"shop": {"arn": aws.sns.Topic("topic").arn}},
        "events": {"placed": {"pattern": {"source": ["store"]}}},
        "buckets": {"drop": {"name": aws.s3.Bucket("bucket").bucket}},
        "front_door": {},
        "alarm_actions": [],
    },
    pulumi.ResourceOptions(aliases=former),
)
