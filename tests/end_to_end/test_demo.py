"""The demo shows what it promises, and cleans up."""

from __future__ import annotations

import re

from local import supervisor
from local.environment import Workspace
from tests.support.command import LocalCommand

_FRONT_DOOR = r"http://127\.0\.0\.1:\d+/_aws/execute-api/[0-9a-f]+/orders"
_EXPECTED = (
    r"== Deploy: pulumi up, with the policy pack on",
    r"order-pipelines@v0\.1\.0",
    r"\+ (?P<created>\d+) created",
    rf"sent +ORD-001 to {_FRONT_DOOR}",
    rf"sent +ORD-002 to {_FRONT_DOOR}",
    r"refused +an order without an orderId: 400",
    r"sent +ORD-001, ORD-003, ORD-004 with OrderSender",
    r"failed +attempt 1 of 3: RetryAfterError: order ORD-002 asks to fail \(again in [12] s\)",
    r"failed +attempt 2 of 3: RetryAfterError: order ORD-002 asks to fail \(again in [1-4] s\)",
    r"dead letter +ORD-002, exhausted: RetryAfterError: order ORD-002 asks to fail",
    r"applied once +ORD-001, ORD-003",
    r"orders-age-alarm-[0-9a-f]{7} is (?:OK|INSUFFICIENT_DATA)\n +CRITICAL: an order in orders-queue-[0-9a-f]{7} has ",
    r"deadLetterQueueUrl +http://127\.0\.0\.1:\d+/000000000001/orders-dead-letters-",
    rf"frontDoorUrl +{_FRONT_DOOR}\n",
    r"\[mandatory\]  rules  \(aws:sqs:Queue: orders\)",
    r"\[ORD-SQS-001 sqs-visibility-timeout\] visibility 60 s < 6 x 30 s \+ 0 s = 180 s \(queue orders, function worker",
    r"\[mandatory\]  rules  \(aws:sqs:Queue: orders\)",
    r"\[ORD-SQS-002 sqs-dead-letter-queue\] queue orders has no dead-letter queue",
    r"refused: pulumi preview ended with exit code 1, before anything was created",
    r"== Destroy",
    r"- (?P<deleted>\d+) deleted",
)


def test_the_demo_shows_an_order_through_a_dead_letter_and_a_refused_preview(local_command: LocalCommand) -> None:
    code, text = local_command.run("demo")

    assert code == 0, text
    position, counts = 0, dict[str, str]()
    for pattern in _EXPECTED:
        found = re.compile(pattern).search(text, position)
        assert found, f"{pattern} is not in what follows:\n{text[position:]}"
        position = found.end()
        counts |= found.groupdict()
    assert re.search(r'processed +ORD-00\d, attempt \d\n +log: \{"message": "order processed", ', text)
    assert re.search(r"processed +ORD-003, attempt \d", text)
    assert re.search(r"dead letter +ORD-004, poison: the order's version is not known", text)
    assert "\033" not in text  # no colour where it is not a terminal
    assert supervisor.running(Workspace(local_command.workspace).emulator) is None
