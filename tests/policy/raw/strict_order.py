"""FIFO queues without names, a published version behind an alias by its name, numbers as floats, tags for reasons."""

# pyright: basic
import json

import pulumi
import pulumi_aws as aws

_SERVICE = {"Service": "lambda.amazonaws.com"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def fifo(name, **more):
    return aws.sqs.Queue(name, fifo_queue=True, content_based_deduplication=True, kms_master_key_id=key.id, **more)


key = aws.kms.Key("key", description="payments", enable_key_rotation=True)
aws.kms.Alias("key", name="alias/payments", target_key_id=key.key_id)
failed = fifo("failed", message_retention_seconds=1_209_600)
payments = fifo(
    "payments",
    visibility_timeout_seconds=180.0,
    deduplication_scope="messageGroup",
    fifo_throughput_limit="perMessageGroupId",
    redrive_policy=pulumi.Output.json_dumps({"deadLetterTargetArn": failed.arn, "maxReceiveCount": 5}),
    tags={"fifo-dead-letter-reason": "a payment that fails is settled by hand"},
)
role = aws.iam.Role(
    "worker",
    assume_role_policy=document({"Effect": "Allow", "Principal": _SERVICE, "Action": "sts:AssumeRole"}),
)
allowed = aws.iam.RolePolicy(
    "worker",
    role=role.id,
    policy=pulumi.Output.all(payments.arn, key.arn).apply(
        lambda arns: document(
            {"Effect": "Allow", "Action": "sqs:*Message*", "Resource": arns[0]},
            {"Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": arns[0]},
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": arns[1]},
        )
    ),
)
worker = aws.lambda_.Function(
    "worker",
    architectures=["arm64"],
    code=pulumi.AssetArchive({"pay.py": pulumi.StringAsset("def pay(event, context): return {}")}),
    handler="pay.pay",
    publish=True,
    role=role.arn,
    runtime="python3.13",
    timeout=30,
)
live = aws.lambda_.Alias("live", name="live", function_name=worker.name, function_version=worker.version)
aws.lambda_.EventSourceMapping(
    "payments",
    event_source_arn=payments.arn,
    function_name=pulumi.Output.concat(worker.name, ":", live.name),
    function_response_types=["ReportBatchItemFailures"],
    scaling_config=aws.lambda_.EventSourceMappingScalingConfigArgs(maximum_concurrency=10),
    opts=pulumi.ResourceOptions(depends_on=allowed),
)
