"""Sends what is known of records that were given up to the on-failure destination of their mapping.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.mappings.actions import Discard
from local.mappings.destinations import Origin, failure_record, object_key, stored_record
from local.mappings.live.emulator import Unreachable
from local.mappings.live.runner import RETRY_SECONDS

_logger = logging.getLogger("destination")


class Sink:
    """The on-failure destination of a mapping.

    Args:
        aws: Gives clients of the mapping's account and region.
        arn: Of a queue, a topic or a bucket; nothing where there is none.
    """

    def __init__(self, aws: Callable[[], Aws], arn: str) -> None:
        self._aws = aws
        self._arn = arn

    def take(self, discard: Discard, origin: Origin, event: str, goes_on: Callable[[], bool]) -> bool:
        """Send it; whether it arrived. One that is refused is not sent again: the records are given up all the same.

        Args:
            discard: Of the mapping.
            origin: Of the records.
            event: As the function got them.
            goes_on: Whether to wait for an embedded AWS that does not answer.
        """
        if not self._arn:
            return False
        now = time.time()
        record = failure_record(discard, origin, now, getattr(discard.answer, "request_id", "") or str(uuid.uuid4()))
        key = object_key(origin, discard.shard, now, str(uuid.uuid4()))
        while goes_on():
            try:
                self._send(record, key, event)
            except ClientError as error:
                _logger.warning("%s takes nothing: %s", self._arn, error)
                return False
            except (BotoCoreError, Unreachable, OSError):
                time.sleep(RETRY_SECONDS)
            else:
                return True
        return False

    def _send(self, record: dict[str, Any], key: str, event: str) -> None:
        aws = self._aws()
        _, _, service, _, account, name = self._arn.split(":", 5)
        if service == "s3":
            body = json.dumps(stored_record(record, event)).encode()
            aws.s3.put_object(Bucket=name, Key=key, Body=body, ContentType="application/json")
        elif service == "sns":
            aws.sns.publish(TopicArn=self._arn, Message=json.dumps(record))
        else:
            url = aws.sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
            aws.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record))
