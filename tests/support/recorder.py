"""Runs a Pulumi program in this process and records every registration, with what Pulumi's own mocks leave out."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable, Mapping
from contextvars import Context
from dataclasses import dataclass
from typing import Any, cast

import pulumi
import pulumi_aws as aws
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import is_dry_run, mocks, rpc
from pulumi.runtime.proto import resource_pb2

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of names in the module itself, at its first use
    aws.lambda_.Function  # noqa: B018

PROJECT = "order-pipelines"
STACK = "unit"
ROOT = f"{PROJECT}-{STACK}"
"""Name of the stack resource, the parent of what has no other."""
_ASSIGNED = ("arn", "name", "url", "version")
"""Outputs that AWS fills in unless the program sets them: `<arn of orders-queue>`."""


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


class Recorder(mocks.MockMonitor):
    """The engine's side of a run.

    Attributes:
        made: Every registered resource by its name, without the stack itself.
        outputs: Registered outputs of every component by its name; the stack's under `ROOT`.
    """

    def __init__(self) -> None:
        super().__init__(_NoMocks())
        self.made: dict[str, Registration] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self._urns: set[str] = set()

    def run(
        self, program: Callable[[], object], config: Mapping[str, str] | None = None, *, preview: bool = False
    ) -> None:
        """Run a program as the engine would: what it leaves unawaited is awaited, what it raises is raised here.

        In a preview what AWS fills in is not known. Each run has Pulumi's global state to itself.
        """
        Context().run(self._run, program, config or {}, preview)

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
            )
        response = resource_pb2.RegisterResourceResponse(urn=urn)
        if request.custom:
            response.id = f"<id of {request.name}>"
            assigned = {} if is_dry_run() else {name: f"<{name} of {request.name}>" for name in _ASSIGNED}
            response.object.update(assigned | inputs)
        return response

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802
        self.outputs[_name(request.urn)] = _plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

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
        pulumi.runtime.set_all_config({f"{PROJECT}:{key}": value for key, value in config.items()})

        def run() -> None:
            program()

        asyncio.run(pulumi.runtime.run_in_stack(run))


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program calls {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"the program reads {args.name}")


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
            return _plain(content["assets"])
        case _:
            return content["path"]
