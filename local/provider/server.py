"""The gRPC server of the plugin, with errors that read as sentences."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import json
import os
import signal
import sys
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from local.archive import ARCHIVE, SIGNATURE, UnsupportedArchiveError
from local.aws import NotLocalError
from local.provider.invokes import UnknownInvokeError
from local.provider.plugin import AwsProvider, ProviderError
from local.provider.resources import UnknownTypeError
from local.provider.values import ARCHIVE_MARK

_SPOKEN = (ProviderError, NotLocalError, UnknownInvokeError, UnknownTypeError, UnsupportedArchiveError)
"""Errors whose text is the whole message; any other is a bug of ours and keeps its trace."""
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""The engine's own limit for one message."""


_PROPERTY_FIELDS = ("olds", "news", "properties", "inputs")
"""Fields of requests and answers that hold the properties of a resource."""


def wrap_archives(properties: Struct) -> None:
    """Turn archives into strings that `values` reads, in place.

    The SDK's own reading of an archive loses its hash and fails where the engine sends nothing but the hash, as it
    does for a state and for both sides of a diff.
    """
    for value in properties.fields.values():
        inner = value.struct_value.fields
        if SIGNATURE in inner and inner[SIGNATURE].string_value == ARCHIVE:
            value.string_value = ARCHIVE_MARK + json.dumps(MessageToDict(value.struct_value))


def unwrap_archives(properties: Struct) -> None:
    """Turn the strings back into archives, in place."""
    for value in properties.fields.values():
        if value.string_value.startswith(ARCHIVE_MARK):
            value.struct_value.update(json.loads(value.string_value.removeprefix(ARCHIVE_MARK)))


class Manners(grpc.aio.ServerInterceptor):
    """Around every call: archives in a form that the SDK can take, and errors without their Python trace."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Wrap the handler of a call."""
        handler = await continuation(handler_call_details)

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            for properties in _properties(request):
                wrap_archives(properties)
            try:
                answer = await handler.unary_unary(request, context)
            except NotImplementedError:
                raise  # how the SDK says that it does not have an optional call
            except Exception as error:
                cause = error.__context__  # the SDK raises a new exception with the trace in its text
                text = str(cause) if isinstance(cause, _SPOKEN) else str(error)
                return await context.abort(grpc.StatusCode.UNKNOWN, text)
            for properties in _properties(answer):
                unwrap_archives(properties)
            if isinstance(answer, provider_pb2.ReadResponse) and not answer.id:
                answer.ClearField("properties")  # how the engine knows that it is not there; the SDK always sets them
            return answer

        return handler and grpc.unary_unary_rpc_method_handler(
            call, handler.request_deserializer, handler.response_serializer
        )


def _properties(message: Any) -> list[Struct]:
    return [field for name in _PROPERTY_FIELDS if isinstance(field := getattr(message, name, None), Struct)]


async def serve(engine_address: str) -> None:
    """Serve the plugin on a free loopback port, told to the engine on standard output, until the engine ends it."""
    options = [("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(interceptors=[Manners()], options=options)
    version = importlib.metadata.version("pulumi-aws")
    servicer = ProviderServicer([], version, AwsProvider(), engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    engine = os.getppid()
    try:
        while os.getppid() == engine:  # an engine that was killed cannot end its plugins: they notice and go
            await server.wait_for_termination(timeout=1)
    finally:
        await server.stop(None)


def main() -> None:
    """Run the plugin as the engine starts it: `pulumi-resource-aws <engine address>`."""
    # The engine ends its plugins by SIGINT, which a shell has its background jobs, and so their children, ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(addresses[0] if addresses else ""))
