"""What another team deployed: a queue with its dead-letter queue, one without, and a function with an alias."""

import json

import pulumi
import pulumi_aws as aws

trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
logging = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}

role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
policy = aws.iam.RolePolicy(
    "policy", role=role.name, policy=json.dumps({"Version": "2012-10-17", "Statement": [logging]})
)
logs = aws.cloudwatch.LogGroup("logs")
function = aws.lambda_.Function(
    "function",
    code=pulumi.FileArchive("recorder"),
    handler="handler.lambda_handler",
    logging_config={"log_format": "JSON", "log_group": logs.name},
    name="worker",
    publish=True,
    role=role.arn,
    runtime="python3.13",
    timeout=1,
    opts=pulumi.ResourceOptions(depends_on=[policy]),
)
aws.lambda_.Alias("alias", name="blue", function_name=function.name, function_version=function.version)

dead_letters = aws.sqs.Queue("dead-letters", message_retention_seconds=1209600)
redrive = pulumi.Output.json_dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 2})
queue = aws.sqs.Queue("queue", name="inherited", redrive_policy=redrive, visibility_timeout_seconds=6)
aws.sqs.Queue("bare", name="bare", visibility_timeout_seconds=6)
