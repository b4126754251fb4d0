r"""A queue of orders and the function that processes them, as one unit.

producers -> queue -> event source mapping -> alias `live` -> function
\-> dead-letter queue, after max_receive_count failed attempts
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from components import iam
from components.children import Children
from components.claim_check import bucket_environment, create_bucket, get_statements, put_statements
from components.consumer import Consumer, adopt_consumer, create_consumer
from components.encryption import create_key
from components.errors import PipelineError
from components.failures import failure_environment, failure_statements
from components.filters import patterns
from components.front_door import create_front_door
from components.garbage import collect_less_often
from components.order_pipeline_args import OrderPipelineArgs
from components.producers import connect, create_rules, senders
from components.queue import Queues, adopt_queue, create_queues, usable_key
from components.reasons import reason_tags
from components.settings import Settings, resolve, solved
from components.timing import DEAD_LETTER_RETENTION_SECONDS
from components.watch.alarms import Alarms, create_alarms, stack_wide_name
from components.watch.dashboard import dashboard_body
from components.watch.function import SIGNS_OF_FAILURE
from components.watch.queue import QUEUE_ALARMS, QUEUE_GRAPHS, WatchedQueue

# No `from __future__ import annotations` here: Pulumi reads these annotations when it serves the component to other
# languages, and it cannot read strings.


@dataclass(frozen=True)
class OrderPipelineResources:
    """The children of an `OrderPipeline`; `None` is one that it does not need."""

    queue: aws.sqs.Queue
    dead_letters: aws.sqs.Queue | None
    undelivered: aws.sqs.Queue | None
    bodies: "aws.s3.Bucket | None"
    """The bucket of the claim check."""
    key: "aws.kms.Key | None"
    role: aws.iam.Role | None
    log_group: aws.cloudwatch.LogGroup | None
    function: aws.lambda_.Function
    alias: aws.lambda_.Alias | None
    mapping: aws.lambda_.EventSourceMapping
    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]
    """By the names of the alarms."""
    composite_alarm: aws.cloudwatch.CompositeAlarm | None
    dashboard: aws.cloudwatch.Dashboard


class OrderPipeline(pulumi.ComponentResource):
    """An SQS queue, its dead-letter queue and the function that consumes it, with role, logs, mapping and alarms.

    Example:
        orders = OrderPipeline("orders", {"code": "functions/orders", "timeout": 30})
        pulumi.export("queueUrl", orders.queue_url)

    Raises:
        PipelineError: Arguments that cannot work; it lists all of them, and no resource was registered. Numbers that
            are only known later are checked then.
    """

    queue_url: pulumi.Output[str]
    """URL of the queue that producers send orders to."""
    queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    dead_letter_queue_url: pulumi.Output[str]
    """URL of the queue with the orders that were given up; it keeps them for 14 days."""
    dead_letter_queue_arn: pulumi.Output[str]
    """ARN of that queue."""
    undelivered_queue_url: pulumi.Output[str]
    """URL of the queue with the events that EventBridge could not deliver to a FIFO queue; it keeps them for 14 days.
    Empty without such events: those for a standard queue go to its dead-letter queue."""
    claim_check_bucket: pulumi.Output[str]
    """Name of the bucket with the orders that are too large for the queue, for `ClaimCheck` of whoever sends them;
    empty without claim_check."""
    function_name: pulumi.Output[str]
    """Name of the function."""
    log_group_name: pulumi.Output[str]
    """Name of the function's log group."""
    mapping_id: pulumi.Output[str]
    """UUID of the event source mapping."""
    alarm_names: pulumi.Output[list[str]]
    """Names of the alarms, sorted."""
    alarm_topic_arn: pulumi.Output[str]
    """ARN of the topic that the component made for its alarms; empty when `alarm_actions` are given."""
    dashboard_name: pulumi.Output[str]
    """Name of the CloudWatch dashboard."""
    front_door_url: pulumi.Output[str]
    """URL to `POST` orders to; empty without a front door."""

    def __init__(self, name: str, args: OrderPipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        collect_less_often()
        settings = resolve(name, args)
        super().__init__("order-pipelines:index:OrderPipeline", name, {**args}, opts)
        self._children = Children(
            component=self,
            name=name,
            types=settings.types,
            tags={
                "pulumi:project": pulumi.get_project(),
                "pulumi:stack": pulumi.get_stack(),
                "pipeline": name,
                **settings.tags,
            },
            overrides=settings.transform,
            protect=settings.protect,
        )
        self._granted: set[str] = set()
        self.resources = self._create(name, settings)
        outputs = {
            "queueUrl": self.queue_url,
            "queueArn": self.queue_arn,
            "deadLetterQueueUrl": self.dead_letter_queue_url,
            "deadLetterQueueArn": self.dead_letter_queue_arn,
            "undeliveredQueueUrl": self.undelivered_queue_url,
            "claimCheckBucket": self.claim_check_bucket,
            "functionName": self.function_name,
            "logGroupName": self.log_group_name,
            "mappingId": self.mapping_id,
            "alarmNames": self.alarm_names,
            "alarmTopicArn": self.alarm_topic_arn,
            "dashboardName": self.dashboard_name,
            "frontDoorUrl": self.front_door_url,
        }
        self.register_outputs(outputs)

    def grant_send(self, role: aws.iam.Role, label: str | None = None) -> aws.iam.RolePolicy:
        """Let a role of the program send orders, store large ones, and use the key that encrypts them: nothing else.

        Args:
            role: The role of a service that places orders.
            label: Ends the name of the policy. Default: the role's name in the program.

        Raises:
            PipelineError: A role of that label has the permission already.
        """
        label = label or role.pulumi_resource_name
        if label in self._granted:
            problem = f"{label!r} may send already: grant it once, or give another label"
            raise PipelineError(self._children.name, [problem])
        self._granted.add(label)
        return aws.iam.RolePolicy(
            f"{self._children.name}-send-{label}",
            role=role.name,
            policy=iam.document([*iam.send(self.queue_arn, self._key_arn), *put_statements(self._bodies)]),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _create(self, name: str, settings: Settings) -> OrderPipelineResources:
        """Create all children, from what others need to what needs them."""
        children, numbers, fifo = self._children, {**settings.numbers}, settings.queue.fifo
        role: Any = None
        function: aws.lambda_.Function | None = None
        qualifier = ""
        if settings.existing_function:
            function_name, _, qualifier = settings.existing_function.partition(":")
            function = aws.lambda_.Function.get(
                f"{name}-function", function_name, opts=pulumi.ResourceOptions(parent=self)
            )
            numbers |= {"timeout": function.timeout}
            owner = function.arn
        else:
            role = children.create("role", **iam.role_of("lambda.amazonaws.com"))
            owner: pulumi.Output[str] = role.arn
        account = owner.apply(lambda arn: arn.split(":")[4])
        partition = owner.apply(lambda arn: arn.split(":")[1])

        rules = create_rules(children, settings.producers)
        may_send = senders(settings.producers, rules, partition, fifo=fifo)
        key = create_key(children, owner, may_send) if settings.queue.customer_key else None
        self._key_arn = key.arn if key else usable_key(name, settings.queue, settings.producers.names)

        if settings.existing_queue:
            read = aws.sqs.Queue.get(f"{name}-queue", settings.existing_queue, opts=pulumi.ResourceOptions(parent=self))
            queues, read_numbers = adopt_queue(name, read)
            numbers |= read_numbers
            times = solved(f"{name} (the settings of existing_queue are changed where it is deployed)", numbers)
        else:
            times = solved(name, numbers)
            queues = create_queues(
                children,
                settings.queue,
                times,
                key_arn=self._key_arn,
                account=account,
                senders=may_send,
                reasons=reason_tags(settings.reasons, "visibility_reason", "dead_letter_reason"),
            )
        connect(children, settings.producers, rules, queues)
        self._bodies: aws.s3.Bucket | None = None
        if settings.claim_check:
            self._bodies = create_bucket(children, retention=times["retention"], key_arn=self._key_arn)

        statements = iam.consume(queues.queue.arn, self._key_arn)
        if function:
            consumer = adopt_consumer(children, function, qualifier, statements)
        else:
            asked = {
                **failure_environment(settings.failures, queues, times["max_receive_count"]),
                **bucket_environment(self._bodies),
            }
            consumer = create_consumer(
                children,
                replace(settings.function, environment={**settings.function.environment, **asked}),
                role,
                timeout=times["timeout"],
                reserved_concurrency=numbers["reserved_concurrency"],
                key_arn=self._key_arn,
                log_key_arn=key.arn if key else None,
                statements=[
                    *statements,
                    *failure_statements(settings.failures, queues, self._key_arn),
                    *get_statements(self._bodies),
                ],
            )
        mapping = self._map(settings, times, queues, consumer)

        self.queue_url, self.queue_arn = queues.queue.url, queues.queue.arn
        self.dead_letter_queue_url, self.dead_letter_queue_arn = queues.dead_letters_url, queues.dead_letters_arn
        self.undelivered_queue_url = queues.undelivered.url if queues.undelivered else pulumi.Output.from_input("")
        self.claim_check_bucket = self._bodies.bucket if self._bodies else pulumi.Output.from_input("")
        self.function_name, self.log_group_name = consumer.function.name, consumer.log_group_name
        self.mapping_id = mapping.uuid
        self.front_door_url = pulumi.Output.from_input("")
        if settings.front_door:
            self.front_door_url = create_front_door(
                children,
                settings.front_door,
                queue_url=self.queue_url,
                queue_arn=self.queue_arn,
                key_arn=self._key_arn,
                log_retention=settings.function.log_retention,
            )
        alarms, dashboard = self._watch(settings, times, queues, consumer)
        return OrderPipelineResources(
            queue=queues.queue,
            dead_letters=queues.dead_letters,
            undelivered=queues.undelivered,
            bodies=self._bodies,
            key=key,
            role=role,
            log_group=consumer.log_group,
            function=consumer.function,
            alias=consumer.alias,
            mapping=mapping,
            alarms=alarms.metric,
            composite_alarm=alarms.composite,
            dashboard=dashboard,
        )

    def _map(
        self, settings: Settings, times: dict[str, Any], queues: Queues, consumer: Consumer
    ) -> aws.lambda_.EventSourceMapping:
        numbers = settings.numbers
        pollers = {
            "minimum_pollers": numbers["min_pollers"],
            "maximum_pollers": numbers["max_pollers"],
        }
        return self._children.create(
            "mapping",
            batch_size=times["batch_size"],
            enabled=settings.enabled,
            event_source_arn=queues.queue.arn,
            filter_criteria={"filters": [{"pattern": pattern} for pattern in patterns(settings.filters)]}
            if settings.filters
            else None,
            function_name=consumer.target,
            function_response_types=["ReportBatchItemFailures"] if settings.report_batch_item_failures else None,
            maximum_batching_window_in_seconds=times["batch_window"] if not settings.queue.fifo else None,
            metrics_config={"metrics": ["EventCount"]},
            provisioned_poller_config={name: value for name, value in pollers.items() if value is not None} or None,
            scaling_config={"maximum_concurrency": times["max_concurrency"]} if settings.has_max_concurrency else None,
            tags=reason_tags(settings.reasons, "filter_reason") if settings.filters else {},
            opts=pulumi.ResourceOptions(depends_on=[consumer.policy]),
        )

    def _watch(
        self, settings: Settings, times: dict[str, Any], queues: Queues, consumer: Consumer
    ) -> tuple[Alarms, aws.cloudwatch.Dashboard]:
        watched = WatchedQueue(
            function_name=consumer.function.name,
            alias_name=consumer.alias_name,
            log_group_name=consumer.log_group_name,
            timeout_seconds=times["timeout"],
            queue_name=queues.queue.name,
            mapping_uuid=self.mapping_id,
            max_backlog=times["max_backlog"],
            max_age=times["max_age"],
            retention_seconds=times["retention"],
            dead_letter_queue_name=queues.dead_letters_name,
            # Of a queue that is deployed elsewhere it is not known.
            dead_letter_retention_seconds=DEAD_LETTER_RETENTION_SECONDS if queues.dead_letters else None,
            undelivered_queue_name=queues.undelivered.name if queues.undelivered else None,
            fifo=settings.queue.fifo,
            fair=settings.queue.fair,
            has_mapping_metrics=True,
        )
        children, name = self._children, self._children.name
        actions = settings.alarm_actions
        self.alarm_topic_arn = pulumi.Output.from_input("")
        if actions is None:
            self.alarm_topic_arn = children.create("alarm-topic").arn
            actions = [self.alarm_topic_arn]
        alarms = create_alarms(children, QUEUE_ALARMS, watched, settings.alarms, actions)
        region = self.queue_arn.apply(lambda arn: arn.split(":")[3])
        dashboard = children.create(
            "dashboard",
            dashboard_name=stack_wide_name(name),
            dashboard_body=dashboard_body(name, region, QUEUE_GRAPHS, watched, alarms, SIGNS_OF_FAILURE),
        )
        names = [alarm.name for alarm in alarms.metric.values()]
        self.alarm_names = pulumi.Output.all(*names).apply(sorted)
        self.dashboard_name = dashboard.dashboard_name
        return alarms, dashboard
