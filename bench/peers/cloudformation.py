"""A program in YAML as a CloudFormation template, by the table in `types.yaml`.

Nothing is lost in silence: a type or property that the table does not know is an error, and what CloudFormation cannot
say comes with the template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, cast

from bench.peers.table import FILE, Type, UnknownTypeError, pascal, type_of
from bench.peers.trees import Tree, has, merge, put, put_all

_REFERENCE = re.compile(r"\$\{([^{}]+)\}")
_ALIAS, _VERSION = "AWS::Lambda::Alias", "AWS::Lambda::Version"
_PLACE = {"${AWS::Region}": "eu-central-1", "${AWS::AccountId}": "000000000001"}
_NOTIFICATIONS = ("QueueConfigurations", "TopicConfigurations", "LambdaConfigurations")


@dataclass
class Template:
    """A program as CloudFormation has it."""

    body: Tree
    """The template."""
    unsaid: list[str] = field(default_factory=list[str])
    """What it cannot say of the program, and why: `worker.publish: ...`."""


class Style(Enum):
    """How a template says what can be said in several ways; the value is the end of its name."""

    PROGRAM = ""
    """As the program does."""
    DIRECT = "-direct"
    """Without aliases: what invokes a function by an alias invokes the function itself."""
    LITERAL = "-literal"
    """With the ARNs of the sources of mappings as text, as of sources that are not in the template."""


def translate(resources: Mapping[str, Mapping[str, Any]], style: Style = Style.PROGRAM) -> Template:
    """Translate the resources of a program.

    Args:
        resources: By name, as in the YAML.
        style: How to say what can be said in several ways.

    Raises:
        UnknownTypeError: The table has no such type, or no such property of it.
    """
    return _Translation(resources, style).template()


@dataclass(frozen=True)
class _Resource:
    """A resource of the program."""

    name: str
    type: Type
    properties: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name in a template, which takes only letters and digits."""
        return re.sub(r"[^A-Za-z0-9]", "", self.name)


class _Translation:
    def __init__(self, resources: Mapping[str, Mapping[str, Any]], style: Style) -> None:
        self._resources = {
            name: _Resource(name, type_of(entry["type"]), entry.get("properties") or {})
            for name, entry in resources.items()
        }
        self._style = style
        self._made: dict[str, Tree] = {}
        self._unsaid: list[str] = []
        self._into = ""

    def template(self) -> Template:
        """The template of the whole program."""
        parts = [resource for resource in self._resources.values() if not resource.type.is_]
        for resource in self._resources.values():
            if resource.type.is_:
                self._make(resource.id, resource.type.is_, self._properties(resource))
        for part in parts:
            self._fold(part)
        for made in self._made.values():
            _one_notification_for_each_event(made["Properties"])
        body = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": self._made}
        return Template(body, sorted(self._unsaid))

    def _make(self, name: str, type_: str, properties: Tree) -> None:
        self._made[name] = {"Type": type_, "Properties": properties}

    def _fold(self, part: _Resource) -> None:
        """Adds a resource of Pulumi to those of which CloudFormation has it as properties."""
        if "*" in part.type.unsaid:
            self._unsaid.append(f"{part.name}: {part.type.unsaid['*']}")
            return
        said = part.properties.get(part.type.into)
        owners = [self._named(value) for value in (cast("list[Any]", said) if isinstance(said, list) else [said])]
        for owner in owners:
            if owner is None or owner.id not in self._made:
                self._unsaid.append(f"{part.name}: what it is part of is not in the program")
            else:
                self._into = owner.id
                merge(self._made[owner.id]["Properties"], self._properties(part))

    def _properties(self, resource: _Resource) -> Tree:
        """The properties of a resource, in CloudFormation's words."""
        type_, made = resource.type, Tree()
        # Sorted, as of two that have one place the later one refines the earlier: function, qualifier.
        for name, value in sorted(resource.properties.items()):
            if value is None or name == type_.into:
                continue
            if name in type_.apart:
                self._set_apart(resource, name, value)
            elif name == "tags" and name in type_.names:
                made["Tags"] = [{"Key": key, "Value": self._value(tag)} for key, tag in value.items()]
            elif name in type_.names:
                self._say(made, resource, name, value)
            elif name in type_.unsaid:
                self._unsaid.append(f"{resource.name}.{name}: {type_.unsaid[name]}")
            elif name not in type_.absent:
                raise UnknownTypeError(f"{FILE.name} does not know {type_.token}.{name} (of {resource.name})")
        for name, more in type_.with_.items():
            if resource.properties.get(name) is not None:
                put_all(made, more)
        for name, (value, path) in type_.absent.items():
            if resource.properties.get(name) == value:
                made.pop(path, None)
        missing = {path: value for path, value in type_.always.items() if not has(made, path)}
        put_all(made, {path: resource.name if value == "$name" else value for path, value in missing.items()})
        return made

    def _say(self, made: Tree, resource: _Resource, name: str, value: Any) -> None:
        type_, place = resource.type, resource.type.names[name]
        target = self._invoked(value) if name in type_.refer else None
        if target:
            put(made, place, {"Ref": target.id})
        elif name in type_.refer and place in made:
            self._unsaid.append(f"{resource.name}.{name}: it is part of {place} there, by reference only")
        elif name in type_.sources and self._style is Style.LITERAL and (source := self._named(value)):
            put(made, place, _literal(source, value) if source.type.arn else self._value(value))
        else:
            said = type_.values.get(name, {}).get(value, value) if isinstance(value, str | bool) else value
            put(made, place, self._convert(type_, name, said))

    def _set_apart(self, resource: _Resource, name: str, value: Any) -> None:
        type_, lists = resource.type.apart[name]
        properties = {lists: [{"Ref": resource.id}], "PolicyDocument": self._document(value)}
        self._make(f"{resource.id}{pascal(name)}", type_, properties)

    def _convert(self, type_: Type, path: str, value: Any) -> Any:
        """A value at a path of a resource's properties."""
        if path in type_.json:
            return self._document(value)
        if path in type_.seconds:
            return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value.timestamp()
        if path in type_.verbatim:
            return self._value(value)
        if path in type_.pairs:
            return [{"Name": name, "Value": self._value(item)} for name, item in value.items()]
        if isinstance(value, list):
            return [self._convert(type_, path, item) for item in cast("list[Any]", value)]
        if not isinstance(value, dict) or "fn::toJSON" in value:
            return self._value(value)
        made = Tree()
        for name, item in cast("Tree", value).items():
            inner = f"{path}.{name}"
            if item is not None:
                put(made, type_.names.get(inner, pascal(name)), self._convert(type_, inner, item))
        return made

    def _document(self, value: Any) -> Any:
        """A document, given as JSON text or as what becomes one."""
        if isinstance(value, dict) and "fn::toJSON" in value:
            return self._value(cast("Tree", value)["fn::toJSON"])
        if not isinstance(value, str):
            return self._value(value)
        try:
            return self._value(json.loads(value))
        except ValueError:
            return self._text(value)

    def _value(self, value: Any) -> Any:
        """A value with its references resolved."""
        if isinstance(value, dict):
            tree = cast("Tree", value)
            if "fn::toJSON" in tree:
                return self._text(json.dumps(tree["fn::toJSON"]))
            return {name: self._value(item) for name, item in tree.items() if item is not None}
        if isinstance(value, list):
            return [self._value(item) for item in cast("list[Any]", value)]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        if whole := _REFERENCE.fullmatch(text):
            return self._refer(whole[1])
        if not any(self._resource(reference) for reference in _REFERENCE.findall(text)):
            return text
        variables: Tree = {}

        def said(match: re.Match[str]) -> str:
            if not self._resource(match[1]):
                return f"${{!{match[1]}}}"
            match self._refer(match[1]):
                case {"Ref": str(name)}:
                    return f"${{{name}}}"
                case {"Fn::GetAtt": [str(name), str(attribute)]}:
                    return f"${{{name}.{attribute}}}"
                case {"Fn::Sub": str(inner)}:
                    return inner
                case value:
                    variable = re.sub(r"\W", "", match[1])
                    variables[variable] = value
                    return f"${{{variable}}}"

        body = _REFERENCE.sub(said, text)
        return {"Fn::Sub": [body, variables] if variables else body}

    def _refer(self, reference: str) -> Any:
        """What a reference is in CloudFormation."""
        resource = self._resource(reference)
        if resource is None:
            return f"${{{reference}}}"
        output = reference.partition(".")[2]
        said = resource.type.outputs.get(output, "")
        if said.startswith("Version."):
            return self._version(resource, said.removeprefix("Version."))
        if said and output == "arn" and resource.type.arn and self._goes_round(resource.id):
            return self._by_name(resource)
        if "$" in said:
            return {"Fn::Sub": said.replace("$name", resource.id)}
        if said:
            return {"Ref": resource.id} if said == "Ref" else {"Fn::GetAtt": [resource.id, said]}
        if output in resource.properties:
            return self._value(resource.properties[output])
        raise UnknownTypeError(f"{FILE.name} does not know the output {output} of {resource.type.token}")

    def _goes_round(self, name: str) -> bool:
        """Whether a reference, in a part that is being folded into its owner, leads back to the owner."""
        seen, ahead = set[str](), [name] if self._into else []
        while ahead:
            if (name := ahead.pop()) == self._into:
                return True
            if name not in seen:
                seen.add(name)
                ahead += _references(self._made.get(name))
        return False

    def _by_name(self, resource: _Resource) -> Any:
        """An ARN by the resource's name, which it then has to have: CloudFormation's way out of a circle."""
        said = resource.type.names.get("name") or resource.type.names["bucket"]
        name = self._made[resource.id]["Properties"].setdefault(said, resource.name)
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:{resource.type.arn}{name}"}

    def _version(self, function: _Resource, attribute: str) -> Any:
        """A version of a function: a resource of its own in CloudFormation."""
        name = f"{function.id}Version"
        if name not in self._made:
            self._make(name, _VERSION, {"FunctionName": {"Ref": function.id}})
        return {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}

    def _resource(self, reference: str) -> _Resource | None:
        return self._resources.get(reference.partition(".")[0])

    def _named(self, value: Any) -> _Resource | None:
        """The resource that a property refers to, by whatever output."""
        whole = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self._resource(whole[1]) if whole else None

    def _invoked(self, value: Any) -> _Resource | None:
        """The same, but without aliases the function behind one."""
        found = self._named(value)
        if found and found.type.is_ == _ALIAS and self._style is Style.DIRECT:
            return self._named(found.properties["functionName"])
        return found


def _literal(source: _Resource, reference: str) -> str:
    arn = f"arn:aws:{source.type.arn}{source.properties.get('name', source.name)}"
    for name, value in _PLACE.items():
        arn = arn.replace(name, value)
    return f"{arn}/stream/2026-11-21T00:00:00.000" if reference.endswith(".streamArn}") else arn


def _references(value: Any) -> Iterator[str]:
    """The names that a part of a template refers to."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _references(item)
    if isinstance(value, dict):
        for name, item in cast("Tree", value).items():
            match name, item:
                case ("Ref", str(target)) | ("Fn::GetAtt", [str(target), *_]):
                    yield target
                case "Fn::Sub", str() | [str(), *_]:
                    text = item if isinstance(item, str) else str(item[0])
                    yield from re.findall(r"\$\{(\w+)", text)
                case _:
                    yield from _references(item)


def _one_notification_for_each_event(properties: Tree) -> None:
    """CloudFormation has one event to a notification of a bucket, and its prefix and suffix as rules of a filter."""
    notifications = properties.get("NotificationConfiguration", {})
    for kind in _NOTIFICATIONS:
        if kind in notifications:
            notifications[kind] = [made for said in notifications[kind] for made in _notifications(said)]


def _notifications(said: Tree) -> Iterator[Tree]:
    rest = {name: value for name, value in said.items() if name not in ("Events", "FilterPrefix", "FilterSuffix", "Id")}
    ends = {"prefix": said.get("FilterPrefix"), "suffix": said.get("FilterSuffix")}
    rules = [{"Name": name, "Value": value} for name, value in ends.items() if value]
    for event in said["Events"]:
        yield {"Event": event, **rest, **({"Filter": {"S3Key": {"Rules": rules}}} if rules else {})}
