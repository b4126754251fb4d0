"""The program that a user would write without our component: the same resources, straight from pulumi-aws.

It is made from a recording of what the component registers, so that both stay equal when the component changes.
"""

from __future__ import annotations

import importlib
import inspect
import json
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2

from tests.support.recorder import Recorder

_LIKE_AN_OUTPUT = re.compile(r"(<\w+ of [^<>]+>|arn:aws:[\w-]+:[\w-]*:\d*:[\w-]+)")
"""What the recorder gives for a property that AWS fills in."""


class Recording(Recorder):
    """The registrations of a program as they went over the wire.

    Attributes:
        requests: Each with its inputs.
        filled_in: Value of a property that AWS fills in -> name of the resource, and property.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[resource_pb2.RegisterResourceRequest, dict[str, Any]]] = []
        self.filled_in: dict[str, tuple[str, str]] = {}

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Answer a request and keep both."""
        response = super().RegisterResource(request)
        inputs = json_format.MessageToDict(request.object)
        self.requests.append((request, inputs))
        outputs = {"id": response.id, **json_format.MessageToDict(response.object)}
        self.filled_in |= {
            value: (request.name, _snake(name))
            for name, value in outputs.items()
            if request.custom and name not in inputs
        }
        return response

    def children(self) -> Iterator[tuple[resource_pb2.RegisterResourceRequest, dict[str, Any]]]:
        """The requests for resources of a provider, each after those that it needs."""
        return ((request, inputs) for request, inputs in self.requests if request.custom)


def recorded(program: Callable[[], object]) -> Recording:
    """Run a program as at the first deployment and record it."""
    recording = Recording()
    recording.run(program)
    return recording


def bare_program(recording: Recording) -> str:
    """The source of a program that registers the same resources."""
    write = _Writer(recording.filled_in)
    lines = ["import pulumi", "import pulumi_aws as aws", ""]
    for request, inputs in recording.children():
        path, parameters = _class(request.type)
        arguments = [json.dumps(request.name)]
        arguments += [f"{parameters[name]}={write.expression(value)}" for name, value in inputs.items()]
        options = write.options(request, inputs)
        if options:
            arguments.append(f"opts=pulumi.ResourceOptions({', '.join(options)})")
        lines.append(f"{_variable(request.name)} = aws.{path}({', '.join(arguments)})")
    return "\n".join(lines) + "\n"


def differences(component: Recording, bare: Recording) -> list[str]:
    """What the two programs do not have in common; the component itself is one of ours, not one of AWS."""
    ours, theirs = (_plain(recording) for recording in (component, bare))
    return [
        f"{name}: {ours.get(name)} is not {theirs.get(name)}"
        for name in sorted(ours | theirs)
        if ours.get(name) != theirs.get(name)
    ]


def _plain(recording: Recording) -> dict[str, Any]:
    components = {request.name for request, _ in recording.requests if not request.custom}
    return {
        request.name: (
            request.type,
            inputs,
            {name for name in map(_name, request.dependencies) if name not in components},
            request.protect,
            request.retainOnDelete,
        )
        for request, inputs in recording.children()
    }


def _class(token: str) -> tuple[str, dict[str, str]]:
    """A type's class in pulumi_aws, and the parameter of each of its properties."""
    _, module, name = token.split(":")
    package = module.partition("/")[0]
    package = f"{package}_" if keyword.iskeyword(package) else package
    resource = getattr(importlib.import_module(f"pulumi_aws.{package}"), name)
    parameters = [name for name in inspect.signature(resource._internal_init).parameters if not name.startswith("_")]
    return f"{package}.{name}", {_camel(parameter): parameter for parameter in parameters}


@dataclass(frozen=True)
class _Writer:
    """Writes recorded values as Python."""

    filled_in: Mapping[str, tuple[str, str]]

    def options(self, request: resource_pb2.RegisterResourceRequest, inputs: Mapping[str, Any]) -> list[str]:
        """The arguments of a resource's options."""
        parts = _LIKE_AN_OUTPUT.split(json.dumps(inputs))
        implied = {self.filled_in[part][0] for part in parts if part in self.filled_in}
        explicit = sorted({_name(urn) for urn in request.dependencies} - implied)
        options = [f"depends_on=[{', '.join(map(_variable, explicit))}]"] if explicit else []
        options += ["protect=True"] if request.protect else []
        options += ["retain_on_delete=True"] if request.retainOnDelete else []
        return options

    def expression(self, value: Any) -> str:
        """An input."""
        match value:
            case str():
                return self._text(value)
            case float():
                return str(int(value) if value.is_integer() else value)
            case list():
                return f"[{', '.join(map(self.expression, cast('list[Any]', value)))}]"
            case dict():
                content = cast("dict[str, Any]", value)
                signature = content.get(rpc._special_sig_key)  # pyright: ignore[reportPrivateUsage]
                if signature is None:
                    return "{" + ", ".join(f"{key!r}: {self.expression(item)}" for key, item in content.items()) + "}"
                return self._special(signature, content)
            case _:
                return repr(value)

    def _special(self, signature: str, content: Mapping[str, Any]) -> str:
        archive = signature == rpc._special_archive_sig  # pyright: ignore[reportPrivateUsage]
        if signature == rpc._special_secret_sig:  # pyright: ignore[reportPrivateUsage]
            return f"pulumi.Output.secret({self.expression(content['value'])})"
        if archive and "assets" in content:
            return f"pulumi.AssetArchive({self.expression(content['assets'])})"
        source, argument = ("File", "path") if "path" in content else ("String", "text")
        return f"pulumi.{source}{'Archive' if archive else 'Asset'}({content[argument]!r})"

    def _text(self, value: str) -> str:
        """A text, with the outputs of other resources in it."""
        text, outputs = "", list[str]()
        for part in _LIKE_AN_OUTPUT.split(value):
            if part in self.filled_in:
                name, output = self.filled_in[part]
                outputs.append(f"{_variable(name)}.{output}")
                text += "{}"
            else:
                text += part.replace("{", "{{").replace("}", "}}")
        if not outputs:
            return repr(value)
        return outputs[0] if text == "{}" else f"pulumi.Output.format({text!r}, {', '.join(outputs)})"


def _camel(name: str) -> str:
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
