"""A script from top to bottom, as in a tutorial: managed policies, the function by its name, nothing named."""

import json

import pulumi
import pulumi_aws as aws

dlq = aws.sqs.Queue("dlq", message_retention_seconds=14 * 24 * 3600)
queue = aws.sqs.Queue(
    "queue",
    visibility_timeout_seconds=90,
    redrive_policy=dlq.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})),
)

role = aws.iam.Role(
    "role",
    assume_role_policy="""{
        "Version": "2012-10-17",
        "Statement": [{
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Effect": "Allow",
            "Sid": ""
        }]
    }""",
)
attached = [
    aws.iam.RolePolicyAttachment(
        f"role-{number}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/service-role/{policy}"
    )
    for number, policy in enumerate(["AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole"])
]

fn = aws.lambda_.Function(
    "fn",
    code=pulumi.AssetArchive({"index.py": pulumi.StringAsset("def handler(event, context): return {}")}),
    handler="index.handler",
    role=role.arn,
    runtime="python3.13",
    timeout=15,
)
trigger = aws.lambda_.EventSourceMapping(
    "trigger",
    event_source_arn=queue.arn,
    function_name=fn.name,
    batch_size=1,
    opts=pulumi.ResourceOptions(depends_on=attached),
)
pulumi.export("queueUrl", queue.id)
