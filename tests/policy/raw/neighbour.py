"""Queue, key and topic belong to another stack; here is only what reads them, and an alarm in metric math."""

import json

import pulumi
import pulumi_aws as aws

base = pulumi.StackReference(pulumi.Config().require("base"))
orders = base.require_output("orders_arn")
oncall = base.get_output("oncall_arn")

role = aws.iam.Role(
    "worker",
    name="orders-worker",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
        }
    ),
)
allowed = aws.iam.RolePolicy(
    "worker",
    role="orders-worker",
    policy=orders.apply(
        lambda arn: json.dumps({"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": arn}]})
    ),
    opts=pulumi.ResourceOptions(depends_on=[role]),
)
worker = aws.lambda_.Function(
    "worker",
    name="orders-worker",
    code=pulumi.AssetArchive({"w.py": pulumi.StringAsset("def w(event, context): return {}")}),
    handler="w.w",
    role=role.arn,
    runtime="python3.13",
    timeout=30,
)
mapping = aws.lambda_.EventSourceMapping(
    "worker",
    event_source_arn=orders,
    function_name="orders-worker",
    function_response_types=["ReportBatchItemFailures"],
    opts=pulumi.ResourceOptions(depends_on=[worker, allowed]),
)
aws.cloudwatch.MetricAlarm(
    "errors",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=3,
    threshold=5,
    metric_queries=[
        {"id": "share", "expression": "100 * errors / calls", "return_data": True},
        *(
            {
                "id": name.lower(),
                "metric": {
                    "namespace": "AWS/Lambda",
                    "metric_name": metric,
                    "dimensions": {"FunctionName": worker.name},
                    "stat": "Sum",
                    "period": 60,
                },
            }
            for name, metric in {"errors": "Errors", "calls": "Invocations"}.items()
        ),
    ],
    alarm_actions=[oncall],
)
