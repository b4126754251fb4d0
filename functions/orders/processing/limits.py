"""Limits that a person changes while the function runs: parameters of Systems Manager, kept for a while by Powertools.

https://docs.aws.amazon.com/powertools/python/latest/utilities/parameters/
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .core import no_limit
from .errors import OrderError
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_SECONDS = 300
"""How long a parameter is kept. A person changes it seldom and can wait for five minutes; Systems Manager answers 40
requests a second by default, of all functions of an account in a region together.
https://docs.aws.amazon.com/general/latest/gr/ssm.html"""

_SETTING = "LARGEST_AMOUNT_PARAMETER"


def largest_amount_for(settings: Settings) -> Callable[[], float]:
    """The largest amount that the settings ask for; endless where they ask for none."""
    return _opened(settings.largest_amount_parameter) if settings.largest_amount_parameter else no_limit


class LargestAmount:
    """The largest amount of an order that is processed by itself, as a parameter says.

    The role needs `ssm:GetParameter` on it.

    Args:
        parameter: Its name or ARN, of type String, with a number such as 1000 or 99.95. One of type SecureString is not
            decrypted, so it is no number.
        client: Of Systems Manager. Default: one from the environment.
        max_age_seconds: How long a value is kept, seconds, 0 or more. Default: 300. An error is not kept.
    """

    def __init__(self, parameter: str, client: SSMClient | None = None, max_age_seconds: int = MAX_AGE_SECONDS) -> None:
        from aws_lambda_powertools.utilities.parameters import SSMProvider  # noqa: PLC0415 - it imports boto3

        from . import aws  # noqa: PLC0415 - as above

        provider: Any = SSMProvider(boto3_client=client or aws.client("ssm"))
        self._get: Callable[[], str] = functools.partial(provider.get, parameter, max_age=max_age_seconds)

    def __call__(self) -> float:
        """The amount, 0 or more.

        Raises:
            RetryAfterError: Systems Manager throttles.
            OrderError: The parameter cannot be read or is no number. No order is at fault, so it is tried again. The
                reason names the setting, and neither the parameter nor its value.
        """
        from botocore.exceptions import ClientError  # noqa: PLC0415 - where it is set it is loaded

        from .aws import waiting_when_throttled  # noqa: PLC0415 - as above

        try:
            with waiting_when_throttled():
                text = self._read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            raise OrderError(f"the parameter that {_SETTING} names cannot be read ({code})") from None
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not math.isfinite(amount := float(text)):
            raise OrderError(f"the parameter that {_SETTING} names must be a number, 0 or more, such as 1000 or 99.95")
        return amount

    def _read(self) -> str:
        from aws_lambda_powertools.utilities.parameters import GetParameterError  # noqa: PLC0415 - as above

        try:
            return self._get()
        except GetParameterError as error:
            raise error.__context__ or error from None  # Powertools hides the error of Systems Manager


_opened = functools.cache(LargestAmount)
"""It keeps its client and the value for the next batch."""
