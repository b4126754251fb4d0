"""Rules about keys by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import named
from policy.graph.patterns import either
from policy.graph.permissions import Policy
from policy.rule import Finding, Kind, Level, rule, undecided
from policy.tokens import KEY, KEY_POLICY

_ROTATES = {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"}
"""What a key has to be for AWS to rotate it; it is by default."""
_STORES = ("customKeyStoreId", "xksKeyId")
"""Properties of a key whose material AWS does not have."""


@rule(
    "ORD-KMS-006",
    "kms-rotation",
    title="A key rotates",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
    remedy={"enableKeyRotation": True},
)
def rotation(graph: Graph) -> Iterator[Finding]:
    """KMS makes new key material for a key every year.

    What was encrypted before is still decrypted with the material of its time, so that nobody notices; and what a lost
    key gives away is less. Keys that cannot be rotated are exempt: asymmetric ones, those for HMAC, and those in a
    store of your own.
    """
    for key in graph.of_type(KEY):
        other = any(key.text(name, default) not in {default, State.UNKNOWN} for name, default in _ROTATES.items())
        if other or any(key.fact(name) is not State.UNSET for name in _STORES):
            continue
        rotates = key.flag("enableKeyRotation", default=False)
        if rotates is State.UNKNOWN:
            yield undecided(key, f"whether key {key.name} rotates is not known yet")
        elif not rotates and State.UNKNOWN in {key.text(name) for name in _ROTATES}:
            yield undecided(key, f"whether key {key.name} can rotate is not known yet")
        elif not rotates:
            yield Finding(key.urn, f"key {key.name} does not rotate: set enable_key_rotation")


@rule(
    "ORD-KMS-007",
    "kms-public",
    title="A key is used by named principals",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/kms/latest/developerguide/determining-access-key-policy.html",
    dev=Level.ADVISORY,
)
def public(graph: Graph) -> Iterator[Finding]:
    """No policy of a key lets everybody use it.

    The principal `*` is every account of AWS. With a condition on the account, the organization or the source it is not
    everybody, and passes: the keys of AWS itself are for the callers of one account in that way.
    """
    for key in graph.of_type(KEY):
        policy = graph.permissions.policy(key)
        if policy.holder is key:
            yield from _public(key, key.name, policy)
    for separate in graph.of_type(KEY_POLICY):
        yield from _public(separate, named(graph.refer(separate, "keyId", KEY)), Policy.of(separate))


def _public(holder: Resource, key: str, policy: Policy) -> Iterator[Finding]:
    public = either(statement.is_public for statement in policy.statements)
    if public is True:
        yield Finding(
            holder.urn,
            f"the policy of key {key} lets everybody use it: name a principal, or add a condition on kms:CallerAccount",
        )
    elif public is State.UNKNOWN:
        yield undecided(holder, f"whether the policy of key {key} lets everybody use it is not known yet")
