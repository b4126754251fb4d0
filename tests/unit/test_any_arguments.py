"""For any arguments: one clear error and nothing registered, or a pipeline that keeps every rule."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any, cast

from hypothesis import given, settings

from components import OrderPipeline, OrderPipelineArgs, PipelineError
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile, Verdict
from policy.settings import Settings
from tests.support.any_arguments import ANY_EXAMPLES, EXISTING, NAMES_OF_ARGUMENTS, SOUND_EXAMPLES, Example
from tests.support.pipelines import Later, complete
from tests.support.recorder import Recorder, quiet

DAY = 86_400
SOUND, ANY = 670, 1_330
"""So many examples are tried of each: in all 2,000, in at most a minute on two cores."""


@settings(max_examples=SOUND, deadline=None)  # the machine may be busy
@given(SOUND_EXAMPLES)
def test_sound_arguments_are_a_pipeline_that_keeps_every_rule(example: Example) -> None:
    recorder = Recorder(EXISTING)

    run(example, recorder)

    check_pipeline(example, recorder)


@settings(max_examples=ANY, deadline=None)  # the machine may be busy
@given(ANY_EXAMPLES)
def test_any_arguments_are_one_clear_error_or_such_a_pipeline(example: Example) -> None:
    recorder = Recorder(EXISTING)
    try:
        run(example, recorder)
    except PipelineError as error:
        check_error(example, error, recorder)
    else:
        check_pipeline(example, recorder)


def test_every_argument_is_drawn() -> None:
    assert OrderPipelineArgs.__annotations__.keys() == NAMES_OF_ARGUMENTS


def run(example: Example, recorder: Recorder) -> None:
    async def program() -> None:
        # Pulumi takes down the whole stack for each resource, which would be a fifth of the time.
        sys.tracebacklimit = 1
        try:
            OrderPipeline(example.name, complete(example.arguments))
        finally:
            del sys.tracebacklimit
        await quiet()

    recorder.run(program, preview=example.is_previewed)


def check_error(example: Example, error: PipelineError, recorder: Recorder) -> None:
    problems = error.problems
    assert problems
    assert re.fullmatch(rf"{example.name}( \(.+\))?: {re.escape('; '.join(problems))}", str(error))
    assert len({*problems}) == len(problems), problems
    for problem in problems:
        assert re.fullmatch(r"\S(.*\S)?", problem, re.DOTALL), problem
        assert names_in(problem, example), problem
    if not depends_on_what_is_read_or_later(example):
        assert (recorder.made, recorder.read) == ({}, {})


def names_in(problem: str, example: Example) -> bool:
    """Whether a problem says which argument it is about."""
    names = [*NAMES_OF_ARGUMENTS, *map(str, example.arguments), "the name", "queue"]
    return any(name in problem for name in names if name)


def depends_on_what_is_read_or_later(example: Example) -> bool:
    values = example.arguments
    return bool({"existing_function", "existing_queue"} & values.keys()) or any(
        isinstance(value, Later) for value in values.values()
    )


def check_pipeline(example: Example, recorder: Recorder) -> None:
    check_rules(example, recorder)
    made = Pipeline(example, recorder)
    check_relations(example, made)
    check_concurrency(made)
    check_children(example, made)


DEPARTURES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "ORD-ALM-001": lambda given: bool(given.get("alarms")),
    "ORD-ALM-002": lambda given: bool(given.get("alarms")),
    "ORD-ALM-004": lambda given: given.get("alarm_actions") == [],
    "ORD-FUN-009": lambda given: given.get("tracing") is False,
    "ORD-FUN-013": lambda given: plain(given.get("timeout"), 30) == 3,
    "ORD-FUN-014": lambda given: plain(given.get("reserved_concurrency"), 0) > 900,
    "ORD-MAP-002": lambda given: given.get("report_batch_item_failures") is False,
    "ORD-MAP-017": lambda given: given.get("enabled") is False,
    "ORD-SQS-005": lambda given: plain(given.get("max_receive_count"), 5) < 5,
    "ORD-SQS-014": lambda given: bool(given.get("fifo")) and not reason(given, "dead_letter_reason"),
}
"""Rules of profile strict that arguments can break, because they ask for just that."""


def check_rules(example: Example, recorder: Recorder) -> None:
    given = example.arguments
    found: dict[Verdict, set[str]] = {verdict: set() for verdict in Verdict}
    for judgement in judge(Graph(recorder.analyzed), settings=Settings(profile=Profile.STRICT)):
        found[judgement.finding.verdict].add(judgement.rule.id)
    assert found[Verdict.BROKEN] <= {rule for rule, asked in DEPARTURES.items() if asked(given)}
    reasons = {"ORD-SQS-001": reason(given, "visibility_reason"), "ORD-MAP-014": given.get("filters")}
    assert found[Verdict.ACCEPTED] == {rule for rule, stated in reasons.items() if stated}
    assert found[Verdict.FAILED] == set()
    # Of what is deployed elsewhere the rules do not know everything.
    elsewhere = {"existing_function", "existing_queue", "kms_key_arn"} & given.keys()
    assert example.is_previewed or elsewhere or found[Verdict.UNDECIDED] == set()


def reason(given: dict[str, Any], name: str) -> str:
    return (given.get(name) or "").strip()


class Pipeline:
    """The numbers of a pipeline as it was registered, or as they are where it is deployed elsewhere."""

    def __init__(self, example: Example, recorder: Recorder) -> None:
        self.children = {
            name.removeprefix(f"{example.name}-"): made
            for name, made in recorder.made.items()
            if made.parent == example.name
        }
        self.inputs = {role: made.inputs for role, made in self.children.items()}
        self.queue = self.inputs.get("queue") or EXISTING[recorder.read[f"{example.name}-queue"]]
        self.function = self.inputs.get("function") or EXISTING[recorder.read[f"{example.name}-function"]]
        self.mapping = self.inputs["mapping"]
        self.fifo: bool = self.queue.get("fifoQueue", False)
        self.timeout: float = self.function["timeout"]
        self.window: float = self.mapping.get("maximumBatchingWindowInSeconds", 0)
        self.visibility: float = self.queue["visibilityTimeoutSeconds"]
        self.retention: float = self.queue["messageRetentionSeconds"]
        self.delay: float = self.queue["delaySeconds"]
        self.reserved: float | None = self.function.get("reservedConcurrentExecutions")
        self.concurrency: float | None = self.mapping.get("scalingConfig", {}).get("maximumConcurrency")
        self.pollers: dict[str, float] = self.mapping.get("provisionedPollerConfig", {})

    @property
    def receives(self) -> float | None:
        """How often an order is received before it is a dead letter; `None` while the ARN beside it is not known."""
        redrive = self.queue["redrivePolicy"]
        if isinstance(redrive, str):
            redrive = json.loads(redrive) if redrive.startswith("{") else {"maxReceiveCount": None}
        return redrive["maxReceiveCount"]


def check_relations(example: Example, made: Pipeline) -> None:
    given, recommended = example.arguments, 6 * made.timeout + made.window
    assert recommended <= made.visibility <= 43_200 or (
        given["visibility_reason"] and made.timeout + made.window <= made.visibility < recommended
    )
    assert 1 <= made.mapping["batchSize"] <= (10 if made.fifo or made.window < 1 else 10_000)
    assert 0 <= made.window <= (0 if made.fifo else 300)
    assert made.delay + (made.receives or 1) * made.visibility < made.retention < 14 * DAY
    if "dead-letters" in made.inputs:
        dead = made.inputs["dead-letters"]
        same = ("fifoQueue", "kmsMasterKeyId", "sqsManagedSseEnabled")
        assert (dead["messageRetentionSeconds"], dead["maxMessageSize"]) == (14 * DAY, 1_048_576)
        assert {key: dead.get(key) for key in same} == {key: made.queue.get(key) for key in same}
        assert ("kmsMasterKeyId" in dead) != ("sqsManagedSseEnabled" in dead)
    if "bodies" in made.inputs:
        (rule,) = made.inputs["bodies-lifecycle"]["rules"]
        assert made.retention + 14 * DAY <= rule["expiration"]["days"] * DAY <= made.retention + 16 * DAY
        encryption = made.inputs["bodies-encryption"]["rules"][0]["applyServerSideEncryptionByDefault"]
        has_key = given.get("customer_key") or given.get("kms_key_arn") is not None
        assert encryption["sseAlgorithm"] == ("aws:kms" if has_key else "AES256")
        assert "queue" not in made.inputs or encryption.get("kmsMasterKeyId") == made.queue.get("kmsMasterKeyId")
    for alarm, threshold in (("backlog", 1_000), ("age", 600)):
        if f"{alarm}-alarm" in made.inputs and alarm not in (given.get("alarms") or {}):
            assert made.inputs[f"{alarm}-alarm"]["threshold"] == plain(given.get(f"max_{alarm}"), threshold)


def check_concurrency(made: Pipeline) -> None:
    assert made.concurrency is None or (2 <= made.concurrency <= 1_000 and not made.pollers)
    most = made.pollers.get("maximumPollers", 200)
    assert 2 <= made.pollers.get("minimumPollers", 2) <= min(most, 200)
    assert most <= 10_000
    if made.reserved is not None:
        assert made.reserved >= 2
        assert made.concurrency or made.pollers
        assert (10 * most if made.pollers else made.concurrency or 0) <= made.reserved
        assert made.receives is None or made.receives >= 5


def check_children(example: Example, made: Pipeline) -> None:
    given = example.arguments
    reports = given.get("report_batch_item_failures") is not False
    assert made.mapping.get("functionResponseTypes") == (["ReportBatchItemFailures"] if reports else None)
    told = made.inputs.get("function", {}).get("environment", {}).get("variables", {})
    assert VARIABLES.keys() & told.keys() == {
        variable for variable, argument in VARIABLES.items() if given.get(argument) not in (None, False, "block")
    }
    assert made.receives is None or told.get("MAX_RECEIVE_COUNT") in (None, f"{made.receives:g}")
    policy = made.inputs["policy"]["policy"]
    if isinstance(policy, dict):  # in a preview it is not known
        allowed = {statement.get("Sid") for statement in cast("dict[str, Any]", policy)["Statement"]}
        assert STATEMENTS.keys() & allowed == {sid for sid, argument in STATEMENTS.items() if given.get(argument)}
    assert f"{example.name}-policy" in made.children["mapping"].depends_on
    protected = {role for role, child in made.children.items() if child.is_protected and child.is_retained}
    with_data = {"queue", "dead-letters", "undelivered", "key", "bodies"} & made.inputs.keys()
    assert protected == (with_data if given.get("protect") else set())
    assert ("undelivered" in made.inputs) == (made.fifo and bool(given.get("events")))
    assert ("key" in made.inputs) == bool(given.get("customer_key"))
    assert ("bodies" in made.inputs) == bool(given.get("claim_check"))
    assert ("front-door" in made.inputs) == (given.get("front_door") is not None)
    assert ("alarm-topic" in made.inputs) == (given.get("alarm_actions") is None)
    for role, child in made.children.items():
        assert role not in SHORT_NAMED or len(f"{example.name}-{role}-1a2b3c4") <= 64
        assert not role.endswith("-alarm") or child.inputs.get("threshold", 1) >= 1
        assert child.inputs.get("tags", {"pipeline": example.name})["pipeline"] == example.name


VARIABLES = {
    "CLAIM_CHECK_BUCKET": "claim_check",
    "DEAD_LETTER_QUEUE_URL": "dead_letter_at_once",
    "FIFO_FAILURES": "group_failures",
    "MAX_RECEIVE_COUNT": "dead_letter_at_once",
    "RETRY_AFTER": "retry_after",
}
"""Environment variable -> argument that sets it."""
STATEMENTS = {
    "DelayRetries": "retry_after",
    "GetBodies": "claim_check",
    "ListBodies": "claim_check",
    "SendDeadLetters": "dead_letter_at_once",
}
"""Statement of the role -> argument that needs it."""
SHORT_NAMED = (
    "role",
    "function",
    "front-door-role",
    "event-e1-rule",
    "event-e2-rule",
    "event-a-rule",
    "event-a-1-rule",
)


def plain(value: Any, default: int) -> int:
    """A number as the program meant it."""
    number = value.value if isinstance(value, Later) else value
    return default if number is None else int(number)
