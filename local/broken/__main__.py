"""Two mistakes that AWS accepts and that lose orders.

The visibility timeout is twice the function timeout instead of six times, and there is no dead-letter queue. Plain
pulumi-aws, because `OrderPipeline` does not let anyone write this.
"""

import json

import pulumi
import pulumi_aws as aws

trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role("worker", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
queue = aws.sqs.Queue("orders", visibility_timeout_seconds=60)
function = aws.lambda_.Function(
    "worker",
    code=pulumi.AssetArchive({"handler.py": pulumi.StringAsset("def lambda_handler(event, context): ...")}),
    handler="handler.lambda_handler",
    role=role.arn,
    runtime="python3.13",
    timeout=30,
)
alias = aws.lambda_.Alias("live", function_name=function.name, function_version="$LATEST")
aws.lambda_.EventSourceMapping("worker", event_source_arn=queue.arn, function_name=alias.arn)
