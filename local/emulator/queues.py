"""What AWS refuses on a queue and the emulator lets pass, put right in the running emulator.

- A service delivers to a queue over TLS, whatever the request came by that made it deliver.
- EventBridge delivers only where the queue's policy lets it, as SNS and S3 do. What it cannot deliver goes at once to
  the dead-letter queue of the target, if that lets it in.
- Who may send, delete or hide one message may do so with ten at once: IAM has no action of its own for a batch.
- A queue with a customer key takes and gives messages only to those whom IAM and the key's policy let use the key.

<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html>
<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api.html>
<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, kms, sqs

_AWS_MANAGED = "alias/aws/sqs"
_SEND = ("kms:GenerateDataKey", "kms:Decrypt")
_NEEDED = {"sqs:SendMessage": _SEND, "sqs:ReceiveMessage": ("kms:Decrypt",)}
_EVENTS = "events.amazonaws.com"
_ERRORS = {"KmsAccessDenied": "KMS.AccessDeniedException", "KmsDisabled": "KMS.DisabledException"} | {
    "KmsInvalidState": "KMS.InvalidStateException",
    "KmsNotFound": "KMS.NotFoundException",
}
"""Names of SQS's exceptions, and the codes by which an SDK shows them."""
_USELESS = {"Disabled": "KmsDisabled", "PendingDeletion": "KmsInvalidState"}
_logger = logging.getLogger("queues")


def mend() -> None:
    """Put it right, once, before the first request."""
    sqs._QUERY_COMPAT_CODES.update(_ERRORS)
    iam_actions.extract_iam_action = _as_for_one(iam_actions.extract_iam_action)
    sqs.queue_policy_allows = _service_may_send(sqs.queue_policy_allows)
    sqs._enforce_queue_policy = _caller_may(sqs._enforce_queue_policy)
    eventbridge._invoke_target = _to_queues_that_allow_it(eventbridge._invoke_target)


def _as_for_one(extract_action: Callable[..., str | None]) -> Callable[..., str | None]:
    def call(service: str, *rest: Any) -> str | None:
        action = extract_action(service, *rest)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    return call


def _service_may_send(policy_allows: Callable[..., bool]) -> Callable[..., bool]:
    def allows(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
        source = {"aws:sourcearn": source_arn, "aws:sourceaccount": source_account}
        address, _ = iam_evaluator._request_origin.get()
        before = iam_evaluator._request_origin.set((address, True))
        try:
            return policy_allows(queue_arn, service, source_arn, source_account) and _key_lets_service(
                # What AWS documents of topics: EventBridge does not tell KMS where an event comes from.
                _key(sqs._queue_by_arn(queue_arn)),
                service,
                {} if service == _EVENTS else source,
            )
        finally:
            iam_evaluator._request_origin.reset(before)

    return allows


def _caller_may(enforce: Callable[..., None]) -> Callable[..., None]:
    def check(queue: dict[str, Any], action: str) -> None:
        enforce(queue, action)
        key = _key(queue)
        needed = _NEEDED.get(action)
        if key in (None, _AWS_MANAGED) or needed is None:
            return
        record = kms._resolve_key(key)
        if record is None:
            raise sqs._Err("KmsNotFound", f"Key '{key}' does not exist")
        if record["KeyState"] in _USELESS:
            raise sqs._Err(_USELESS[record["KeyState"]], f"{record['Arn']} is {record['KeyState']}.")
        caller = iam_evaluator._verified_key.get()
        for permission in needed if caller else ():  # an account's own key is not checked, and may do everything
            via = {"kms:ViaService": f"sqs.{get_region()}.amazonaws.com", "kms:CallerAccount": get_account_id()}
            if iam_evaluator.enforce(caller, permission, "kms", get_region(), record["Arn"], via):
                raise sqs._Err(
                    "KmsAccessDenied",
                    f"User: {iam_evaluator.caller_arn()} is not authorized to perform: {permission} on resource: "
                    f"{record['Arn']}",
                )

    return check


def _to_queues_that_allow_it(invoke: Callable[..., None]) -> Callable[..., None]:
    def call(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        arn, source = target.get("Arn", ""), rule.get("Arn", "")
        if ":sqs:" not in arn or _lets_rule(arn, source):
            invoke(target, event, rule, view)
            return
        _logger.warning("EventBridge: the policy of %s, or of its key, denies delivery from %s", arn, source)
        keeper = (target.get("DeadLetterConfig") or {}).get("Arn", "")
        if keeper and _lets_rule(keeper, source):
            # The whole event, whichever part of it the target asks for.
            invoke({"Arn": keeper}, event, rule, view)
            code = "NO_PERMISSIONS" if sqs._queue_by_arn(arn) else "NO_RESOURCE"
            said = {"RULE_ARN": source, "TARGET_ARN": arn, "ERROR_CODE": code}
            attributes = {name: {"DataType": "String", "StringValue": value} for name, value in said.items()}
            sqs._queue_by_arn(keeper)["messages"][-1]["message_attributes"] = attributes

    return call


def _lets_rule(queue_arn: str, rule_arn: str) -> bool:
    return sqs.queue_policy_allows(queue_arn, _EVENTS, rule_arn, get_account_id())


def _key(queue: dict[str, Any] | None) -> str | None:
    """The key that the program gave a queue: an id, an alias or the ARN of one."""
    key = queue["attributes"].get("KmsMasterKeyId") if queue else None
    return _AWS_MANAGED if key and key.endswith(_AWS_MANAGED) else key or None


def _key_lets_service(key: str | None, service: str, source: dict[str, str]) -> bool:
    if key is None:
        return True
    # The policy of AWS's own key lets in the account's users and roles, and no service.
    record = None if key == _AWS_MANAGED else kms._resolve_key(key)
    return (
        record is not None
        and record["KeyState"] == "Enabled"
        and all(
            iam_evaluator.evaluate_resource_policy(
                record["Policy"],
                iam_evaluator.EvalContext(
                    principal_arn="*",  # as the emulator has it for a service in the policy of a queue
                    principal_type="Service",
                    principal_account="",
                    action=permission,
                    resource_arn=record["Arn"],
                    region=get_region(),
                    service_context=source,
                ),
                service=service,
            ).decision
            == "Allow"
            for permission in _SEND
        )
    )
