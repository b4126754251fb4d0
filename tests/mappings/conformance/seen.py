"""What was seen of a run, in the same words for every runner.

Names that each runner makes up (identifiers, times, ARNs, shards) become what they are, and sequence numbers the ids of
their orders. Where AWS leaves the order of batches open, it is taken out: of all batches by sorting them (`any`), of
those of different keys by looking at each key alone (`key`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from tests.mappings.conformance.cases import Case

_WORDS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"shardId-[0-9a-f-]+"), "SHARD"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME.ms"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d"), "DATE/TIME"),
    (re.compile(r"arn:aws:lambda:[^\"]+"), "FUNCTION"),
    (re.compile(r"arn:aws:(kinesis|dynamodb):[^\"]+"), "SOURCE"),
)


def seen(
    case: Case,
    calls: Sequence[Mapping[str, Any]],
    *,
    left: int = 0,
    dead: Sequence[str] = (),
    told: Sequence[tuple[str, str]] = (),
    numbers: Mapping[str, str] | None = None,
    counts: Sequence[int] = (),
) -> dict[str, Any]:
    """What was seen.

    - `batches`: the ids of each invocation, in the order of their beginnings; by key where that is the order.
    - `receives`: how often each message had been received, each time that the function got it.
    - `windows`: what each event said of its window.
    - `left`: messages in the queue, in flight or not; `dead`: ids in the dead-letter queue, so that the others are
      deleted.
    - `told`: what the on-failure destination got, with the keys of a bucket.
    - `counts`: the invocations up to each step that counts them.
    - `at_once`: the most invocations at the same time.

    Args:
        case: That ran.
        calls: Of the function, as `function.py` writes them.
        left: As above.
        dead: As above.
        told: Key and text of each.
        counts: As above.
        numbers: Sequence number -> id, of records that the function may never have got.
    """
    ids = {**(numbers or {})}
    for call in calls:
        ids |= dict(zip(call["numbers"], call["ids"], strict=True))
    found: dict[str, Any] = {
        "batches": _batches(case, [call["ids"] for call in calls]),
        "at_once": at_once(calls),
        "counts": [*counts],
        "told": [_told(key, text, ids) for key, text in told],
    }
    if case.source in ("queue", "fifo"):
        receives: dict[str, list[int]] = {}
        for call in calls:
            for one, count in zip(call["ids"], call["receives"], strict=True):
                receives.setdefault(one, []).append(count)
        found |= {"receives": dict(sorted(receives.items())), "left": left, "dead": sorted(dead)}
    if case.settings.get("TumblingWindowInSeconds"):
        found["windows"] = [_window(call["window"]) for call in calls if "window" in call]
    return found


def at_once(calls: Sequence[Mapping[str, Any]]) -> int:
    """The most invocations at the same time; one without an end is not counted."""
    whole = [(call["began"], call["ended"]) for call in calls if call["ended"] is not None]
    return max((sum(began <= at < ended for began, ended in whole) for at, _ in whole), default=0)


def misses(case: Case, found: Mapping[str, Any]) -> dict[str, Any]:
    """What was seen instead of what must be."""
    return {name: found.get(name) for name, wanted in case.expects.items() if found.get(name) != wanted}


def is_over(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether all is seen that must be, or nothing can make it so: no message is left, or there is a wrong batch."""
    wanted = case.expects["batches"]
    is_wrong = not case.order and found["batches"] != wanted[: len(found["batches"])]
    return is_wrong or misses(case, found).keys() <= {"at_once"} or found.get("left") == 0


def _batches(case: Case, batches: list[list[str]]) -> Any:
    if case.order == "any":
        return sorted(batches)
    if case.order == "key":
        keys = {one["id"]: one["key"] for step in (*case.before, *case.after) for one in getattr(step, "orders", ())}
        lanes: dict[str, list[list[str]]] = {}
        for batch in batches:
            for key in sorted({keys[one] for one in batch}):
                lanes.setdefault(key, []).append([one for one in batch if keys[one] == key])
        return dict(sorted(lanes.items()))
    return batches


def _window(said: Mapping[str, Any]) -> dict[str, Any]:
    start, end = (datetime.fromisoformat(said["window"][name]) for name in ("start", "end"))
    return {
        "seconds": (end - start).total_seconds(),
        "starts_at": start.timestamp() % (end - start).total_seconds(),
        "state": said["state"],
        "is_final": said["isFinalInvokeForWindow"],
        "is_early": said["isWindowTerminatedEarly"],
        "shard": _plain(said["shardId"]),
    }


def _told(key: str, text: str, ids: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(text)
    payload = entry.pop("payload", None)
    entry = json.loads(_plain(json.dumps(entry)))
    for name in ("KinesisBatchInfo", "DDBStreamBatchInfo"):
        info: dict[str, Any] = entry.get(name, {})
        for place in ("startSequenceNumber", "endSequenceNumber"):
            if place in info:
                info[place] = ids.get(info[place], info[place])
    if payload is not None:
        records = cast("dict[str, Any]", json.loads(payload))["Records"]
        entry["payload"] = [ids[record["kinesis"]["sequenceNumber"]] for record in records]
    return {**entry, **({"key": _plain(key)} if key else {})}


def _plain(text: str) -> str:
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    return text
