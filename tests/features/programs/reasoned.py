"""A pipeline whose short visibility timeout has a reason."""

from components import OrderPipeline

OrderPipeline(
    "hasty",
    {
        "code": "recorder",
        "timeout": 10,
        "visibility_timeout": 20,
        "visibility_reason": "orders of the till must be retried within 20 s",
    },
)
