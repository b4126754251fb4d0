"""Takes over what was made by hand: one queue is read, one imported, and the policies name both by literal ARNs."""

import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
place = f"{aws.get_region().region}:{aws.get_caller_identity().account_id}"

inbox = aws.sqs.Queue.get("inbox", config.require("inbox"))
rejected = aws.sqs.Queue(
    "rejected",
    aws.sqs.QueueArgs(name="rejected", message_retention_seconds=1_209_600, sqs_managed_sse_enabled=True),
    pulumi.ResourceOptions(import_=config.require("rejected"), protect=True, ignore_changes=["tags"]),
)
jobs = aws.sqs.Queue(
    "jobs",
    aws.sqs.QueueArgs(
        name="jobs",
        visibility_timeout_seconds=120,
        redrive_policy=f'{{"deadLetterTargetArn": "arn:aws:sqs:{place}:rejected", "maxReceiveCount": 10}}',
    ),
)
role = aws.iam.Role(
    "reader",
    aws.iam.RoleArgs(
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:*"]}
                ],
            }
        )
    ),
)
policy = aws.iam.RolePolicy(
    "reader",
    role=role.id,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": ["sqs:Receive*", "sqs:DeleteMessage", "sqs:Get*"],
                "Resource": [f"arn:aws:sqs:{place}:inbox", f"arn:aws:sqs:{place}:jobs"],
            },
        }
    ),
)
code = pulumi.AssetArchive({"app.py": pulumi.StringAsset("def main(event, context): return {}")})
for name, queue in {"inbox": inbox, "jobs": jobs}.items():
    handler = aws.lambda_.Function(
        f"read-{name}", code=code, handler="app.main", runtime="python3.13", role=role.arn, timeout=5
    )
    aws.lambda_.EventSourceMapping(
        f"read-{name}",
        event_source_arn=queue.arn,
        function_name=handler.arn,
        function_response_types=["ReportBatchItemFailures"],
        opts=pulumi.ResourceOptions(parent=handler, depends_on=[policy]),
    )
