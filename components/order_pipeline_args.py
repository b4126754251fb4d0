"""What a program can ask of an `OrderPipeline`, in its own words."""

from typing import Any, NotRequired, TypedDict

import pulumi

from components.filters import Filter
from components.watch.settings import AlarmSettings

# No `from __future__ import annotations` here: Pulumi reads these annotations when it serves the component to other
# languages, and it cannot read strings. It knows neither unions nor literals: choices are texts that are checked.


class TopicProducer(TypedDict):
    """An SNS topic whose messages become orders.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """

    arn: pulumi.Input[str]
    """ARN of the topic. A FIFO queue takes only a FIFO topic."""
    filter: NotRequired[dict[str, Any]]
    """Filter policy on the message body. Default: every message.
    https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html"""


class EventProducer(TypedDict):
    """Events of an EventBridge bus that become orders; the component makes the rule.

    What EventBridge cannot deliver goes to the dead-letter queue. It puts nothing into a FIFO one, so that a FIFO
    pipeline has a standard queue more for it (`undelivered_queue_url`).
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    pattern: dict[str, Any]
    """Event pattern of the rule: `{"source": ["store"], "detail-type": ["OrderPlaced"]}`."""
    bus: NotRequired[pulumi.Input[str]]
    """Name or ARN of the event bus. Default: the account's default bus."""
    input_path: NotRequired[str]
    """JSONPath of the part of the event that is the order. Default: `$.detail`."""
    message_group: NotRequired[str]
    """Message group of every order from this rule, at most 100 characters; a FIFO queue needs it. Default: none."""


class BucketProducer(TypedDict):
    """An S3 bucket whose objects are announced to the queue. It replaces every other notification of that bucket.

    S3 sends a test event first, which the handler has to let pass. It cannot notify a FIFO queue.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    """

    name: pulumi.Input[str]
    """Name of the bucket."""
    events: NotRequired[list[str]]
    """S3 event types. Default: `s3:ObjectCreated:*`."""
    prefix: NotRequired[str]
    """What the object's key must begin with. Default: anything."""
    suffix: NotRequired[str]
    """What the object's key must end with. Default: anything."""


class FrontDoor(TypedDict):
    """An HTTP API that puts the body of each request into the queue, with no function in between.

    It answers 200 once SQS has the order, and 400 to a request without a body, with one that is too large, or without
    a field that it needs. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services.html
    """

    path: NotRequired[str]
    """Path of `POST`. Default: `/orders`."""
    authorization: NotRequired[str]
    """`AWS_IAM` (signed requests) or `NONE` (everyone on the internet may place orders). Default: `AWS_IAM`."""
    message_group: NotRequired[str]
    """Where a request names its message group: `$request.body.customerId`, `$request.header.x-customer`. A FIFO queue
    and a fair queue need it. Default: none."""
    deduplication: NotRequired[str]
    """Where a request names its deduplication id, on a FIFO queue: `$request.body.orderId`. Default: the content's
    hash."""
    required_fields: NotRequired[list[str]]
    """Top-level fields of the JSON body that a request must have, at most 10; each also becomes a message attribute,
    which is as much the caller's word as the body is. Texts without quotation marks, such as ids; API Gateway looks for
    them in the first 100 KB of a body. Default: none."""
    rate_limit: NotRequired[pulumi.Input[int]]
    """Requests a second that are let in over time, 1..10000. Default: 100. Above it the answer is 429.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html"""
    burst_limit: NotRequired[pulumi.Input[int]]
    """Requests that are let in at once, 1..5000. Default: 200."""


class OrderPipelineArgs(TypedDict):
    """Arguments of `OrderPipeline`. Exactly one of `code`, `image` and `existing_function` says what processes orders.

    Every number may be a `pulumi.Output`: the relations are then checked as soon as it is known.
    """

    # What processes the orders.
    code: NotRequired[str]
    """Folder with the function's source code; with a lock file in it also its dependencies. Relative to the program."""
    handler: NotRequired[str]
    """`<file>.<function>` in the code folder. Default: `handler.lambda_handler`."""
    runtime: NotRequired[str]
    """Lambda runtime of the code. Default: `python3.13`.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
    architecture: NotRequired[str]
    """`arm64` or `x86_64`. Default: `arm64`, which costs less for the same memory and time."""
    image: NotRequired[pulumi.Input[str]]
    """URI of a container image in ECR, by digest or tag, instead of `code`."""
    existing_function: NotRequired[str]
    """Name of a function that is deployed elsewhere, with its alias if any (`worker:live`), instead of `code`. Its role
    gets the permission to read the queue; its timeout is read and checked."""
    timeout: NotRequired[pulumi.Input[int]]
    """Longest run of one invocation, seconds, 1..900. Default: 30. The visibility timeout follows from it."""
    memory: NotRequired[pulumi.Input[int]]
    """Memory of the function, MiB, 128..10240; CPU grows with it. Default: 256."""
    ephemeral_storage: NotRequired[pulumi.Input[int]]
    """Size of the function's `/tmp`, MiB, 512..10240. Default: 512, which is free."""
    environment: NotRequired[dict[str, pulumi.Input[str]]]
    """Environment variables of the function, 4 KB in all, besides those by which it learns what to do with failures
    and with orders that are too large. Default: none."""
    layers: NotRequired[list[pulumi.Input[str]]]
    """ARNs of layer versions, at most 5. Default: none."""
    subnet_ids: NotRequired[list[pulumi.Input[str]]]
    """Subnets of the VPC that the function runs in. Default: no VPC."""
    security_group_ids: NotRequired[list[pulumi.Input[str]]]
    """Security groups of the function in its VPC; needed with `subnet_ids`. Default: none."""
    permissions: NotRequired[list[dict[str, Any]]]
    """IAM statements of what the handler itself does, such as writing to a table. Default: none: the role can read the
    queue, log and trace."""
    tracing: NotRequired[bool]
    """Whether X-Ray traces every invocation. Default: true."""
    log_retention: NotRequired[pulumi.Input[int]]
    """Days that logs are kept, one of those that CloudWatch knows. Default: 30.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
    enabled: NotRequired[bool]
    """Whether the function consumes the queue. Default: true. False stops it, and orders wait."""

    # How orders are taken from the queue.
    batch_size: NotRequired[pulumi.Input[int]]
    """Messages per invocation, 1..10000, on a FIFO queue 1..10; above 10 needs a batch_window. Default: 10, on a FIFO
    queue 1: what follows a failing order of its group in a batch would lose an attempt with it."""
    batch_window: NotRequired[pulumi.Input[int]]
    """Longest wait for a fuller batch, seconds, 0..300, on a FIFO queue 0. Default: 0, so that no order waits."""
    max_receive_count: NotRequired[pulumi.Input[int]]
    """Attempts before an order goes to the dead-letter queue, 1..1000; at least 5 with reserved_concurrency.
    Default: 5, as AWS recommends."""
    visibility_timeout: NotRequired[pulumi.Input[int]]
    """Pause before a failed order is tried again, seconds, at most 43200. Default and least: 6 x timeout +
    batch_window."""
    visibility_reason: NotRequired[str]
    """Why the visibility timeout is lower than that, at most 256 characters; it becomes a tag of the queue and is shown
    by the policy pack. It cannot be lower than timeout + batch_window. Default: none."""
    max_concurrency: NotRequired[pulumi.Input[int]]
    """Most invocations at a time for this queue, 2..1000. Default: reserved_concurrency where that is given, else no
    limit but the account's."""
    reserved_concurrency: NotRequired[pulumi.Input[int]]
    """Invocations that are set apart for the function, at least 2. Default: none."""
    min_pollers: NotRequired[pulumi.Input[int]]
    """Event pollers that are always ready, 2..200, paid by the hour; excludes max_concurrency. Default: none."""
    max_pollers: NotRequired[pulumi.Input[int]]
    """Most event pollers, 2..10000; each runs up to 10 invocations. Default: 200 where min_pollers is given."""
    filters: NotRequired[list[Filter]]
    """What orders the function gets: those that match any of these, at most 10; AWS takes 5 until the account's quota
    is raised. Default: all."""
    filter_reason: NotRequired[str]
    """Why what no filter matches may be deleted from the queue, at most 256 characters; filters need it, and it becomes
    a tag of the mapping that the policy pack shows. Default: none."""

    # What becomes of orders that fail.
    report_batch_item_failures: NotRequired[bool]
    """Whether the function answers which messages of a batch failed, so that only these are received again; without
    it one failure repeats the batch. Default: true. A handler that says it at the top level of its file, as
    `REPORTS_BATCH_ITEM_FAILURES = True` or `False`, has to say the same: it is read from the code, and nothing is run.
    Of a handler that does not say it, of an image and of a function deployed elsewhere nothing is checked.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
    dead_letter_at_once: NotRequired[bool]
    """Whether the handler itself puts orders into the dead-letter queue, each with its reason: one that can never
    succeed at its first attempt, any other when it failed the last of max_receive_count. Default: false, SQS moves an
    order after its last attempt, and the reason is in the log alone. It is told in `DEAD_LETTER_QUEUE_URL` and
    `MAX_RECEIVE_COUNT`, may send there, and has to do it, as functions/orders does. SQS still moves those that a
    handler cannot: its last invocation was cut off or throttled. A dead-letter queue deployed elsewhere has to have no
    key of yours, or the one in kms_key_arn."""
    retry_after: NotRequired[bool]
    """Whether the handler says when an order that failed is tried again, by its visibility timeout: later than
    visibility_timeout, or sooner. Default: false. It is told by `RETRY_AFTER=true`, may change the visibility of
    messages in the queue, and has to do it, as functions/orders does. SQS hides a message for at most 12 hours, and its
    retention goes on counting.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
    group_failures: NotRequired[str]
    """On a FIFO queue, what becomes of the orders after a failed one of their message group in a batch: `block` (they
    wait for it, and keep their order) or `skip` (they go on, and overtake it). Default: `block`. The handler is told to
    skip by `FIFO_FAILURES=skip`, and has to do it, as functions/orders does."""

    # The queue.
    existing_queue: NotRequired[str]
    """URL of a queue that is deployed elsewhere. Its settings are read and checked and never changed; it must have a
    dead-letter queue. Default: none, the component makes both queues."""
    fifo: NotRequired[bool]
    """Whether orders of one message group are processed one after the other and deduplicated. Default: false."""
    content_based_deduplication: NotRequired[bool]
    """Whether orders on a FIFO queue with the same body within 5 minutes are one. Default: true; an order with a
    deduplication id of its own goes by that."""
    dead_letter_reason: NotRequired[str]
    """Why, on a FIFO queue, an order may overtake one of its group that became a dead letter, at most 256 characters;
    it becomes a tag of the queue. Default: none, and the policy pack asks for it.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""
    high_throughput: NotRequired[bool]
    """Whether the limits of a FIFO queue, and its deduplication, apply to each message group. Default: true."""
    fair: NotRequired[bool]
    """Whether producers give message groups (tenants) on a standard queue, so that SQS keeps one from delaying the
    others; alarms then watch the groups that are not the cause. Default: false.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html"""
    retention: NotRequired[pulumi.Input[int]]
    """How long an order waits for a consumer before SQS drops it, seconds, 60..1209599. Default: 345600 (4 days)."""
    delay: NotRequired[pulumi.Input[int]]
    """How long SQS hides a new order, seconds, 0..900. Default: 0."""
    max_message_size: NotRequired[pulumi.Input[int]]
    """Largest message, bytes, 1024..1048576. Default: 1048576 (1 MiB). An order that is larger takes a claim_check."""
    claim_check: NotRequired[bool]
    """Whether orders that are too large for the queue are kept in a bucket that the component makes, each for longer
    than its message can wait in the queue and in the dead-letter queue. Default: false. Whoever sends puts them there,
    as `OrderSender` does with a `ClaimCheck`, and may with `grant_send`; the handler is told the bucket in
    `CLAIM_CHECK_BUCKET`, may read it, and has to do it, as functions/orders does.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-managing-large-messages.html"""
    customer_key: NotRequired[bool]
    """Whether the component makes a KMS key for both queues, the bucket of the claim_check, the logs and the function's
    environment, which lets the producers below in. Default: false: keys of AWS, which cost nothing."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """ARN of your own KMS key instead, for both queues, the bucket and the function's environment. Its policy is yours:
    it must let in what sends to the queue. Default: none."""

    # Who sends orders. Roles get permission by `grant_send`.
    topics: NotRequired[dict[str, TopicProducer]]
    """SNS topics by a name of yours, which ends the names of their children. Default: none."""
    events: NotRequired[dict[str, EventProducer]]
    """EventBridge rules by a name of yours. Default: none."""
    buckets: NotRequired[dict[str, BucketProducer]]
    """S3 buckets by a name of yours. Default: none."""
    front_door: NotRequired[FrontDoor]
    """An HTTP API in front of the queue. Default: none."""

    # Who is told.
    max_backlog: NotRequired[pulumi.Input[int]]
    """Waiting orders that raise the backlog alarm when they last for 5 minutes. Default: 1000."""
    max_age: NotRequired[pulumi.Input[int]]
    """Age of the oldest order that raises the age alarm, seconds. Default: 600."""
    alarm_actions: NotRequired[list[pulumi.Input[str]]]
    """ARNs of what alarms notify, such as SNS topics. Default: an SNS topic that the component makes."""
    alarms: NotRequired[dict[str, AlarmSettings]]
    """Adjustments of single alarms by their names. Default: none."""

    # House rules.
    tags: NotRequired[dict[str, pulumi.Input[str]]]
    """Tags of every child, besides its project, stack and pipeline. Default: none."""
    protect: NotRequired[bool]
    """Whether queues, bucket and key can be neither deleted nor replaced, and stay when the stack goes. Default: false,
    and the bucket goes with what is in it; true suits production."""
    transform: NotRequired[dict[str, dict[str, Any]]]
    """Child -> properties that take the place of the component's own, as pulumi-aws names them:
    `{"queue": {"name": "orders"}}`; tags are added to its own. Default: none. The policy pack sees the result."""
