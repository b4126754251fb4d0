"""`graph.alarms`: which alarm watches what, and which composite alarms name it; and the alarms of `OrderPipeline`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy.facts import Resource, State
from policy.graph import Graph
from policy.judgement import judge
from policy.rule import Profile
from policy.rules import RULES
from policy.settings import Settings
from policy.tokens import ALARM, COMPOSITE_ALARM
from tests.support.resources import UNKNOWN, function, mapping, queue, resource
from tests.support.watching import WATCHED, watch

WAITING = "ApproximateNumberOfMessagesVisible"
DEAD = queue("dead", messageRetentionSeconds=WATCHED.dead_letter_retention_seconds)
ORDERS = queue("orders", redrives_to=DEAD)
QUEUES = [replace(found, properties={**found.properties, "name": found.name}) for found in (ORDERS, DEAD)]
WORKER = function()
PIPELINE = [
    *QUEUES,
    replace(WORKER, properties={**WORKER.properties, "name": "worker"}),
    mapping(ORDERS, WORKER, uuid="1-2-3", id="1-2-3"),
]


def ours(**changed: Any) -> list[Resource]:
    """The alarms of a queue pipeline, as the component makes them."""
    return [
        resource(
            COMPOSITE_ALARM if name == "critical" else ALARM, name, {"name": f"<name of orders-{name}-alarm>", **inputs}
        )
        for name, inputs in watch(replace(WATCHED, **changed)).items()
    ]


def graph(*alarms: Resource) -> Graph:
    return Graph([*PIPELINE, *alarms])


def alarm(name: str = "alarm", /, **properties: Any) -> Resource:
    return resource(ALARM, name, {"name": name, "comparisonOperator": "GreaterThanThreshold", **properties})


def of_queue(name: str, metric: str = WAITING) -> dict[str, Any]:
    return {"namespace": "AWS/SQS", "metricName": metric, "dimensions": {"QueueName": name}}


def found(graph: Graph) -> dict[str, list[tuple[Any, Any]]]:
    """The metrics of each alarm: name, and what they are of."""
    return {
        alarm.resource.name: [
            (metric.name, metric.of.name if isinstance(metric.of, Resource) else metric.of) for metric in alarm.metrics
        ]
        for alarm in graph.alarms.all
    }


def test_each_alarm_of_our_pipelines_is_about_its_queues_function_and_mapping() -> None:
    age, deleted = "ApproximateAgeOfOldestMessage", "NumberOfMessagesDeleted"
    in_flight = "ApproximateNumberOfMessagesNotVisible"

    assert found(graph(*ours())) == {
        "backlog": [(WAITING, "orders")],
        "age": [(age, "orders")],
        "stalled": [(age, "orders"), (deleted, "orders")],
        "dead-letters": [(WAITING, "dead")],
        "dead-letters-grew": [(WAITING, "dead"), (in_flight, "dead")],
        "dead-letters-expiring": [(age, "dead")],
        "mapping-failing": [("FailedInvokeEventCount", "mapping"), ("DeletedEventCount", "mapping")],
        "not-polling": [(WAITING, "orders"), ("PolledEventCount", "mapping")],
        "errors": [("Errors", "worker")],
        "throttles": [("Throttles", "worker")],
        "duration": [("Duration", "worker")],
    }


@pytest.mark.parametrize("changed", [{}, {"fair": True}, {"fifo": True}, {"has_mapping_metrics": False}], ids=str)
def test_our_alarms_satisfy_every_rule_about_alarms(changed: dict[str, Any]) -> None:
    rules = [rule for rule in RULES if rule.id.startswith("ORD-ALM-")]

    assert judge(graph(*ours(**changed)), rules, Settings(profile=Profile.STRICT)) == []
    without = judge(graph(), rules, Settings(profile=Profile.STRICT))
    assert {(found.rule.id, found.finding.urn.rpartition("::")[2]) for found in without} == {
        ("ORD-ALM-001", "dead"),
        ("ORD-ALM-002", "orders"),
    }


def test_our_composite_alarm_names_the_critical_ones() -> None:
    made = graph(*ours())
    named = {
        alarm.resource.name: [composite.name for composite in made.alarms.composites(alarm.resource)]
        for alarm in made.alarms.all
    }

    critical = {"age", "stalled", "dead-letters", "dead-letters-grew", "dead-letters-expiring", "not-polling"}
    assert {name for name, composites in named.items() if composites == ["critical"]} == critical
    assert {name for name, composites in named.items() if not composites} == named.keys() - critical


@pytest.mark.parametrize(
    ("properties", "watched"),
    [
        (of_queue("orders"), True),
        (of_queue("dead"), False),
        (of_queue("orders", "NumberOfMessagesSent"), False),
        ({**of_queue("orders"), "comparisonOperator": "LessThanThreshold"}, False),
        ({**of_queue("orders"), "comparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"}, True),
        ({**of_queue("orders"), "comparisonOperator": UNKNOWN}, State.UNKNOWN),
        ({**of_queue("orders"), "metricName": UNKNOWN}, State.UNKNOWN),
        (of_queue(UNKNOWN), State.UNKNOWN),
        ({**of_queue("orders"), "dimensions": UNKNOWN}, State.UNKNOWN),
        ({**of_queue("orders"), "namespace": UNKNOWN}, State.UNKNOWN),
        ({**of_queue("orders"), "namespace": "Orders"}, False),
        ({**of_queue(UNKNOWN), "namespace": "AWS/SNS"}, False),
        ({"metricQueries": UNKNOWN}, State.UNKNOWN),
        ({"metricQueries": [{"id": "a", "metric": of_queue("orders")}, {"id": "b", "expression": "a * 2"}]}, True),
        (
            {"metricQueries": [{"expression": f'SELECT MAX({WAITING}) FROM SCHEMA("AWS/SQS", QueueName)'}]},
            State.UNKNOWN,
        ),
        ({"metricQueries": [{"expression": 'SELECT MAX(Errors) FROM "AWS/Lambda"'}]}, False),
        ({"evaluationCriteria": {"promqlCriteria": {"query": "up"}}}, False),
    ],
    ids=str,
)
def test_an_alarm_watches_a_queue_that_its_dimensions_name(properties: dict[str, Any], watched: bool | State) -> None:
    assert graph(alarm(**properties)).alarms.watch(QUEUES[0], WAITING) is watched


def test_a_queue_whose_name_is_not_known_yet_is_found_by_what_the_dimensions_come_from() -> None:
    unknown = alarm(**of_queue(UNKNOWN))
    depends = replace(unknown, dependencies={"dimensions": [QUEUES[0].urn]})

    assert graph(depends).alarms.watch(QUEUES[0], WAITING) is True
    assert graph(depends).alarms.watch(QUEUES[1], WAITING) is False


def test_a_composite_alarm_names_alarms_by_name_by_arn_and_through_others() -> None:
    arn = "arn:aws:cloudwatch:eu-central-1:000000000001:alarm:two"
    one, two, three = alarm("one"), alarm("two", arn=arn), alarm("three")
    first = resource(COMPOSITE_ALARM, "first", {"alarmName": "first", "alarmRule": f"NOT OK(one) AND ALARM('{arn}')"})
    all_of_it = resource(COMPOSITE_ALARM, "top", {"alarmName": "top", "alarmRule": 'ALARM("first") OR ALARM("top")'})
    unknown = resource(COMPOSITE_ALARM, "unknown", {"alarmName": "unknown", "alarmRule": UNKNOWN})
    alarms = Graph([one, two, three, first, all_of_it, unknown]).alarms

    assert [found.name for found in alarms.composites(one)] == ["first", "top"]
    assert [found.name for found in alarms.composites(two)] == ["first", "top"]
    assert [found.name for found in alarms.composites(three)] == []
    assert [found.name for found in alarms.unknown_composites] == ["unknown"]
