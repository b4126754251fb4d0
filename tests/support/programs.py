"""Programs in a subset of Pulumi's YAML, as the policy pack gets to see them: in a first preview, or deployed.

`${name.property}` refers to an output or input of a resource, also inside a longer text; `fn::toJSON` makes JSON text.
https://www.pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, cast

from pulumi_policy import proxy

from policy import tokens
from policy.facts import FILLED_IN, Resource

UNKNOWN = proxy.UNKNOWN_STRING_VALUE
_REFERENCE = re.compile(r"\$\{(?P<resource>[\w-]+)\.(?P<output>[\w.]+)\}")
_ACCOUNT, _REGION = "000000000001", "eu-central-1"
_ARNS: Mapping[str, str] = {
    tokens.QUEUE: "sqs:{place}:{name}",
    tokens.TOPIC: "sns:{place}:{name}",
    tokens.SUBSCRIPTION: "sns:{place}:topic:{name}",
    tokens.FUNCTION: "lambda:{place}:function:{name}",
    tokens.ALIAS: "lambda:{place}:function:{functionName}:{name}",
    tokens.MAPPING: "lambda:{place}:event-source-mapping:{name}",
    tokens.STREAM: "kinesis:{place}:stream/{name}",
    tokens.STREAM_CONSUMER: "kinesis:{place}:stream/consumed/consumer/{name}:1",
    tokens.TABLE: "dynamodb:{place}:table/{name}",
    tokens.ROLE: "iam::" + _ACCOUNT + ":role/{name}",
    tokens.POLICY: "iam::" + _ACCOUNT + ":policy/{name}",
    tokens.KEY: "kms:{place}:key/{name}",
    tokens.KEY_ALIAS: "kms:{place}:{name}",
    tokens.ALARM: "cloudwatch:{place}:alarm:{name}",
    tokens.COMPOSITE_ALARM: "cloudwatch:{place}:alarm:{name}",
    tokens.LOG_GROUP: "logs:{place}:log-group:{name}",
    tokens.EVENT_RULE: "events:{place}:rule/{name}",
    tokens.EVENT_BUS: "events:{place}:event-bus/{name}",
    tokens.SCHEDULE: "scheduler:{place}:schedule/default/{name}",
    tokens.BUCKET: "s3:::{name}",
    tokens.PIPE: "pipes:{place}:pipe/{name}",
}
"""What follows `arn:aws:`."""
_TOKENS = {
    f"{token.partition('/')[0]}:{token.rpartition(':')[2]}": token
    for name, token in vars(tokens).items()
    if name.isupper()
}
"""Types by their short form, such as `aws:sqs:Queue`."""


@dataclass(frozen=True)
class YamlProgram:
    """A program, or a change of one."""

    resources: Mapping[str, Mapping[str, Any]]

    def preview(self) -> list[Resource]:
        """As in the first preview: outputs, and texts with them inside, are unknown; so is what AWS fills in."""
        return [_Reader(self.resources, deployed=False).resource(name) for name in self.resources]

    def deployed(self) -> list[Resource]:
        """As deployed: every value is known."""
        return [_Reader(self.resources, deployed=True).resource(name) for name in self.resources]

    def changed(self, mistake: Mapping[str, Any]) -> YamlProgram:
        """The program with a mistake: `set` paths to values, `remove` resources, `add` resources."""
        resources = cast("dict[str, Any]", deepcopy(dict(self.resources)))
        for name in mistake.get("remove", []):
            del resources[name]
        resources |= deepcopy(dict(mistake.get("add", {})))
        for path, value in mistake.get("set", {}).items():
            name, *way = path.split(".")
            _set(resources[name].setdefault("properties", {}), way, deepcopy(value))
        return YamlProgram(resources)


@dataclass
class _Reader:
    resources: Mapping[str, Mapping[str, Any]]
    deployed: bool
    _outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def resource(self, name: str) -> Resource:
        """One resource as a policy pack gets it."""
        token = self._token(name)
        properties = dict(self._of(name))
        return Resource(
            urn=f"urn:pulumi:test::orders::{token}::{name}",
            type=token,
            name=name,
            properties=properties,
            dependencies={
                key: [self._urn(found) for found in sorted(set(_references(value)))]
                for key, value in self._given(name).items()
            },
        )

    def _given(self, name: str) -> Mapping[str, Any]:
        return self.resources[name].get("properties") or {}

    def _of(self, name: str) -> Mapping[str, Any]:
        """Inputs and outputs of a resource."""
        if name not in self._outputs:
            inputs = {key: self._value(value) for key, value in self._given(name).items()}
            filled_in = FILLED_IN.get(self._token(name), frozenset()) | {"region"}
            unknown = {} if self.deployed else dict.fromkeys(sorted(filled_in), UNKNOWN)
            self._outputs[name] = {**unknown, **self._identity(name, inputs), **inputs}
        return self._outputs[name]

    def _identity(self, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        token = self._token(name)
        fifo = ".fifo" if inputs.get("fifoQueue") or inputs.get("fifoTopic") else ""
        named = {"name": f"{inputs.get('namePrefix') or f'{name}-'}1a2b3c4{fifo}", **inputs}
        if token == tokens.BUCKET:
            named["name"] = inputs.get("bucket", named["name"])
        if not self.deployed:
            # A name that the program leaves out is made by Pulumi, and known at once; by AWS when it has a prefix.
            nameless = token in {tokens.MAPPING, tokens.KEY, tokens.SUBSCRIPTION} or "namePrefix" in inputs
            return dict.fromkeys(("arn", "id", "url", "uuid", "streamArn", "keyId"), UNKNOWN) | (
                {} if nameless else {"name": named["name"]}
            )
        region = inputs.get("region", _REGION)
        arn = "arn:aws:" + _ARNS.get(token, "other:{place}:{name}").format(
            place=f"{region}:{_ACCOUNT}", **{"functionName": "", **named}
        )
        url = f"https://sqs.{region}.amazonaws.com/{_ACCOUNT}/{named['name']}"
        identity = {
            "arn": arn,
            "id": url if token == tokens.QUEUE else named["name"],
            "name": named["name"],
            "uuid": f"uuid-of-{name}",
        }
        more: Mapping[str, Mapping[str, Any]] = {
            tokens.QUEUE: {"url": url},
            tokens.TABLE: {"streamArn": f"{arn}/stream/2026-11-21T00:00:00.000"},
            tokens.KEY: {"keyId": named["name"]},
            tokens.FUNCTION: {"qualifiedArn": f"{arn}:1", "invokeArn": f"{arn}/invocations", "version": "1"},
        }
        return identity | dict(more.get(token, {}))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            content = {key: self._value(item) for key, item in cast("Mapping[str, Any]", value).items()}
            if content.keys() == {"fn::toJSON"}:
                text = json.dumps(content["fn::toJSON"])
                return UNKNOWN if UNKNOWN in text else text
            return content
        if isinstance(value, Sequence):
            return [self._value(item) for item in cast("Sequence[Any]", value)]
        return value

    def _text(self, text: str) -> Any:
        values = [self._output(found["resource"], found["output"]) for found in _REFERENCE.finditer(text)]
        if UNKNOWN in values:
            return UNKNOWN
        if _REFERENCE.fullmatch(text):
            return values[0]
        return _REFERENCE.sub(lambda _: str(values.pop(0)), text)

    def _output(self, name: str, output: str) -> Any:
        first, *inside = output.split(".")
        outputs = self._of(name)
        value = outputs[first] if self.deployed else outputs.get(first, UNKNOWN)
        # The outputs of another stack are known at once.
        return reduce(lambda content, key: content[key], inside, value)

    def _token(self, name: str) -> str:
        short = self.resources[name]["type"]
        return _TOKENS.get(short, short)

    def _urn(self, name: str) -> str:
        return f"urn:pulumi:test::orders::{self._token(name)}::{name}"


def _references(value: Any) -> Iterable[str]:
    """The resources that a value comes from."""
    if isinstance(value, str):
        yield from (found["resource"] for found in _REFERENCE.finditer(value))
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, Any]", value).values():
            yield from _references(item)
    elif isinstance(value, Sequence):
        for item in cast("Sequence[Any]", value):
            yield from _references(item)


def _set(content: dict[str, Any], way: Sequence[str], value: Any) -> None:
    """Set a value inside nested objects and lists; `None` takes it away."""
    *parents, last = way
    inside: Any = content
    for part in parents:
        inside = inside[int(part)] if part.isdigit() else inside.setdefault(part, {})
    if last.isdigit():
        inside[int(last)] = value
    elif value is None:
        inside.pop(last, None)
    else:
        inside[last] = value
