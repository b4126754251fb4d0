"""Each order in the trace of its invocation, by Powertools' Tracer. Import it where `TRACE_ORDERS` is set.

X-Ray has a trace only where tracing is active for the function, of the invocations that it samples; the role needs
`xray:PutTraceSegments` and `xray:PutTelemetryRecords`. Nothing is recorded outside of Lambda, and nothing fails where
no X-Ray daemon listens: it gets its data by UDP. Calls of AWS have no subsegments of their own, so that no library is
patched. AWS supports the SDK behind the Tracer until 25 February 2027, and X-Ray beyond.
https://docs.aws.amazon.com/powertools/python/latest/core/tracer/
https://docs.aws.amazon.com/lambda/latest/dg/python-tracing.html
https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-segment.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Tracer

SUBSEGMENT = "## order"
"""Its name; Powertools begins those of its own like this."""


def traced(process_record: Callable[[Any], str]) -> Callable[[Any], str]:
    """The same in a subsegment for each record, which has the exception of one that fails."""

    def process(record: Any) -> str:
        with _tracer().provider.in_subsegment(SUBSEGMENT):
            return process_record(record)

    return process


def annotate(order_id: str) -> None:
    """Name the order of the subsegment, so that its trace is found by `annotation.orderId`."""
    _tracer().put_annotation("orderId", order_id)


@functools.cache
def _tracer() -> Any:
    """Its type hints have gaps."""
    return Tracer(auto_patch=False)
