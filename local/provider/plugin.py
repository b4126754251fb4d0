"""The plugin: Pulumi's requests in, calls of the resource type's description out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pulumi.provider.experimental import provider as messages

from local.aws import Aws
from local.provider import invokes, plan, resources
from local.provider.resource import Properties, ResourceType
from local.provider.values import to_plain, to_wire

_T = TypeVar("_T")

_GONE = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "DashboardNotFoundError",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
"""Error codes by which the services used here say that a resource does not exist."""

_UNSERVED_SETTINGS = frozenset({"defaultTags", "ignoreTags"})
"""Settings of the official provider that would change resources; those that only say where AWS is go unread."""
_KINDS = {
    ("add", False): messages.PropertyDiffKind.ADD,
    ("add", True): messages.PropertyDiffKind.ADD_REPLACE,
    ("update", False): messages.PropertyDiffKind.UPDATE,
    ("update", True): messages.PropertyDiffKind.UPDATE_REPLACE,
    ("delete", False): messages.PropertyDiffKind.DELETE,
    ("delete", True): messages.PropertyDiffKind.DELETE_REPLACE,
}


class ProviderError(RuntimeError):
    """A failure to show to the user as it is, without a trace."""


class AwsProvider(messages.Provider):
    """pulumi-aws for the embedded AWS. Every request of the engine is answered in a thread of its own."""

    def __init__(self) -> None:
        self._aws: Aws | None = None

    @property
    def aws(self) -> Aws:
        """The embedded AWS, once the engine has configured the provider."""
        if self._aws is None:
            raise ProviderError("the local aws provider was used before it was configured")
        return self._aws

    async def configure(self, request: messages.ConfigureRequest) -> messages.ConfigureResponse:
        """Connect to the embedded AWS of the environment; refuse anything that is not on loopback."""
        settings = to_plain(request.args)
        for name in sorted(_UNSERVED_SETTINGS & settings.keys()):
            raise ProviderError(f"the local aws provider does not serve the provider setting {name!r}: leave it out")
        self._aws = Aws.from_environment(os.environ, region=settings.get("region"))
        # The engine itself keeps secrets secret and outputs linked; the plugin only sees plain values.
        return messages.ConfigureResponse(supports_preview=True)

    async def invoke(self, request: messages.InvokeRequest) -> messages.InvokeResponse:
        """Answer a data source such as `aws.get_caller_identity()`."""
        value = await _in_thread(invokes.invoke, self.aws, request.tok, to_plain(request.args))
        return messages.InvokeResponse(return_value=to_wire(value))

    async def check(self, request: messages.CheckRequest) -> messages.CheckResponse:
        """Complete the inputs and refuse what the type does not have."""
        try:
            resource = resources.find(request.type)
        except resources.UnknownTypeError as error:
            return messages.CheckResponse(failures=[messages.CheckFailure("", str(error))])
        inputs, problems = plan.check(
            resource,
            request.name,
            to_plain(request.new_inputs),
            to_plain(request.old_inputs),
            request.random_seed or os.urandom(8),
            self.aws.region,
        )
        return messages.CheckResponse(
            inputs=to_wire(inputs),
            # Every reason names its property. Told of it apart, the engine would print its value, even of a secret.
            failures=[messages.CheckFailure("", problem.reason) for problem in problems],
        )

    async def diff(self, request: messages.DiffRequest) -> messages.DiffResponse:
        """Say what an update would change, and whether it replaces the resource."""
        news = to_plain(request.new_inputs)
        ignored = frozenset(request.ignore_changes)
        resource = resources.find(request.type)
        changes = plan.diff(resource, to_plain(request.old_state), news, ignored)
        replaces = [change.property for change in changes if change.replaces]
        return messages.DiffResponse(
            changes=bool(changes),
            replaces=replaces,
            delete_before_replace=bool(replaces) and plan.needs_delete_first(resource, news, changes),
            diffs=[change.property for change in changes],
            detailed_diff={
                change.property: messages.PropertyDiff(_KINDS[change.kind, change.replaces], input_diff=True)
                for change in changes
            },
        )

    async def create(self, request: messages.CreateRequest) -> messages.CreateResponse:
        """Create the resource and answer with what AWS then has."""
        resource, news = resources.find(request.type), to_plain(request.properties)
        if resource.creates_from and resource.creates_from.isdisjoint(news):
            names = " or ".join(map(repr, sorted(resource.creates_from)))
            raise ProviderError(f"a new {request.type} needs the property {names}: set it")
        if request.preview:
            return messages.CreateResponse("", to_wire(plan.preview(resource, news, {}, self.aws.region)))
        resource_id = await _in_thread(resource.create, self.aws, _own(resource, news))
        state = await self._state(resource, resource_id, news)
        if state is None:
            raise ProviderError(f"{request.type} {resource_id!r} was created and is gone again")
        return messages.CreateResponse(resource_id, to_wire(state))

    async def update(self, request: messages.UpdateRequest) -> messages.UpdateResponse:
        """Change the resource in place and answer with what AWS then has."""
        resource, olds, news = resources.find(request.type), to_plain(request.olds), to_plain(request.news)
        if request.preview:
            return messages.UpdateResponse(to_wire(plan.preview(resource, news, olds, self.aws.region)))
        if resource.update is None:
            raise ProviderError(f"{request.type} cannot be updated in place")
        place = _place(resource, request.resource_id, olds)
        await _in_thread(resource.update, self.aws, place, olds, _own(resource, news))
        state = await self._state(resource, request.resource_id, news)
        if state is None:
            raise ProviderError(f"{request.type} {request.resource_id!r} is gone: run `pulumi refresh`, then again")
        return messages.UpdateResponse(to_wire(state))

    async def read(self, request: messages.ReadRequest) -> messages.ReadResponse:
        """Read the resource for a refresh or an import; an empty id says that it is gone."""
        resource = resources.find(request.type)
        inputs, olds = to_plain(request.inputs), to_plain(request.properties)
        state = await self._state(resource, request.resource_id, {**olds, **inputs})
        if state is None:
            return messages.ReadResponse("")
        resource_id = state[resource.id_property] if resource.id_property else request.resource_id
        if resource.within:
            resource_id = resource_id.rpartition("/")[2]
        return messages.ReadResponse(
            resource_id, to_wire(state), to_wire(plan.inputs_from_state(resource, inputs, state))
        )

    async def delete(self, request: messages.DeleteRequest) -> None:
        """Delete the resource; one that is already gone is a success."""
        resource, olds = resources.find(request.type), to_plain(request.properties)
        place = _place(resource, request.resource_id, olds)
        await _in_thread(_unless_gone, resource.delete, self.aws, place, olds)

    async def _state(self, resource: ResourceType, resource_id: str, inputs: Properties) -> Properties | None:
        state = await _in_thread(_unless_gone, resource.read, self.aws, _place(resource, resource_id, inputs))
        if state is None:
            return None
        kept = {name: inputs[name] for name in resource.write_only if inputs.get(name) is not None}
        return {**state, **kept, **plan.provider_level(resource, {**inputs, **state}, self.aws.region)}


def _place(resource: ResourceType, resource_id: str, properties: Properties) -> str:
    """The id by which the functions of a type find a resource: with its parent's, where it counts only within that."""
    parent = properties.get(resource.within) if resource.within else None
    return f"{parent}/{resource_id}" if parent and "/" not in resource_id else resource_id


def _own(resource: ResourceType, news: Properties) -> Properties:
    """The inputs of the type itself, without what the provider records beside them."""
    return {name: value for name, value in news.items() if name in resource.schema.inputs}


def _unless_gone(call: Callable[..., _T], *args: Any) -> _T | None:
    try:
        return call(*args)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            return None
        raise


async def _in_thread(call: Callable[..., _T], *args: Any) -> _T:
    try:
        return await asyncio.to_thread(call, *args)
    except (ClientError, BotoCoreError) as error:
        raise ProviderError(f"{error}") from error
