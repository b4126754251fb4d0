"""A client of a front door."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.aws import Aws, require_loopback
from local.environment import SECRET_KEY

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def post(url: str, body: str | None, headers: Mapping[str, str] | None = None) -> int:
    """The status that a front door answers."""
    require_loopback(url.partition("/_aws")[0])
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, dict(headers or {}), method="POST")
    try:
        with _DIRECT.open(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def signature(aws: Aws, url: str, body: str) -> dict[str, str]:
    """The headers by which the account signs a request to a front door."""
    request = AWSRequest("POST", url, data=body.encode(), headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(aws.account, SECRET_KEY), "execute-api", aws.region).add_auth(request)
    return dict(request.headers)
