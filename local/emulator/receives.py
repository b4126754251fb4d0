"""Long polls of SQS that answer as soon as there is a message, where the emulator looks ten times a second.

One that is for a mapping ends with it. And what the emulator does for each message of a queue whenever one is received
or deleted, it does here when there is need to, since a queue may hold many.

<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, sqs

FOR_MAPPING = "x-order-pipelines-receive"
"""Header of a receive for a mapping: its id, and how long it waits in seconds, which may be a part of one."""
_UNLOCKING = ("DeleteMessage", "DeleteMessageBatch", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch")
"""Calls after which there may be more to receive: of a FIFO queue, the rest of a group."""
_EXPIRY_SECONDS = 1.0
"""Between two looks for messages whose retention is over, of which the shortest is a minute."""

_mapping = contextvars.ContextVar[tuple[str, float] | None]("mapping", default=None)
_waiting: dict[asyncio.Future[bool], str] = {}
"""What waits for a message, and for which mapping if for one; the result is whether to look again."""


def mend() -> None:
    """Put it right, once, before the first request."""
    sqs._ensure_msg_fields = _unless_complete(sqs._ensure_msg_fields)
    sqs._expire_retained = _now_and_then(sqs._expire_retained)
    sqs._HANDLERS["ReceiveMessage"] = _receive
    sqs._HANDLERS["DeleteMessageBatch"] = _delete
    for name in _UNLOCKING:
        sqs._HANDLERS[name] = _waking(sqs._HANDLERS[name])
    esm_wake.set = _waking(esm_wake.set)


def note(headers: Mapping[bytes, bytes]) -> None:
    """Note for which mapping a request receives, from its headers."""
    if said := headers.get(FOR_MAPPING.encode(), b"").decode():
        uuid, _, seconds = said.partition(";")
        _mapping.set((uuid, float(seconds)))


def end(uuid: str) -> None:
    """End what waits for a mapping, without a message."""
    _settle(lambda waits_for: waits_for == uuid, more=False)


def _unless_complete(complete: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def call(message: dict[str, Any]) -> None:
        if "seq" not in message or "md5_body" not in message:
            complete(message)

    return call


def _now_and_then(expire: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    looked_at: dict[str, float] = {}

    def call(queue: dict[str, Any]) -> None:
        now, arn = time.time(), queue["attributes"]["QueueArn"]
        if now - looked_at.get(arn, 0) >= _EXPIRY_SECONDS:
            looked_at[arn] = now
            expire(queue)

    return call


def _delete(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, "DeleteMessageBatchRequestEntry")
    wanted = {entry.get("ReceiptHandle") or None for entry in entries} - {None}
    gone = {message.get("receipt_handle") for message in queue["messages"] if message.get("receipt_handle") in wanted}
    queue["messages"] = [message for message in queue["messages"] if message.get("receipt_handle") not in gone]
    refusal = {
        "Code": "ReceiptHandleIsInvalid",
        "Message": "The input receipt handle is invalid.",
        "SenderFault": True,
    }
    return {
        "Successful": [{"Id": entry["Id"]} for entry in entries if entry.get("ReceiptHandle") in gone],
        "Failed": [{"Id": entry["Id"], **refusal} for entry in entries if entry.get("ReceiptHandle") not in gone],
    }


def _waking(call: Callable[..., Any]) -> Callable[..., Any]:
    def woken(*arguments: Any) -> Any:
        answer = call(*arguments)
        if _waiting:
            _settle(lambda _: True, more=True)
        return answer

    return woken


def _settle(which: Callable[[str], bool], *, more: bool) -> None:
    for future, waits_for in list(_waiting.items()):
        if which(waits_for) and not future.done():
            # Senders may be in threads of their own.
            future.get_loop().call_soon_threadsafe(_answer, future, more)


def _answer(future: asyncio.Future[bool], more: bool) -> None:
    if not future.done():
        future.set_result(more)


_LOOK: Callable[..., Awaitable[dict[str, Any]]] = sqs._act_receive_message
"""The emulator's own receive, which begins with a look."""


async def _receive(data: dict[str, Any], url: str) -> dict[str, Any]:
    queue = sqs._get_q(data.get("QueueUrl", url))
    asked = data.get("WaitTimeSeconds")
    wait = float(queue["attributes"].get("ReceiveMessageWaitTimeSeconds", "0") if asked is None else asked)
    uuid = ""
    if for_mapping := _mapping.get():
        uuid, wait = for_mapping
    until = time.time() + wait
    while not uuid or (lambda_svc._esms.get(uuid) or {}).get("Enabled"):
        answer = await _LOOK({**data, "WaitTimeSeconds": 0}, url)
        if answer or not await _is_worth_a_look(data.get("QueueUrl", url), uuid, until):
            return answer
    return {}  # its driver does not know yet


async def _is_worth_a_look(url: str, uuid: str, until: float) -> bool:
    """Wait until the queue may have something to give; whether there is time left for it."""
    while (now := time.time()) < until:
        messages = sqs._get_q(url)["messages"]
        # Again when something is sent, or when what is hidden is visible again.
        visible_at = min((at for message in messages if (at := message.get("visible_at", 0)) > now), default=until)
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        _waiting[future] = uuid
        try:
            if not await asyncio.wait_for(future, min(visible_at, until) - now):
                return False
        except TimeoutError:
            pass
        finally:
            del _waiting[future]
        now = time.time()
        if any(message.get("visible_at", 0) <= now for message in sqs._get_q(url)["messages"]):
            return True
    return False
