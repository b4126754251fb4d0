"""What the SDK warns of, once, before the tests make errors of warnings."""

from __future__ import annotations

import warnings

import pulumi_aws as aws

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of names in the SDK's module itself, at its first use
    aws.lambda_.Function  # noqa: B018
    aws.s3.Bucket  # noqa: B018
