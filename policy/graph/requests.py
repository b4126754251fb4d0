"""What AWS services say of themselves when they send to a queue or publish to a topic, and need its key for that."""

from __future__ import annotations

from policy.facts import Resource, State
from policy.graph.documents import OVER_TLS, Context
from policy.graph.patterns import Name, Truth, name_of
from policy.graph.references import Reference

EVENTS = "events.amazonaws.com"
BUCKETS = "s3.amazonaws.com"

_SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner")


def to_resource(service: str, source: Reference, receiver: Resource) -> Context:
    """What a service says to a queue or topic, and most services to its key: for which source it asks.

    The account of a bucket is not in its ARN: what a policy says of it is believed.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn
    """
    name = _bucket(source, receiver) if service == BUCKETS and isinstance(source, str) else name_of(source)
    account: Name | Truth = State.UNKNOWN
    if service == BUCKETS:
        account = True
    elif isinstance(name.text, str):
        account = Name("".join(name.text.split(":")[4:5]))
    return {**OVER_TLS, "aws:sourcearn": name, "aws:sourceaccount": account, "aws:sourceowner": account}


def to_key(service: str, source: Reference, receiver: Resource) -> Context:
    """What a service says to the key of a queue or topic: EventBridge does not say for which rule it asks.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """
    if service == EVENTS:
        return {**OVER_TLS, **dict.fromkeys(_SOURCES, State.UNSET)}
    return to_resource(service, source, receiver)


def _bucket(name: str, receiver: Resource) -> Name:
    """The ARN of a bucket by its name, in the partition of what it notifies."""
    if name.startswith("arn:"):
        return Name(name)
    arn = receiver.fact("arn")
    return Name(State.UNKNOWN if isinstance(arn, State) else f"arn:{arn.split(':')[1]}:s3:::{name}")
