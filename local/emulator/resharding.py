"""Shards that are split, merged or replaced, as AWS leaves them: closed, and with their records until those expire.

The emulator drops such a shard at once, with all that nobody has read.

<https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html>
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis

_OK = 200
_ENDED = "ending_sequence_number"
"""Of a shard that is closed."""

Handler = Callable[[dict[str, Any]], Any]
Stream = dict[str, Any]


def mend() -> None:
    """Put it right, once, before the first request."""
    kinesis._route_to_shard = _to_open_ones(kinesis._route_to_shard)
    for name in ("_split_shard", "_merge_shards"):
        setattr(kinesis, name, _keeping_the_parents(getattr(kinesis, name)))
    kinesis._update_shard_count = _replacing_all(kinesis._update_shard_count)
    kinesis._get_records = _as_far_as_the_end(kinesis._get_records)
    kinesis._shard_out = _with_its_end(kinesis._shard_out)
    kinesis._describe_stream_summary = _counting_open_ones(kinesis._describe_stream_summary)


def _open(stream: Stream) -> dict[str, Any]:
    return {name: shard for name, shard in stream["shards"].items() if _ENDED not in shard}


def _closed(shard: dict[str, Any]) -> dict[str, Any]:
    return shard if _ENDED in shard else {**shard, _ENDED: kinesis._next_sequence_number()}


def _to_open_ones(route: Callable[[int, Stream], str]) -> Callable[[int, Stream], str]:
    def call(key: int, stream: Stream) -> str:
        return route(key, {**stream, "shards": _open(stream)})

    return call


def _keeping_the_parents(reshard: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        _, stream = kinesis._resolve_stream(data)
        before = dict(stream["shards"]) if stream else {}
        named = {value for name, value in data.items() if name.startswith(("ShardTo", "AdjacentShard"))}
        if any(_ENDED in before.get(name, {}) for name in named):
            return error_response_json("InvalidArgumentException", f"Shards are closed: {sorted(named)}", 400)
        answer = reshard(data)
        if stream and answer[0] == _OK:
            gone = {name: _closed(shard) for name, shard in before.items() if name not in stream["shards"]}
            stream["shards"] = dict(sorted({**gone, **stream["shards"]}.items()))
        return answer

    return call


def _replacing_all(update: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        _, stream = kinesis._resolve_stream(data)
        before = stream["shards"] if stream else {}
        answer = update(data)
        if stream is None or stream["shards"] is before:
            return answer  # it was refused, or changed something else
        parents = {name: shard for name, shard in before.items() if _ENDED not in shard}
        first = max(int(name.split("-")[1]) for name in before) + 1
        new = kinesis._build_shards(len(stream["shards"]), first)
        for shard in new.values():
            of = [name for name, parent in parents.items() if _share_keys(shard, parent)]
            shard["parent_shard_id"] = of[0]
            shard["adjacent_parent_shard_id"] = of[1] if len(of) > 1 else None
        stream["shards"] = {**{name: _closed(shard) for name, shard in before.items()}, **new}
        return json_response({**json.loads(answer[2]), "CurrentShardCount": len(parents)})

    return call


def _share_keys(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (first, last), (start, end) = (
        (int(shard["starting_hash_key"]), int(shard["ending_hash_key"])) for shard in (one, other)
    )
    return first <= end and start <= last


def _as_far_as_the_end(get_records: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        answer = get_records(data)
        asked = kinesis._shard_iterators.get(data.get("ShardIterator")) or {}
        stream = kinesis._streams.get(asked.get("stream")) or {"shards": {}}
        shard = stream["shards"].get(asked.get("shard_id")) or {}
        said = json.loads(answer[2]) if _ENDED in shard else {}
        following = kinesis._shard_iterators.get(said.get("NextShardIterator"))
        if following is None or following["position"] < len(shard["records"]):
            return answer
        del said["NextShardIterator"]
        return json_response(said)

    return call


def _with_its_end(show: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def call(name: str, shard: dict[str, Any]) -> dict[str, Any]:
        found = show(name, shard)
        if _ENDED in shard:
            found["SequenceNumberRange"]["EndingSequenceNumber"] = shard[_ENDED]
        return found

    return call


def _counting_open_ones(describe: Handler) -> Handler:
    def call(data: dict[str, Any]) -> Any:
        answer = describe(data)
        _, stream = kinesis._resolve_stream(data)
        if stream is None or answer[0] != _OK:
            return answer
        said = json.loads(answer[2])
        said["StreamDescriptionSummary"]["OpenShardCount"] = len(_open(stream))
        return json_response(said)

    return call
