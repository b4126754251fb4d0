"""What a case has to say about its resource."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from local.aws import Aws

Stage = Literal["created", "changed", "bare"]


@dataclass(frozen=True)
class Case:
    """One resource of the lifecycle program.

    Attributes:
        sdk: Its class in `pulumi_aws`.
        created: Its arguments in the program at first, ...
        changed: ... then with every one changed that AWS changes in place, ...
        bare: ... and at last with none that the program can leave out. All three are one where nothing can change.
        seen: What AWS shows of it at each stage when it is made anew: whole, except for times and random ids.
        keeps: What AWS still shows besides when `changed` became `bare`: the official provider leaves alone what AWS
            would fill in, and an empty key is no key.
        look: Reads that from AWS; raises when it is gone, or answers `None`.
        remove: Deletes it by hand.
        drift: Changes it by hand, if it can change at all.
        drifted: The properties that a refresh then finds changed.
        ignored_at_import: Properties that AWS does not give back, so that no import can match them.
        import_id: From its id to the one by which an import names it.
    """

    sdk: str
    created: str
    changed: str
    bare: str
    seen: dict[Stage, Any]
    look: Callable[[Aws, str], dict[str, Any] | None]
    remove: Callable[[Aws, str], object]
    drift: Callable[[Aws, str], object] | None = None
    drifted: set[str] = field(default_factory=set[str])
    keeps: dict[str, Any] = field(default_factory=dict[str, Any])
    ignored_at_import: tuple[str, ...] = ()
    import_id: Callable[[str], str] = str

    def statement(self, name: str, *arguments: str) -> str:
        """The program's statement that declares the resource."""
        given = [argument.strip().rstrip(",") for argument in (repr(name), *arguments)]
        return f"{name.replace('/', '_')} = aws.{self.sdk}({', '.join(filter(None, given))})\n"


def shown(aws: Aws, value: Any, *hidden: str) -> Any:
    """An answer of boto3 without the keys that change by themselves, automatic names as `<logical>-*`."""
    text = json.dumps(value, default=str).replace(aws.account, "ACCOUNT").replace(aws.endpoint, "")
    found = json.loads(re.sub(r"-[0-9a-f]{7}\b", "-*", text))
    return {key: item for key, item in found.items() if key not in {*hidden, "ResponseMetadata"}}


def allowed(action: str) -> dict[str, Any]:
    """The policy that the program's `document` makes."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def tag_list(**tags: str) -> list[dict[str, str]]:
    """Tags as the services show them that have them in a list."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
