"""From the arguments of an `OrderPipeline` to what its parts need: defaults applied, every mistake collected."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import pulumi

from components import claim_check, consumer, encryption, failures, front_door, queue
from components.arguments import TEXTS, Arguments, whole
from components.children import name_problems, override_problems
from components.consumer import FunctionSettings, function_problems, packaged, read_function
from components.errors import PipelineError
from components.failures import FailureSettings, read_failures
from components.filters import Filter, filter_problems
from components.front_door import FrontDoorSettings, read_front_door
from components.order_pipeline_args import OrderPipelineArgs
from components.producers import Producers, read_producers
from components.queue import QueueSettings, queue_problems, read_queue
from components.reasons import read_reasons, reason_problems
from components.timing import Timing, range_problems, solve
from components.watch.alarms import alarm_types
from components.watch.queue import QUEUE_ALARMS
from components.watch.settings import AlarmSettings, action_problems, alarm_problems

_FUNCTION_NAME = re.compile(r"[\w-]{1,64}(:[\w-]{1,128})?")
_QUEUE_URL = re.compile(r"https?://\S+/[\w-]+(\.fifo)?")
_NUMBERS = tuple(field.name for field in fields(Timing) if field.name not in ("fifo", "visibility_reason"))
_TOLD = {**failures.VARIABLES, **claim_check.VARIABLES}
"""Environment variable by which the handler learns what it is asked for -> its argument."""
_OF_OUR_FUNCTION = (
    "architecture", "code", "environment", "ephemeral_storage", "handler", "image", "layers", "log_retention", "memory",
    "permissions", "reserved_concurrency", "runtime", "security_group_ids", "subnet_ids", "timeout", "tracing",
    *dict.fromkeys(sorted(_TOLD.values())),
)  # fmt: skip
"""Arguments that say what an existing function already says of itself."""
_OF_OUR_QUEUE = (
    "buckets", "content_based_deduplication", "customer_key", "dead_letter_reason", "delay", "events", "fifo",
    "high_throughput", "max_message_size", "max_receive_count", "retention", "topics", "visibility_reason",
    "visibility_timeout",
)  # fmt: skip
"""Arguments that say what an existing queue already says of itself."""

Numbers = Mapping[str, Any]
"""The numbers of `Timing` by their names, each known now or later."""


@dataclass(frozen=True)
class Settings:
    """All that an `OrderPipeline` is made from."""

    numbers: dict[str, Any]
    """What the user says of timing and concurrency; `None` where nothing."""
    function: FunctionSettings
    existing_function: str
    queue: QueueSettings
    existing_queue: str
    enabled: bool
    report_batch_item_failures: bool
    failures: FailureSettings
    claim_check: bool
    filters: Sequence[Filter]
    reasons: Mapping[str, str]
    """By their arguments; an empty one is none."""
    producers: Producers
    front_door: FrontDoorSettings | None
    alarm_actions: Sequence[pulumi.Input[str]] | None
    """`None`: a topic of the component."""
    alarms: Mapping[str, AlarmSettings]
    tags: Mapping[str, pulumi.Input[str]]
    protect: bool
    transform: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]
    """Role -> class of every child that there can be."""

    @property
    def has_max_concurrency(self) -> bool:
        """Whether the mapping has a maximum concurrency, given or derived."""
        given = self.numbers
        has_pollers = given["min_pollers"] is not None or given["max_pollers"] is not None
        return given["max_concurrency"] is not None or (given["reserved_concurrency"] is not None and not has_pollers)


def resolve(name: str, args: OrderPipelineArgs) -> Settings:
    """Apply defaults and check all that is known.

    Raises:
        PipelineError: Arguments that cannot work, all of them.
    """
    given = Arguments(OrderPipelineArgs, args)
    problems: list[str] = []
    function_settings, queue_settings = read_function(given), read_queue(given)
    fifo, deduplicates = queue_settings.fifo, queue_settings.content_based_deduplication
    numbers: dict[str, Any] = {field: given.number(field, getattr(Timing, field)) for field in _NUMBERS}
    reasons = read_reasons(given)
    numbers["visibility_reason"], numbers["fifo"] = bool(reasons["visibility_reason"]), fifo

    producers, found = read_producers(given, fifo=fifo, deduplicates=deduplicates)
    problems += found
    door = None
    if given.has("front_door"):
        door, found = read_front_door(
            given.entries("front_door"), fifo=fifo, fair=queue_settings.fair, deduplicates=deduplicates
        )
        problems += found
    filters, alarms = given.items("filters"), given.entries("alarms")
    transform = given.entries("transform", ("a dictionary", (Mapping,)), data=False)
    types = {
        **queue.TYPES,
        **claim_check.TYPES,
        **encryption.TYPES,
        **consumer.TYPES,
        **front_door.TYPES,
        **alarm_types(QUEUE_ALARMS),
        **producers.types,
        "mapping": "lambda_.EventSourceMapping",
        "alarm-topic": "sns.Topic",
        "dashboard": "cloudwatch.Dashboard",
    }
    settings = Settings(
        numbers=numbers,
        function=function_settings,
        existing_function=given.text("existing_function"),
        queue=queue_settings,
        existing_queue=given.text("existing_queue"),
        enabled=given.flag("enabled", True),
        report_batch_item_failures=given.flag("report_batch_item_failures", True),
        failures=read_failures(given),
        claim_check=given.flag("claim_check", False),
        filters=filters,
        reasons=reasons,
        producers=producers,
        front_door=door,
        alarm_actions=given.items("alarm_actions", TEXTS) if given.has("alarm_actions") else None,
        alarms=alarms,
        tags=given.entries("tags", TEXTS),
        protect=given.flag("protect", False),
        transform=transform,
        types=types,
    )
    problems = [*name_problems(name, types), *problems]
    if given.problems:  # the limits of arguments that could not be read say nothing
        raise PipelineError(name, [*given.problems, *problems])
    problems += [
        *_choice_problems(given, settings),
        *function_problems(settings.function, reports=settings.report_batch_item_failures),
        *_environment_problems(settings.function.environment),
        *queue_problems(given, settings.queue, producers.names),
        *reason_problems(reasons),
        *filter_problems(filters, reasons["filter_reason"]),
        *alarm_problems(QUEUE_ALARMS, alarms, without=_unknown_of_the_watched(settings)),
        *action_problems(settings.alarm_actions or ()),
        *override_problems(transform, types),
    ]
    known = {field: value for field, value in numbers.items() if not isinstance(value, pulumi.Output)}
    if known.keys() == numbers.keys() and not (settings.existing_function or settings.existing_queue):
        problems += solve(Timing(**known))[1]
    else:  # what is known is checked now, and how it fits the rest later
        problems += range_problems(Timing(**known))
    if problems:
        raise PipelineError(name, problems)
    return replace(settings, function=packaged(name, settings.function))


def solved(name: str, numbers: Numbers) -> dict[str, Any]:
    """The numbers with what follows from them, each an `Output` when any of them is one.

    Raises:
        PipelineError: Numbers that do not fit; in an `apply` when they are known only then.
    """

    def known(values: Mapping[str, Any]) -> Timing:
        read: dict[str, Any] = {key: whole(value) if key in _NUMBERS else value for key, value in values.items()}
        unread = [
            f"{key} must be a whole number, got {values[key]!r}"
            for key in _NUMBERS
            if read[key] is None and (values[key] is not None or getattr(Timing, key) is not None)
        ]
        if unread:
            raise PipelineError(name, unread)
        timing, problems = solve(Timing(**read))
        if problems:
            raise PipelineError(name, problems)
        return timing

    if not any(isinstance(value, pulumi.Output) for value in numbers.values()):
        timing = known(numbers)
        return {field: getattr(timing, field) for field in _NUMBERS}
    later = pulumi.Output.all(**numbers).apply(known)
    return {field: later.apply(attrgetter(field)) for field in _NUMBERS}


def _unknown_of_the_watched(settings: Settings) -> list[str]:
    """What alarms cannot know of this pipeline."""
    return [
        *([] if settings.queue.fair else ["fair"]),
        *(["dead_letter_retention_seconds"] if settings.existing_queue else []),
        *([] if settings.queue.fifo and settings.producers.events else ["undelivered_queue_name"]),
    ]


def _environment_problems(environment: Collection[str]) -> list[str]:
    """What is wrong with the names of the user's environment variables."""
    return [
        f"environment sets {variable}, which {name} is for, with what the role needs: leave it out and set {name}"
        for variable, name in _TOLD.items()
        if variable in environment
    ]


def _choice_problems(given: Arguments, settings: Settings) -> list[str]:
    """Arguments that exclude each other, or of which one is needed."""
    problems: list[str] = []
    chosen = [name for name in ("code", "image", "existing_function") if given.has(name)]
    if len(chosen) != 1:
        got = " and ".join(chosen) if chosen else "none"
        problems.append(f"exactly one of code, image and existing_function says what processes orders, got {got}")
    groups = (("existing_function", _OF_OUR_FUNCTION), ("existing_queue", _OF_OUR_QUEUE))
    for existing, others in groups:
        doubled = [name for name in others if given.has(name) and name not in chosen]
        if given.has(existing) and doubled:
            thing = existing.removeprefix("existing_")
            problems.append(
                f"{existing} is not changed here: leave out {', '.join(doubled)}, or let the component make the {thing}"
            )
    if settings.queue.customer_key and given.has("existing_function"):
        problems.append(
            "customer_key needs the function's role: let the component make the function, or set kms_key_arn"
        )
    if given.has("image") and (unused := [name for name in ("handler", "layers", "runtime") if given.has(name)]):
        problems.append(f"an image says itself what runs: leave out {', '.join(unused)}")
    if given.has("code") and not settings.function.code:
        problems.append("code must be the folder with the function's source code, got ''")
    if settings.function.image == "":
        problems.append("image must be the URI of a container image, got ''")
    if given.has("existing_function") and not _FUNCTION_NAME.fullmatch(settings.existing_function):
        problems.append(
            "existing_function must be the name of a function, with its alias if any, such as 'worker:live', got "
            f"{settings.existing_function!r}"
        )
    if given.has("existing_queue") and not _QUEUE_URL.fullmatch(settings.existing_queue):
        problems.append(f"existing_queue must be the URL of a queue, got {settings.existing_queue!r}")
    return problems
