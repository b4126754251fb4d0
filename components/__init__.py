"""Deploy: component resources that bundle everything an order pipeline needs."""

from components.errors import PipelineError
from components.order_pipeline import OrderPipeline, OrderPipelineArgs

__all__ = ["OrderPipeline", "OrderPipelineArgs", "PipelineError"]
