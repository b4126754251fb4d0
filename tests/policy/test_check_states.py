"""Programs out of state files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from policy.facts import Resource, State
from policy.state import StateError, decode, encode
from policy.tokens import FUNCTION, QUEUE
from tests.support.states import SECRET, SIGNATURE, checkpoint, export, queue, urn

CANARY = "canary-7f3a"
CIPHERTEXT = {SIGNATURE: SECRET, "ciphertext": f"v1:{CANARY}"}
PLAINTEXT = {SIGNATURE: SECRET, "plaintext": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-central-1:1:failed"})}


def read(state: Any) -> list[Resource]:
    return decode(json.dumps(state).encode()).resources


def test_an_export_and_a_file_of_a_backend_hold_the_same_program() -> None:
    entries = [queue("orders", propertyDependencies={"tags": [urn("failed")]}), queue("failed", external=True)]

    exported = decode(json.dumps(export(*entries)).encode())
    kept = decode(json.dumps(checkpoint(*entries)).encode())

    assert exported == kept
    assert exported.stack == "dev"
    good = {"visibilityTimeoutSeconds": 60, "tags": {"owner": "team-shop"}}
    assert exported.resources[1:] == [
        Resource(urn("orders"), QUEUE, "orders", good, {"tags": [urn("failed")]}),
        Resource(urn("failed"), QUEUE, "failed", good, managed=False),
    ]


def test_a_file_that_a_backend_keeps_compressed_is_read_too() -> None:
    state = json.dumps(checkpoint(queue("orders"))).encode()

    assert decode(gzip.compress(state)) == decode(state)


def test_what_waits_for_its_deletion_is_left_out() -> None:
    resources = read(export(queue("orders"), queue("orders", {"visibilityTimeoutSeconds": 1}, delete=True)))

    assert [(found.name, found.fact("visibilityTimeoutSeconds")) for found in resources[1:]] == [("orders", 60)]


@pytest.mark.parametrize(
    "state",
    [
        {"version": 3, "deployment": {"manifest": {}}},
        {"version": 3, "deployment": None},
        {"version": 4, "checkpoint": {"stack": "organization/shop/dev", "latest": None}},
        {"version": 3, "checkpoint": {"stack": "organization/shop/dev"}},
    ],
)
def test_a_stack_that_was_never_deployed_is_an_empty_program(state: Any) -> None:
    program = decode(json.dumps(state).encode())

    assert (program.resources, program.stack) == ([], "")


def test_a_secret_that_is_encrypted_is_not_known_and_not_left_out() -> None:
    [_, orders] = read(export(queue("orders", {"redrivePolicy": CIPHERTEXT, "tags": {"why": CIPHERTEXT}})))

    assert orders.fact("redrivePolicy") is State.UNKNOWN
    assert orders.tag("why") is State.UNKNOWN
    assert CANARY not in repr(orders)


def test_a_secret_that_is_exported_in_plain_text_is_known() -> None:
    [_, orders] = read(export(queue("orders", {"redrivePolicy": PLAINTEXT})))

    assert orders.object("redrivePolicy").text("deadLetterTargetArn") == "arn:aws:sqs:eu-central-1:1:failed"


def test_code_is_nothing_but_a_type() -> None:
    archive = {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "1", "path": CANARY}
    worker = {"urn": urn("worker", FUNCTION), "type": FUNCTION, "outputs": {"code": archive, "timeout": 30}}

    [_, function] = read(export(worker))

    assert function.properties == {"code": object, "timeout": 30}


def test_what_is_recorded_is_read_back() -> None:
    resources = [
        Resource(urn("orders"), QUEUE, "orders", {"tags": {"a": "b"}, "delaySeconds": 1.0}, {"tags": [urn("failed")]}),
        Resource(urn("worker", FUNCTION), FUNCTION, "worker", {"code": object, "layers": ["x"]}, managed=False),
    ]

    assert read(encode(resources)) == resources


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"resources: []", "it is no JSON"),
        (b"\x1f\x8bnot really", "it is no JSON"),
        (b"[]", "it is JSON, but neither a stack export nor the file of a stack in a backend"),
        (b'{"steps": []}', "it is JSON, but neither a stack export nor the file of a stack in a backend"),
        (b'{"version": 1, "deployment": {}}', "it is a state of version 1, and only 3 and 4 are known"),
        (b'{"deployment": {}}', "it is a state of version None, and only 3 and 4 are known"),
        (
            b'{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::shop::a::b"}]}}',
            "it looks like a state, but a resource in it has no urn or type",
        ),
        (
            b'{"version": 3, "deployment": {"resources": ["orders"]}}',
            "it looks like a state, but a resource in it has no urn or type",
        ),
        (b'{"version": 3, "deployment": "all"}', "it looks like a state, but a resource in it has no urn or type"),
    ],
)
def test_what_is_no_state_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(StateError) as refused:
        decode(content)
    assert str(refused.value) == says
