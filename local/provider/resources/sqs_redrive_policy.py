"""`aws.sqs.RedrivePolicy`: an attribute of a queue that is a resource of its own."""

from __future__ import annotations

import pulumi_aws as aws

from local.provider.queue_attribute import queue_attribute

TYPE = queue_attribute(aws.sqs.RedrivePolicy, "redrivePolicy", "RedrivePolicy")
