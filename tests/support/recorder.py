"""Runs a Pulumi program in this process and records every registration, with what Pulumi's own mocks leave out."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import is_dry_run, mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import SETTINGS

from policy.facts import Resource
from tests.support.resources import UNKNOWN

PROJECT = "order-pipelines"
STACK = "unit"
ROOT = f"{PROJECT}-{STACK}"
"""Name of the stack resource, the parent of what has no other."""
ACCOUNT = "000000000001"
"""The account of every ARN."""
REGION = "eu-central-1"
_ASSIGNED = ("name", "url", "uuid", "version", "invokeUrl", "bucket")
"""Outputs that AWS fills in unless the program sets them: `<name of orders-queue>`; besides them the ARN."""
_UNKNOWN_IN_A_PREVIEW = ("arn", "id", "url", "redrivePolicy", "redriveAllowPolicy")
"""What AWS may fill in, of that which policies look at: in a first preview they see it as unknown."""


@dataclass(frozen=True)
class Registration:
    """One resource as the engine gets it."""

    type: str
    inputs: dict[str, Any]
    """Assets as their paths, JSON texts parsed, a secret as `{"secret": value}`."""
    parent: str
    """Name of its parent."""
    provider: str
    """Name of its explicit provider, or nothing."""
    depends_on: frozenset[str]
    """Names of the resources that it waits for, because of its inputs or because the program says so."""
    aliases: tuple[str, ...]
    """Its former names."""
    is_protected: bool
    is_retained: bool
    """Whether it stays in AWS when it leaves the program."""


class Recorder(mocks.MockMonitor):
    """The engine's side of a run.

    Attributes:
        existing: Id -> properties of what is deployed elsewhere and the program may read.
        made: Every registered resource by its name, without the stack itself.
        read: Every resource that was read: its name -> its id.
        outputs: Registered outputs of every component by its name; the stack's under `ROOT`.
        analyzed: What a policy pack gets.
    """

    def __init__(self, existing: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        super().__init__(cast("Any", None))  # it answers everything itself
        self.existing = existing or {}
        self.made: dict[str, Registration] = {}
        self.read: dict[str, str] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.analyzed: list[Resource] = []
        self._urns: set[str] = set()

    def run(
        self, program: Callable[[], object], config: Mapping[str, str] | None = None, *, preview: bool = False
    ) -> None:
        """Run a program as the engine would: what it leaves unawaited is awaited, what it raises is raised here.

        In a preview what AWS fills in is not known. Each run is in a thread of its own: there Pulumi has no state of
        another run, and there is no test runner on the stack, which Pulumi takes down for each resource.
        """
        with ThreadPoolExecutor(1) as thread:
            thread.submit(self._run, program, config or {}, preview).result()

    def of_type(self, token: str) -> dict[str, Registration]:
        """The resources of one type by their names."""
        return {name: made for name, made in self.made.items() if made.type == token}

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self._urns, f"the engine refuses a second {urn}"
        self._urns.add(urn)
        inputs = json_format.MessageToDict(request.object)
        if request.type != "pulumi:pulumi:Stack":
            self.made[request.name] = Registration(
                type=request.type,
                inputs=_plain(inputs),
                parent=_name(request.parent),
                provider=_name(request.provider.rpartition("::")[0]),
                depends_on=frozenset(map(_name, request.dependencies)),
                aliases=tuple(alias.spec.name for alias in cast("list[Any]", request.aliases)),
                is_protected=request.protect,
                is_retained=request.retainOnDelete,
            )
        response = resource_pb2.RegisterResourceResponse(urn=urn)
        if request.custom:
            response.id = f"<id of {request.name}>"
            assigned: dict[str, Any] = {}
            if not is_dry_run():
                assigned = {name: f"<{name} of {request.name}>" for name in _ASSIGNED}
                assigned["arn"] = arn_of(request.type, request.name)
            response.object.update(assigned | inputs)
            unknown = dict.fromkeys(_UNKNOWN_IN_A_PREVIEW, UNKNOWN) if is_dry_run() else {"id": response.id}
            dependencies = {name: list(of.urns) for name, of in request.propertyDependencies.items()}
            self.analyzed.append(
                Resource(urn, request.type, request.name, unknown | assigned | inputs, dependencies),
            )
        return response

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        self.outputs[_name(request.urn)] = _plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        assert request.id in self.existing, f"the program reads {request.id}"
        self.read[request.name] = request.id
        properties = {**self.existing[request.id], "id": request.id}
        response = resource_pb2.ReadResourceResponse(urn=self.make_urn(request.parent, request.type, request.name))
        response.properties.update(properties)
        self.analyzed.append(Resource(response.urn, request.type, request.name, properties, managed=False))
        return response

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        assert request.tok == "aws:index/getRegion:getRegion", f"the program calls {request.tok}"
        answer = struct_pb2.Struct()
        answer.update({"region": REGION, "name": REGION, "id": REGION})
        fields: dict[str, Any] = {"return": answer}  # a word that Python keeps for itself
        return resource_pb2.ResourceInvokeResponse(**fields)

    def _run(self, program: Callable[[], object], config: Mapping[str, str], preview: bool) -> None:
        pulumi.runtime.configure(
            mocks.MockSettings(
                project=PROJECT,
                stack=STACK,
                organization="unit",
                dry_run=preview,
                monitor=self,
                engine=mocks.MockEngine(None),
                callbacks=None,
            )
        )
        cast("Any", SETTINGS).outputs.clear()  # it is for all threads; a run that failed leaves some behind
        pulumi.runtime.set_all_config({f"{PROJECT}:{key}": value for key, value in config.items()})

        async def run() -> None:
            # Of a run that fails the first error is raised; Python would print each that follows from it.
            asyncio.get_running_loop().set_exception_handler(lambda _, __: None)
            result = program()
            if inspect.isawaitable(result):
                await result

        asyncio.run(pulumi.runtime.run_in_stack(run))


def arn_of(token: str, name: str) -> str:
    """The ARN that AWS gives to a resource: `arn:aws:sqs:eu-central-1:000000000001:orders-queue`."""
    return f"arn:aws:{token.partition('/')[0].removeprefix('aws:')}:{REGION}:{ACCOUNT}:{name}"


async def quiet() -> None:
    """Wait, at the end of a program, for all that it has begun.

    Pulumi would do so too, but looks at all that it waits for each time that one thing is done: that takes as long as
    the rest of a small program.
    """
    while begun := [output for output in cast("Any", SETTINGS).outputs if not output.done()]:
        await asyncio.wait(begun)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    if not isinstance(value, dict):
        return value
    content = cast("dict[str, Any]", value)
    match content.get(rpc._special_sig_key):  # pyright: ignore[reportPrivateUsage]
        case None:
            return {name: _plain(item) for name, item in content.items()}
        case rpc._special_secret_sig:  # pyright: ignore[reportPrivateUsage]
            return {"secret": _plain(content["value"])}
        case rpc._special_archive_sig:  # pyright: ignore[reportPrivateUsage]
            return _plain(content["assets"]) if "assets" in content else content["path"]
        case _:
            return content["path"]
