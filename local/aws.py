"""The embedded AWS as boto3 clients, and the guarantee that nothing else is ever reached."""

from __future__ import annotations

import ipaddress
import os
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from local.environment import SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

PARTITION = "aws"
_TIMEOUT_SECONDS = 20
_FILES = ("config_file", "credentials_file")
_UNREAD = {
    name: (None, None, default, convert) for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
}
"""The SDK's settings, without the variables and files that it would read them from."""


class NotLocalError(RuntimeError):
    """The endpoint is not on this machine, so local code refuses to touch it."""


def require_loopback(endpoint: str) -> str:
    """Return the endpoint if it is on this machine's loopback interface.

    Raises:
        NotLocalError: It is not, or it is missing.
    """
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    # The HTTP client has a parser of its own, so nothing may be left for two parsers to read in two ways.
    is_plain = re.fullmatch(r"https?://[\w.\[\]:]+/?", endpoint) is not None
    if not (is_loopback and is_plain):
        raise NotLocalError(
            "the local aws provider only serves an embedded AWS on loopback, "
            f"not {repr(endpoint) if endpoint else 'an unset endpoint'}: "
            "run `make up` (or `python -m local up`), or use the official pulumi-aws plugin for a real account"
        )
    return endpoint


class Aws:
    """One account and region of the embedded AWS.

    Args:
        endpoint: URL of the embedded AWS, on loopback.
        region: AWS region name; the embedded AWS keeps regions apart as AWS does.
        account: Twelve digits. The embedded AWS takes them as access key and keeps accounts apart by them.
        options: Of botocore's `Config`, in place of those that suit a command.

    Raises:
        NotLocalError: The endpoint is not on loopback.
    """

    def __init__(self, endpoint: str, region: str, account: str, **options: Any) -> None:
        self.endpoint = require_loopback(endpoint)
        self.region = region
        self.account = account
        self._options = options
        self._lock = threading.Lock()
        # Explicit credentials, and settings that come from no file and no variable of the host.
        core = botocore.session.Session(
            session_vars={**_UNREAD, **dict.fromkeys(_FILES, (None, None, os.devnull, None))}
        )
        self._session = boto3.Session(
            aws_access_key_id=account,
            aws_secret_access_key=SECRET_KEY,
            region_name=region,
            botocore_session=core,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], region: str | None = None) -> Aws:
        """The embedded AWS that `local.environment` describes in environment variables."""
        return cls(
            endpoint=environment.get("AWS_ENDPOINT_URL", ""),
            region=region or environment.get("AWS_REGION", "us-east-1"),
            account=environment.get("AWS_ACCESS_KEY_ID", ""),
        )

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    @cached_property
    def apigatewayv2(self) -> ApiGatewayV2Client:  # noqa: D102
        return self._client("apigatewayv2")

    @cached_property
    def cloudwatch(self) -> CloudWatchClient:  # noqa: D102
        return self._client("cloudwatch")

    @cached_property
    def dynamodb(self) -> DynamoDBClient:  # noqa: D102
        return self._client("dynamodb")

    @cached_property
    def dynamodbstreams(self) -> Any:  # noqa: D102
        return self._client("dynamodbstreams")

    @cached_property
    def events(self) -> EventBridgeClient:  # noqa: D102
        return self._client("events")

    @cached_property
    def iam(self) -> IAMClient:  # noqa: D102
        return self._client("iam")

    @cached_property
    def kinesis(self) -> KinesisClient:  # noqa: D102
        return self._client("kinesis")

    @cached_property
    def kms(self) -> KMSClient:  # noqa: D102
        return self._client("kms")

    @cached_property
    def lambda_(self) -> LambdaClient:  # noqa: D102
        return self._client("lambda")

    @cached_property
    def logs(self) -> CloudWatchLogsClient:  # noqa: D102
        return self._client("logs")

    @cached_property
    def s3(self) -> S3Client:  # noqa: D102
        return self._client("s3")

    @cached_property
    def sns(self) -> SNSClient:  # noqa: D102
        return self._client("sns")

    @cached_property
    def sqs(self) -> SQSClient:  # noqa: D102
        return self._client("sqs")

    @cached_property
    def ssm(self) -> SSMClient:  # noqa: D102
        return self._client("ssm")

    @cached_property
    def sts(self) -> STSClient:  # noqa: D102
        return self._client("sts")

    def _client(self, service: Any) -> Any:
        config = Config(
            connect_timeout=_TIMEOUT_SECONDS,
            read_timeout=_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 2},
            proxies={},  # a proxy of the host must not see, or break, a call to this machine
        ).merge(Config(**self._options))
        with self._lock:  # creating clients from one session is not thread-safe
            session: Any = self._session  # the stubs have one overload for each service name
            return session.client(service, endpoint_url=self.endpoint, config=config)
