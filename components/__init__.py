"""Deploy: component resources that bundle everything an order pipeline needs."""

from components.errors import PipelineError
from components.order_pipeline import OrderPipeline, OrderPipelineArgs
from components.order_store import OrderStore, OrderStoreArgs

__all__ = ["OrderPipeline", "OrderPipelineArgs", "OrderStore", "OrderStoreArgs", "PipelineError"]
