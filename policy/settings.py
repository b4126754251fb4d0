"""What a team decides about the rules, in one file that is reviewed like code: `order-policy.yaml`.

    profile: standard              # or by stack: {prod: strict, "*": dev}
    remediate: false               # whether Pulumi mends what has a safe remedy
    rules:
      ORD-SQS-001: {factor: 7}     # parameters of the rule
      ORD-ALM-002: {level: off}    # off, advisory or mandatory; a limit of AWS stays mandatory
    waivers:
      - rule: ORD-SQS-002
        scope: {name: "metrics-*"} # urn, type or name as a glob, or tag: {key: glob}; all that is given must fit
        reason: metrics may be lost
        owner: team-insight
        expires: 2027-01-31

The file is looked for in the folder of the program and above it; `ORDER_POLICY` in the environment names another one.
Without a file the profile is `standard`.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import yaml

from policy.facts import Resource, State
from policy.rule import Kind, Level, Profile, Rule

FILE = "order-policy.yaml"
VARIABLE = "ORDER_POLICY"
_KEYS = ("profile", "remediate", "rules", "waivers")
_WAIVER_KEYS = ("rule", "scope", "reason", "owner", "expires")
_SCOPE_KEYS = ("urn", "type", "name", "tag")


@dataclass(frozen=True)
class Waiver:
    """A reason why resources may depart from a rule."""

    rule: str
    scope: Mapping[str, str]
    """Globs by `urn`, `type` or `name`."""
    tags: Mapping[str, str]
    """Globs by the key of a tag."""
    reason: str
    owner: str
    expires: datetime.date
    """The last day on which it holds."""

    @property
    def text(self) -> str:
        """Its words, for the finding that it accepts."""
        return f"waived until {self.expires} by {self.owner}: {self.reason}"

    def covers(self, resource: Resource) -> bool:
        """Whether a resource is in its scope."""
        has = {"urn": resource.urn, "type": resource.type, "name": resource.name}
        return all(fnmatchcase(has[key], glob) for key, glob in self.scope.items()) and all(
            not isinstance(value := resource.tag(key), State) and fnmatchcase(value, glob)
            for key, glob in self.tags.items()
        )


@dataclass(frozen=True)
class Settings:
    """What holds for one stack."""

    profile: Profile = Profile.STANDARD
    remediate: bool = False
    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])
    parameters: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    """By the id of the rule."""
    waivers: Sequence[Waiver] = ()
    problems: Sequence[str] = ()
    """What is wrong with the file, a sentence each. While there is any, only `profile` standard holds."""
    file: str = FILE
    """Where it was read, for messages."""

    def level(self, rule: Rule) -> Level:
        """What a broken rule does here."""
        return self.levels.get(rule.id, rule.levels[self.profile])


def find(folder: Path | None = None) -> Path | None:
    """The file that holds in a folder: named by `ORDER_POLICY`, or in that folder or above.

    A pack that is a directory runs in its own folder, and the shell's `PWD` still says where the program is.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named)
    starts = [folder] if folder else [Path.cwd(), Path(os.environ.get("PWD", "."))]
    folders = [above for start in starts for above in (start.absolute(), *start.absolute().parents)]
    return next((above / FILE for above in folders if (above / FILE).is_file()), None)


def load(path: Path | None, rules: Sequence[Rule], stack: str = "") -> Settings:
    """The settings in a file; without one, the defaults. What is wrong with it is in `problems`."""
    if path is None:
        return Settings()
    try:
        content: Any = yaml.safe_load(path.read_text()) or {}
    except OSError as error:
        return Settings(problems=(f"{path.name} cannot be read: {error.strerror}",), file=path.name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        return Settings(problems=(f"{path.name} is no YAML{where}: mend it",), file=path.name)
    return read(content, rules, stack, path.name)


def read(content: Any, rules: Sequence[Rule], stack: str = "", file: str = FILE) -> Settings:
    """The settings in the content of a file."""
    reader = _Reader({rule.id: rule for rule in rules})
    settings = reader.settings(content, stack)
    problems = tuple(f"{file}: {problem}" for problem in reader.problems)
    return Settings(problems=problems, file=file) if problems else settings


class _Reader:
    """Reads the content, and collects all that is wrong with it."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.problems: list[str] = []
        self._rules = rules

    def settings(self, content: Any, stack: str) -> Settings:
        given = self._object(content, "the file", _KEYS)
        levels: dict[str, Level] = {}
        parameters: dict[str, Mapping[str, int]] = {}
        for rule in self._rules_in(given.get("rules", {})):
            options = self._object(
                given["rules"][rule.id], rule.id, ("level", *(parameter.name for parameter in rule.parameters))
            )
            if (level := self._level(rule, options)) is not None:
                levels[rule.id] = level
            parameters[rule.id] = self._parameters(rule, options)
        remediate = given.get("remediate", False)
        if not isinstance(remediate, bool):
            self.problems.append(f"remediate must be true or false, got {remediate!r}")
        return Settings(
            profile=self._profile(given.get("profile", Profile.STANDARD), stack),
            remediate=remediate is True,
            levels=levels,
            parameters=parameters,
            waivers=tuple(self._waivers(given.get("waivers", []))),
        )

    def _profile(self, given: Any, stack: str) -> Profile:
        if isinstance(given, Mapping):
            by_stack = cast("Mapping[str, Any]", given)
            profiles = {str(glob): self._profile(profile, "") for glob, profile in by_stack.items()}
            return next((profiles[glob] for glob in profiles if fnmatchcase(stack, glob)), Profile.STANDARD)
        if given in [*Profile]:
            return Profile(given)
        self.problems.append(f"profile must be {_either(Profile)}, got {given!r}{_meant(given, Profile)}")
        return Profile.STANDARD

    def _rules_in(self, given: Any) -> Iterator[Rule]:
        if not isinstance(given, Mapping):
            self.problems.append("rules must be an object of rule ids, each with its settings")
            return
        for rule_id in cast("Mapping[str, Any]", given):
            if rule := self._rule(rule_id, "rules"):
                yield rule

    def _rule(self, rule_id: Any, where: str) -> Rule | None:
        rule = self._rules.get(rule_id) if isinstance(rule_id, str) else None
        if rule is None:
            self.problems.append(f"{where}: there is no rule {rule_id!r}{_meant(rule_id, self._rules)}")
        return rule

    def _level(self, rule: Rule, options: Mapping[str, Any]) -> Level | None:
        if "level" not in options:
            return None
        level = "off" if options["level"] is False else options["level"]  # YAML takes `off` for false
        if level not in [*Level]:
            self.problems.append(f"{rule.id}: level must be {_either(Level)}, got {level!r}{_meant(level, Level)}")
            return None
        if rule.kind is Kind.LIMIT and level != Level.MANDATORY:
            self.problems.append(
                f"{rule.id} is a limit of AWS, which refuses what breaks it: its level stays mandatory"
            )
            return None
        return Level(level)

    def _parameters(self, rule: Rule, options: Mapping[str, Any]) -> dict[str, int]:
        given = {parameter: options[parameter.name] for parameter in rule.parameters if parameter.name in options}
        for parameter, value in given.items():
            if type(value) is not int or not parameter.low <= value <= parameter.high:
                span = f"{parameter.low}..{parameter.high}"
                self.problems.append(f"{rule.id}: {parameter.name} must be a whole number {span}, got {value!r}")
        return {parameter.name: value for parameter, value in given.items()}

    def _waivers(self, given: Any) -> Iterator[Waiver]:
        if not isinstance(given, list):
            self.problems.append("waivers must be a list")
            return
        for number, item in enumerate(cast("list[Any]", given), 1):
            where = f"waiver {number}"
            fields = self._object(item, where, _WAIVER_KEYS)
            rule = self._rule(fields.get("rule"), where)
            if rule and rule.kind is Kind.LIMIT:
                self.problems.append(f"{where}: {rule.id} is a limit of AWS, which nothing waives: mend the resource")
            scope, tags = self._scope(fields.get("scope"), where)
            words = {name: self._words(fields.get(name), f"{where}: {name}") for name in ("reason", "owner")}
            expires = fields.get("expires")
            if type(expires) is not datetime.date:
                self.problems.append(f"{where}: expires must be a date such as 2027-01-31")
                continue
            yield Waiver(fields.get("rule", ""), scope, tags, words["reason"], words["owner"], expires)

    def _scope(self, given: Any, where: str) -> tuple[dict[str, str], dict[str, str]]:
        scope = dict(self._object(given, f"{where}: scope", _SCOPE_KEYS))
        tags = scope.pop("tag", {})
        if not isinstance(tags, Mapping):
            self.problems.append(f"{where}: scope: tag must be an object such as {{team: payments}}")
            return {}, {}
        if isinstance(given, Mapping) and not scope and not tags:
            self.problems.append(f"{where}: scope must name a {_either(_SCOPE_KEYS)}")
        globs = {key: str(glob) for key, glob in scope.items()}
        return globs, {str(key): str(glob) for key, glob in cast("Mapping[str, Any]", tags).items()}

    def _words(self, given: Any, where: str) -> str:
        words = " ".join(given.split()) if isinstance(given, str) else ""
        if not words:
            self.problems.append(f"{where} must be given in words")
        return words

    def _object(self, given: Any, where: str, keys: Sequence[str]) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            self.problems.append(f"{where} must be an object with {_either(keys)}")
            return {}
        content = cast("Mapping[str, Any]", given)
        for key in content:
            if key not in keys:
                self.problems.append(f"{where}: {key!r} is no setting{_meant(key, keys)}")
        return content


def _meant(given: Any, known: Any) -> str:
    close = get_close_matches(str(given), [str(name) for name in known], n=1)
    return f": did you mean {close[0]}?" if close else ""


def _either(names: Any) -> str:
    *others, last = [str(name) for name in names]
    return f"{', '.join(others)} or {last}" if others else last
