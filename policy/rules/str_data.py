"""Rules about what streams and tables hold: for how long, encrypted, and whether it comes back."""

from __future__ import annotations

from collections.abc import Iterator

from policy.facts import Resource, State
from policy.graph import Graph
from policy.graph.consumers import Source
from policy.rule import Finding, Kind, Level, Parameter, rule, undecided
from policy.tokens import STREAM

_DEFAULT_RETENTION_HOURS = 24


@rule(
    "ORD-STR-009",
    "str-retention",
    title="A stream keeps records long enough to repair a consumer",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/kinesis-controls.html#kinesis-3",
    dev=Level.OFF,
    standard=Level.ADVISORY,
    parameters=(Parameter("hours", 168, 24, 8_760, "hours for which a stream keeps records"),),
)
def retention(graph: Graph, hours: int) -> Iterator[Finding]:
    """A stream keeps its records for a week.

    By default it keeps them for a day. A consumer that fails on Friday evening has lost records by Sunday, whatever its
    mapping does. Up to 8,760 hours (a year) are possible, and cost more.
    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html
    """
    for stream in graph.of_type(STREAM):
        kept = stream.number("retentionPeriod", _DEFAULT_RETENTION_HOURS)
        if isinstance(kept, State):
            yield undecided(stream, f"how long stream {stream.name} keeps records is not known yet")
        elif kept < hours:
            yield Finding(
                stream.urn,
                f"stream {stream.name} keeps records for {kept} h < {hours} h: set retention_period >= {hours}",
            )


@rule(
    "ORD-STR-010",
    "str-encrypted",
    title="A stream holds its records encrypted",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/streams/latest/dev/server-side-encryption.html",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def encrypted(graph: Graph) -> Iterator[Finding]:
    """A Kinesis stream encrypts what it holds with a key of KMS.

    Unlike a table, a queue or a topic it does not do so by itself. The key that AWS keeps for it, `alias/aws/kinesis`,
    costs no monthly fee; a key of one's own is for consumers in other accounts. Tables are always encrypted:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html
    """
    for stream in graph.of_type(STREAM):
        encryption = stream.text("encryptionType", "NONE")
        if isinstance(encryption, State):
            yield undecided(stream, f"whether stream {stream.name} is encrypted is not known yet")
        elif encryption == "NONE":
            yield Finding(
                stream.urn,
                f"stream {stream.name} is not encrypted: set encryption_type KMS and kms_key_id (alias/aws/kinesis, or "
                "a key of your own)",
            )


@rule(
    "ORD-STR-011",
    "str-kms-key",
    title="A stream that is encrypted by KMS names its key",
    kind=Kind.LIMIT,
    url="https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html",
)
def kms_key(graph: Graph) -> Iterator[Finding]:
    """A Kinesis stream with encryption type `KMS` has a key.

    The call that turns encryption on has to name one. The provider asks for it only after it has made the stream: the
    deployment fails, and the stream remains, not encrypted.
    """
    for stream in graph.of_type(STREAM):
        encryption, key = stream.text("encryptionType", "NONE"), stream.text("kmsKeyId")
        if key is not State.UNSET or encryption not in {"KMS", State.UNKNOWN}:
            continue
        if isinstance(encryption, State):
            yield undecided(stream, f"whether stream {stream.name}, which has no key, needs one is not known yet")
        else:
            yield Finding(
                stream.urn,
                f"stream {stream.name} is encrypted by KMS without a key: set kms_key_id (alias/aws/kinesis)",
            )


@rule(
    "ORD-STR-013",
    "str-table-recovery",
    title="A table whose stream is consumed can be restored to a point in time",
    kind=Kind.PRACTICE,
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/dynamodb-controls.html#dynamodb-2",
    dev=Level.OFF,
    standard=Level.ADVISORY,
)
def table_recovery(graph: Graph) -> Iterator[Finding]:
    """A table that feeds a pipeline can be restored to any second of the last days, 35 of them at most.

    Its stream holds changes for 24 hours only. A consumer, or whatever else writes to the table, that spoils items may
    be noticed later than that, and neither the stream nor the pipeline brings the items back. Waive this for a table
    that is made of other data and can be made again.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
    """
    tables = {
        table.urn: table
        for consumer in graph.consumers
        if consumer.kind is Source.TABLE and isinstance(table := consumer.source, Resource)
    }
    for _, table in sorted(tables.items()):
        match table.object("pointInTimeRecovery").flag("enabled", default=False):
            case False:
                yield Finding(
                    table.urn,
                    f"table {table.name}, whose stream is consumed, cannot be restored to a point in time: set "
                    "point_in_time_recovery.enabled",
                )
            case State():
                yield undecided(
                    table, f"whether table {table.name} can be restored to a point in time is not known yet"
                )
            case _:
                pass
